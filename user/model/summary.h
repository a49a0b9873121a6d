/* SPDX-License-Identifier: GPL-2.0-only */
/* summary.h - sums over the intervals: per thread, per reason, in pictures and histograms */
#ifndef MODEL_SUMMARY_H
#define MODEL_SUMMARY_H

#include "model/timeline/bars.h"
#include "model/timeline/timeline.h"

struct summary;

/* A visitor of `timeline`. `begin` and `end` are the capture's, for the bars. 0 or -ENOMEM. */
int summary_new(struct timeline *timeline, uint64_t begin, uint64_t end, struct summary **ret);
void summary_free(struct summary **summary);

struct summary_result {
	struct histogram ready, blocked;
	struct bar_cell strip[BAR_CELLS];
};

/* After timeline_finish(): fills in the threads. 0, or -ENOMEM if memory was out here or before. */
int summary_finish(struct summary *summary, struct summary_result *ret);

#endif
