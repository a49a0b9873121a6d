// SPDX-License-Identifier: GPL-2.0-only
/* causes.c - the critical path and the replays, for programs */
#include <inttypes.h>
#include <stdio.h>

#include "show/derive.h"
#include "show/json/sections.h"
#include "show/json/schema.h"

static uint64_t since_begin(const struct model *model, uint64_t time)
{
	return time > model->begin ? time - model->begin : 0;
}

/* What a part and a segment have in common. */
static void put_who(struct json *json, const struct model *model, uint32_t thread,
		    enum path_what what, enum reason reason, uint16_t syscall)
{
	struct reason_label label = reason_label(model, REASON_SYSCALL, syscall);

	if (thread < model->threads.count)
		json_unsigned(json, "thread", thread);
	else
		json_null(json, "thread");
	json_string(json, "what", path_what_name(what));
	json_string(json, "reason", reason_name(reason));
	json_string(json, "syscall", syscall == PL_NO_SYSCALL ? NULL : label.text);
}

static void put_path(struct json *json, const struct model *model)
{
	const struct critical_path *path = &model->path;
	const struct path_segment *segment;
	const struct path_part *part;

	if (!path->known) {
		json_null(json, "critical_path");
		return;
	}
	json_object(json, "critical_path");
	json_unsigned(json, "last_thread", path->last);
	json_unsigned(json, "before_ns", path->before_ns);
	json_unsigned(json, "after_ns", path->after_ns);
	json_unsigned(json, "handovers", path->handovers);
	json_unsigned(json, "forgotten", path->forgotten);
	json_array(json, "parts");
	vector_for_each (&path->parts, part) {
		json_object(json, NULL);
		put_who(json, model, part->thread, part->what, part->reason, part->syscall);
		json_string(json, "named_like",
			    part->thread == NO_THREAD && part->kind < model->threads.count
				    ? model->threads.items[part->kind].name
				    : NULL);
		json_unsigned(json, "total_ns", part->ns);
		json_unsigned(json, "count", part->count);
		json_object_end(json);
	}
	json_array_end(json);
	json_bool(json, "segments_exact", path->segments_exact);
	json_array(json, "segments");
	vector_for_each (&path->segments, segment) {
		json_object(json, NULL);
		json_unsigned(json, "begin_ns", since_begin(model, segment->begin));
		json_unsigned(json, "end_ns", since_begin(model, segment->end));
		json_unsigned(json, "main_ns", segment->main_ns);
		put_who(json, model, segment->thread, segment->what, segment->reason,
			segment->syscall);
		json_object_end(json);
	}
	json_array_end(json);
	json_object_end(json);
}

static void put_what_ifs(struct json *json, const struct model *model)
{
	const struct what_if *what_if;
	char address[24];

	json_object(json, "what_if");
	json_unsigned(json, "replay_ns", model->replay_ns);
	json_array(json, "without");
	vector_for_each (&model->what_ifs, what_if) {
		bool lock = what_if->kind == WHAT_IF_LOCK;

		snprintf(address, sizeof(address), "0x%" PRIx64, what_if->address);
		json_object(json, NULL);
		json_string(json, "kind", lock ? "lock" : "cpus");
		json_string(json, "address", lock ? address : NULL);
		if (lock && what_if->process < model->processes.count)
			json_unsigned(json, "pid", model->processes.items[what_if->process].tgid);
		else
			json_null(json, "pid");
		json_unsigned(json, "from_ns", since_begin(model, what_if->from));
		json_unsigned(json, "gain_ns", what_if->gain_ns);
		json_object_end(json);
	}
	json_array_end(json);
	json_object_end(json);
}

void json_causes(struct json *json, const struct model *model)
{
	put_path(json, model);
	put_what_ifs(json, model);
}

#define WHO_MEMBERS                                                                                 \
	MEMBER_OR_NULL("thread", COUNT,                                                             \
		       "Index into threads; null: several, too many to tell apart."),               \
		MEMBER("what", STRING,                                                              \
		       "running; ready: waiting for a CPU; waiting: for `reason`, ended by nobody " \
		       "who was followed; unknown: records lost."),                                 \
		MEMBER("reason", REASON,                                                            \
		       "waiting: for what. running: for what another thread had waited when the "   \
		       "path went over to it."),                                                    \
		MEMBER_OR_NULL("syscall", STRING, "The system call, if that is the reason.")

static const struct member part_members[] = {
	WHO_MEMBERS,
	MEMBER_OR_NULL("named_like", STRING,
		       "Too many threads to tell apart: all are named so, but for numbers."),
	MEMBER("total_ns", COUNT, "Their time."),
	MEMBER("count", COUNT, "How many pieces of the path."),
	{0},
};

static const struct member segment_members[] = {
	MEMBER("begin_ns", COUNT, "Since the begin of the recording."),
	MEMBER("end_ns", COUNT, "Where the next one begins."),
	MEMBER("main_ns", COUNT,
	       "How much of it is certainly what is said here: all, if segments_exact."),
	WHO_MEMBERS,
	{0},
};

const struct member path_members[] = {
	MEMBER("last_thread", COUNT, "Index into threads: with its end the path ends."),
	MEMBER("before_ns", COUNT, "Of the recording, before the path begins."),
	MEMBER("after_ns", COUNT, "Of the recording, after it ends."),
	MEMBER("handovers", COUNT, "How often it goes from a thread to one that that woke."),
	MEMBER("forgotten", COUNT,
	       "Wake-ups that were not followed, as the waker was not known to run just then: "
	       "their waits count as waits from outside."),
	NESTED("parts", OBJECTS,
	       "What contributed, most first; with before_ns and after_ns exactly the wall time.",
	       part_members),
	MEMBER("segments_exact", BOOLEAN,
	       "Whether the segments are the path's own pieces, and not a picture of it."),
	NESTED("segments", OBJECTS, "The path in order of time, without gaps.", segment_members),
	{0},
};

static const struct member without_members[] = {
	MEMBER("kind", STRING, "lock: nobody waits for it; cpus: nobody waits for a CPU."),
	MEMBER_OR_NULL("address", STRING, "lock: its address."),
	MEMBER_OR_NULL("pid", COUNT, "lock: the process."),
	MEMBER("from_ns", COUNT, "What was before is left out."),
	MEMBER("gain_ns", COUNT, "How much shorter the run would have been."),
	{0},
};

const struct member what_if_members[] = {
	MEMBER("replay_ns", COUNT,
	       "The run as it was, in the replay that the gains are measured against."),
	NESTED("without", OBJECTS, "Replays without one kind of waiting, most gain first.",
	       without_members),
	{0},
};
