// SPDX-License-Identifier: GPL-2.0-only
/*
 * thread-daemon.c - a thread waits for a word; the main thread ends, and the process with it
 *
 * Nobody asks the waiting thread. Returning from main() ends the process, and the kernel ends each
 * thread wherever it is: this one in the middle of its read().
 */
#include "workloads/2-threads/asking.h"

SCENARIO("title: main ends, and a waiting thread is ended with it\n"
	 "chapter: 2\n"
	 "order: 3\n"
	 "about: tasks during asks until main ends\n"
	 "claim: the sub-thread was blocked in read as long as main went on\n"
	 "  needs: fact.answered == 0 else the word came in time\n"
	 "  needs: fact.work_ns >= 50ms else main ended too soon\n"
	 "  holds: thread[asks].blocked.terminal + thread[asks].blocked.pipe near fact.work_ns"
	 " within 25%\n"
	 "  shows: thread[asks].blocked.terminal + thread[asks].blocked.pipe of fact.work_ns"
	 " as duration\n"
	 "claim: it was ended in the middle of its read, by the end of main\n"
	 "  needs: fact.answered == 0 else the word came in time\n"
	 "  holds: thread[asks].ended.taken == 1"
	 " and thread[asks].ended.by == process[thread-daemon].pid"
	 " and thread[asks].ended.waiting.terminal + thread[asks].ended.waiting.pipe > 0\n"
	 "  shows: thread[asks].ended.waiting.terminal + thread[asks].ended.waiting.pipe"
	 " as duration\n"
	 "claim: main ended by itself\n"
	 "  holds: thread[thread-daemon].ended.itself == 1\n"
	 "  shows: thread[thread-daemon].end as duration\n"
	 "claim: main did not wait for it, and the process ended well\n"
	 "  holds: thread[thread-daemon].blocked.join == 0 and"
	 " process[thread-daemon].status == 0\n"
	 "  shows: process[thread-daemon].status as count\n");

static struct asking asking;
static struct scenario_thread sub;

static void ask(void *argument)
{
	asking_wait(&asking);
	asking_say_answer(&asking);
}

int main(int argc, char **argv)
{
	uint64_t delay_ns = 500000000, work_ns = 200000000;
	const struct scenario_option options[] = {
		SCENARIO_DURATION("delay", &delay_ns, 0, 3600000000000, 5000000000,
				  "when the word is typed, if nobody else does"),
		SCENARIO_DURATION("work", &work_ns, 0, 3600000000000, 2000000000,
				  "how long the main thread's own part takes"),
		SCENARIO_END,
	};
	bool answered;

	scenario_begin(argc, argv, options);
	scenario_fact("work_ns", (int64_t)work_ns);
	asking_begin(&asking, delay_ns);
	scenario_thread_start(&sub, ask, NULL, "asks");
	pthread_detach(sub.id);
	sleep_for(work_ns);
	answered = __atomic_load_n(&asking.answered, __ATOMIC_ACQUIRE);
	scenario_fact("answered", answered);
	scenario_say("main thread", answered
					    ? "ends; the sub-thread waits no more"
					    : "ends; the sub-thread still waits, and ends with it");
	PTRACE_LAB_PHASE("main ends");
	return scenario_end();
}
