// SPDX-License-Identifier: GPL-2.0-only
/* instant.c - what every thread was doing at one moment */
#include "show/pcb/instant.h"

#include <inttypes.h>

#include "base/json.h"
#include "base/units.h"
#include "show/text/text.h"

enum column { NAME, PID, TID, STATE, WAITS, SINCE, UNTIL, ENDED_BY, RAN, COLUMNS };

static const struct table_column columns[COLUMNS] = {
	[NAME] = {.head = "task", .min = 12},
	[PID] = {.head = "pid", .right = true, .drop = 3},
	[TID] = {.head = "tid", .right = true},
	[STATE] = {.head = "state"},
	[WAITS] = {.head = "waits for", .min = 10},
	[SINCE] = {.head = "since", .right = true},
	[UNTIL] = {.head = "for yet", .right = true, .drop = 1},
	[ENDED_BY] = {.head = "until", .drop = 4},
	[RAN] = {.head = "ran so far", .right = true, .drop = 2},
};

static const char *wait_of(const struct interval *interval, const char *arch, char *out,
			   size_t size)
{
	const char *call =
		interval->syscall == PL_NO_SYSCALL ? NULL : syscall_name(arch, interval->syscall);
	const char *reason =
		interval->reason == REASON_SYSCALL && call ? call : reason_name(interval->reason);

	if (interval->reason == REASON_NONE)
		return "";
	if (!interval->holder)
		snprintf(out, size, "%s", reason);
	else if (interval->reason == REASON_JOIN)
		snprintf(out, size, "%s of %u", reason, interval->holder);
	else
		snprintf(out, size, "%s, held by %u", reason, interval->holder);
	return out;
}

static const char *ending_of(const struct interval *interval, char *out, size_t size)
{
	if (interval->state != STATE_BLOCKED && interval->state != STATE_STOPPED)
		return "";
	if (interval->open_end)
		return "(the end)";
	switch (interval->waker_context) {
	case PL_WAKER_TASK:
		snprintf(out, size, "woken by %u", interval->waker);
		return out;
	case PL_WAKER_INTERRUPT:
		return "an interrupt";
	default:
		return "";
	}
}

static enum style style_of(enum state state)
{
	switch (state) {
	case STATE_RUNNING:
		return STYLE_RUNNING;
	case STATE_READY_WOKEN:
	case STATE_READY_PREEMPTED:
		return STYLE_READY;
	case STATE_STOPPED:
	case STATE_UNKNOWN:
		return STYLE_DOUBT;
	default:
		return STYLE_PLAIN;
	}
}

int show_instant_text(FILE *out, const struct instant *instant, const char *arch,
		      const struct text_options *options)
{
	const struct instant_thread *thread;
	char words[64];
	struct table table;
	struct text text;

	text_start(&text, out, options);
	if (!instant->threads.count) {
		text_put(&text, STYLE_PLAIN, "Nothing was followed at that moment.");
		text_end(&text);
		return text_finish(&text);
	}
	text_print(&text, STYLE_HEAD, "%s after the begin of the capture, %s before its end",
		   format_duration(instant->time - instant->begin).text,
		   format_duration(instant->end - instant->time).text);
	text_end(&text);
	text_gap(&text);
	table_start(&table, &text, columns, COLUMNS, 0);
	vector_for_each (&instant->threads, thread) {
		const struct interval *interval = &thread->interval;

		table_row(&table);
		table_cell(&table, NAME, STYLE_PLAIN, "%s%s",
			   thread->tid == thread->tgid ? "" : "  ", thread->name);
		table_cell(&table, PID, STYLE_PLAIN, "%u", thread->tgid);
		table_cell(&table, TID, STYLE_PLAIN, "%u", thread->tid);
		table_cell(&table, STATE, style_of(interval->state), "%s",
			   state_name(interval->state));
		table_cell(&table, WAITS, STYLE_PLAIN, "%s",
			   wait_of(interval, arch, words, sizeof(words)));
		table_cell(&table, SINCE, STYLE_PLAIN, "%s%s", interval->open_begin ? "> " : "",
			   format_duration(instant->time - interval->begin).text);
		table_cell(&table, UNTIL, STYLE_PLAIN, "%s%s", interval->open_end ? "> " : "",
			   format_duration(interval->end - instant->time).text);
		table_cell(&table, ENDED_BY, STYLE_PLAIN, "%s",
			   ending_of(interval, words, sizeof(words)));
		table_cell(&table, RAN, STYLE_PLAIN, "%s", format_duration(thread->ran_ns).text);
	}
	table_finish(&table);
	show_instant_locks(&text, instant);
	return text_finish(&text);
}

int show_instant_json(FILE *out, const struct instant *instant, const char *arch)
{
	struct json json = json_start(out, true);
	const struct instant_thread *thread;

	json_object(&json, NULL);
	json_unsigned(&json, "begin_ns", instant->begin);
	json_unsigned(&json, "time_ns", instant->time);
	json_unsigned(&json, "end_ns", instant->end);
	json_array(&json, "threads");
	vector_for_each (&instant->threads, thread) {
		const struct interval *interval = &thread->interval;

		json_object(&json, NULL);
		json_string(&json, "name", thread->name);
		json_unsigned(&json, "pid", thread->tgid);
		json_unsigned(&json, "tid", thread->tid);
		json_string(&json, "state", state_name(interval->state));
		json_string(&json, "reason",
			    interval->reason == REASON_NONE ? NULL : reason_name(interval->reason));
		json_string(&json, "syscall",
			    interval->syscall == PL_NO_SYSCALL
				    ? NULL
				    : syscall_name(arch, interval->syscall));
		if (interval->holder)
			json_unsigned(&json, "holder", interval->holder);
		else
			json_null(&json, "holder");
		json_unsigned(&json, "since_ns", interval->begin);
		json_unsigned(&json, "until_ns", interval->end);
		json_unsigned(&json, "ran_ns", thread->ran_ns);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_instant_locks(&json, instant);
	json_object_end(&json);
	return json_finish(&json);
}
