// SPDX-License-Identifier: GPL-2.0-only
/* holds.c - every lock that was taken, with --locks=all */
#include "show/text/text.h"

#include <inttypes.h>

#include "base/units.h"
#include "show/lock_names.h"

#define HOLDS_MAX 20

enum column { NAME, TAKEN, WAITED, REFUSED, TOTAL, MEAN, MAX, OPEN, COLUMNS };

static const struct table_column columns[COLUMNS] = {
	[NAME] = {.head = "lock taken", .min = 10},
	[TAKEN] = {.head = "times", .right = true},
	[WAITED] = {.head = "with a wait", .right = true},
	[REFUSED] = {.head = "refused", .right = true, .drop = 3},
	[TOTAL] = {.head = "held", .right = true},
	[MEAN] = {.head = "mean", .right = true, .drop = 1},
	[MAX] = {.head = "max", .right = true},
	[OPEN] = {.head = "", .drop = 2},
};

static void put_hold(struct table *table, const struct model *model, const struct lock_hold *hold)
{
	const struct lock *lock =
		hold->lock < model->locks.count ? &model->locks.items[hold->lock] : NULL;
	struct lock_label label = lock_label(model, lock, hold->address);

	if (hold->name && label.text[0] == '0')
		snprintf(label.text, sizeof(label.text), "%s", hold->name);
	table_row(table);
	table_cell(table, NAME, STYLE_PLAIN, "%s", label.text);
	table_cell(table, TAKEN, STYLE_PLAIN, "%s", format_count(hold->taken).text);
	table_cell(table, WAITED, STYLE_PLAIN, "%s", format_count(lock ? lock->waits : 0).text);
	if (hold->refused)
		table_cell(table, REFUSED, STYLE_PLAIN, "%s", format_count(hold->refused).text);
	table_cell(table, TOTAL, STYLE_PLAIN, "%s", format_duration(hold->held_ns).text);
	if (hold->taken)
		table_cell(table, MEAN, STYLE_PLAIN, "%s",
			   format_duration(hold->held_ns / (hold->taken + hold->open)).text);
	table_cell(table, MAX, STYLE_PLAIN, "%s", format_duration(hold->max_ns).text);
	if (hold->open)
		table_cell(table, OPEN, STYLE_DOUBT, "held at the end");
}

void show_holds(struct text *text, const struct model *model)
{
	struct table table;

	if (!model->has_holds)
		return;
	text_gap(text);
	if (!model->holds.count)
		text_put(text, STYLE_PLAIN, "no lock of the C library was taken");
	if (!model->holds.count) {
		text_end(text);
		return;
	}
	table_start(&table, text, columns, COLUMNS, 0);
	for (size_t i = 0; i < model->holds.count && i < HOLDS_MAX; i++)
		put_hold(&table, model, &model->holds.items[i]);
	if (model->holds.count > HOLDS_MAX)
		table_line(&table, STYLE_DIM, "… and %s more",
			   format_count(model->holds.count - HOLDS_MAX).text);
	table_finish(&table);
	text_wrap(
		text, 0, STYLE_DIM,
		"Held from the call on, or from the end of the last sleep for it. Each call cost the "
		"program 5 to 10 us more: its own times are longer than without "
		"--locks=all.");
	text_end(text);
	if (!model->holds_lost)
		return;
	text_print(text, STYLE_BAD,
		   "%s calls were not counted: there were more locks than the "
		   "tracer has room for",
		   format_count(model->holds_lost).text);
	text_end(text);
}
