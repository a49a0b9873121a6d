// SPDX-License-Identifier: GPL-2.0-only
/* findings.c - what to look at first, for programs */
#include <inttypes.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "show/derive.h"
#include "show/json/sections.h"
#include "show/json/schema.h"

static uint64_t since_begin(const struct model *model, uint64_t time)
{
	return time > model->begin ? time - model->begin : 0;
}

static void put_index(struct json *json, const char *name, uint32_t index, size_t count)
{
	if (index < count)
		json_unsigned(json, name, index);
	else
		json_null(json, name);
}

static void put_finding(struct json *json, const struct model *model, const struct finding *finding)
{
	CLEANUP_FREE char *words = finding_sentence(model, finding);
	char address[24];

	snprintf(address, sizeof(address), "0x%" PRIx64, finding->address);
	json_object(json, NULL);
	json_string(json, "kind", finding_kind_name(finding->kind));
	json_string(json, "text", words ? words : "");
	json_unsigned(json, "cost_ns", finding->cost_ns);
	json_object(json, "evidence");
	json_unsigned(json, "begin_ns", since_begin(model, finding->begin));
	json_unsigned(json, "end_ns", since_begin(model, finding->end));
	put_index(json, "thread", finding->thread, model->threads.count);
	json_unsigned(json, "thread_ns", finding->thread_ns);
	put_index(json, "other", finding->other, model->threads.count);
	json_string(json, "address", finding->address ? address : NULL);
	if (finding->process < model->processes.count)
		json_unsigned(json, "pid", model->processes.items[finding->process].tgid);
	else
		json_null(json, "pid");
	json_string(json, "reason", reason_name(finding->reason));
	json_unsigned(json, "count", finding->count);
	json_unsigned(json, "total_ns", finding->total_ns);
	json_unsigned(json, "longest_ns", finding->longest_ns);
	put_index(json, "third", finding->third, model->threads.count);
	json_unsigned(json, "woken", finding->woken);
	json_unsigned(json, "idle", finding->idle);
	json_object_end(json);
	json_object_end(json);
}

void json_findings(struct json *json, const struct model *model)
{
	const struct finding *finding;

	json_array(json, "findings");
	vector_for_each (&model->findings, finding)
		put_finding(json, model, finding);
	json_array_end(json);
}

static const struct member evidence_members[] = {
	MEMBER("begin_ns", COUNT, "Where to look, since the begin of the recording."),
	MEMBER("end_ns", COUNT, "Until when."),
	MEMBER_OR_NULL("thread", COUNT, "Index into threads: whom it hit most."),
	MEMBER("thread_ns", COUNT, "How long that one waited."),
	MEMBER_OR_NULL("other", COUNT, "Index into threads: who was the cause, most of the time."),
	MEMBER_OR_NULL("address", STRING, "The lock."),
	MEMBER_OR_NULL("pid", COUNT, "The lock's process."),
	MEMBER("reason", REASON, "What was waited for."),
	MEMBER("count", COUNT, "How many waits."),
	MEMBER("total_ns", COUNT, "Of all threads together."),
	MEMBER("longest_ns", COUNT, "The longest of them."),
	MEMBER_OR_NULL("third", COUNT, "inversion: index into threads: who ran meanwhile."),
	MEMBER("woken", COUNT, "herd, for_nothing: how many were woken."),
	MEMBER("idle", COUNT, "Of those: who did nothing and waited again."),
	{0},
};

const struct member finding_members[] = {
	MEMBER("kind", STRING,
	       "race, deadlock, serialised, convoy, gil, inversion, herd, for_nothing, cpus, others, "
	       "starved, io_in_series; more may come."),
	MEMBER("text", STRING, "The sentence of the text report."),
	MEMBER("cost_ns", COUNT, "How much shorter the run could have been, at most."),
	NESTED("evidence", OBJECT, "What it rests on.", evidence_members),
	{0},
};
