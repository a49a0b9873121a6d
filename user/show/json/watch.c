// SPDX-License-Identifier: GPL-2.0-only
/* watch.c - variables that were watched, and which of their updates were lost */
#include <inttypes.h>
#include <stdio.h>

#include "model/race/watch.h"
#include "show/json/sections.h"
#include "show/json/schema.h"
#include "symbols/access.h"

/* Beyond these the report says how many there were, and no more. */
#define LOSSES_MAX  1000
#define THREADS_MAX 1000
#define STACKS_MAX  100

static void put_hex(struct json *json, const char *name, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	json_string(json, name, text);
}

static void put_locks(struct json *json, const char *name, const struct watch_report *report,
		      uint8_t mask)
{
	json_array(json, name);
	for (unsigned int i = 0; i < PL_WATCH_LOCKS; i++)
		if (mask >> i & 1 && report->locks[i])
			json_string(json, NULL, report->locks[i]);
	json_array_end(json);
}

static void put_access(struct json *json, const char *name, const struct watch_report *report,
		       const struct watched *watched, uint32_t index)
{
	const struct watch_access *access;
	const struct watch_place *place;

	if (index == RACE_NONE) {
		json_null(json, name);
		return;
	}
	access = &watched->accesses.items[index];
	place = watch_place_of(report, access);
	json_object(json, name);
	json_unsigned(json, "tid", access->tid);
	json_unsigned(json, "cpu", access->cpu);
	json_unsigned(json, "time_ns", access->time - watched->accesses.items[0].time);
	json_string(json, "kind", access_kind_name(place ? place->kind : ACCESS_UNKNOWN));
	json_unsigned(json, "value", access->value);
	json_string(json, "function", place && *place->function ? place->function : NULL);
	json_string(json, "file", place && *place->file ? place->file : NULL);
	if (place && place->line)
		json_unsigned(json, "line", place->line);
	else
		json_null(json, "line");
	if (loss_stack_of(report, access->stack))
		json_unsigned(json, "stack", access->stack);
	else
		json_null(json, "stack");
	json_object_end(json);
}

static void put_losses(struct json *json, const struct watch_report *report,
		       const struct watched *watched)
{
	const struct race_loss *loss;
	size_t count = 0;

	json_array(json, "losses");
	vector_for_each (&watched->race.losses, loss) {
		if (loss->certainty == RACE_DOUBT || count++ >= LOSSES_MAX)
			continue;
		json_object(json, NULL);
		json_string(json, "certain",
			    loss->certainty == RACE_TWINS ? "one of both" : "victim");
		put_access(json, "victim", report, watched, loss->victim);
		put_access(json, "victim_read", report, watched, loss->victim_read);
		put_access(json, "killer", report, watched, loss->killer);
		put_access(json, "killer_read", report, watched, loss->killer_read);
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_threads(struct json *json, const struct watch_report *report,
			const struct watched *watched)
{
	const struct watch_thread *thread;
	size_t count = 0;

	json_array(json, "threads");
	vector_for_each (&watched->threads, thread) {
		if (count++ >= THREADS_MAX)
			break;
		json_object(json, NULL);
		json_unsigned(json, "tid", thread->tid);
		json_string(json, "name", thread->name);
		json_unsigned(json, "reads", thread->reads);
		json_unsigned(json, "writes", thread->writes);
		put_locks(json, "locks_always", report, thread->locks_always);
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_stacks(struct json *json, const struct watched *watched)
{
	const struct watch_stack *stack;
	size_t count = 0;

	json_array(json, "stacks");
	vector_for_each (&watched->stacks, stack) {
		if (count++ >= STACKS_MAX)
			break;
		json_object(json, NULL);
		json_unsigned(json, "reads", stack->reads);
		json_unsigned(json, "writes", stack->writes);
		json_array(json, "functions");
		for (unsigned int i = 0; i < stack->frame_count; i++)
			json_string(json, NULL, stack->frames[i].function);
		json_array_end(json);
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_race(struct json *json, const struct race *race)
{
	json_unsigned(json, "updates", race->updates);
	json_unsigned(json, "assignments", race->assignments);
	json_unsigned(json, "not_understood", race->unknown);
	if (race->counts)
		json_signed(json, "step", race->step);
	else
		json_null(json, "step");
	json_bool(json, "step_inferred", race->inferred);
	if (race->has_first)
		json_unsigned(json, "first", race->first);
	else
		json_null(json, "first");
	json_unsigned(json, "last", race->last);
	json_unsigned(json, "lost", race->lost);
	json_bool(json, "exact", race->exact);
	json_unsigned(json, "named", race->named);
	json_unsigned(json, "undecided", race->undecided);
	json_unsigned(json, "unexplained", race->broken);
	json_unsigned(json, "given_up", race->given_up);
}

static void put_variable(struct json *json, const struct watch_report *report,
			 const struct watched *watched)
{
	json_object(json, NULL);
	json_string(json, "name", watched->name);
	if (watched->process)
		json_unsigned(json, "pid", watched->process);
	else
		json_null(json, "pid");
	put_hex(json, "address", watched->address);
	json_unsigned(json, "bytes", watched->bytes);
	json_string(json, "type", *watched->type ? watched->type : NULL);
	json_string(json, "file", *watched->file ? watched->file : NULL);
	json_bool(json, "reads_watched", watched->reads);
	json_unsigned(json, "reads", watched->read_count);
	json_unsigned(json, "writes", watched->write_count);
	put_race(json, &watched->race);
	put_locks(json, "locks_always", report,
		  watched->accesses.count ? watched->locks_always : 0);
	put_locks(json, "locks_ever", report, watched->locks_ever);
	put_threads(json, report, watched);
	put_stacks(json, watched);
	json_array(json, "gaps");
	for (unsigned int i = 0; i < WATCH_GAP_BUCKETS; i++)
		json_unsigned(json, NULL, watched->gaps[i]);
	json_array_end(json);
	put_losses(json, report, watched);
	json_object_end(json);
}

static const char *or_null(const char *text)
{
	return *text ? text : NULL;
}

static void put_loss_stacks(struct json *json, const struct watch_report *report)
{
	const struct loss_stack *stack;

	json_array(json, "loss_stacks");
	vector_for_each (&report->loss_stacks, stack) {
		json_object(json, NULL);
		json_unsigned(json, "id", stack->id);
		json_bool(json, "whole", stack->is_whole);
		json_array(json, "frames");
		for (unsigned int i = 0; i < stack->count; i++) {
			const struct loss_frame *frame = &stack->frames[i];

			json_object(json, NULL);
			json_string(json, "function", or_null(frame->function));
			json_string(json, "file", or_null(frame->file));
			if (frame->line)
				json_unsigned(json, "line", frame->line);
			else
				json_null(json, "line");
			json_string(json, "module", or_null(frame->module));
			json_object_end(json);
		}
		json_array_end(json);
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_command(struct json *json, const char *lines)
{
	if (!lines) {
		json_null(json, "command");
		return;
	}
	json_array(json, "command");
	while (*lines) {
		size_t length = strcspn(lines, "\n");
		char word[256];

		snprintf(word, sizeof(word), "%.*s", (int)(length < 255 ? length : 255), lines);
		json_string(json, NULL, word);
		lines += length;
		lines += *lines == '\n';
	}
	json_array_end(json);
}

void json_watch(struct json *json, const struct model *model)
{
	const struct watch_report *report = model->watch;
	const struct watched *watched;

	if (!report) {
		json_null(json, "watch");
		return;
	}
	json_object(json, "watch");
	json_string(json, "problem", report->problem);
	put_command(json, report->command);
	json_unsigned(json, "limit", report->limit);
	json_unsigned(json, "hits", report->hits);
	json_unsigned(json, "lost_records", report->lost);
	json_unsigned(json, "missed", report->missed);
	json_bool(json, "complete", watch_is_complete(report));
	json_unsigned(json, "locks_known", report->lock_count);
	if (report->has_expected)
		json_signed(json, "expected", report->expected);
	else
		json_null(json, "expected");
	if (report->has_actual)
		json_signed(json, "actual", report->actual);
	else
		json_null(json, "actual");
	json_array(json, "variables");
	vector_for_each (&report->variables, watched)
		put_variable(json, report, watched);
	json_array_end(json);
	put_loss_stacks(json, report);
	json_object_end(json);
}

static const struct member access_members[] = {
	MEMBER("tid", COUNT, "The thread."),
	MEMBER("cpu", COUNT, "Where it ran."),
	MEMBER("time_ns", COUNT, "When its trap came, since the variable's first one."),
	MEMBER("kind", STRING, "What the instruction does: read, write, add, ..."),
	MEMBER("value", COUNT, "What it read or wrote; for an addition what it added."),
	MEMBER_OR_NULL("function", STRING, "Where."),
	MEMBER_OR_NULL("file", STRING, "Where, in the source."),
	MEMBER_OR_NULL("line", COUNT, "Where, in the source."),
	MEMBER_OR_NULL("stack", COUNT, "Who called that: the id of one of `loss_stacks`."),
	{0},
};

static const struct member loss_members[] = {
	MEMBER("certain", STRING,
	       "victim: the killer's write wiped the victim's out; one of both: both began from "
	       "the same value and wrote the same, so that one of them was lost."),
	NESTED("victim", OBJECT, "The write that was lost.", access_members),
	NESTED_OR_NULL("victim_read", OBJECT, "What it began from, if reads were watched.",
		       access_members),
	NESTED("killer", OBJECT, "The write that wiped it out.", access_members),
	NESTED_OR_NULL("killer_read", OBJECT, "What that began from, if reads were watched.",
		       access_members),
	{0},
};

static const struct member watch_thread_members[] = {
	MEMBER("tid", COUNT, "Its tid."),
	MEMBER("name", STRING, "Its name."),
	MEMBER("reads", COUNT, "Its reads, if they were watched."),
	MEMBER("writes", COUNT, "Its writes."),
	MEMBER("locks_always", STRINGS, "Locks that it held at each access."),
	{0},
};

static const struct member watch_stack_members[] = {
	MEMBER("reads", COUNT, "Reads from there, if they were watched."),
	MEMBER("writes", COUNT, "Writes from there."),
	MEMBER("functions", STRINGS, "The few innermost functions that say where, leaf first."),
	{0},
};

static const struct member variable_members[] = {
	MEMBER("name", STRING, "As it was asked for."),
	MEMBER_OR_NULL("pid", COUNT, "Whose it is; null: it is shared, or was not touched."),
	MEMBER("address", STRING, "Where it is."),
	MEMBER("bytes", COUNT, "How much of it was watched."),
	MEMBER_OR_NULL("type", STRING, "Its type."),
	MEMBER_OR_NULL("file", STRING, "Where it is declared."),
	MEMBER("reads_watched", BOOLEAN, "Whether reads were recorded as well."),
	MEMBER("reads", COUNT, "Reads."),
	MEMBER("writes", COUNT, "Writes, updates included."),
	MEMBER("updates", COUNT, "Writes of a value that was made from the one before."),
	MEMBER("assignments", COUNT, "Writes without a read before, if reads were watched."),
	MEMBER("not_understood", COUNT, "Writes of which it is not known what they wrote."),
	MEMBER_OR_NULL("step", SIGNED, "What each update adds; null: not all the same."),
	MEMBER("step_inferred", BOOLEAN, "The step follows from the writes alone."),
	MEMBER_OR_NULL("first", COUNT, "What it held before the first update."),
	MEMBER("last", COUNT, "What it held after the last one."),
	MEMBER("lost", COUNT, "Updates that are not in the last value."),
	MEMBER("exact", BOOLEAN, "Whether `lost` is exact."),
	MEMBER("named", COUNT, "Of the lost: those of which it is certain what wiped them out."),
	MEMBER("undecided", COUNT, "Of the lost: the others."),
	MEMBER("unexplained", COUNT, "Places where something wrote that was not seen."),
	MEMBER("given_up", COUNT, "Places with more possible orders than were looked through."),
	MEMBER("locks_always", STRINGS, "Locks that were held at each access."),
	MEMBER("locks_ever", STRINGS, "Locks that were held at any access."),
	NESTED("threads", OBJECTS, "Who touched it; at most 1000.", watch_thread_members),
	NESTED("stacks", OBJECTS, "The calls that led to the accesses; at most 100, most first.",
	       watch_stack_members),
	MEMBER("gaps", COUNTS,
	       "Named losses by the time between the two writes: below 4, 16, 64, ... ns."),
	NESTED("losses", OBJECTS, "Those that are named, in order; at most 1000.", loss_members),
	{0},
};

static const struct member loss_frame_members[] = {
	MEMBER_OR_NULL("function", STRING, "Its name."),
	MEMBER_OR_NULL("file", STRING, "Its source."),
	MEMBER_OR_NULL("line", COUNT, "The line there."),
	MEMBER_OR_NULL("module", STRING, "The program or library."),
	{0},
};

static const struct member loss_stack_members[] = {
	MEMBER("id", COUNT, "Its id."),
	MEMBER("whole", BOOLEAN, "Whether it reaches to where the thread began."),
	NESTED("frames", OBJECTS, "The innermost first.", loss_frame_members),
	{0},
};

const struct member watch_members[] = {
	MEMBER_OR_NULL("problem", STRING, "Why nothing could be watched."),
	MEMBER_OR_NULL("command", STRINGS,
		       "The run that was watched, if it is not the one of this report."),
	MEMBER("limit", COUNT, "Accesses that were to be recorded at most."),
	MEMBER("hits", COUNT, "Accesses that there were while it was watched."),
	MEMBER("lost_records", COUNT, "Of these: found no room."),
	MEMBER("missed", COUNT, "Traps that no program was run for."),
	MEMBER("complete", BOOLEAN, "No access within the limit is missing."),
	MEMBER("locks_known", COUNT, "Locks among the program's variables."),
	MEMBER_OR_NULL("expected", SIGNED, "What the watched run said that it should yield."),
	MEMBER_OR_NULL("actual", SIGNED, "What the watched run said that it yielded."),
	NESTED("variables", OBJECTS, "What was watched, by process.", variable_members),
	NESTED("loss_stacks", OBJECTS, "Those of accesses in `losses`.", loss_stack_members),
	{0},
};
