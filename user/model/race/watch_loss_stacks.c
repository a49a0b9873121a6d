// SPDX-License-Identifier: GPL-2.0-only
/* watch_loss_stacks.c - the stacks with which updates were lost */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/race/watch.h"
#include "recording/stacks.h"

static int by_id(const void *a, const void *b)
{
	uint32_t one = ((const struct loss_stack *)a)->id;
	uint32_t other = ((const struct loss_stack *)b)->id;

	return (one > other) - (one < other);
}

const struct loss_stack *loss_stack_of(const struct watch_report *report, uint32_t id)
{
	struct loss_stack wanted = {.id = id};

	if (!id || !report->loss_stacks.count)
		return NULL;
	return bsearch(&wanted, report->loss_stacks.items, report->loss_stacks.count,
		       sizeof(report->loss_stacks.items[0]), by_id);
}

/* A frame, and before it those of the functions that the compiler put into it. */
static void add_frame(struct loss_stack *stack, const struct recording *recording, uint32_t id)
{
	struct recording_module module;
	struct recording_frame frame;

	while (id && stack->count < LOSS_FRAMES && recording_frame(recording, id, &frame)) {
		bool has_module = recording_module(recording, frame.module, &module);

		stack->frames[stack->count++] = (struct loss_frame){
			.function = frame.function,
			.file = frame.file,
			.module = has_module ? module.path : "",
			.line = frame.line,
		};
		id = frame.outer;
	}
}

static int add_stack(struct watch_report *report, const struct recording *recording, uint32_t id)
{
	struct recording_stack found;
	struct loss_stack *stack;
	uint32_t node;

	for (size_t i = 0; i < report->loss_stacks.count; i++)
		if (report->loss_stacks.items[i].id == id)
			return 0;
	if (!id || !recording_stack(recording, id, &found))
		return 0;
	stack = vector_add(&report->loss_stacks);
	if (!stack)
		return -ENOMEM;
	stack->id = id;
	for (node = found.leaf; node && stack->count < LOSS_FRAMES;) {
		uint32_t frame = recording_stack_frame(recording, node, &node);

		if (!frame)
			break;
		add_frame(stack, recording, frame);
	}
	stack->is_whole = found.stop == STOP_ROOT && !node;
	return 0;
}

int loss_stacks_find(struct watch_report *report, const struct recording *recording)
{
	const struct watched *watched;
	int error = 0;

	vector_for_each (&report->variables, watched) {
		const struct race_loss *loss;

		vector_for_each (&watched->race.losses, loss) {
			const uint32_t accesses[] = {loss->victim, loss->victim_read, loss->killer,
						     loss->killer_read};

			if (loss->certainty == RACE_DOUBT)
				continue;
			for (size_t i = 0; i < sizeof(accesses) / sizeof(accesses[0]) && !error;
			     i++)
				if (accesses[i] != RACE_NONE)
					error = add_stack(
						report, recording,
						watched->accesses.items[accesses[i]].stack);
		}
	}
	if (report->loss_stacks.count)
		qsort(report->loss_stacks.items, report->loss_stacks.count,
		      sizeof(report->loss_stacks.items[0]), by_id);
	return error;
}
