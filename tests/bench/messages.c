// SPDX-License-Identifier: GPL-2.0-only
/*
 * messages.c - crowds that send messages to one another, as hackbench does
 *
 *	messages threads|processes ROUNDS
 *
 * Two groups of ten senders and ten receivers. In each round each sender writes 100 bytes to each
 * receiver of its group, over a socket pair per receiver. Prints the nanoseconds that it took, from
 * when all are there.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GROUPS 2
#define EACH   10
#define ALL    (GROUPS * EACH * 2)
#define SIZE   100

static int sockets[GROUPS][EACH][2];
static int ready[2], go[2];
static bool processes;
static long rounds;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void send_all(int group)
{
	char message[SIZE] = {0};

	for (long i = 0; i < rounds; i++)
		for (int to = 0; to < EACH; to++)
			if (write(sockets[group][to][0], message, SIZE) != SIZE)
				die("write");
}

static void receive_all(int group, int me)
{
	long bytes = rounds * EACH * SIZE;
	char message[SIZE];

	while (bytes > 0) {
		ssize_t got = read(sockets[group][me][1], message, SIZE);

		if (got <= 0)
			die("read");
		bytes -= got;
	}
}

static void *take_part(void *number)
{
	int me = (long)number, group = me / (EACH * 2), place = me % (EACH * 2);
	char token = 0;

	if (write(ready[1], &token, 1) != 1 || read(go[0], &token, 1) != 1)
		die("start");
	if (place < EACH)
		send_all(group);
	else
		receive_all(group, place - EACH);
	return NULL;
}

static void begin(long number, pthread_t *thread)
{
	if (!processes) {
		if (pthread_create(thread, NULL, take_part, (void *)number))
			die("pthread_create");
		return;
	}
	switch (fork()) {
	case -1:
		die("fork");
		break;
	case 0:
		take_part((void *)number);
		_exit(0);
	}
}

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

int main(int argc, char **argv)
{
	char tokens[ALL] = {0};
	pthread_t threads[ALL];
	long long since;
	int status, failed = 0;

	if (argc < 3) {
		fprintf(stderr, "usage: messages threads|processes ROUNDS\n");
		return 2;
	}
	processes = !strcmp(argv[1], "processes");
	rounds = atol(argv[2]);
	if (pipe(ready) || pipe(go))
		die("pipe");
	for (int i = 0; i < GROUPS * EACH; i++)
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets[i / EACH][i % EACH]))
			die("socketpair");
	for (long i = 0; i < ALL; i++)
		begin(i, &threads[i]);
	for (int i = 0; i < ALL; i++)
		if (read(ready[0], tokens, 1) != 1)
			die("read");
	since = now_ns();
	if (write(go[1], tokens, ALL) != ALL)
		die("write");
	for (int i = 0; i < ALL; i++) {
		if (!processes)
			pthread_join(threads[i], NULL);
		else if (wait(&status) < 0 || status)
			failed = 1;
	}
	printf("%lld\n", now_ns() - since);
	return failed;
}
