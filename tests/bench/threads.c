// SPDX-License-Identifier: GPL-2.0-only
/*
 * threads.c - what threads cost
 *
 *	threads create COUNT	make and join COUNT threads, one after another
 *	threads mutex COUNT [ADDITIONS]
 *				four threads take one mutex COUNT times each, for 3,000 additions:
 *				about 1.5 us
 *	threads exec COUNT	fork, execute /bin/true and wait for it, COUNT times
 *	threads begin		nothing; prints when the program began (CLOCK_MONOTONIC ns)
 *
 * Prints the nanoseconds that it took.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CONTENDERS 4

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile long shared;
static long count;

/* Under the lock. With few of them it is chance who finds it taken, and one run takes five times as
 * long as another. */
static int additions = 3000;

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static void *nothing(void *unused)
{
	return unused;
}

static void *contend(void *unused)
{
	for (long i = 0; i < count; i++) {
		pthread_mutex_lock(&mutex);
		for (int work = 0; work < additions; work++)
			shared = shared + 1;
		pthread_mutex_unlock(&mutex);
	}
	return unused;
}

static int create(void)
{
	pthread_t thread;

	for (long i = 0; i < count; i++)
		if (pthread_create(&thread, NULL, nothing, NULL) || pthread_join(thread, NULL))
			return 1;
	return 0;
}

static int execute(void)
{
	int status;
	pid_t pid;

	for (long i = 0; i < count; i++) {
		pid = fork();
		if (!pid) {
			execl("/bin/true", "true", NULL);
			_exit(127);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
			return 1;
	}
	return 0;
}

static int fight(void)
{
	pthread_t threads[CONTENDERS];

	for (int i = 0; i < CONTENDERS; i++)
		if (pthread_create(&threads[i], NULL, contend, NULL))
			return 1;
	for (int i = 0; i < CONTENDERS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

int main(int argc, char **argv)
{
	long long begin = now_ns();
	int failed = 0;

	if (argc < 2)
		return 2;
	count = argc > 2 ? atol(argv[2]) : 10000;
	if (argc > 3)
		additions = atoi(argv[3]);
	if (!strcmp(argv[1], "begin")) {
		printf("%lld\n", begin);
		return 0;
	}
	if (!strcmp(argv[1], "mutex"))
		failed = fight();
	else
		failed = strcmp(argv[1], "exec") ? create() : execute();
	printf("%lld\n", now_ns() - begin);
	return failed;
}
