// SPDX-License-Identifier: GPL-2.0-only
/* slices.c - processes that fight for one CPU: slices MS NICE...; each prints what the kernel says
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* "pid nice cpu_us voluntary involuntary" */
static int burn(int nice, long ms)
{
	long end = now_ms() + ms;
	struct rusage usage;
	char name[16];

	snprintf(name, sizeof(name), "burn%d", nice);
	prctl(PR_SET_NAME, name);
	setpriority(PRIO_PROCESS, 0, nice);
	while (now_ms() < end)
		;
	getrusage(RUSAGE_SELF, &usage);
	printf("%d %d %ld %ld %ld\n", getpid(), getpriority(PRIO_PROCESS, 0),
	       usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec +
		       usage.ru_stime.tv_sec * 1000000 + usage.ru_stime.tv_usec,
	       usage.ru_nvcsw, usage.ru_nivcsw);
	return 0;
}

int main(int argc, char **argv)
{
	cpu_set_t cpus;

	if (argc < 3)
		return 2;
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		return 1;
	for (int i = 2; i < argc; i++)
		if (!fork())
			return burn(atoi(argv[i]), atol(argv[1]));
	while (wait(NULL) > 0)
		;
	return 0;
}
