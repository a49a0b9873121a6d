// SPDX-License-Identifier: GPL-2.0-only
/* schedule.c - slices, priorities, and who took the CPU from whom */
#include "model/schedule.h"
#include "show/json/sections.h"
#include "show/json/schema.h"

/* The rest are many and rare. */
#define PAIRS_TOLD 1000

static const char *policy_name(uint8_t policy)
{
	static const char *const names[] = {"normal", "fifo", "rr",	  "batch",
					    "iso",    "idle", "deadline", "ext"};

	return policy < sizeof(names) / sizeof(*names) ? names[policy] : "unknown";
}

static void put_priority(struct json *json, const char *name, const struct pl_priority *priority)
{
	if (!priority->known) {
		json_null(json, name);
		return;
	}
	json_object(json, name);
	json_signed(json, "nice", priority->nice);
	json_string(json, "policy", policy_name(priority->policy));
	json_unsigned(json, "rt_priority", priority->rt_priority);
	json_unsigned(json, "weight", priority_weight(priority));
	json_object_end(json);
}

void json_thread_schedule(struct json *json, const struct thread *thread)
{
	const struct slices *slices = &thread->slices;

	json_object(json, "schedule");
	put_priority(json, "priority_first", &thread->priority_first);
	put_priority(json, "priority", &thread->priority_last);
	json_unsigned(json, "slices", slices->count);
	json_unsigned(json, "slice_mean_ns", slices->count ? slices->total_ns / slices->count : 0);
	json_unsigned(json, "slice_median_ns", slices->median_ns);
	json_unsigned(json, "slice_max_ns", slices->max_ns);
	json_unsigned(json, "preemptions", slices->preemptions);
	json_object_end(json);
}

void json_preemptions(struct json *json, const struct model *model)
{
	const struct preemption *pair;
	size_t told = 0;

	json_array(json, "preemptions");
	vector_for_each (&model->preemptions, pair) {
		if (told++ == PAIRS_TOLD)
			break;
		json_object(json, NULL);
		json_unsigned(json, "thread", pair->thread);
		if (pair->by < model->threads.count)
			json_unsigned(json, "by", pair->by);
		else
			json_null(json, "by");
		json_unsigned(json, "count", pair->count);
		json_unsigned(json, "ready_ns", pair->ready_ns);
		json_object_end(json);
	}
	json_array_end(json);
}

static const struct member priority_members[] = {
	MEMBER("nice", SIGNED, "-20 (first) to 19 (last)."),
	MEMBER("policy", STRING, "normal, fifo, rr, batch, idle, deadline, ext."),
	MEMBER("rt_priority", COUNT, "1 to 99 with fifo and rr, else 0."),
	MEMBER("weight", COUNT, "The share that its niceness is worth: 1024 for 0; 0: no shares."),
	{0},
};

const struct member thread_schedule_members[] = {
	NESTED_OR_NULL("priority_first", OBJECT, "When it was first seen; null: not recorded.",
		       priority_members),
	NESTED_OR_NULL("priority", OBJECT,
		       "When it was last seen. What it was in between is not "
		       "recorded.",
		       priority_members),
	MEMBER("slices", COUNT, "How often it got a CPU."),
	MEMBER("slice_mean_ns", COUNT, "How long it then had it, on average."),
	MEMBER("slice_median_ns", COUNT, "The median, interpolated between powers of two."),
	MEMBER("slice_max_ns", COUNT, "The longest."),
	MEMBER("preemptions", COUNT,
	       "How often it could have gone on: its CPU was taken, or it yielded."),
	{0},
};

const struct member preemption_members[] = {
	MEMBER("thread", COUNT, "Index into threads: who lost the CPU."),
	MEMBER_OR_NULL("by", COUNT,
		       "Index into threads: who got it; null: not one of the target's."),
	MEMBER("count", COUNT, "How often."),
	MEMBER("ready_ns", COUNT, "How long the one then waited for a CPU, all together."),
	{0},
};
