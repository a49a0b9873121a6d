// SPDX-License-Identifier: GPL-2.0-only
/*
 * timed.c - the clock and the truth of a benchmark's run
 *
 *	timed FILE COMMAND [ARGUMENTS]
 *
 * Runs the command and writes to FILE, in one line: when it began (CLOCK_MONOTONIC ns), how long it
 * took (ns), how often it and all its threads and children left a CPU, by the kernel's count, and
 * its exit status. A command whose last line is a number has taken its
 * own time, without its start and its end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static FILE *start(char **command, pid_t *ret_pid)
{
	int ends[2];
	pid_t pid;

	if (pipe(ends))
		return NULL;
	pid = fork();
	if (pid < 0)
		return NULL;
	if (!pid) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execvp(*command, command);
		_exit(127);
	}
	close(ends[1]);
	*ret_pid = pid;
	return fdopen(ends[0], "r");
}

/* The last line, if that is a number: -1 if not. */
static long long own_time(FILE *output)
{
	char line[4096], *end;
	long long time = -1;

	while (fgets(line, sizeof(line), output)) {
		time = strtoll(line, &end, 10);
		if (end == line || (*end && *end != '\n'))
			time = -1;
	}
	return time;
}

int main(int argc, char **argv)
{
	long long begin, took, own;
	struct rusage usage;
	FILE *output, *result;
	int status;
	pid_t pid;

	if (argc < 3) {
		fprintf(stderr, "usage: timed FILE COMMAND [ARGUMENTS]\n");
		return 2;
	}
	begin = now_ns();
	output = start(argv + 2, &pid);
	if (!output) {
		perror("timed");
		return 1;
	}
	own = own_time(output);
	if (waitpid(pid, &status, 0) != pid)
		return 1;
	took = now_ns() - begin;
	fclose(output);
	if (getrusage(RUSAGE_CHILDREN, &usage))
		return 1;
	status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	result = fopen(argv[1], "w");
	if (!result) {
		perror(argv[1]);
		return 1;
	}
	fprintf(result, "%lld %lld %ld %d\n", begin, own >= 0 ? own : took,
		usage.ru_nvcsw + usage.ru_nivcsw, status);
	return fclose(result) || status;
}
