// SPDX-License-Identifier: GPL-2.0-only
/*
 * hangs.c - threads that wait for each other for ever, in ways that a tracer has to tell apart
 *
 *	hangs KIND [MILLISECONDS]
 *
 * Prints "ready" when all of them are stuck, and goes on for ten minutes, or as long as told.
 * Kinds: mutex, self, pi (one of the locks inherits priority), rwlock, join, shared (two processes
 * and two locks in memory that they share), shared-pi, shared-robust (the same with one that
 * inherits priority, or robust ones; all three tell the other process first: "child PID"), chain
 * (no circle: each of 70 processes waits for a lock that the next one holds, and the last sleeps),
 * stack (one lock on a stack, one on the heap), none (a healthy program that looks similar: all
 * wait for one that sleeps).
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

struct pair {
	pthread_mutex_t one, two;
	unsigned int arrived;
};

static pthread_mutex_t global_one = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t global_two = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t global_rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_t main_thread;
static unsigned int arrived;

static void nap(int ms)
{
	struct timespec time = {ms / 1000, ms % 1000 * 1000000l};

	nanosleep(&time, NULL);
}

static void meet(unsigned int *count)
{
	__atomic_add_fetch(count, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(count, __ATOMIC_SEQ_CST) < 2)
		nap(1);
}

struct order {
	pthread_mutex_t *first, *second;
	unsigned int *arrived;
};

static void *cross(void *argument)
{
	const struct order *order = argument;

	pthread_mutex_lock(order->first);
	meet(order->arrived);
	pthread_mutex_lock(order->second);
	return NULL;
}

static void *cross_rwlock(void *unused)
{
	pthread_rwlock_wrlock(&global_rwlock);
	meet(&arrived);
	pthread_mutex_lock(&global_one);
	return unused;
}

static void *cross_mutex(void *unused)
{
	pthread_mutex_lock(&global_one);
	meet(&arrived);
	pthread_rwlock_rdlock(&global_rwlock);
	return unused;
}

static void *wait_for_global(void *unused)
{
	pthread_mutex_lock(&global_one);
	return unused;
}

static void *join_main(void *unused)
{
	pthread_join(main_thread, NULL);
	return unused;
}

static void start(void *(*work)(void *), void *argument, const char *name)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, work, argument))
		exit(1);
	pthread_setname_np(thread, name);
}

static void init(pthread_mutex_t *mutex, int protocol, int shared, int robust)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setprotocol(&attributes, protocol);
	pthread_mutexattr_setpshared(&attributes, shared);
	pthread_mutexattr_setrobust(&attributes, robust);
	pthread_mutex_init(mutex, &attributes);
}

static pid_t two_processes(int protocol, int robust)
{
	struct pair *pair =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	static struct order one, two;
	pid_t parent = getpid(), child;

	one = (struct order){&pair->one, &pair->two, &pair->arrived};
	two = (struct order){&pair->two, &pair->one, &pair->arrived};
	init(&pair->one, protocol, PTHREAD_PROCESS_SHARED, robust);
	init(&pair->two, PTHREAD_PRIO_NONE, PTHREAD_PROCESS_SHARED, robust);
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		cross(&one);
		_exit(0);
	}
	start(cross, &two, "waiter-2");
	return child;
}

#define CHAIN 70

struct chain {
	pthread_mutex_t locks[CHAIN + 1];
	unsigned int ready;
};

/* Each holds a lock before the next process is there. */
static void chain(void)
{
	struct chain *chain = mmap(NULL, sizeof(*chain), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	static unsigned int alone = 1;
	static struct order first;
	pid_t parent = getpid();

	for (int i = 0; i <= CHAIN; i++)
		init(&chain->locks[i], PTHREAD_PRIO_NONE, PTHREAD_PROCESS_SHARED,
		     PTHREAD_MUTEX_STALLED);
	for (int i = 1; i <= CHAIN; i++) {
		if (fork())
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		pthread_mutex_lock(&chain->locks[i]);
		__atomic_add_fetch(&chain->ready, 1, __ATOMIC_SEQ_CST);
		while (__atomic_load_n(&chain->ready, __ATOMIC_SEQ_CST) < CHAIN)
			nap(1);
		if (i < CHAIN)
			pthread_mutex_lock(&chain->locks[i + 1]);
		nap(600000);
		_exit(0);
	}
	while (__atomic_load_n(&chain->ready, __ATOMIC_SEQ_CST) < CHAIN)
		nap(1);
	first = (struct order){&chain->locks[0], &chain->locks[1], &alone};
	start(cross, &first, "waiter-1");
}

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "";
	struct order one = {&global_one, &global_two, &arrived};
	struct order two = {&global_two, &global_one, &arrived};
	pthread_mutex_t on_stack = PTHREAD_MUTEX_INITIALIZER;
	pid_t child = 0;

	main_thread = pthread_self();
	if (!strcmp(kind, "pi"))
		init(&global_one, PTHREAD_PRIO_INHERIT, PTHREAD_PROCESS_PRIVATE,
		     PTHREAD_MUTEX_STALLED);
	if (!strcmp(kind, "stack")) {
		one.first = two.second = &on_stack;
		one.second = two.first = calloc(1, sizeof(pthread_mutex_t));
	}
	if (!strcmp(kind, "mutex") || !strcmp(kind, "pi") || !strcmp(kind, "stack")) {
		start(cross, &one, "waiter-1");
		start(cross, &two, "waiter-2");
	} else if (!strcmp(kind, "self")) {
		static struct order self = {&global_one, &global_one, &arrived};

		arrived = 1;
		start(cross, &self, "waiter-1");
	} else if (!strcmp(kind, "rwlock")) {
		start(cross_rwlock, NULL, "waiter-1");
		start(cross_mutex, NULL, "waiter-2");
	} else if (!strcmp(kind, "join")) {
		pthread_t thread;

		pthread_mutex_lock(&global_one);
		pthread_create(&thread, NULL, wait_for_global, NULL);
		pthread_setname_np(thread, "waiter-1");
		puts("ready");
		fflush(stdout);
		pthread_join(thread, NULL);
	} else if (!strcmp(kind, "shared")) {
		child = two_processes(PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED);
	} else if (!strcmp(kind, "shared-pi")) {
		child = two_processes(PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_STALLED);
	} else if (!strcmp(kind, "shared-robust")) {
		child = two_processes(PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST);
	} else if (!strcmp(kind, "chain")) {
		chain();
	} else if (!strcmp(kind, "none")) {
		pthread_mutex_lock(&global_one);
		start(wait_for_global, NULL, "waiter-1");
		start(wait_for_global, NULL, "waiter-2");
		start(join_main, NULL, "waiter-3");
	} else {
		return 2;
	}
	nap(100);
	if (child)
		printf("child %d\n", child);
	puts("ready");
	fflush(stdout);
	nap(argc > 2 ? atoi(argv[2]) : 600000);
	return 0;
}
