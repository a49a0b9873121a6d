// SPDX-License-Identifier: GPL-2.0-only
/* schedule.c - slices, shares and who took the CPU from whom, where threads fought for CPUs */
#include "show/text/text.h"

#include <errno.h>

#include "base/units.h"
#include "model/schedule.h"
#include "show/derive.h"

#define LINES_DEFAULT 10
/* As often as that threads lost their CPUs, and waited for a fifth of the time that they ran. */
#define PREEMPTIONS_MATTER 20
#define WAITING_MATTERS	   5

enum column {
	NAME,
	NICE,
	SHARE,
	SLICES,
	MEDIAN,
	LONGEST,
	TAKEN,
	BY,
	COLUMNS,
};

static const struct table_column columns[COLUMNS] = {
	[NAME] = {.head = "slices of", .min = 10},
	[NICE] = {.head = "nice", .right = true, .drop = 4},
	[SHARE] = {.head = "share", .right = true},
	[SLICES] = {.head = "slices", .right = true},
	[MEDIAN] = {.head = "median", .right = true, .drop = 3},
	[LONGEST] = {.head = "longest", .right = true, .drop = 2},
	[TAKEN] = {.head = "lost CPU", .right = true},
	[BY] = {.head = "mostly to", .min = 10, .drop = 1},
};

static bool matters(const struct model *model, uint64_t running)
{
	const struct preemption *pair;
	uint64_t count = 0, ready = 0;

	vector_for_each (&model->preemptions, pair) {
		count += pair->count;
		ready += pair->ready_ns;
	}
	return count >= PREEMPTIONS_MATTER && ready > running / WAITING_MATTERS;
}

static int by_running(const void *a, const void *b)
{
	const struct thread *one = *(const struct thread *const *)a;
	const struct thread *two = *(const struct thread *const *)b;

	if (one->state_ns[STATE_RUNNING] != two->state_ns[STATE_RUNNING])
		return one->state_ns[STATE_RUNNING] > two->state_ns[STATE_RUNNING] ? -1 : 1;
	return one < two ? -1 : one > two;
}

static void put_main_taker(struct table *table, const struct model *model, uint32_t thread)
{
	const struct preemption *pair;
	uint64_t all = model->threads.items[thread].slices.preemptions;

	vector_for_each (&model->preemptions, pair) {
		if (pair->thread != thread)
			continue;
		/* Sorted: the first one is the most frequent. */
		table_cell(table, BY, STYLE_PLAIN, "%s %s",
			   pair->by < model->threads.count ? model->threads.items[pair->by].name
							   : "others",
			   format_share(pair->count, all).text);
		return;
	}
}

static void put_nice(struct table *table, const struct thread *thread)
{
	struct priority_label first = priority_label(&thread->priority_first);
	struct priority_label last = priority_label(&thread->priority_last);

	if (strcmp(first.text, last.text) != 0)
		table_cell(table, NICE, STYLE_PLAIN, "%s → %s", first.text, last.text);
	else
		table_cell(table, NICE, STYLE_PLAIN, "%s", last.text);
}

static void put_thread(struct table *table, const struct model *model, const struct thread *thread,
		       uint64_t running)
{
	const struct slices *slices = &thread->slices;

	table_row(table);
	table_cell(table, NAME, STYLE_PLAIN, "%s", thread->name);
	put_nice(table, thread);
	table_cell(table, SHARE, STYLE_PLAIN, "%s",
		   format_share(thread->state_ns[STATE_RUNNING], running).text);
	table_cell(table, SLICES, STYLE_PLAIN, "%s", format_count(slices->count).text);
	table_cell(table, MEDIAN, STYLE_PLAIN, "%s", format_duration(slices->median_ns).text);
	table_cell(table, LONGEST, STYLE_PLAIN, "%s", format_duration(slices->max_ns).text);
	table_cell(table, TAKEN, STYLE_PLAIN, "%s×", format_count(slices->preemptions).text);
	put_main_taker(table, model, (uint32_t)(thread - model->threads.items));
}

/* Those that had a CPU for a thousandth of the time at least. */
static size_t choose(const struct model *model, const struct thread **order, uint64_t running)
{
	const struct thread *thread;
	size_t count = 0;

	vector_for_each (&model->threads, thread) {
		if (thread->state_ns[STATE_RUNNING] >= running / 1000 && thread->slices.count)
			order[count++] = thread;
	}
	if (count)
		qsort(order, count, sizeof(*order), by_running);
	return count;
}

void show_slices(struct text *text, const struct model *model)
{
	size_t limit = text->options.threads ? text->options.threads : LINES_DEFAULT, count;
	struct sums sums = sums_of(model);
	uint64_t running = sums.state_ns[STATE_RUNNING];
	const struct thread **order;
	struct table table;

	if (!matters(model, running))
		return;
	order = calloc(model->threads.count, sizeof(*order));
	if (!order) {
		text->error = -ENOMEM;
		return;
	}
	count = choose(model, order, running);
	text_gap(text);
	table_start(&table, text, columns, COLUMNS, 0);
	for (size_t i = 0; i < count && i < limit; i++)
		put_thread(&table, model, order[i], running);
	if (count > limit)
		table_line(&table, STYLE_PLAIN, "… and %s more", format_count(count - limit).text);
	table_finish(&table);
	free(order);
}
