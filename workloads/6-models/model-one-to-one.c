// SPDX-License-Identifier: GPL-2.0-only
/*
 * model-one-to-one.c - a kernel thread for each user thread
 *
 * What pthread_create() makes on Linux. The kernel knows each of them, and while it blocks one it
 * lets the others run, on as many CPUs as there are.
 */
#include "workloads/6-models/models.h"

SCENARIO("title: a kernel thread for each user thread: one blocks, no other\n"
	 "chapter: 6\n"
	 "order: 2\n"
	 "claim: the kernel saw a thread for each user thread\n"
	 "  holds: threads[user-*] == fact.uthreads\n"
	 "  shows: threads[user-*] of fact.uthreads as count\n"
	 "claim: each did all of its steps\n"
	 "  holds: fact.actual == fact.expected\n"
	 "  shows: fact.actual of fact.expected as count\n"
	 "claim: only the one that made the blocking call was blocked by it\n"
	 "  holds: threads[user-*].times.sleep == 1 and"
	 " thread[user-1].blocked.sleep >= fact.block_ns\n"
	 "  shows: thread[user-1].blocked.sleep of fact.block_ns as duration\n"
	 "claim: by their marks none of the others stood still\n"
	 "  holds: uthreads == fact.uthreads and uthreads[user-*].stood_still == 0 and"
	 " uthread[user-1].blocked >= fact.block_ns\n"
	 "  shows: uthreads[user-*].stood_still as duration\n"
	 "claim: meanwhile the others made steps\n" MODEL_NEEDS_WORK MODEL_NEEDS_CPU
	 "  holds: fact.steps_during > 0\n"
	 "  shows: fact.steps_during of fact.expected as count\n"
	 "claim: for which they had CPU time\n"
	 "  needs: fact.block_ns >= 20ms else the call blocked for a moment only\n" MODEL_NEEDS_WORK
		 MODEL_NEEDS_CPU "  holds: fact.cpu_during_ns > 5% * fact.block_ns\n"
	 "  shows: fact.cpu_during_ns of fact.block_ns as duration\n");

struct kernel_thread {
	uint32_t id;
	struct model_work *work;
	struct scenario_thread thread;
};

static void compute(void *argument)
{
	struct kernel_thread *self = argument;
	struct model_work *work = self->work;

	PTRACE_LAB_UTHREAD_SWITCH(self->id, self->thread.name);
	for (uint64_t step = 0; step < work->sizes->steps; step++) {
		if (model_blocks_at(work, self->id, step))
			model_block(work, work->sizes->steps - step);
		model_compute(work);
		/* Whose turn is next is left to the kernel. */
	}
	PTRACE_LAB_UTHREAD_SWITCH(0, "");
	PTRACE_LAB_UTHREAD_STATE(self->id, self->thread.name, UTHREAD_ENDED);
}

int main(int argc, char **argv)
{
	struct model_sizes sizes = MODEL_SIZES(4);
	const struct scenario_option options[] = {
		MODEL_OPTIONS(&sizes),
		SCENARIO_END,
	};
	struct model_work work = {.sizes = &sizes};
	struct kernel_thread *threads;
	struct scenario_timer timer;

	scenario_begin(argc, argv, options);
	threads = calloc(sizes.uthreads, sizeof(*threads));
	if (!threads)
		scenario_fail(errno, "no memory for the threads");
	timer = scenario_start();
	for (uint32_t i = 0; i < sizes.uthreads; i++) {
		threads[i].id = i + 1;
		threads[i].work = &work;
		scenario_thread_start(&threads[i].thread, compute, &threads[i], "user-%u", i + 1);
	}
	for (uint32_t i = 0; i < sizes.uthreads; i++)
		scenario_thread_join(&threads[i].thread);
	model_tell(&work, 0, scenario_stop(&timer));
	free(threads);
	return scenario_end();
}
