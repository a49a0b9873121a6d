// SPDX-License-Identifier: GPL-2.0-only
/* locks.c - what was waited for by name: locks, conditions, semaphores, barriers */
#include "show/text/text.h"

#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "show/derive.h"
#include "show/lock_names.h"

#define LOCKS_MAX 10
#define P99_MIN	  20 /* of fewer waits the longest says it all */

enum {
	LOCK_NAME,
	LOCK_KIND,
	LOCK_WAITS,
	LOCK_TOTAL,
	LOCK_P99,
	LOCK_MAX,
	LOCK_AT_ONCE,
	LOCK_HANDOVER,
	LOCK_WAITER,
	LOCK_HOLDER,
	LOCK_COLUMNS,
};

static const struct table_column lock_columns[LOCK_COLUMNS] = {
	[LOCK_NAME] = {.head = "lock", .ends = true, .min = 20},
	[LOCK_KIND] = {.head = "kind", .drop = 5},
	[LOCK_WAITS] = {.head = "waits", .right = true, .drop = 3},
	[LOCK_TOTAL] = {.head = "total", .right = true},
	[LOCK_P99] = {.head = "p99", .right = true, .drop = 8},
	[LOCK_MAX] = {.head = "longest", .right = true, .drop = 4},
	[LOCK_AT_ONCE] = {.head = "at once", .right = true, .drop = 7},
	[LOCK_HANDOVER] = {.head = "handing over", .right = true, .drop = 6},
	[LOCK_WAITER] = {.head = "longest waiter", .drop = 9},
	[LOCK_HOLDER] = {.head = "held meanwhile by", .min = 33, .drop = 1},
};

static void put_holder(struct table *table, const struct model *model, const struct lock *lock)
{
	const char *name;

	if (lock->main_holder >= model->threads.count) {
		/* Of these nobody is the holder. */
		if (lock->reason == REASON_LOCK || lock->reason == REASON_GIL)
			table_cell(table, LOCK_HOLDER, STYLE_DIM, "unknown");
		return;
	}
	name = model->threads.items[lock->main_holder].name;
	/* What a holder did that is only known by having ended the wait, nobody watched. */
	if (lock->holder_by_wake)
		table_cell(table, LOCK_HOLDER, STYLE_PLAIN, "%s %s", name,
			   format_share(lock->main_holder_ns, lock->total_ns).text);
	else
		table_cell(table, LOCK_HOLDER, STYLE_PLAIN, "%s %s, running %s", name,
			   format_share(lock->main_holder_ns, lock->total_ns).text,
			   format_share(lock->main_holder_running_ns, lock->main_holder_ns).text);
}

static void put_lock(struct table *table, const struct model *model, const struct lock *lock,
		     bool kinds)
{
	table_row(table);
	table_cell(table, LOCK_NAME, STYLE_PLAIN, "%s",
		   lock_label(model, lock, lock->address).text);
	if (kinds)
		table_cell(table, LOCK_KIND, STYLE_PLAIN, "%s", lock_kind_name(lock));
	table_cell(table, LOCK_WAITS, STYLE_PLAIN, "%s", format_count(lock->waits).text);
	table_cell(table, LOCK_TOTAL, STYLE_PLAIN, "%s", format_duration(lock->total_ns).text);
	table_cell(table, LOCK_MAX, STYLE_PLAIN, "%s", format_duration(lock->max_ns).text);
	if (lock->waits >= P99_MIN)
		table_cell(table, LOCK_P99, STYLE_PLAIN, "%s",
			   format_duration(histogram_quantile(&lock->waiting, 0.99)).text);
	if (lock->waiters_max > 1)
		table_cell(table, LOCK_AT_ONCE, STYLE_PLAIN, "%s",
			   format_count(lock->waiters_max).text);
	if (lock->handovers)
		table_cell(table, LOCK_HANDOVER, STYLE_PLAIN, "%s",
			   format_duration(lock->handover_ns).text);
	if (lock->main_waiter < model->threads.count)
		table_cell(table, LOCK_WAITER, STYLE_PLAIN, "%s %s",
			   model->threads.items[lock->main_waiter].name,
			   format_share(lock->main_waiter_ns, lock->total_ns).text);
	put_holder(table, model, lock);
}

struct oddities {
	uint64_t before, after, timed_out;
};

static void add_piece(char *words, size_t size, uint64_t count, const char *what)
{
	size_t used = strlen(words);

	if (count)
		snprintf(words + used, size - used, "%s%s %s", used ? ", " : "",
			 format_count(count).text, what);
}

/* Waits of which only a part was seen, and those that came to nothing. */
static void put_oddities(struct table *table, const struct model *model)
{
	struct oddities sum = {0};
	const struct lock *lock;
	char words[160] = "";

	vector_for_each (&model->locks, lock) {
		sum.before += lock->waits_open_begin;
		sum.after += lock->waits_open_end;
		sum.timed_out += lock->timed_out;
	}
	add_piece(words, sizeof(words), sum.before, "began before the capture");
	add_piece(words, sizeof(words), sum.after, "went on after it");
	add_piece(words, sizeof(words), sum.timed_out, "timed out");
	if (*words)
		table_line(table, STYLE_DIM, "of these waits %s", words);
}

/* A variable's name says which lock it is. An address does not: where it was waited for first may.
 */
static bool has_name(const struct lock *lock)
{
	return lock->reason == REASON_GIL ||
	       (lock->name && strncmp(lock->name, "heap+", 5) && strncmp(lock->name, "stack ", 6));
}

static void put_places(struct table *table, const struct model *model)
{
	for (size_t i = 0; i < model->locks.count && i < LOCKS_MAX; i++) {
		const struct lock *lock = &model->locks.items[i];
		const char *file;

		if (has_name(lock) || !lock->first_function || !*lock->first_function)
			continue;
		file = strrchr(lock->first_file, '/');
		file = file ? file + 1 : lock->first_file;
		table_line(table, STYLE_DIM, "%s was first waited for in %s%s%s%s%.0" PRIu32 "%s",
			   lock_label(model, lock, lock->address).text, lock->first_function,
			   *file ? " (" : "", file, *file ? ":" : "", *file ? lock->first_line : 0,
			   *file ? ")" : "");
	}
}

void show_locks(struct text *text, const struct model *model)
{
	uint64_t rest_ns = 0, rest_waits = 0;
	const struct lock *each;
	bool kinds = false; /* said where they are not all plain locks */
	struct table table;

	if (!model->locks.count)
		return;
	vector_for_each (&model->locks, each)
		kinds |= each->reason != REASON_LOCK || each->inherits;
	text_gap(text);
	table_start(&table, text, lock_columns, LOCK_COLUMNS, 0);
	for (size_t i = 0; i < model->locks.count; i++) {
		const struct lock *lock = &model->locks.items[i];

		if (i < LOCKS_MAX) {
			put_lock(&table, model, lock, kinds);
		} else {
			rest_ns += lock->total_ns;
			rest_waits += lock->waits;
		}
	}
	if (model->locks.count > LOCKS_MAX)
		table_line(&table, STYLE_PLAIN, "… and %s more: %s waits, %s in all",
			   format_count(model->locks.count - LOCKS_MAX).text,
			   format_count(rest_waits).text, format_duration(rest_ns).text);
	put_places(&table, model);
	put_oddities(&table, model);
	table_finish(&table);
}
