// SPDX-License-Identifier: GPL-2.0-only
/*
 * pingpong.c - two threads pinned to one CPU take turns: nothing but switches
 *
 *	pingpong pipe|futex|yield ROUNDS [CPU]
 *
 * They hand a token to and fro, or give up the CPU to each other. Prints the nanoseconds that the
 * rounds took. A round is two switches. With LINGER=FOLDER in the
 * environment it makes FOLDER/played then, and lives until there is FOLDER/over, for those who name
 * its functions only when they end.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long rounds;
static enum { PIPE, FUTEX, YIELD } how;
static int there[2], back[2];
static atomic_int turn;

static void wait_for(int mine)
{
	while (atomic_load(&turn) != mine)
		syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, !mine, NULL, NULL, 0);
}

static void hand_over(int other)
{
	atomic_store(&turn, other);
	syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void *partner(void *unused)
{
	char token;

	for (long i = 0; i < rounds; i++) {
		if (how == YIELD) {
			sched_yield();
		} else if (how == FUTEX) {
			wait_for(1);
			hand_over(0);
		} else if (read(there[0], &token, 1) != 1 || write(back[1], &token, 1) != 1) {
			exit(1);
		}
	}
	return unused;
}

static void play(void)
{
	char token = 'x';

	for (long i = 0; i < rounds; i++) {
		if (how == YIELD) {
			sched_yield();
		} else if (how == FUTEX) {
			hand_over(1);
			wait_for(0);
		} else if (write(there[1], &token, 1) != 1 || read(back[0], &token, 1) != 1) {
			exit(1);
		}
	}
}

static void linger(const char *folder)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/played", folder);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	if (fd >= 0)
		close(fd);
	snprintf(path, sizeof(path), "%s/over", folder);
	for (int tries = 0; tries < 3000 && access(path, F_OK); tries++)
		usleep(20000);
}

int main(int argc, char **argv)
{
	struct timespec begin, end;
	cpu_set_t one;
	pthread_t thread;

	if (argc < 3) {
		fprintf(stderr, "usage: pingpong pipe|futex|yield ROUNDS [CPU]\n");
		return 2;
	}
	how = !strcmp(argv[1], "yield") ? YIELD : !strcmp(argv[1], "futex") ? FUTEX : PIPE;
	rounds = atol(argv[2]);
	CPU_ZERO(&one);
	CPU_SET(argc > 3 ? atoi(argv[3]) : 0, &one);
	if (sched_setaffinity(0, sizeof(one), &one) || pipe(there) || pipe(back))
		return 1;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	if (pthread_create(&thread, NULL, partner, NULL))
		return 1;
	play();
	pthread_join(thread, NULL);
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%lld\n", (end.tv_sec - begin.tv_sec) * 1000000000ll + end.tv_nsec - begin.tv_nsec);
	fflush(stdout);
	if (getenv("LINGER"))
		linger(getenv("LINGER"));
	return 0;
}
