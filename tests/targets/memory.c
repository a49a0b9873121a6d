// SPDX-License-Identifier: GPL-2.0-only
/* memory.c - page faults with known answers: memory WHAT PAGES; prints what getrusage says */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char *area;
static size_t pages;

static void touch(void)
{
	for (size_t i = 0; i < pages; i++)
		((volatile char *)area)[i * 4096]++;
}

static int map_area(void)
{
	area = mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED)
		return -1;
	/* One fault a page. */
	return madvise(area, pages * 4096, MADV_NOHUGEPAGE);
}

/* "pid tid minor major maxrss", the last in bytes. */
static void tell(void)
{
	struct rusage thread, all;
	char line[128];
	int length;

	getrusage(RUSAGE_THREAD, &thread);
	getrusage(RUSAGE_SELF, &all);
	length = snprintf(line, sizeof(line), "%d %ld %ld %ld %ld\n", getpid(), syscall(SYS_gettid),
			  thread.ru_minflt, thread.ru_majflt, all.ru_maxrss * 1024);
	if (write(1, line, (size_t)length) != length)
		_exit(1);
}

static void *touch_in_thread(void *unused)
{
	prctl(PR_SET_NAME, "toucher");
	touch();
	tell();
	return unused;
}

static int in_thread(void)
{
	pthread_t thread;

	touch();
	if (pthread_create(&thread, NULL, touch_in_thread, NULL))
		return 1;
	return pthread_join(thread, NULL);
}

/* The parent keeps its own, so that each page that the child writes to is copied. */
static int in_process(void)
{
	pid_t child;

	touch();
	child = fork();
	if (!child) {
		prctl(PR_SET_NAME, "toucher");
		touch();
		tell();
		_exit(0);
	}
	return waitpid(child, NULL, 0) != child;
}

int main(int argc, char **argv)
{
	int status = 0;

	if (argc < 3)
		return 2;
	pages = (size_t)atol(argv[2]);
	if (map_area())
		return 1;
	if (!strcmp(argv[1], "touch"))
		touch();
	else if (!strcmp(argv[1], "thread"))
		status = in_thread();
	else if (!strcmp(argv[1], "process"))
		status = in_process();
	else
		return 2;
	tell();
	return status;
}
