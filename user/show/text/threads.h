/* SPDX-License-Identifier: GPL-2.0-only */
/* threads.h - the table of threads, of which user threads and phases are rows as well */
#ifndef SHOW_TEXT_THREADS_H
#define SHOW_TEXT_THREADS_H

#include "show/text/text.h"

enum thread_column {
	NAME,
	TID,
	BAR,
	RUN,
	READY,
	BLOCKED,
	UNKNOWN,
	REASON,
	COLUMNS,
};

/* How many user threads get a lane of their own. */
size_t uthread_lanes(const struct model *model, unsigned int limit);
/* The lane of one, above those of the kernel threads that carry it; the first comes with a heading.
 */
void uthread_lane(struct table *table, const struct model *model, size_t index,
		  struct bar_view *view);
/* What is to be said behind the last one. */
void uthread_rest(struct table *table, const struct model *model, unsigned int limit);

/* Phases by their texts. */
struct phase_sum {
	const char *text;
	uint64_t count, first, last;
};

struct phases {
	const struct model *model;
	VECTOR(struct phase_sum) sums; /* in order of their first */
};

/* 0 or -ENOMEM. */
int phases_of(const struct model *model, struct phases *ret);
void phases_free(struct phases *phases);
/* Letters at their times; draw_function for a struct phases. */
void draw_phases(struct text *text, unsigned int width, const void *phases);
/* What the letters stand for. */
void show_phases(struct text *text, const struct phases *phases);

#endif
