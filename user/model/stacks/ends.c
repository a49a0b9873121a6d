// SPDX-License-Identifier: GPL-2.0-only
#include "model/stacks/ends.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "recording/recording.h"
#include "recording/stacks.h"

struct stack_ends_counter {
	const struct recording *recording;
	struct stack_ends ends;
};

static_assert(STACK_ENDS >= STOP_COUNT, "a count for each way in which a stack can end");

static void count(struct stack_ends_counter *counter, uint32_t id)
{
	struct recording_stack stack;

	if (!id)
		return;
	if (!recording_stack(counter->recording, id, &stack)) {
		counter->ends.unknown++;
		return;
	}
	/* One that ends, or has just executed another program, has no stack that could be whole. */
	if (stack.stop != STOP_NO_MEMORY)
		counter->ends.stacks++;
	counter->ends.stops[stack.stop < STACK_ENDS ? stack.stop : STOP_UNKNOWN]++;
}

static void take_interval(void *context, const struct interval *interval)
{
	count(context, interval->stack);
}

static void take_sample(void *context, uint32_t thread, const struct pl_sample *sample)
{
	count(context, sample->stack);
}

int stack_ends_new(struct timeline *timeline, const struct recording *recording,
		   struct stack_ends_counter **ret)
{
	struct stack_ends_counter *counter = calloc(1, sizeof(*counter));
	struct timeline_visitor visitor = {
		.context = counter,
		.interval = take_interval,
		.states = 1u << STATE_BLOCKED | 1u << STATE_STOPPED,
		.with_stack = true,
		.sample = take_sample,
	};

	if (!counter)
		return -ENOMEM;
	counter->recording = recording;
	counter->ends = (struct stack_ends){
		.asked = recording_note(recording, NOTE_STACKS_LOST) != NULL,
		.lost = recording_note_number(recording, NOTE_STACKS_LOST, 0),
		.walked = recording_note_number(recording, NOTE_STACKS_WALKED, 0),
		.recognised = recording_note_number(recording, NOTE_STACKS_KNOWN, 0),
		.copied = recording_note_number(recording, NOTE_STACKS_COPIED, 0),
		.table_bytes = recording_note_number(recording, NOTE_STACKS_TABLES, 0),
	};
	if (timeline_add_visitor(timeline, &visitor)) {
		free(counter);
		return -ENOMEM;
	}
	*ret = counter;
	return 0;
}

void stack_ends_finish(const struct stack_ends_counter *counter, struct stack_ends *ret)
{
	*ret = counter->ends;
}

void stack_ends_free(struct stack_ends_counter **counter)
{
	free(*counter);
	*counter = NULL;
}
