/* SPDX-License-Identifier: GPL-2.0-only */
/* storm.h - what the scenarios share in which very many threads each do one small thing */
#ifndef WORKLOADS_STORM_H
#define WORKLOADS_STORM_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "workloads/scenario.h"

/* Threads are cheap only with small stacks: the dead keep theirs until they are joined. */
#define STORM_STACK (64 * 1024)

struct storm_worker {
	uint64_t number; /* 1.. */
	uint64_t seen;	 /* the total after its own addition */
	uint64_t begin, end;
	bool print;
	struct scenario_thread thread;
};

/* NULL never: ends the process when memory is out. */
static inline struct storm_worker *storm_new(uint64_t threads, bool print)
{
	struct storm_worker *workers = calloc(threads, sizeof(*workers));

	if (!workers)
		scenario_fail(errno, "no memory for %s threads", scenario_count_text(threads).text);
	for (uint64_t i = 0; i < threads; i++) {
		workers[i].number = i + 1;
		workers[i].print = print;
		workers[i].thread.stack_size = STORM_STACK;
	}
	return workers;
}

/* Starts them all, and then waits for them all. Returns the time that it took. */
static inline uint64_t storm_run(struct storm_worker *workers, uint64_t threads,
				 void (*work)(void *worker))
{
	struct scenario_timer timer = scenario_start();

	for (uint64_t i = 0; i < threads; i++)
		scenario_thread_start(&workers[i].thread, work, &workers[i], "storm-%u",
				      (unsigned int)workers[i].number);
	PTRACE_LAB_PHASE("all started");
	for (uint64_t i = 0; i < threads; i++)
		scenario_thread_join(&workers[i].thread);
	return scenario_stop(&timer);
}

/* Says who it is and what it saw, if asked for. Not by printf, whose lock would order the
 * threads. False if that could not be written. */
static inline bool storm_report(const struct storm_worker *worker)
{
	char name[SCENARIO_THREAD_NAME];

	if (!worker->print)
		return true;
	return !pthread_getname_np(pthread_self(), name, sizeof(name)) &&
	       dprintf(1, "  %-11s saw %s\n", name, scenario_count_text(worker->seen).text) > 0;
}

static inline void storm_say(uint64_t threads, uint64_t elapsed_ns)
{
	scenario_fact("threads", (int64_t)threads);
	scenario_say("threads", "%s, %s each", scenario_count_text(threads).text,
		     scenario_duration_text(elapsed_ns / threads).text);
}

#endif
