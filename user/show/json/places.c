// SPDX-License-Identifier: GPL-2.0-only
/* places.c - where in the program threads blocked and ran */
#include "show/derive.h"
#include "show/json/sections.h"
#include "show/json/schema.h"

static void put_frame(struct json *json, const struct place_frame *frame)
{
	json_object(json, NULL);
	json_string(json, "function", *frame->function ? frame->function : NULL);
	json_string(json, "file", *frame->file ? frame->file : NULL);
	if (frame->line)
		json_unsigned(json, "line", frame->line);
	else
		json_null(json, "line");
	json_object_end(json);
}

static void put_place(struct json *json, const struct model *model, const struct place *place)
{
	bool running = place->reason == REASON_NONE;

	json_object(json, NULL);
	json_string(json, "state", running ? "running" : place->holds ? "holding" : "blocked");
	json_string(json, "reason", running ? NULL : reason_name(place->reason));
	json_string(json, "syscall",
		    place->reason == REASON_SYSCALL
			    ? reason_label(model, place->reason, place->syscall).text
			    : NULL);
	json_unsigned(json, "count", place->count);
	json_unsigned(json, "total_ns", place->total_ns);
	json_unsigned(json, "longest_ns", place->max_ns);
	if (!running && place->longest_by < model->threads.count)
		json_unsigned(json, "longest_by", place->longest_by);
	else
		json_null(json, "longest_by");
	json_bool(json, "cut_off", place->is_cut_off);
	json_array(json, "frames");
	for (unsigned int i = 0; i < place->frame_count; i++)
		put_frame(json, &place->frames[i]);
	json_array_end(json);
	json_object_end(json);
}

void json_places(struct json *json, const struct model *model)
{
	const struct place *place;

	json_array(json, "places");
	vector_for_each (&model->places, place)
		put_place(json, model, place);
	json_array_end(json);
}

static const struct member frame_members[] = {
	MEMBER_OR_NULL("function", STRING, "Its name; null if it has none."),
	MEMBER_OR_NULL("file", STRING, "Of its source; null if it is not known."),
	MEMBER_OR_NULL("line", COUNT, "Of its source; null if it is not known."),
	{0},
};

const struct member place_members[] = {
	MEMBER("state", STRING,
	       "running: by samples; blocked; holding: where what others waited for was "
	       "given back, with --waker-stacks."),
	MEMBER_OR_NULL("reason", STRING,
		       "What it, or the others, were blocked for; null: running."),
	MEMBER_OR_NULL("syscall", STRING, "Reason \"system call\": which one."),
	MEMBER("count", COUNT, "Waits; running: samples."),
	MEMBER("total_ns", COUNT,
	       "Time of all threads; running: as many periods of the sampling clock, so not exact."),
	MEMBER("longest_ns", COUNT, "The longest single wait; running: one period."),
	MEMBER_OR_NULL("longest_by", COUNT, "Index into threads: whose that was; null: running."),
	MEMBER("cut_off", BOOLEAN, "The stack could not be followed to its root."),
	NESTED("frames", OBJECTS,
	       "A few: what was called in the C library, then who called it, and so on.",
	       frame_members),
	{0},
};
