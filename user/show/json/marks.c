// SPDX-License-Identifier: GPL-2.0-only
/* marks.c - phases, user threads, and other USDT probes */
#include "show/json/sections.h"
#include "show/json/schema.h"

/* More user threads than that, and they would outweigh all the rest. */
#define UTHREADS_TOLD 10000

static uint64_t since_begin(const struct model *model, uint64_t time)
{
	return time > model->begin ? time - model->begin : 0;
}

static void put_phases(struct json *json, const struct model *model)
{
	const struct phase *phase;

	json_array(json, "phases");
	vector_for_each (&model->phases, phase) {
		json_object(json, NULL);
		json_unsigned(json, "time_ns", since_begin(model, phase->time));
		json_unsigned(json, "thread", phase->thread);
		json_string(json, "text", phase->text);
		json_object_end(json);
	}
	json_array_end(json);
	json_unsigned(json, "phases_beyond", model->phases_beyond);
}

static void put_marks(struct json *json, const struct model *model)
{
	const struct mark_count *mark;

	json_array(json, "marks");
	vector_for_each (&model->marks, mark) {
		json_object(json, NULL);
		json_string(json, "name", mark->name);
		json_unsigned(json, "count", mark->count);
		json_unsigned(json, "first_ns", mark->count ? since_begin(model, mark->first) : 0);
		json_unsigned(json, "last_ns", mark->count ? since_begin(model, mark->last) : 0);
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_uthread(struct json *json, const struct model *model, const struct uthread *uthread)
{
	json_object(json, NULL);
	json_unsigned(json, "id", uthread->id);
	json_string(json, "name", *uthread->name ? uthread->name : NULL);
	json_unsigned(json, "process", uthread->process);
	json_unsigned(json, "begin_ns", since_begin(model, uthread->begin));
	json_unsigned(json, "end_ns", since_begin(model, uthread->end));
	json_bool(json, "alive_at_end", uthread->alive_at_end);
	json_unsigned(json, "life_ns", uthread->end - uthread->begin);
	json_unsigned(json, "running_ns", uthread->running_ns);
	json_unsigned(json, "ready_ns", uthread->ready_ns);
	json_unsigned(json, "stood_still_ns", uthread->standing_ns);
	json_unsigned(json, "blocked_ns", uthread->blocked_ns);
	json_unsigned(json, "switches", uthread->switches);
	json_unsigned(json, "moves", uthread->moves);
	json_object_end(json);
}

void json_marks(struct json *json, const struct model *model)
{
	const struct uthread *uthread;
	size_t told = 0;

	put_phases(json, model);
	put_marks(json, model);
	json_array(json, "uthreads");
	vector_for_each (&model->uthreads, uthread) {
		if (told++ == UTHREADS_TOLD)
			break;
		put_uthread(json, model, uthread);
	}
	json_array_end(json);
	json_unsigned(json, "uthreads_beyond", model->uthreads_beyond);
	json_unsigned(json, "carriers", model->carriers);
}

const struct member phase_members[] = {
	MEMBER("time_ns", COUNT, "When, since the begin."),
	MEMBER("thread", COUNT, "Index into threads: who said it."),
	MEMBER("text", STRING, "What the program said."),
	{0},
};

const struct member mark_members[] = {
	MEMBER("name", STRING, "PROVIDER:NAME."),
	MEMBER("count", COUNT, "How often it was met."),
	MEMBER("first_ns", COUNT, "When first, since the begin."),
	MEMBER("last_ns", COUNT, "When last, since the begin."),
	{0},
};

const struct member uthread_members[] = {
	MEMBER("id", COUNT, "As the program numbers it."),
	MEMBER_OR_NULL("name", STRING, "Its name."),
	MEMBER("process", COUNT, "Index into processes."),
	MEMBER("begin_ns", COUNT, "Its first mark, since the begin."),
	MEMBER("end_ns", COUNT, "Its end, since the begin."),
	MEMBER("alive_at_end", BOOLEAN, "Whether it was there at the capture's end."),
	MEMBER("life_ns", COUNT, "From begin to end: the sum of the next four."),
	MEMBER("running_ns", COUNT, "Its carrier ran."),
	MEMBER("ready_ns", COUNT, "It waited for a carrier, or with its carrier for a CPU."),
	MEMBER("stood_still_ns", COUNT,
	       "It could have run, but every carrier was blocked by the user thread on it."),
	MEMBER("blocked_ns", COUNT,
	       "It waited for another user thread, or its own call blocked its carrier."),
	MEMBER("switches", COUNT, "Times that it got a carrier."),
	MEMBER("moves", COUNT, "Of these, another one than before."),
	{0},
};
