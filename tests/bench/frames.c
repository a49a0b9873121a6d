// SPDX-License-Identifier: GPL-2.0-only
/*
 * frames.c - two threads hand a token to and fro, each time from another stack of twelve frames
 *
 *	frames ROUNDS [CPU]
 *
 * Between a thread's start and its read() lie eight calls that take another way in each round: no
 * stack is like the one before, and each has to be followed anew.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NEVER_INLINE __attribute__((noinline, noclone))
#define DEPTH	     8

static int there[2], back[2];
static long rounds;
static volatile long sink;

NEVER_INLINE static void left(int from, int depth, long way);

static void take(int from)
{
	char token;

	if (read(from, &token, 1) != 1)
		exit(1);
}

NEVER_INLINE static void right(int from, int depth, long way)
{
	if (!depth)
		take(from);
	else if (way & 1)
		right(from, depth - 1, way >> 1);
	else
		left(from, depth - 1, way >> 1);
	sink++;
}

NEVER_INLINE static void left(int from, int depth, long way)
{
	if (!depth)
		take(from);
	else if (way & 1)
		right(from, depth - 1, way >> 1);
	else
		left(from, depth - 1, way >> 1);
	sink += 2;
}

static void *partner(void *unused)
{
	char token = 0;

	for (long i = 0; i < rounds; i++) {
		left(there[0], DEPTH - 1, i);
		if (write(back[1], &token, 1) != 1)
			exit(1);
	}
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	cpu_set_t one;
	char token = 0;

	rounds = argc > 1 ? atol(argv[1]) : 100000;
	CPU_ZERO(&one);
	CPU_SET(argc > 2 ? atoi(argv[2]) : 0, &one);
	if (sched_setaffinity(0, sizeof(one), &one) || pipe(there) || pipe(back) ||
	    pthread_create(&thread, NULL, partner, NULL))
		return 1;
	for (long i = 0; i < rounds; i++) {
		if (write(there[1], &token, 1) != 1)
			return 1;
		left(back[0], DEPTH - 1, i);
	}
	pthread_join(thread, NULL);
	return 0;
}
