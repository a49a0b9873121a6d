// SPDX-License-Identifier: GPL-2.0-only
/* subjects.c - what a scenario is about, beside what every report shows */
#include "show/text/text.h"

#include <errno.h>
#include <inttypes.h>

#include "base/units.h"
#include "model/tasks/pcb.h"
#include "model/subjects.h"
#include "show/pcb/pcb.h"
#include "show/states/states.h"

#define ROWS_MAX 40

static void put_head(struct text *text, const char *head, const struct model *model,
		     const struct picture *picture)
{
	uint64_t at =
		picture->snapshot->time > model->begin ? picture->snapshot->time - model->begin : 0;

	text_gap(text);
	text_put(text, STYLE_HEAD, head);
	text_print(text, STYLE_DIM, "  at %s, read from the kernel in %s", format_duration(at).text,
		   format_duration(picture->snapshot->duration_ns).text);
	text_end(text);
}

/* ---- figures ------------------------------------------------------------------------------- */

void put_figures(struct text *text, const struct subject *subject)
{
	struct table_column columns[SUBJECT_COLUMNS_MAX + 1] = {
		{.head = subject->title ? subject->title : ""}};
	const struct subject_row *row;
	struct table table;

	if (!subject->rows.count)
		return;
	for (size_t i = 0; i < subject->heads.count; i++)
		columns[i + 1] = (struct table_column){.head = subject->heads.items[i],
						       .right = true,
						       .drop = i ? (unsigned int)i : 0};
	text_gap(text);
	table_start(&table, text, columns, subject->heads.count + 1, 0);
	vector_for_each (&subject->rows, row) {
		table_row(&table);
		for (size_t i = 0; i < row->cells.count && i <= subject->heads.count; i++)
			table_cell(&table, i, STYLE_PLAIN, "%s", row->cells.items[i]);
	}
	table_finish(&table);
}

/* ---- who shares what ----------------------------------------------------------------------- */

enum { TASK, TID, MEMORY, FILES, FOLDER, HANDLERS, STACK, SHARING_COLUMNS };

static const struct table_column sharing_columns[SHARING_COLUMNS] = {
	[TASK] = {.head = "task", .min = 12},
	[TID] = {.head = "tid", .right = true, .drop = 1},
	[MEMORY] = {.head = "memory"},
	[FILES] = {.head = "open files"},
	[FOLDER] = {.head = "working folder", .drop = 2},
	[HANDLERS] = {.head = "signal handlers"},
	[STACK] = {.head = "its stack", .min = 12},
};

static uint64_t object_of(const struct pl_pcb_task *task, int column)
{
	return column == MEMORY	  ? task->mm
	       : column == FILES  ? task->files
	       : column == FOLDER ? task->fs
				  : task->handlers;
}

/* The kernel's objects in letters, in the order in which they come up. */
static void put_object(struct table *table, const struct pl_pcb_task *const *tasks, size_t index,
		       int column)
{
	uint64_t own = object_of(tasks[index], column), seen[ROWS_MAX];
	size_t count = 0, letter;

	if (!own) {
		table_cell(table, (size_t)column, STYLE_DIM, "none any more");
		return;
	}
	for (size_t i = 0; i <= index; i++) {
		uint64_t its = object_of(tasks[i], column);

		for (letter = 0; letter < count && seen[letter] != its; letter++)
			;
		if (its && letter == count)
			seen[count++] = its;
	}
	for (letter = 0; seen[letter] != own; letter++)
		;
	if (letter < 26)
		table_cell(table, (size_t)column, STYLE_PLAIN, "%c", 'A' + (int)letter);
	else
		table_cell(table, (size_t)column, STYLE_PLAIN, "%zu", letter + 1);
}

static void put_stack(struct table *table, const struct snapshot *snapshot,
		      const struct pl_pcb_task *task)
{
	const struct pl_pcb_area *stack = pcb_stack(snapshot, task);

	if (stack)
		table_cell(table, STACK, STYLE_PLAIN, "%s at %#" PRIx64,
			   format_bytes(stack->end - stack->begin).text, stack->begin);
}

static void put_sharing(struct text *text, const struct snapshot *snapshot)
{
	const struct pl_pcb_task *tasks[ROWS_MAX], *task;
	struct table table;
	size_t count = 0;

	table_start(&table, text, sharing_columns, SHARING_COLUMNS, 2);
	snapshot_for_each(snapshot, task)
	{
		if (count == ROWS_MAX)
			break;
		tasks[count] = task;
		table_row(&table);
		table_cell(&table, TASK, STYLE_PLAIN, "%s%s", pcb_is_leader(task) ? "" : "  ",
			   task->comm);
		table_cell(&table, TID, STYLE_DIM, "%" PRIu32, task->head.tid);
		for (int column = MEMORY; column <= HANDLERS; column++)
			put_object(&table, tasks, count, column);
		put_stack(&table, snapshot, task);
		count++;
	}
	if (snapshot_shown(snapshot) > count)
		table_line(&table, STYLE_PLAIN, "… and %zu more", snapshot_shown(snapshot) - count);
	table_finish(&table);
	text_spaces(text, 2);
	text_wrap(text, 2, STYLE_DIM,
		  "The same letter in a column: the very same object of the kernel.");
	text_end(text);
}

/* ---- memory -------------------------------------------------------------------------------- */

static bool same_areas(const struct snapshot *snapshot, uint32_t one, uint32_t other)
{
	struct snapshot_range a = snapshot_areas(snapshot, one);
	struct snapshot_range b = snapshot_areas(snapshot, other);

	if (a.end - a.begin != b.end - b.begin)
		return false;
	for (size_t i = 0; i < a.end - a.begin; i++) {
		const struct pl_pcb_area *x = &snapshot->areas.items[a.begin + i];
		const struct pl_pcb_area *y = &snapshot->areas.items[b.begin + i];

		if (x->begin != y->begin || x->end != y->end || x->flags != y->flags)
			return false;
	}
	return true;
}

/* A picture for the first process, and for others that differ from it. */
static int put_memories(struct text *text, const struct snapshot *snapshot)
{
	const struct pl_pcb_task *task, *first = NULL;
	size_t count = 0;
	int error = 0;

	snapshot_for_each(snapshot, task)
	{
		if (error || !pcb_is_leader(task) || !(task->flags & PL_PCB_HAS_MEMORY) ||
		    count++ >= ROWS_MAX)
			continue;
		if (!first || task->mm == first->mm ||
		    !same_areas(snapshot, first->head.tgid, task->head.tgid)) {
			error = put_own_memory(text, snapshot, task);
			first = first ? first : task;
			continue;
		}
		text_print(text, STYLE_TITLE, "%s", task->comm);
		text_print(text, STYLE_PLAIN, " · process %" PRIu32, task->head.tgid);
		text_wrap(text, 2, STYLE_PLAIN,
			  " · the same areas at the same addresses, and an address space of its "
			  "own, of which ");
		text_print(text, STYLE_PLAIN, "%s", format_bytes(pcb_resident(task)).text);
		text_wrap(text, 2, STYLE_PLAIN, " are resident");
		text_end(text);
	}
	return error;
}

/* ---- all of them --------------------------------------------------------------------------- */

static void put_missing(struct text *text, const struct subject *subject)
{
	static const char *const names[] = {[SUBJECT_TASKS] = "tasks",
					    [SUBJECT_MEMORY] = "memory",
					    [SUBJECT_SHARING] = "who shares what"};

	text_gap(text);
	text_put(text, STYLE_HEAD, names[subject->kind]);
	text_put(text, STYLE_DIM, "  ");
	text_wrap(text, 2, STYLE_DIM, "no snapshot could be taken in time, while \"");
	text_wrap(text, 2, STYLE_DIM, subject->phase ? subject->phase : "");
	text_wrap(text, 2, STYLE_DIM, "\"");
	text_end(text);
}

static void put_picture(struct text *text, const struct model *model, const struct subject *subject)
{
	const struct picture *picture = &model->subjects->pictures.items[subject->picture];
	struct pcb_view view = {.text = text->options, .arch = model->arch, .cpus = model->cpus};
	int error = 0;

	switch (subject->kind) {
	case SUBJECT_TASKS:
		put_head(text, "tasks", model, picture);
		put_pcb_table(text, picture->snapshot, &view);
		break;
	case SUBJECT_SHARING:
		put_head(text, "who shares what", model, picture);
		put_sharing(text, picture->snapshot);
		break;
	default:
		put_head(text, "memory", model, picture);
		error = put_memories(text, picture->snapshot);
	}
	if (error)
		text->error = error;
}

void show_subjects(struct text *text, const struct model *model)
{
	const struct subject *subject;

	if (!model->subjects)
		return;
	vector_for_each (&model->subjects->items, subject) {
		if (subject->kind == SUBJECT_STATES) {
			text_gap(text);
			text_put(text, STYLE_HEAD, "states of all threads together");
			text_end(text);
			put_states(text, model, &(struct states_view){.text = text->options});
		} else if (subject->kind == SUBJECT_FIGURES) {
			put_figures(text, subject);
		} else if (subject->kind != SUBJECT_UNKNOWN) {
			if (subject->picture == NO_PICTURE)
				put_missing(text, subject);
			else
				put_picture(text, model, subject);
		}
	}
}
