// SPDX-License-Identifier: GPL-2.0-only
/* instant_locks.c - who waited for what at one moment, who had that, and circles among them */
#include "show/pcb/instant.h"

#include <inttypes.h>

#include "base/json.h"
#include "base/units.h"
#include "show/text/text.h"

enum column { LOCK, KIND, HELD, HOLDER_DOES, WAITS, WHERE, SINCE, COLUMNS };

static const struct table_column columns[COLUMNS] = {
	[LOCK] = {.head = "waited for", .min = 10},
	[KIND] = {.head = "kind", .drop = 3},
	[HELD] = {.head = "held by"},
	[HOLDER_DOES] = {.head = "it was", .min = 7, .drop = 2},
	[WAITS] = {.head = "by"},
	[WHERE] = {.head = "in", .min = 10, .drop = 1},
	[SINCE] = {.head = "since", .right = true},
};

struct label {
	char text[160];
};

static struct label thread_label(const struct instant *instant, uint32_t thread)
{
	struct label label = {""};

	if (thread < instant->threads.count)
		snprintf(label.text, sizeof(label.text), "%s (%" PRIu32 ")",
			 instant->threads.items[thread].name, instant->threads.items[thread].tid);
	return label;
}

static struct label lock_label_of(const struct instant *instant, const struct instant_lock *lock)
{
	const struct awaited *awaited = &lock->awaited;
	struct label label;

	if (awaited->reason == REASON_JOIN)
		snprintf(label.text, sizeof(label.text), "the end of %s",
			 lock->holder < instant->threads.count
				 ? instant->threads.items[lock->holder].name
				 : "a thread");
	else if (awaited->reason == REASON_GIL)
		snprintf(label.text, sizeof(label.text), "GIL of %s", lock->process);
	else if (lock->name)
		snprintf(label.text, sizeof(label.text), "%s", lock->name);
	else
		snprintf(label.text, sizeof(label.text), "0x%" PRIx64, awaited->address);
	return label;
}

static const char *kind_of(const struct awaited *awaited)
{
	if (awaited->reason == REASON_LOCK)
		return awaited->inherits ? "PI mutex" : "mutex";
	return reason_name(awaited->reason);
}

static bool has_holder(const struct awaited *awaited)
{
	return awaited->reason == REASON_LOCK || awaited->reason == REASON_RWLOCK ||
	       awaited->reason == REASON_GIL || awaited->reason == REASON_JOIN;
}

/* "running", "blocked: sleep" */
static struct label state_label(const struct instant *instant, uint32_t thread)
{
	const struct interval *interval;
	struct label label = {""};

	if (thread >= instant->threads.count)
		return label;
	interval = &instant->threads.items[thread].interval;
	snprintf(label.text, sizeof(label.text), "%s%s%s", state_name(interval->state),
		 interval->reason == REASON_NONE ? "" : ": ",
		 interval->reason == REASON_NONE ? "" : reason_name(interval->reason));
	return label;
}

static struct label place_label(const struct instant_thread *thread)
{
	const char *file = strrchr(thread->file, '/');
	struct label label = {""};

	file = file ? file + 1 : thread->file;
	if (*thread->function && *file)
		snprintf(label.text, sizeof(label.text), "%s (%s:%" PRIu32 ")", thread->function,
			 file, thread->line);
	else
		snprintf(label.text, sizeof(label.text), "%s", thread->function);
	return label;
}

static void put_lock(struct table *table, const struct instant *instant,
		     const struct instant_lock *lock)
{
	const struct awaited *awaited = &lock->awaited;

	table_cell(table, LOCK, STYLE_PLAIN, "%s", lock_label_of(instant, lock).text);
	table_cell(table, KIND, STYLE_PLAIN, "%s", kind_of(awaited));
	if (!has_holder(awaited))
		return;
	if (lock->holder >= instant->threads.count) {
		table_cell(table, HELD, STYLE_DOUBT, "not known");
		return;
	}
	table_cell(table, HELD, STYLE_PLAIN, "%s", thread_label(instant, lock->holder).text);
	table_cell(table, HOLDER_DOES, STYLE_PLAIN, "%s", state_label(instant, lock->holder).text);
}

static void put_waits(struct text *text, const struct instant *instant)
{
	const struct instant_wait *wait;
	uint32_t before = UINT32_MAX;
	struct table table;

	text_gap(text);
	table_start(&table, text, columns, COLUMNS, 0);
	vector_for_each (&instant->waits, wait) {
		const struct instant_thread *thread = &instant->threads.items[wait->thread];
		const struct interval *interval = &thread->interval;

		table_row(&table);
		if (wait->lock != before)
			put_lock(&table, instant, &instant->locks.items[wait->lock]);
		before = wait->lock;
		table_cell(&table, WAITS, wait->circle ? STYLE_BAD : STYLE_PLAIN, "%s",
			   thread_label(instant, wait->thread).text);
		table_cell(&table, WHERE, STYLE_PLAIN, "%s", place_label(thread).text);
		table_cell(&table, SINCE, STYLE_PLAIN, "%s%s", interval->open_begin ? "> " : "",
			   format_duration(instant->time - interval->begin).text);
	}
	table_finish(&table);
}

static const struct instant_wait *wait_of(const struct instant *instant, uint32_t thread)
{
	const struct instant_wait *wait;

	vector_for_each (&instant->waits, wait)
		if (wait->thread == thread)
			return wait;
	return NULL;
}

/* "a waits for x, which b holds; b waits for y, which a holds" */
static void put_circle(struct text *text, const struct instant *instant, uint32_t circle)
{
	const struct instant_wait *wait, *first = NULL;
	char words[2048] = "deadlock: ";

	vector_for_each (&instant->waits, wait) {
		if (wait->circle == circle && !first)
			first = wait;
	}
	for (wait = first; wait;) {
		const struct instant_lock *lock = &instant->locks.items[wait->lock];
		size_t length = strlen(words);

		if (lock->awaited.reason == REASON_JOIN)
			snprintf(words + length, sizeof(words) - length, "%s waits for %s",
				 thread_label(instant, wait->thread).text,
				 lock_label_of(instant, lock).text);
		else
			snprintf(words + length, sizeof(words) - length,
				 "%s waits for `%s`, which %s holds",
				 thread_label(instant, wait->thread).text,
				 lock_label_of(instant, lock).text,
				 thread_label(instant, lock->holder).text);
		wait = wait_of(instant, lock->holder);
		if (wait == first)
			break;
		length = strlen(words);
		snprintf(words + length, sizeof(words) - length, "; ");
	}
	text_gap(text);
	text_wrap(text, 2, STYLE_BAD, words);
	text_end(text);
}

void show_instant_locks(struct text *text, const struct instant *instant)
{
	if (!instant->waits.count)
		return;
	put_waits(text, instant);
	for (uint32_t circle = 1; circle <= instant->circles; circle++)
		put_circle(text, instant, circle);
	text_gap(text);
	text_wrap(text, 0, STYLE_DIM,
		  "Locks that nobody waited for at that moment may have been held as well: a "
		  "recording does not know of them.");
	text_end(text);
}

/* ---- json ---------------------------------------------------------------------------------- */

static void json_tid(struct json *json, const char *name, const struct instant *instant,
		     uint32_t thread)
{
	if (thread < instant->threads.count)
		json_unsigned(json, name, instant->threads.items[thread].tid);
	else
		json_null(json, name);
}

static void json_lock(struct json *json, const struct instant *instant, uint32_t index)
{
	static const char *const sources[HOLDER_SOURCES] = {
		[HOLDER_UNKNOWN] = "unknown",
		[HOLDER_SEEN] = "seen",
		[HOLDER_HANDED] = "handed over",
		[HOLDER_GAVE_UP] = "gave it up next",
	};
	const struct instant_lock *lock = &instant->locks.items[index];
	const struct awaited *awaited = &lock->awaited;
	const struct instant_wait *wait;
	char address[24];

	snprintf(address, sizeof(address), "0x%" PRIx64, awaited->address);
	json_object(json, NULL);
	json_string(json, "name", lock_label_of(instant, lock).text);
	json_string(json, "kind", kind_of(awaited));
	json_string(json, "address", address);
	json_unsigned(json, "pid", lock->tgid);
	json_tid(json, "holder", instant, lock->holder);
	json_string(json, "holder_is", sources[awaited->source]);
	json_array(json, "waiters");
	vector_for_each (&instant->waits, wait) {
		const struct instant_thread *thread = &instant->threads.items[wait->thread];

		if (wait->lock != index)
			continue;
		json_object(json, NULL);
		json_unsigned(json, "tid", thread->tid);
		json_unsigned(json, "since_ns", thread->interval.begin);
		json_string(json, "function", *thread->function ? thread->function : NULL);
		json_unsigned(json, "circle", wait->circle);
		json_object_end(json);
	}
	json_array_end(json);
	json_object_end(json);
}

void json_instant_locks(struct json *json, const struct instant *instant)
{
	json_array(json, "waited_for");
	for (uint32_t i = 0; i < instant->locks.count; i++)
		json_lock(json, instant, i);
	json_array_end(json);
	json_unsigned(json, "circles", instant->circles);
}
