// SPDX-License-Identifier: GPL-2.0-only
/*
 * owners THREADS ROUNDS [US]
 *
 * Threads hold three locks in turn, a plain one, one that inherits priority and one of readers and
 * writers (they all write), for moments of random length (US, or 200 us, and up to 1.8 ms more),
 * asleep or busy; and write down when they had which. A line for each time:
 *
 *	THREAD LOCK ASKED GOT GAVE	by the monotonic clock
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define THREADS_MAX 16
#define ROUNDS_MAX  1000

struct turn {
	int lock;
	uint64_t asked, got, gave;
};

struct member {
	unsigned int number, seed;
	struct turn turns[ROUNDS_MAX];
};

enum { PLAIN, INHERITING, WRITTEN, LOCKS };

static const char *const names[LOCKS] = {"plain_lock", "inheriting_lock", "written_lock"};
pthread_mutex_t plain_lock = PTHREAD_MUTEX_INITIALIZER, inheriting_lock;
pthread_rwlock_t written_lock = PTHREAD_RWLOCK_INITIALIZER;
static struct member members[THREADS_MAX];
static unsigned int rounds;
static long least_us = 200;

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void pass_time(struct member *me)
{
	long us = least_us + rand_r(&me->seed) % 1800;
	struct timespec nap = {.tv_nsec = us * 1000};

	if (rand_r(&me->seed) % 8) {
		nanosleep(&nap, NULL);
	} else {
		for (uint64_t end = now() + (uint64_t)us * 1000; now() < end;)
			;
	}
}

static void take(int lock)
{
	if (lock == WRITTEN)
		pthread_rwlock_wrlock(&written_lock);
	else
		pthread_mutex_lock(lock == PLAIN ? &plain_lock : &inheriting_lock);
}

static void give(int lock)
{
	if (lock == WRITTEN)
		pthread_rwlock_unlock(&written_lock);
	else
		pthread_mutex_unlock(lock == PLAIN ? &plain_lock : &inheriting_lock);
}

static void *take_turns(void *argument)
{
	struct member *me = argument;

	for (unsigned int i = 0; i < rounds; i++) {
		struct turn *turn = &me->turns[i];

		turn->lock = rand_r(&me->seed) % LOCKS;
		turn->asked = now();
		take(turn->lock);
		turn->got = now();
		pass_time(me);
		turn->gave = now();
		give(turn->lock);
		if (rand_r(&me->seed) % 4 == 0)
			pass_time(me);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS_MAX];
	pthread_mutexattr_t inherit;
	unsigned int count;
	char name[16];

	if (argc < 3)
		return 2;
	count = (unsigned int)strtoul(argv[1], NULL, 10);
	rounds = (unsigned int)strtoul(argv[2], NULL, 10);
	if (argc > 3)
		least_us = strtol(argv[3], NULL, 10);
	if (!count || count > THREADS_MAX || !rounds || rounds > ROUNDS_MAX)
		return 2;
	if (pthread_mutexattr_init(&inherit) ||
	    pthread_mutexattr_setprotocol(&inherit, PTHREAD_PRIO_INHERIT) ||
	    pthread_mutex_init(&inheriting_lock, &inherit))
		return 1;
	for (unsigned int i = 0; i < count; i++) {
		members[i].number = members[i].seed = i;
		if (pthread_create(&threads[i], NULL, take_turns, &members[i]))
			return 1;
		snprintf(name, sizeof(name), "member-%u", i);
		pthread_setname_np(threads[i], name);
	}
	for (unsigned int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	for (unsigned int i = 0; i < count; i++) {
		for (unsigned int j = 0; j < rounds; j++) {
			const struct turn *turn = &members[i].turns[j];

			printf("member-%u %s %llu %llu %llu\n", i, names[turn->lock],
			       (unsigned long long)turn->asked, (unsigned long long)turn->got,
			       (unsigned long long)turn->gave);
		}
	}
	return 0;
}
