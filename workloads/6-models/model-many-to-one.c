// SPDX-License-Identifier: GPL-2.0-only
/*
 * model-many-to-one.c - all user threads on one kernel thread
 *
 * Switching between them costs no system call's worth of scheduling, and the kernel does not see
 * it. But when one makes a blocking call, the kernel blocks the one thread that it knows.
 */
#include "workloads/6-models/models.h"

SCENARIO("title: one kernel thread for all user threads: one blocks, all wait\n"
	 "chapter: 6\n"
	 "order: 1\n"
	 "claim: the kernel saw one thread for all user threads\n"
	 "  holds: threads == 1 and fact.uthreads > 1\n"
	 "  shows: threads of fact.uthreads as count\n"
	 "claim: each user thread did all of its steps\n"
	 "  holds: fact.actual == fact.expected\n"
	 "  shows: fact.actual of fact.expected as count\n"
	 "claim: while one was blocked, none made a step\n" MODEL_NEEDS_WORK
	 "  holds: fact.steps_during == 0 and"
	 " thread[model-many-to-one].blocked.sleep >= fact.block_ns\n"
	 "  shows: fact.steps_during of fact.steps_left as count\n"
	 "claim: nor was any CPU time used by them\n"
	 "  needs: fact.block_ns >= 20ms else the call blocked for a moment only\n"
	 "  holds: fact.cpu_during_ns < 5% * fact.block_ns\n"
	 "  shows: fact.cpu_during_ns of fact.block_ns as duration\n"
	 "claim: by its marks each of the others stood still as long as the one was blocked\n"
	 "  holds: uthreads == fact.uthreads and uthread[user-2].stood_still near"
	 " thread[model-many-to-one].blocked.sleep within 10% and"
	 " uthreads[user-*].stood_still near"
	 " (fact.uthreads - 1) * uthread[user-2].stood_still within 10%\n"
	 "  shows: uthread[user-2].stood_still of"
	 " thread[model-many-to-one].blocked.sleep as duration\n"
	 "claim: so the pause came on top of the work\n"
	 "  holds: fact.elapsed_ns > 80% * (cpu + thread[model-many-to-one].blocked.sleep)\n"
	 "  shows: fact.elapsed_ns of cpu + thread[model-many-to-one].blocked.sleep as duration\n"
	 "claim: of the switches between user threads the kernel saw none\n"
	 "  needs: fact.uthread_switches >= 100 else there were hardly any\n"
	 "  holds: thread[model-many-to-one].voluntary < 10% * fact.uthread_switches\n"
	 "  shows: thread[model-many-to-one].voluntary of fact.uthread_switches as count\n");

int main(int argc, char **argv)
{
	struct model_sizes sizes = MODEL_SIZES(4);
	const struct scenario_option options[] = {
		MODEL_OPTIONS(&sizes),
		SCENARIO_END,
	};
	struct model_work work = {.sizes = &sizes};
	struct scenario_timer timer;
	struct model_run run;

	scenario_begin(argc, argv, options);
	model_run_init(&run, &work, 1);
	timer = scenario_start();
	uthread_carry(&run.carriers[0]);
	model_tell(&work, model_run_switches(&run), scenario_stop(&timer));
	model_run_free(&run);
	return scenario_end();
}
