// SPDX-License-Identifier: GPL-2.0-only
/* stacks.c - modules, frames and stacks of an open recording */
#include "recording/stacks.h"

#include "recording/reader.h"
#include "recording/stack_tables.h"

const char *stack_stop_text(enum stack_stop stop)
{
	static const char *const texts[STOP_COUNT] = {
		[STOP_ROOT] = "it is whole",
		[STOP_UNKNOWN] = "nobody knows why",
		[STOP_DEPTH] = "it is deeper than is followed",
		[STOP_NO_MODULE] = "the address lies in no mapped code",
		[STOP_NO_TABLE] = "no unwind table of that code",
		[STOP_NO_RULE] = "code without an unwind entry",
		[STOP_RULE] = "an unwind entry of a form that is not followed",
		[STOP_READ] = "its memory could not be read",
		[STOP_FRAME_POINTER] = "the frame pointers lead nowhere",
		[STOP_LATE] = "the thread went on before it could be looked at",
		[STOP_NO_MEMORY] = "the thread had no memory map any more",
	};

	return texts[(unsigned int)stop < STOP_COUNT ? stop : STOP_UNKNOWN];
}

bool recording_module(const struct recording *recording, uint32_t id, struct recording_module *ret)
{
	return stack_store_module(recording->stacks, id, ret);
}

bool recording_frame(const struct recording *recording, uint32_t id, struct recording_frame *ret)
{
	return stack_store_frame(recording->stacks, id, ret);
}

bool recording_stack(const struct recording *recording, uint32_t id, struct recording_stack *ret)
{
	return stack_store_stack(recording->stacks, id, ret);
}

uint32_t recording_stack_frame(const struct recording *recording, uint32_t node,
			       uint32_t *ret_caller)
{
	return stack_store_node(recording->stacks, node, ret_caller);
}

uint32_t recording_module_count(const struct recording *recording)
{
	return stack_store_modules(recording->stacks);
}

uint32_t recording_frame_count(const struct recording *recording)
{
	return stack_store_frames(recording->stacks);
}

uint32_t recording_node_count(const struct recording *recording)
{
	return stack_store_nodes(recording->stacks);
}

uint32_t recording_stack_count(const struct recording *recording)
{
	return stack_store_stacks(recording->stacks);
}
