// SPDX-License-Identifier: GPL-2.0-only
#include "capture/stacks/queue.h"

#include <errno.h>
#include <stdlib.h>

#include "base/units.h"

/* A program has mapped its libraries, and the kernel side knows them. */
#define QUIET_NS (20 * NS_PER_MS)
/* What a recording lacks if we are killed. */
#define WAIT_NS	 (200 * NS_PER_MS)
#define WAIT_MAX 4096u

int stack_queue_add(struct stack_queue *queue, const struct pl_stack_frames *frames,
		    const struct code_space *space)
{
	struct waiting_frame *list = calloc(frames->head.count + 1u, sizeof(*list));
	struct waiting_stack *stack = list ? vector_add(&queue->list) : NULL;

	if (!stack) {
		free(list);
		return -ENOMEM;
	}
	*stack = (struct waiting_stack){
		.id = frames->head.id,
		.stop = frames->head.stop,
		.count = frames->head.count,
		.pid = space->pid,
		.python = space->python,
		.frames = list,
	};
	for (uint32_t i = 0; i < stack->count; i++) {
		const struct mapped_code *code = code_space_at(space, frames->address[i]);

		list[i].address = frames->address[i];
		list[i].is_code = code;
		if (!code)
			continue;
		list[i].code = *code;
		/* Code that was made at run time is named by the process while it lives. */
		queue->urgent = queue->urgent || !code->module;
	}
	if (queue->list.count == 1)
		queue->since = monotonic_ns();
	return 0;
}

bool stack_queue_is_due(const struct stack_queue *queue, uint64_t mapped)
{
	uint64_t now;

	if (!queue->list.count)
		return false;
	now = monotonic_ns();
	return queue->urgent || now - mapped >= QUIET_NS || now - queue->since >= WAIT_NS ||
	       queue->list.count >= WAIT_MAX;
}

void stack_queue_clear(struct stack_queue *queue)
{
	struct waiting_stack *stack;

	vector_for_each (&queue->list, stack)
		free(stack->frames);
	vector_free(&queue->list);
	queue->urgent = false;
}
