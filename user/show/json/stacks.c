// SPDX-License-Identifier: GPL-2.0-only
/* stacks.c - how many stacks there are, and how they end */
#include "show/json/sections.h"

#include "recording/stacks.h"
#include "show/json/schema.h"

static const struct member end_members[] = {
	MEMBER("why", STRING, "Why they end there."),
	MEMBER("stacks", COUNT, "How many do."),
	{0},
};

const struct member stacks_members[] = {
	MEMBER("stacks", COUNT, "Waits and samples that have a stack."),
	MEMBER("whole", COUNT, "Those that reach to where the thread began."),
	MEMBER("lost", COUNT, "Stacks that found no room."),
	NESTED("ends", OBJECTS, "Ways in which stacks end.", end_members),
	MEMBER("walked", COUNT, "How often the kernel side went up frame by frame."),
	MEMBER("recognised", COUNT, "How often it knew the stack by what lay in its place."),
	MEMBER("copied", COUNT, "Stacks unwound from a copy, for want of a table."),
	MEMBER("table_bytes", COUNT, "Memory for unwind tables."),
	{0},
};

void json_stacks(struct json *json, const struct model *model)
{
	const struct stack_ends *ends = &model->stack_ends;

	if (!ends->asked) {
		json_null(json, "stacks");
		return;
	}
	json_object(json, "stacks");
	json_unsigned(json, "stacks", ends->stacks);
	json_unsigned(json, "whole", ends->stops[STOP_ROOT]);
	json_unsigned(json, "lost", ends->lost + ends->unknown);
	json_array(json, "ends");
	for (unsigned int stop = 0; stop < STOP_COUNT; stop++) {
		if (!ends->stops[stop])
			continue;
		json_object(json, NULL);
		json_string(json, "why", stack_stop_text(stop));
		json_unsigned(json, "stacks", ends->stops[stop]);
		json_object_end(json);
	}
	json_array_end(json);
	json_unsigned(json, "walked", ends->walked);
	json_unsigned(json, "recognised", ends->recognised);
	json_unsigned(json, "copied", ends->copied);
	json_unsigned(json, "table_bytes", ends->table_bytes);
	json_object_end(json);
}
