// SPDX-License-Identifier: GPL-2.0-only
/*
 * waits.c - a thread named "waiter" that is blocked for a known time, for a known reason
 *
 *	waits REASON MILLISECONDS
 *
 * The main thread ends the wait, and is then the one that woke it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t pi_mutex;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_t other;
static sem_t semaphore;
static bool ready;
static int descriptors[2] = {-1, -1};
static int milliseconds;
static char path[] = "/tmp/ptrace-lab-waits-XXXXXX";

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "waits: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void nap(int ms)
{
	struct timespec time = {ms / 1000, ms % 1000 * 1000000l};

	while (nanosleep(&time, &time) && errno == EINTR)
		;
}

/* Each reason: before the waiter starts, what it waits in, and how main ends it. */

static void mutex_prepare(void)
{
	pthread_mutex_lock(&mutex);
}

static void mutex_wait(void)
{
	pthread_mutex_lock(&mutex);
}

static void mutex_end(void)
{
	pthread_mutex_unlock(&mutex);
}

static void timed_mutex_wait(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 60;
	pthread_mutex_timedlock(&mutex, &until);
}

static void pi_prepare(void)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	check(!pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT), "pi");
	pthread_mutex_init(&pi_mutex, &attributes);
	pthread_mutex_lock(&pi_mutex);
}

static void pi_wait(void)
{
	pthread_mutex_lock(&pi_mutex);
}

static void pi_end(void)
{
	pthread_mutex_unlock(&pi_mutex);
}

static void condition_wait(void)
{
	pthread_mutex_lock(&mutex);
	while (!ready)
		pthread_cond_wait(&condition, &mutex);
	pthread_mutex_unlock(&mutex);
}

static void condition_end(void)
{
	pthread_mutex_lock(&mutex);
	ready = true;
	pthread_mutex_unlock(&mutex);
	pthread_cond_signal(&condition);
}

static void semaphore_prepare(void)
{
	sem_init(&semaphore, 0, 0);
}

static void semaphore_wait(void)
{
	sem_wait(&semaphore);
}

static void semaphore_end(void)
{
	sem_post(&semaphore);
}

static void rwlock_prepare(void)
{
	pthread_rwlock_wrlock(&rwlock);
}

static void rwlock_read_wait(void)
{
	pthread_rwlock_rdlock(&rwlock);
}

static void rwlock_write_wait(void)
{
	pthread_rwlock_wrlock(&rwlock);
}

static void rwlock_end(void)
{
	pthread_rwlock_unlock(&rwlock);
}

static void *nap_thread(void *unused)
{
	nap(milliseconds);
	return unused;
}

static void join_prepare(void)
{
	check(!pthread_create(&other, NULL, nap_thread, NULL), "thread");
}

static void join_wait(void)
{
	pthread_join(other, NULL);
}

static void sleep_wait(void)
{
	nap(milliseconds);
}

static void pipe_prepare(void)
{
	check(!pipe(descriptors), "pipe");
}

static void socket_prepare(void)
{
	check(!socketpair(AF_UNIX, SOCK_STREAM, 0, descriptors), "socketpair");
}

static void event_prepare(void)
{
	check((descriptors[0] = descriptors[1] = eventfd(0, 0)) >= 0, "eventfd");
}

static void terminal_prepare(void)
{
	check((descriptors[1] = posix_openpt(O_RDWR | O_NOCTTY)) >= 0, "terminal");
	check(!grantpt(descriptors[1]) && !unlockpt(descriptors[1]), "terminal");
	check((descriptors[0] = open(ptsname(descriptors[1]), O_RDWR | O_NOCTTY)) >= 0, "terminal");
}

static void read_wait(void)
{
	char bytes[8];

	check(read(descriptors[0], bytes, sizeof(bytes)) > 0, "read");
}

static void write_end(void)
{
	check(write(descriptors[1], "1234567\n", 8) == 8, "write");
}

static void poll_wait(void)
{
	struct pollfd wait = {.fd = descriptors[0], .events = POLLIN};

	check(poll(&wait, 1, -1) == 1, "poll");
}

static void child_wait(void)
{
	pid_t pid = fork();

	if (!pid) {
		nap(milliseconds);
		_exit(0);
	}
	check(waitpid(pid, NULL, 0) == pid, "waitpid");
}

static void signal_wait(void)
{
	sigset_t set;
	int number;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigwait(&set, &number);
}

static pthread_t waiter;

static void signal_end(void)
{
	pthread_kill(waiter, SIGUSR1);
}

static void lock_prepare(void)
{
	check((descriptors[0] = mkstemp(path)) >= 0, "file");
	check((descriptors[1] = open(path, O_RDWR)) >= 0, "file");
	check(!flock(descriptors[1], LOCK_EX), "flock");
}

static void lock_wait(void)
{
	check(!flock(descriptors[0], LOCK_EX), "flock");
}

static void lock_end(void)
{
	check(!flock(descriptors[1], LOCK_UN), "flock");
	unlink(path);
}

static unsigned int word;

static void futex_wait(void)
{
	while (!__atomic_load_n(&word, __ATOMIC_SEQ_CST))
		syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

static void futex_end(void)
{
	__atomic_store_n(&word, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void nothing(void)
{
}

static const struct {
	const char *name;
	void (*prepare)(void), (*wait)(void), (*end)(void);
} reasons[] = {
	{"mutex", mutex_prepare, mutex_wait, mutex_end},
	{"timed-mutex", mutex_prepare, timed_mutex_wait, mutex_end},
	{"pi-mutex", pi_prepare, pi_wait, pi_end},
	{"condition", nothing, condition_wait, condition_end},
	{"semaphore", semaphore_prepare, semaphore_wait, semaphore_end},
	{"rwlock-read", rwlock_prepare, rwlock_read_wait, rwlock_end},
	{"rwlock-write", rwlock_prepare, rwlock_write_wait, rwlock_end},
	{"join", join_prepare, join_wait, nothing},
	{"sleep", nothing, sleep_wait, nothing},
	{"pipe", pipe_prepare, read_wait, write_end},
	{"socket", socket_prepare, read_wait, write_end},
	{"event", event_prepare, read_wait, write_end},
	{"terminal", terminal_prepare, read_wait, write_end},
	{"poll", pipe_prepare, poll_wait, write_end},
	{"child", nothing, child_wait, nothing},
	{"signal", nothing, signal_wait, signal_end},
	{"file-lock", lock_prepare, lock_wait, lock_end},
	{"futex", nothing, futex_wait, futex_end},
};

static void *wait_thread(void *number)
{
	reasons[(size_t)number].wait();
	return NULL;
}

int main(int argc, char **argv)
{
	sigset_t set;

	if (argc != 3)
		return 2;
	milliseconds = atoi(argv[2]);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (strcmp(reasons[i].name, argv[1]))
			continue;
		reasons[i].prepare();
		check(!pthread_create(&waiter, NULL, wait_thread, (void *)i), "thread");
		pthread_setname_np(waiter, "waiter");
		nap(milliseconds);
		reasons[i].end();
		pthread_join(waiter, NULL);
		return 0;
	}
	return 2;
}
