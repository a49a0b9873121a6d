// SPDX-License-Identifier: GPL-2.0-only
/*
 * locks.c - waits for locks whose truth the program tells itself, by the clock of the recording
 *
 *	locks hold THREADS ROUNDS MILLISECONDS
 *		threads take turns in holding `turn_lock` while the others wait for it; a line "hold
 *		NAME NS" for each thread: how long others waited while it held it, each from its own
 *		begin; and a line "wait NAME NS": what it waited, by its own clock
 *	locks shared
 *		two processes wait for one mutex, which each has mapped elsewhere
 *	locks timeout MILLISECONDS
 *		a mutex is given up for after that time
 *	locks barrier
 *		two threads meet twice at `meeting`, one of them late
 *	locks futex2
 *		a wait by futex_wait(), where the kernel has it
 */
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_futex_wait
#define SYS_futex_wait 455
#endif
#define FUTEX2_U32_PRIVATE (2 | 128)

#define THREADS_MAX 16

struct member {
	unsigned int number;
	uint64_t held, waited;
};

static pthread_mutex_t turn_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t meeting;
static unsigned int round_now, waiting, done;
static unsigned int thread_count;
static int rounds, milliseconds;
static uint64_t begins; /* of all waits, added up: differences count, and it may overflow */
static uint32_t word;

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void nap_us(long us)
{
	struct timespec time = {us / 1000000, us % 1000000 * 1000};

	while (nanosleep(&time, &time) && errno == EINTR)
		;
}

static unsigned int load(const unsigned int *number)
{
	return __atomic_load_n(number, __ATOMIC_SEQ_CST);
}

static void until(const unsigned int *number, unsigned int value)
{
	while (load(number) < value)
		nap_us(100);
}

static void hold_turn(struct member *me, unsigned int round)
{
	uint64_t began;

	pthread_mutex_lock(&turn_lock);
	began = __atomic_load_n(&begins, __ATOMIC_SEQ_CST);
	__atomic_store_n(&round_now, round + 1, __ATOMIC_SEQ_CST);
	/* All others are about to wait; a moment later they do. */
	until(&waiting, (round + 1) * (thread_count - 1));
	nap_us(milliseconds * 1000l);
	began = __atomic_load_n(&begins, __ATOMIC_SEQ_CST) - began;
	me->held += now() * (thread_count - 1) - began;
	pthread_mutex_unlock(&turn_lock);
}

static void wait_turn(struct member *me, unsigned int round)
{
	uint64_t begin;

	until(&round_now, round + 1);
	begin = now();
	__atomic_add_fetch(&begins, begin, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
	pthread_mutex_lock(&turn_lock);
	me->waited += now() - begin;
	pthread_mutex_unlock(&turn_lock);
}

static void *take_turns(void *argument)
{
	struct member *me = argument;

	for (unsigned int round = 0; round < (unsigned int)rounds; round++) {
		if (round % thread_count == me->number)
			hold_turn(me, round);
		else
			wait_turn(me, round);
		__atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
		until(&done, (round + 1) * thread_count);
	}
	return NULL;
}

static void hold(void)
{
	struct member members[THREADS_MAX] = {0};
	pthread_t threads[THREADS_MAX];
	char name[16];

	for (unsigned int i = 0; i < thread_count; i++) {
		members[i].number = i;
		pthread_create(&threads[i], NULL, take_turns, &members[i]);
		snprintf(name, sizeof(name), "turn-%u", i);
		pthread_setname_np(threads[i], name);
	}
	for (unsigned int i = 0; i < thread_count; i++)
		pthread_join(threads[i], NULL);
	for (unsigned int i = 0; i < thread_count; i++) {
		printf("hold turn-%u %llu\n", i, (unsigned long long)members[i].held);
		printf("wait turn-%u %llu\n", i, (unsigned long long)members[i].waited);
	}
}

static void shared(void)
{
	int fd = memfd_create("locks shared", 0);
	pthread_mutexattr_t attributes;
	pthread_mutex_t *lock, *other;

	if (fd < 0 || ftruncate(fd, 8192))
		exit(1);
	lock = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	/* On the second page, which the child maps alone and elsewhere. */
	lock = (void *)((char *)lock + 4096);
	pthread_mutex_init(lock, &attributes);
	pthread_mutex_lock(lock);
	for (int i = 0; i < 2; i++) {
		if (fork())
			continue;
		other = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 4096);
		pthread_mutex_lock(i ? other : lock);
		pthread_mutex_unlock(i ? other : lock);
		_exit(0);
	}
	nap_us(60000);
	pthread_mutex_unlock(lock);
	while (wait(NULL) > 0)
		;
}

static void *give_up(void *unused)
{
	struct timespec until_when;

	clock_gettime(CLOCK_REALTIME, &until_when);
	until_when.tv_nsec += milliseconds * 1000000l;
	until_when.tv_sec += until_when.tv_nsec / 1000000000;
	until_when.tv_nsec %= 1000000000;
	if (pthread_mutex_timedlock(&turn_lock, &until_when) != ETIMEDOUT)
		exit(1);
	return unused;
}

static void *come_late(void *unused)
{
	for (int i = 0; i < 2; i++) {
		nap_us(30000);
		pthread_barrier_wait(&meeting);
	}
	return unused;
}

static void *wake_word(void *unused)
{
	nap_us(50000);
	__atomic_store_n(&word, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	return unused;
}

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "";
	pthread_t thread;

	if (!strcmp(kind, "hold") && argc == 5) {
		thread_count = (unsigned int)atoi(argv[2]);
		rounds = atoi(argv[3]);
		milliseconds = atoi(argv[4]);
		if (thread_count < 2 || thread_count > THREADS_MAX)
			return 2;
		hold();
	} else if (!strcmp(kind, "shared")) {
		shared();
	} else if (!strcmp(kind, "timeout") && argc == 3) {
		milliseconds = atoi(argv[2]);
		pthread_mutex_lock(&turn_lock);
		pthread_create(&thread, NULL, give_up, NULL);
		pthread_join(thread, NULL);
	} else if (!strcmp(kind, "barrier")) {
		pthread_barrier_init(&meeting, NULL, 2);
		pthread_create(&thread, NULL, come_late, NULL);
		for (int i = 0; i < 2; i++)
			pthread_barrier_wait(&meeting);
		pthread_join(thread, NULL);
	} else if (!strcmp(kind, "futex2")) {
		pthread_create(&thread, NULL, wake_word, NULL);
		while (!__atomic_load_n(&word, __ATOMIC_SEQ_CST))
			if (syscall(SYS_futex_wait, &word, 0ul, ~0u, FUTEX2_U32_PRIVATE, NULL, 0) &&
			    errno == ENOSYS)
				return 77;
		pthread_join(thread, NULL);
	} else {
		return 2;
	}
	return 0;
}
