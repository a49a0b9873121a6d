// SPDX-License-Identifier: GPL-2.0-only
/* threads.c - who ran, who was ready and who was blocked, when and how long */
#include "show/text/threads.h"

#include <errno.h>
#include <inttypes.h>

#include "base/units.h"
#include "show/pick.h"

#define THREADS_DEFAULT 20
#define BAR_MIN		20
#define BAR_MAX		160

static const struct table_column columns[COLUMNS] = {
	[NAME] = {.head = "thread", .min = 17},
	[TID] = {.head = "tid", .right = true, .drop = 4},
	[BAR] = {.min = BAR_MIN, .stretch = BAR_MAX},
	[RUN] = {.head = "run", .right = true},
	[READY] = {.head = "ready", .right = true, .drop = 3},
	[BLOCKED] = {.head = "blocked", .right = true, .drop = 1},
	[UNKNOWN] = {.head = "unknown", .right = true},
	[REASON] = {.head = "waits for", .min = 9, .drop = 2},
};

struct section {
	struct text *text;
	const struct model *model;
	struct table table;
	struct bar_view *views;
	size_t view_count;
	struct phases phases;
};

static struct bar_view *new_view(struct section *section)
{
	struct bar_view *view = &section->views[section->view_count++];

	view->cell_ns = (double)model_wall_ns(section->model) / BAR_CELLS;
	view->cpus = section->model->cpus;
	view->scale = BAR_STATES;
	return view;
}

static void put_shares(struct section *section, const struct sums *sums)
{
	uint64_t ready = sums_ready(sums), blocked = sums_blocked(sums);
	uint64_t unknown = sums->state_ns[STATE_UNKNOWN];

	table_cell(&section->table, RUN, STYLE_PLAIN, "%s",
		   format_share(sums->state_ns[STATE_RUNNING], sums->life_ns).text);
	table_cell(&section->table, READY, STYLE_PLAIN, "%s",
		   format_share(ready, sums->life_ns).text);
	table_cell(&section->table, BLOCKED, STYLE_PLAIN, "%s",
		   format_share(blocked, sums->life_ns).text);
	if (unknown)
		table_cell(&section->table, UNKNOWN, STYLE_BAD, "%s",
			   format_share(unknown, sums->life_ns).text);
}

/* The longest kind of waiting, and the second if it matters as well. */
static void put_reason(struct section *section, const struct thread *thread)
{
	const struct reason_total *first = thread->reasons.items;
	struct reason_label label, second;

	if (!thread->reasons.count || !first->total_ns)
		return;
	label = reason_label(section->model, first->reason, first->syscall);
	if (thread->reasons.count > 1 && first[1].total_ns > first->total_ns / 4) {
		second = reason_label(section->model, first[1].reason, first[1].syscall);
		table_cell(&section->table, REASON, STYLE_PLAIN, "%s, %s", label.text, second.text);
	} else {
		table_cell(&section->table, REASON, STYLE_PLAIN, "%s", label.text);
	}
}

static void put_thread(struct section *section, const struct pick *pick, unsigned int indent)
{
	const struct thread *thread = &section->model->threads.items[pick->thread];
	struct bar_view *view = new_view(section);

	view->cells = thread->bar.cells;
	view->first = thread->bar.first;
	view->count = thread->bar.cells ? thread->bar.count : 0;
	table_row(&section->table);
	/* Kernel threads in brackets, as ps shows them. */
	table_cell(&section->table, NAME, STYLE_PLAIN, "%*s%s%s%s", (int)indent, "",
		   thread->kernel ? "[" : "", thread->name, thread->kernel ? "]" : "");
	table_cell(&section->table, TID, STYLE_DIM, "%" PRIu32, thread->tid);
	table_draw(&section->table, BAR, draw_bar, view);
	put_shares(section, &pick->sums);
	put_reason(section, thread);
}

static void put_several(struct section *section, const struct pick *pick, unsigned int indent)
{
	struct bar_view *view = new_view(section);
	struct figure count = format_count(pick->sums.threads);
	bool kernel = pick->sums.kernel_threads == pick->sums.threads;

	view->cells = pick->cells;
	view->count = BAR_CELLS;
	view->many = true;
	table_row(&section->table);
	if (*pick->pattern)
		table_cell(&section->table, NAME, STYLE_PLAIN, "%*s%s × %s%s%s", (int)indent, "",
			   count.text, kernel ? "[" : "", pick->pattern, kernel ? "]" : "");
	else if (!pick->sums.state_ns[STATE_RUNNING])
		table_cell(&section->table, NAME, STYLE_PLAIN, "… %s never ran", count.text);
	else
		table_cell(&section->table, NAME, STYLE_PLAIN, "… and %s more", count.text);
	table_draw(&section->table, BAR, draw_bar, view);
	put_shares(section, &pick->sums);
	if (pick->main_reason < section->model->threads.count)
		put_reason(section, &section->model->threads.items[pick->main_reason]);
}

/* All threads together: how many CPUs they kept busy. */
static void put_strip(struct section *section, const struct sums *sums)
{
	const struct model *model = section->model;
	struct bar_view *view = new_view(section);

	view->cells = model->strip;
	view->count = BAR_CELLS;
	view->scale = BAR_CPUS;
	view->many = true;
	table_row(&section->table);
	table_cell(&section->table, NAME, STYLE_DIM, "%u CPU%s", model->cpus,
		   model->cpus == 1 ? "" : "s");
	table_draw(&section->table, BAR, draw_bar, view);
	table_cell(&section->table, RUN, STYLE_PLAIN, "%s",
		   format_share(sums->state_ns[STATE_RUNNING],
				model_wall_ns(model) * (model->cpus ? model->cpus : 1))
			   .text);
}

/* Who was in the way of the end, when. */
static void put_path(struct section *section)
{
	draw_function lane = path_lane(section->model);

	if (!lane)
		return;
	table_row(&section->table);
	table_cell(&section->table, NAME, STYLE_DIM, "critical path");
	table_draw(&section->table, BAR, lane, section->model);
}

static void put_process(struct section *section, const struct process *process)
{
	struct status_label status = status_label(process->code);
	const char *program = process_program(section->model, process);

	table_line(&section->table, STYLE_HEAD, "%s %" PRIu32 "%s%s%s%s", process->name,
		   process->tgid, *program ? " · " : "", program, process->has_code ? " · " : "",
		   process->has_code ? status.text : "");
}

/* How many of the lines that begin with `first` are of the same process. */
static size_t lines_of_process(const struct picks *picks, size_t first)
{
	size_t i = first;

	while (i < picks->items.count &&
	       picks->items.items[i].process == picks->items.items[first].process)
		i++;
	return i - first;
}

static void put_picks(struct section *section, const struct picks *picks)
{
	const struct model *model = section->model;
	bool several = model->processes.count > 1;

	for (size_t i = 0, lines; i < picks->items.count; i += lines) {
		const struct pick *first = &picks->items.items[i];
		unsigned int indent = 0;

		lines = lines_of_process(picks, i);
		if (several && lines > 1 && first->process < model->processes.count) {
			put_process(section, &model->processes.items[first->process]);
			indent = 2;
		}
		for (const struct pick *pick = first; pick < first + lines; pick++) {
			bool leader = pick->thread < model->threads.count &&
				      model->threads.items[pick->thread].leader;
			bool side = !several && !leader;

			if (pick->thread == NO_THREAD)
				put_several(section, pick, side ? 2 : indent);
			else
				put_thread(section, pick, side ? 2 : indent);
		}
	}
}

void show_threads(struct text *text, const struct model *model)
{
	unsigned int limit = text->options.threads ? text->options.threads : THREADS_DEFAULT;
	struct section section = {.text = text, .model = model};
	struct sums sums = sums_of(model);
	struct picks picks = {0};
	int error;

	if (!model->threads.count)
		return;
	error = picks_of(model, limit, &picks);
	if (error) {
		text->error = text->error ? text->error : error;
		return;
	}
	section.views = calloc(picks.items.count + BARS_OF_UTHREADS + 1, sizeof(*section.views));
	if (!section.views || phases_of(model, &section.phases)) {
		free(section.views);
		text->error = -ENOMEM;
		picks_free(&picks);
		return;
	}
	text_gap(text);
	table_start(&section.table, text, columns, COLUMNS, 0);
	table_draw_head(&section.table, BAR, draw_axis, model);
	for (size_t i = 0; i < uthread_lanes(model, limit); i++)
		uthread_lane(&section.table, model, i, new_view(&section));
	if (model->uthreads.count)
		uthread_rest(&section.table, model, limit);
	put_picks(&section, &picks);
	if (model->threads.count > 1)
		put_strip(&section, &sums);
	put_path(&section);
	if (model->phases.count) {
		table_row(&section.table);
		table_cell(&section.table, NAME, STYLE_DIM, "phases");
		table_draw(&section.table, BAR, draw_phases, &section.phases);
	}
	table_finish(&section.table);
	text_legend(text, model);
	show_phases(text, &section.phases);
	phases_free(&section.phases);
	free(section.views);
	picks_free(&picks);
}
