// SPDX-License-Identifier: GPL-2.0-only
/*
 * spawn-cost.c - what it costs to make a thread, and what it costs to make a process
 *
 * Each is made, does nothing, and is waited for before the next one is made. What the tracer sees
 * is the CPU time of the maker and of all that it made.
 */
#include <stdio.h>
#include <sys/prctl.h>

#include "workloads/child.h"

/* All that are made have the name that their maker had at that time, without a call of their own.
 */
#define THREAD_COST  "((thread[thread-maker].running + threads[thread].running) / fact.threads)"
#define PROCESS_COST "((thread[process-maker].running + threads[process].running) / fact.processes)"

SCENARIO("title: what ten thousand threads cost, and two thousand processes\n"
	 "chapter: 8\n"
	 "order: 5\n"
	 "table: made and joined | how many | a second | time for one | CPU time of one"
	 " | page faults\n"
	 "row: threads | fact.threads as count | fact.threads / (fact.threads_ns / 1s) as count"
	 " | fact.threads_ns / fact.threads as duration | " THREAD_COST " as duration"
	 " | threads[thread].faults / fact.threads as ratio\n"
	 "row: processes | fact.processes as count"
	 " | fact.processes / (fact.processes_ns / 1s) as count"
	 " | fact.processes_ns / fact.processes as duration | " PROCESS_COST " as duration"
	 " | threads[process].faults / fact.processes as ratio\n"
	 "row: processes / threads | | |"
	 " fact.processes_ns / fact.processes / (fact.threads_ns / fact.threads) as ratio |"
	 " " PROCESS_COST " / " THREAD_COST " as ratio |\n"
	 "claim: each thread was seen\n"
	 "  holds: threads[thread] == fact.threads and"
	 " thread[thread-maker].started == fact.threads\n"
	 "  shows: threads[thread] of fact.threads as count\n"
	 "claim: and each process\n"
	 "  holds: threads[process] == fact.processes and processes == fact.processes + 1\n"
	 "  shows: threads[process] of fact.processes as count\n"
	 "claim: a process took more CPU time than a thread, to make, run and end\n"
	 "  needs: fact.threads >= 100 and fact.processes >= 100 else there were too few\n"
	 "  holds: " PROCESS_COST " > " THREAD_COST "\n"
	 "  shows: " PROCESS_COST " of " THREAD_COST " as duration\n"
	 "claim: by far: more than one and a half times as much\n"
	 "  needs: fact.threads >= 100 and fact.processes >= 100 else there were too few\n"
	 "  holds: " PROCESS_COST " / " THREAD_COST " > 1.5\n"
	 "  shows: " PROCESS_COST " / " THREAD_COST " as ratio\n"
	 "claim: the makers waited for each one that they made\n"
	 "  holds: thread[thread-maker].times.join > 0 and"
	 " thread[process-maker].times.child > 0 and"
	 " threads[*-maker].times.join + threads[*-maker].times.child <="
	 " fact.threads + fact.processes\n"
	 "  shows: threads[*-maker].times.join + threads[*-maker].times.child of"
	 " fact.threads + fact.processes as count\n");

struct maker {
	uint64_t count, elapsed_ns;
	struct scenario_thread thread;
};

static void rename_to(const char *name)
{
	if (prctl(PR_SET_NAME, name))
		scenario_fail(errno, "the name cannot be changed");
}

static void *do_nothing(void *argument)
{
	return NULL;
}

static void make_threads(void *argument)
{
	struct maker *me = argument;
	uint64_t begin;

	rename_to("thread");
	begin = scenario_now();
	for (uint64_t i = 0; i < me->count; i++) {
		pthread_t thread;
		int error = pthread_create(&thread, NULL, do_nothing, NULL);

		if (!error)
			error = pthread_join(thread, NULL);
		if (error)
			scenario_fail(error, "a thread cannot be created and joined");
	}
	me->elapsed_ns = scenario_now() - begin;
	rename_to(me->thread.name);
}

static void make_processes(void *argument)
{
	struct maker *me = argument;
	uint64_t begin;

	rename_to("process");
	begin = scenario_now();
	for (uint64_t i = 0; i < me->count; i++) {
		pid_t child = fork();

		/* It ends so soon that it needs nobody who ends it. */
		if (!child)
			_exit(EXIT_SUCCESS);
		if (child < 0)
			scenario_fail(errno, "a process cannot be created");
		if (child_join(child))
			scenario_fail(0, "a process did not end well");
	}
	me->elapsed_ns = scenario_now() - begin;
	rename_to(me->thread.name);
}

static void tell(const char *what, const struct maker *maker)
{
	char name[32];

	scenario_fact(what, (int64_t)maker->count);
	snprintf(name, sizeof(name), "%s_ns", what);
	scenario_fact(name, (int64_t)maker->elapsed_ns);
	scenario_say(what, "%s in %s, %s each", scenario_count_text(maker->count).text,
		     scenario_duration_text(maker->elapsed_ns).text,
		     scenario_duration_text(maker->elapsed_ns / maker->count).text);
}

int main(int argc, char **argv)
{
	struct maker threads = {.count = 10000}, processes = {.count = 2000};
	const struct scenario_option options[] = {
		SCENARIO_NUMBER("threads", &threads.count, 1, 1000000, "how many threads"),
		SCENARIO_NUMBER("processes", &processes.count, 1, 100000, "how many processes"),
		SCENARIO_END,
	};

	scenario_begin(argc, argv, options);
	PTRACE_LAB_PHASE("threads");
	scenario_thread_start(&threads.thread, make_threads, &threads, "thread-maker");
	scenario_thread_join(&threads.thread);
	PTRACE_LAB_PHASE("processes");
	scenario_thread_start(&processes.thread, make_processes, &processes, "process-maker");
	scenario_thread_join(&processes.thread);
	tell("threads", &threads);
	tell("processes", &processes);
	return scenario_end();
}
