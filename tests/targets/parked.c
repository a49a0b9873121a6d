// SPDX-License-Identifier: GPL-2.0-only
/* parked.c - tasks that stand still to be looked at: parked threads NUMBER | parked states | parked
 * storm. Says "ready" when all are there, and ends when its standard input does. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void *wait_for_ever(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static int say_ready_and_wait(void)
{
	char byte;

	puts("ready");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	return 0;
}

static int park_threads(int number)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 16384);
	for (int i = 0; i < number; i++)
		if (pthread_create(&thread, &attributes, wait_for_ever, NULL))
			return 1;
	return say_ready_and_wait();
}

static pid_t child(const char *name)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, name);
	}
	return pid;
}

/* One in each state. The zombie exits with 7; the killed one is a zombie of signal 9. */
static int park_states(void)
{
	int pipe_ends[2];
	pid_t stopped, killed;
	char byte;

	if (pipe(pipe_ends))
		return 1;
	if (!child("is-running"))
		for (;;)
			;
	if (!child("is-sleeping"))
		for (;;)
			sleep(1000);
	if (!child("is-reading")) {
		while (read(pipe_ends[0], &byte, 1) < 0)
			;
		_exit(0);
	}
	stopped = child("is-stopped");
	if (!stopped)
		for (;;)
			pause();
	if (!child("is-zombie"))
		_exit(7);
	killed = child("is-killed");
	if (!killed)
		for (;;)
			pause();
	usleep(50000);
	kill(stopped, SIGSTOP);
	kill(killed, SIGKILL);
	usleep(50000);
	return say_ready_and_wait();
}

static void *nothing(void *unused)
{
	return unused;
}

/* Processes and threads come and go as fast as they can. */
static int storm(void)
{
	signal(SIGCHLD, SIG_IGN);
	puts("ready");
	fflush(stdout);
	for (;;) {
		pthread_t thread;
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		if (!pthread_create(&thread, NULL, nothing, NULL))
			pthread_join(thread, NULL);
	}
}

int main(int argc, char **argv)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (argc == 3 && !strcmp(argv[1], "threads"))
		return park_threads(atoi(argv[2]));
	if (argc == 2 && !strcmp(argv[1], "states"))
		return park_states();
	if (argc == 2 && !strcmp(argv[1], "storm"))
		return storm();
	fprintf(stderr, "usage: parked threads NUMBER | states | storm\n");
	return 2;
}
