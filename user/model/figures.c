// SPDX-License-Identifier: GPL-2.0-only
/* figures.c - the small sums and names that everybody needs of a model */
#include "model/model.h"

const char *state_name(enum state state)
{
	static const char *const names[STATE_COUNT] = {
		[STATE_RUNNING] = "running",
		[STATE_READY_WOKEN] = "ready (woken)",
		[STATE_READY_PREEMPTED] = "ready (preempted)",
		[STATE_BLOCKED] = "blocked",
		[STATE_STOPPED] = "stopped",
		[STATE_UNKNOWN] = "unknown",
	};

	return (unsigned int)state < STATE_COUNT ? names[state] : "unknown";
}

double model_parallelism(const struct model *model)
{
	const unsigned int last = sizeof(model->concurrency) / sizeof(model->concurrency[0]) - 1;
	uint64_t busy = 0, running = 0;
	const struct thread *thread;

	for (unsigned int n = 1; n <= last; n++) {
		busy += model->concurrency[n];
		running += n * model->concurrency[n];
	}
	/* How many more than `last` it were is only known from the threads. */
	if (model->concurrency[last]) {
		running = 0;
		vector_for_each (&model->threads, thread)
			running += thread->state_ns[STATE_RUNNING];
	}
	return busy ? (double)running / (double)busy : 0;
}

uint64_t thread_life_ns(const struct thread *thread)
{
	return thread->end - thread->begin;
}

uint64_t thread_ready_ns(const struct thread *thread)
{
	return thread->state_ns[STATE_READY_WOKEN] + thread->state_ns[STATE_READY_PREEMPTED];
}

uint64_t thread_blocked_ns(const struct thread *thread)
{
	return thread->state_ns[STATE_BLOCKED] + thread->state_ns[STATE_STOPPED];
}
