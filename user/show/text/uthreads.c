// SPDX-License-Identifier: GPL-2.0-only
/* uthreads.c - user threads as lanes above the kernel threads that carry them */
#include <inttypes.h>

#include "base/units.h"
#include "show/derive.h"
#include "show/text/threads.h"

size_t uthread_lanes(const struct model *model, unsigned int limit)
{
	size_t lanes = model->uthreads.count;

	if (lanes > BARS_OF_UTHREADS)
		lanes = BARS_OF_UTHREADS;
	return lanes > limit ? limit : lanes;
}

static void put_share(struct table *table, enum thread_column column, uint64_t ns, uint64_t life)
{
	table_cell(table, column, STYLE_PLAIN, "%s", format_share(ns, life).text);
}

void uthread_lane(struct table *table, const struct model *model, size_t index,
		  struct bar_view *view)
{
	const struct uthread *uthread = &model->uthreads.items[index];
	uint64_t life = uthread->end - uthread->begin;

	if (!index)
		table_line(table, STYLE_HEAD, "%s user threads, carried by %s kernel thread%s",
			   format_count(model->uthreads.count).text,
			   format_count(model->carriers).text, model->carriers == 1 ? "" : "s");
	view->cells = uthread->bar.cells;
	view->first = uthread->bar.first;
	view->count = uthread->bar.cells ? uthread->bar.count : 0;
	table_row(table);
	if (*uthread->name)
		table_cell(table, NAME, STYLE_PLAIN, "  %s", uthread->name);
	else
		table_cell(table, NAME, STYLE_PLAIN, "  user thread %" PRIu32, uthread->id);
	table_draw(table, BAR, draw_bar, view);
	put_share(table, RUN, uthread->running_ns, life);
	put_share(table, READY, uthread->ready_ns, life);
	put_share(table, BLOCKED, uthread->blocked_ns, life);
	if (uthread->standing_ns)
		table_cell(table, REASON, STYLE_DOUBT, "stood %s",
			   format_share(uthread->standing_ns, life).text);
}

void uthread_rest(struct table *table, const struct model *model, unsigned int limit)
{
	size_t lanes = uthread_lanes(model, limit);

	if (lanes < model->uthreads.count)
		table_line(table, STYLE_PLAIN, "  … and %s more user threads",
			   format_count(model->uthreads.count - lanes).text);
	table_line(table, STYLE_HEAD, "kernel threads");
}
