// SPDX-License-Identifier: GPL-2.0-only
/*
 * counts.c - threads whose switches and CPU time are known from a second source
 *
 *	counts THREADS SLEEPS SPIN_MS
 *
 * Each worker sleeps SLEEPS times and computes SPIN_MS ms, then reads its own counters from /proc
 * and getrusage, as the last thing it does. Prints a line for each:
 * TID VOLUNTARY INVOLUNTARY CPU_NS
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static int sleeps, spin_ms;

struct worker {
	pthread_t thread;
	int tid;
	long voluntary, involuntary;
	long long cpu_ns;
};

static long long thread_cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static void read_counters(struct worker *worker)
{
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", worker->tid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file)) {
		sscanf(line, "voluntary_ctxt_switches: %ld", &worker->voluntary);
		sscanf(line, "nonvoluntary_ctxt_switches: %ld", &worker->involuntary);
	}
	if (file)
		fclose(file);
	worker->cpu_ns = thread_cpu_ns();
}

static void *work(void *argument)
{
	struct worker *worker = argument;
	struct timespec moment = {0, 200000};

	worker->tid = gettid();
	for (int i = 0; i < sleeps; i++)
		nanosleep(&moment, NULL);
	while (thread_cpu_ns() < spin_ms * 1000000ll)
		;
	read_counters(worker);
	return NULL;
}

int main(int argc, char **argv)
{
	struct worker workers[64] = {0};
	int count;

	if (argc != 4)
		return 2;
	count = atoi(argv[1]);
	sleeps = atoi(argv[2]);
	spin_ms = atoi(argv[3]);
	for (int i = 0; i < count && i < 64; i++)
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			return 1;
	for (int i = 0; i < count && i < 64; i++) {
		pthread_join(workers[i].thread, NULL);
		printf("%d %ld %ld %lld\n", workers[i].tid, workers[i].voluntary,
		       workers[i].involuntary, workers[i].cpu_ns);
	}
	return 0;
}
