// SPDX-License-Identifier: GPL-2.0-only
/*
 * thread-named.c - five threads with names, and nobody waits for them
 *
 * Each logs its begin and its end, and doubles a number. The main thread starts them and ends; the
 * process lives on until the last of them has ended as well.
 */
#include <stdio.h>
#include <stdlib.h>

#include "workloads/sleep.h"

SCENARIO("title: five named threads, and nobody waits for them\n"
	 "chapter: 2\n"
	 "order: 1\n"
	 "about: sharing during main ends until end\n"
	 "claim: the kernel knew each of them by its name\n"
	 "  holds: threads == 6 and threads[Kim] == 1 and threads[Lee] == 1 and threads[Park] == 1"
	 " and threads[Cho] == 1 and threads[Hong] == 1\n"
	 "  shows: threads - 1 as count\n"
	 "claim: the main thread started all five\n"
	 "  holds: thread[thread-named].started == 5\n"
	 "  shows: thread[thread-named].started as count\n"
	 "claim: the results are 0, 2, 4, 6 and 8\n"
	 "  holds: fact.Kim == 0 and fact.Lee == 2 and fact.Park == 4 and fact.Cho == 6 and"
	 " fact.Hong == 8\n"
	 "  shows: fact.Kim + fact.Lee + fact.Park + fact.Cho + fact.Hong as count\n"
	 "claim: the main thread waited for none of them\n"
	 "  holds: thread[thread-named].blocked.join == 0\n"
	 "  shows: thread[thread-named].blocked.join as duration\n"
	 "claim: it had ended before any of them did\n"
	 "  needs: fact.work_ns >= 50ms else they had too little to do\n"
	 "  holds: thread[thread-named].end < thread[Kim].end and"
	 " thread[thread-named].end < thread[Lee].end and"
	 " thread[thread-named].end < thread[Park].end and"
	 " thread[thread-named].end < thread[Cho].end and"
	 " thread[thread-named].end < thread[Hong].end\n"
	 "  shows: thread[thread-named].end of thread[Hong].end as duration\n");

static const char *const names[] = {"Kim", "Lee", "Park", "Cho", "Hong"};
#define WORKERS (sizeof(names) / sizeof(names[0]))

struct worker {
	uint64_t number, work_ns, result;
	struct scenario_thread thread;
};

/* Not on main()'s stack: the threads outlive it. */
static struct worker workers[WORKERS];
static size_t ended;

/* With the name as the kernel has it. */
static void log_line(const char *level, const char *message)
{
	char clock[16], name[SCENARIO_THREAD_NAME] = "?";
	struct timespec now;
	struct tm local;

	clock_gettime(CLOCK_REALTIME, &now);
	if (!localtime_r(&now.tv_sec, &local) ||
	    !strftime(clock, sizeof(clock), "%H:%M:%S", &local))
		snprintf(clock, sizeof(clock), "--:--:--");
	pthread_getname_np(pthread_self(), name, sizeof(name));
	printf("  %s.%03ld  %-12s  %-5s  %s\n", clock, now.tv_nsec / 1000000, name, level, message);
}

/* By whichever of them comes last, for all; nobody else is there any more. */
static void report(void)
{
	for (size_t i = 0; i < WORKERS; i++)
		scenario_fact(names[i], (int64_t)workers[i].result);
	/* Without it the process ends with 0, as the last thread does. */
	if (scenario_end())
		exit(EXIT_FAILURE);
}

static void work(void *argument)
{
	struct worker *me = argument;
	char message[96];

	PTRACE_LAB_PHASE("begin");
	log_line("INFO", "begins");
	sleep_for(me->work_ns);
	me->result = me->number * 2;
	snprintf(message, sizeof(message), "ends: twice %s is %s",
		 scenario_count_text(me->number).text, scenario_count_text(me->result).text);
	log_line("INFO", message);
	PTRACE_LAB_PHASE("end");
	if (__atomic_add_fetch(&ended, 1, __ATOMIC_ACQ_REL) == WORKERS)
		report();
}

int main(int argc, char **argv)
{
	uint64_t work_ns = 100000000;
	const struct scenario_option options[] = {
		SCENARIO_DURATION("work", &work_ns, 0, 3600000000000, 1000000000,
				  "how long each thread takes for its number"),
		SCENARIO_END,
	};

	scenario_begin(argc, argv, options);
	scenario_fact("work_ns", (int64_t)work_ns);
	log_line("INFO", "begins");
	for (size_t i = 0; i < WORKERS; i++) {
		workers[i].number = i;
		workers[i].work_ns = work_ns;
		scenario_thread_start(&workers[i].thread, work, &workers[i], "%s", names[i]);
		pthread_detach(workers[i].thread.id);
	}
	log_line("INFO", "has started five threads, and ends without waiting for them");
	PTRACE_LAB_PHASE("main ends");
	/* Returning would end the process, and all threads with it. */
	pthread_exit(NULL);
}
