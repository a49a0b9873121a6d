// SPDX-License-Identifier: GPL-2.0-only
/*
 * wakes MS
 *
 * Provokes the race of wake-ups against sleepers that are still on their way to sleep: threads on
 * different CPUs wake each other as fast as they can, through futexes and a mutex that inherits
 * priority, while others, who sleep for moments, take the CPU from them in the midst of it.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PAIRS	   1
#define CONTENDERS 2
#define DISTURBERS 2
#define NAP_NS	   20000

struct pair {
	atomic_uint turn;
};

struct player {
	struct pair *pair;
	unsigned int side;
};

static pthread_mutex_t lock;
static atomic_bool over;
static unsigned long counter;

static void *play(void *argument)
{
	struct player *player = argument;
	atomic_uint *turn = &player->pair->turn;
	unsigned int mine = player->side, other = !mine;
	struct timespec patience = {.tv_nsec = 50000000};

	while (!over) {
		while (*turn != mine && !over)
			syscall(SYS_futex, turn, FUTEX_WAIT_PRIVATE, other, &patience, NULL, 0);
		*turn = other;
		syscall(SYS_futex, turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	}
	return NULL;
}

static void *contend(void *unused)
{
	struct sched_param urgent = {.sched_priority = 1};

	(void)!pthread_setschedparam(pthread_self(), SCHED_FIFO, &urgent);
	while (!over) {
		pthread_mutex_lock(&lock);
		counter++;
		pthread_mutex_unlock(&lock);
	}
	return unused;
}

static void *disturb(void *unused)
{
	struct sched_param urgent = {.sched_priority = 1};
	struct timespec nap = {.tv_nsec = NAP_NS};

	/* Where it is not allowed, it disturbs less. */
	(void)!pthread_setschedparam(pthread_self(), SCHED_FIFO, &urgent);
	while (!over)
		nanosleep(&nap, NULL);
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t threads[2 * PAIRS + CONTENDERS + DISTURBERS];
	struct player players[2 * PAIRS];
	static struct pair pairs[PAIRS];
	pthread_mutexattr_t inherit;
	unsigned int count = 0;
	struct timespec while_they_play;
	long ms;

	if (argc < 2 || (ms = strtol(argv[1], NULL, 10)) < 1) {
		fprintf(stderr, "usage: wakes MS\n");
		return 2;
	}
	if (pthread_mutexattr_init(&inherit) ||
	    pthread_mutexattr_setprotocol(&inherit, PTHREAD_PRIO_INHERIT) ||
	    pthread_mutex_init(&lock, &inherit))
		return 1;
	for (unsigned int i = 0; i < 2 * PAIRS; i++) {
		players[i] = (struct player){&pairs[i / 2], i % 2};
		if (pthread_create(&threads[count++], NULL, play, &players[i]))
			return 1;
	}
	for (unsigned int i = 0; i < CONTENDERS; i++)
		if (pthread_create(&threads[count++], NULL, contend, NULL))
			return 1;
	for (unsigned int i = 0; i < DISTURBERS; i++)
		if (pthread_create(&threads[count++], NULL, disturb, NULL))
			return 1;
	while_they_play = (struct timespec){ms / 1000, ms % 1000 * 1000000};
	nanosleep(&while_they_play, NULL);
	over = true;
	for (unsigned int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
