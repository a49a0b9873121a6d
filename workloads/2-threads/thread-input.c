// SPDX-License-Identifier: GPL-2.0-only
/*
 * thread-input.c - a thread waits for a word; the main thread goes on, and ends before it
 *
 * A process ends with its last thread, not with its first. What waits is one thread, not the
 * program.
 */
#include "workloads/2-threads/asking.h"

SCENARIO("title: one thread waits for a word, the other goes on\n"
	 "chapter: 2\n"
	 "order: 2\n"
	 "about: tasks during main ends until types\n"
	 "claim: the sub-thread was blocked in read until the word came\n"
	 "  needs: fact.waited_ns >= 20ms else the word came at once\n"
	 "  holds: thread[asks].blocked.terminal + thread[asks].blocked.pipe near fact.waited_ns"
	 " within 20%\n"
	 "  shows: thread[asks].blocked.terminal + thread[asks].blocked.pipe of fact.waited_ns"
	 " as duration\n"
	 "claim: meanwhile the main thread went on, and ended first\n"
	 "  needs: fact.waited_ns >= fact.work_ns + 50ms else the word came too soon\n"
	 "  holds: thread[thread-input].end < thread[asks].end\n"
	 "  shows: thread[thread-input].end of thread[asks].end as duration\n"
	 "claim: both ended by themselves\n"
	 "  holds: thread[thread-input].ended.itself == 1 and thread[asks].ended.itself == 1\n"
	 "  shows: thread[asks].end as duration\n"
	 "claim: it did not wait for the sub-thread\n"
	 "  holds: thread[thread-input].blocked.join == 0\n"
	 "  shows: thread[thread-input].blocked.join as duration\n"
	 "claim: the process ended with its last thread, not with its first\n"
	 "  needs: fact.waited_ns >= fact.work_ns + 50ms else the word came too soon\n"
	 "  holds: process[thread-input].life > thread[thread-input].life and"
	 " process[thread-input].status == 0\n"
	 "  shows: process[thread-input].life - thread[thread-input].life as duration\n");

/* Not on main()'s stack: the thread outlives it. */
static struct asking asking;
static struct scenario_thread sub;
static bool main_ends;

static void ask(void *argument)
{
	asking_wait(&asking);
	scenario_fact("waited_ns", (int64_t)(asking.answered - asking.asked));
	asking_say_answer(&asking);
	scenario_say("sub-thread", __atomic_load_n(&main_ends, __ATOMIC_ACQUIRE)
					   ? "ends, and with it the process"
					   : "ends, before the main thread");
	if (scenario_end())
		exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
	uint64_t delay_ns = 500000000, work_ns = 100000000;
	const struct scenario_option options[] = {
		SCENARIO_DURATION("delay", &delay_ns, 0, 3600000000000, 5000000000,
				  "when the word is typed, if nobody else does"),
		SCENARIO_DURATION("work", &work_ns, 0, 3600000000000, 1000000000,
				  "how long the main thread's own part takes"),
		SCENARIO_END,
	};

	scenario_begin(argc, argv, options);
	scenario_fact("work_ns", (int64_t)work_ns);
	asking_begin(&asking, delay_ns);
	scenario_thread_start(&sub, ask, NULL, "asks");
	pthread_detach(sub.id);
	sleep_for(work_ns);
	scenario_say("main thread", "ends");
	__atomic_store_n(&main_ends, true, __ATOMIC_RELEASE);
	PTRACE_LAB_PHASE("main ends");
	/* Returning would end the process: that is thread-daemon. */
	pthread_exit(NULL);
}
