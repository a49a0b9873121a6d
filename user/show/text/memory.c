// SPDX-License-Identifier: GPL-2.0-only
/* memory.c - page faults and resident memory, where there is enough of it to matter */
#include "show/text/text.h"

#include <inttypes.h>

#include "base/units.h"

#define LINES_DEFAULT 12
/* Starting a small program takes a few hundred faults and some MiB; a fault costs about 1 us. */
#define FAULTS_MATTER	 1500
#define RESIDENT_MATTERS (16ull << 20)

enum column {
	NAME,
	PID,
	MINOR,
	MAJOR,
	COW,
	BEGIN,
	END,
	PEAK,
	COLUMNS,
};

static const struct table_column columns[COLUMNS] = {
	[NAME] = {.head = "memory", .min = 10},
	[PID] = {.head = "pid", .right = true, .drop = 2},
	[MINOR] = {.head = "faults", .right = true},
	[MAJOR] = {.head = "disk", .right = true, .drop = 3},
	[COW] = {.head = "copied", .right = true},
	[BEGIN] = {.head = "at first", .right = true, .drop = 1},
	[END] = {.head = "at last", .right = true},
	[PEAK] = {.head = "peak", .right = true},
};

static bool matters(const struct process *process)
{
	const struct memory *memory = &process->memory;

	return memory->minor_faults + memory->major_faults >= FAULTS_MATTER ||
	       (memory->has_begin && memory->has_end &&
		memory->end > memory->begin + RESIDENT_MATTERS);
}

static void put_bytes(struct table *table, enum column column, bool known, uint64_t bytes)
{
	if (known)
		table_cell(table, column, STYLE_PLAIN, "%s", format_bytes(bytes).text);
	else
		table_cell(table, column, STYLE_DIM, "?");
}

static void put_count(struct table *table, enum column column, bool known, uint64_t count)
{
	if (known)
		table_cell(table, column, STYLE_PLAIN, "%s", format_count(count).text);
	else
		table_cell(table, column, STYLE_DIM, "?");
}

static void put_process(struct table *table, const struct process *process)
{
	const struct memory *memory = &process->memory;

	table_row(table);
	table_cell(table, NAME, STYLE_PLAIN, "%s", process->name);
	table_cell(table, PID, STYLE_DIM, "%" PRIu32, process->tgid);
	put_count(table, MINOR, memory->has_faults, memory->minor_faults + memory->major_faults);
	put_count(table, MAJOR, memory->has_faults, memory->major_faults);
	put_count(table, COW, memory->has_cow, memory->cow_faults);
	/* Of a new program nothing is there yet but what the kernel's counters lag behind by. */
	if (memory->has_begin && memory->begin_moment == PL_MEMORY_EXEC)
		table_cell(table, BEGIN, STYLE_PLAIN, "new");
	else
		put_bytes(table, BEGIN, memory->has_begin, memory->begin);
	put_bytes(table, END, memory->has_end, memory->end);
	put_bytes(table, PEAK, memory->peak, memory->peak);
}

/* Of a whole machine most was there before: what it did meanwhile is another question. */
void show_resident(struct text *text, const struct model *model)
{
	unsigned int limit = text->options.threads ? text->options.threads : LINES_DEFAULT;
	uint64_t count = 0, told = 0;
	const struct process *process;
	struct table table;

	vector_for_each (&model->processes, process)
		count += matters(process);
	if (!count || !model->target)
		return;
	/* The others are the measure of these. */
	if (model->processes.count <= limit)
		count = model->processes.count;
	text_gap(text);
	table_start(&table, text, columns, COLUMNS, 0);
	vector_for_each (&model->processes, process) {
		if (told == limit)
			break;
		if (count < model->processes.count && !matters(process))
			continue;
		told++;
		put_process(&table, process);
	}
	if (told < count)
		table_line(&table, STYLE_PLAIN, "… and %s more", format_count(count - told).text);
	table_finish(&table);
}
