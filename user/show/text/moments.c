// SPDX-License-Identifier: GPL-2.0-only
/* moments.c - the snapshots of a recording, beside its timeline */
#include "show/text/text.h"

#include <inttypes.h>

#include "base/units.h"
#include "model/tasks/moments.h"
#include "show/pcb/pcb.h"

#define ROWS_DEFAULT 12
#define TASKS_MAX    24

enum {
	AT,
	TASKS,
	RUNNING,
	READY,
	BLOCKED,
	STOPPED,
	ZOMBIES,
	RESIDENT,
	FILES,
	RAN,
	COLUMNS,
};

static const struct table_column columns[COLUMNS] = {
	[AT] = {.head = "snapshot at", .right = true},
	[TASKS] = {.head = "tasks", .right = true},
	[RUNNING] = {.head = "run", .right = true},
	[READY] = {.head = "ready", .right = true},
	[BLOCKED] = {.head = "blocked", .right = true},
	[STOPPED] = {.head = "stopped", .right = true, .drop = 2},
	[ZOMBIES] = {.head = "zombie", .right = true, .drop = 1},
	[RESIDENT] = {.head = "resident", .right = true},
	[FILES] = {.head = "files", .right = true, .drop = 3},
	[RAN] = {.head = "have run", .right = true},
};

static void put_number(struct table *table, size_t column, uint64_t number)
{
	table_cell(table, column, number ? STYLE_PLAIN : STYLE_DIM, "%s",
		   format_count(number).text);
}

static void put_moment(struct table *table, const struct moment *moment)
{
	table_row(table);
	table_cell(table, AT, STYLE_DIM, "%s", format_duration(moment->at).text);
	put_number(table, TASKS, moment->tasks);
	put_number(table, RUNNING, moment->running);
	put_number(table, READY, moment->ready);
	put_number(table, BLOCKED, moment->blocked);
	put_number(table, STOPPED, moment->stopped);
	put_number(table, ZOMBIES, moment->zombies);
	table_cell(table, RESIDENT, STYLE_PLAIN, "%s", format_bytes(moment->resident).text);
	put_number(table, FILES, moment->open_files);
	table_cell(table, RAN, STYLE_PLAIN, "%s", format_duration(moment->ran_ns).text);
}

/* The first and the last one always, and of those between as many as there is room for. */
static void put_moments(struct text *text, const struct moments *moments)
{
	size_t rows = text->options.threads ? text->options.threads : ROWS_DEFAULT;
	size_t count = moments->items.count, shown = count < rows ? count : rows;
	struct table table;

	table_start(&table, text, columns, COLUMNS, 0);
	for (size_t i = 0; i < shown; i++)
		put_moment(&table,
			   &moments->items.items[shown > 1 ? i * (count - 1) / (shown - 1) : 0]);
	if (count > shown)
		table_line(&table, STYLE_DIM, "… %zu of %s snapshots", shown,
			   format_count(count).text);
	table_finish(&table);
}

void show_moments(struct text *text, const struct model *model)
{
	struct pcb_view view = {.text = text->options, .arch = model->arch, .cpus = model->cpus};
	const struct moments *moments = model->moments;

	/* A scenario's own are shown with what it is about. */
	if (!moments || model->subjects)
		return;
	text_gap(text);
	put_moments(text, moments);
	if (snapshot_shown(moments->last) > TASKS_MAX)
		return;
	text_gap(text);
	text_put(text, STYLE_HEAD, "the last of them");
	text_put(text, STYLE_DIM, "  each at length: `ptrace-lab pcb --full RECORDING`");
	text_end(text);
	put_pcb_table(text, moments->last, &view);
}
