// SPDX-License-Identifier: GPL-2.0-only
/* oddities.c - things that real programs do and tracers stumble over: oddities WHAT [NUMBER] */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void *nothing(void *unused)
{
	return unused;
}

static void *exec_from_here(void *program)
{
	char *const *words = program;

	execv(words[0], words);
	return NULL;
}

/* A side thread takes over the process and its first tid. */
static int exec_from_side(char **program)
{
	static char *nap[] = {"/bin/sleep", "0.05", NULL};
	pthread_t thread;

	if (pthread_create(&thread, NULL, exec_from_here, *program ? program : nap))
		return 1;
	for (;;)
		pause();
}

static void *end_late(void *unused)
{
	(void)unused;
	usleep(50000);
	exit(7);
}

/* The first thread is long gone when the process ends. */
static int outlive_main(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, end_late, NULL))
		return 1;
	pthread_exit(NULL);
}

static int hostile_name(void)
{
	prctl(PR_SET_NAME, "\033[2J<script>");
	usleep(20000);
	return 0;
}

static int many_threads(int count)
{
	pthread_t *threads = calloc(count, sizeof(*threads));
	int made = 0;

	for (int i = 0; threads && i < count; i++) {
		if (pthread_create(&threads[i], NULL, nothing, NULL))
			break;
		made++;
		pthread_join(threads[i], NULL);
	}
	free(threads);
	return made == count ? 0 : 1;
}

/* Double fork and a session of its own; the grandchild lives on for a while. */
static int daemonise(int milliseconds)
{
	pid_t pid = fork();

	if (pid < 0)
		return 1;
	if (pid) {
		waitpid(pid, NULL, 0);
		return 0;
	}
	setsid();
	if (fork())
		_exit(0);
	usleep(milliseconds * 1000);
	_exit(0);
}

static int tree(void)
{
	int status;

	if (!fork()) {
		if (!fork())
			_exit(3);
		wait(NULL);
		execl("/bin/sh", "sh", "-c", "kill -9 $$", NULL);
		_exit(1);
	}
	wait(&status);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? 5 : 1;
}

int main(int argc, char **argv)
{
	int number = argc > 2 ? atoi(argv[2]) : 0;

	if (argc < 2)
		return 2;
	if (!strcmp(argv[1], "exec-from-side"))
		return exec_from_side(argv + 2);
	if (!strcmp(argv[1], "outlive-main"))
		return outlive_main();
	if (!strcmp(argv[1], "hostile-name"))
		return hostile_name();
	if (!strcmp(argv[1], "threads"))
		return many_threads(number);
	if (!strcmp(argv[1], "daemonise"))
		return daemonise(number);
	if (!strcmp(argv[1], "tree"))
		return tree();
	if (!strcmp(argv[1], "kill"))
		return raise(number);
	if (!strcmp(argv[1], "exit"))
		return number;
	return 2;
}
