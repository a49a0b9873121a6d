// SPDX-License-Identifier: GPL-2.0-only
/* learn.c - what a first pass through a stream with losses teaches the second one */
#include <errno.h>

#include "model/timeline/inside.h"
#include "model/totals.h"

int timeline_learn(struct timeline *timeline, struct timeline *first)
{
	const struct timeline_figures *figures = &first->figures;
	struct totals_bounds bounds = {.begin = figures->begin, .end = figures->end};
	const struct thread *thread;

	gaps_free(&timeline->gaps);
	timeline->gaps = first->gaps;
	first->gaps = (struct gaps){0};
	timeline->gaps_known = true;
	totals_reconcile(&first->population, &bounds);
	vector_for_each (&first->population.threads, thread) {
		struct lesson *lesson = vector_add(&timeline->lessons);

		if (!lesson)
			return -ENOMEM;
		lesson->begin = thread->begin;
		lesson->sure = thread->has_totals && thread->totals_agree;
	}
	return 0;
}

bool track_is_sure(const struct timeline *timeline, uint32_t thread, uint64_t begin)
{
	return thread < timeline->lessons.count && timeline->lessons.items[thread].begin == begin &&
	       timeline->lessons.items[thread].sure;
}
