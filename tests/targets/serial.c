// SPDX-License-Identifier: GPL-2.0-only
/*
 * serial THREADS MS ROUNDS [lock]
 *
 * Each thread sleeps so long, so often; with `lock`, one at a time, under one mutex. What a run
 * with the lock would be without it is known: it is a run without it.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool with_lock;
static long rounds;
static struct timespec nap;

static void *work(void *unused)
{
	for (long i = 0; i < rounds; i++) {
		if (with_lock)
			pthread_mutex_lock(&lock);
		nanosleep(&nap, NULL);
		if (with_lock)
			pthread_mutex_unlock(&lock);
	}
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t threads[64];
	long count, ms;

	if (argc < 4) {
		fprintf(stderr, "usage: serial THREADS MS ROUNDS [lock]\n");
		return 2;
	}
	count = strtol(argv[1], NULL, 10);
	ms = strtol(argv[2], NULL, 10);
	rounds = strtol(argv[3], NULL, 10);
	with_lock = argc > 4 && !strcmp(argv[4], "lock");
	nap = (struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
	if (count < 1 || count > 64)
		return 2;
	for (long i = 0; i < count; i++) {
		if (pthread_create(&threads[i], NULL, work, NULL))
			return 1;
	}
	for (long i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
