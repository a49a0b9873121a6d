/* SPDX-License-Identifier: GPL-2.0-only */
/* schedule.h - slices of CPU time, and who took the CPU from whom */
#ifndef MODEL_SCHEDULE_H
#define MODEL_SCHEDULE_H

#include "model/timeline/timeline.h"

struct schedule;

/* A visitor of `timeline`. 0 or -ENOMEM. */
int schedule_new(struct timeline *timeline, struct schedule **ret);
void schedule_free(struct schedule **schedule);
/* After timeline_finish(): fills in the threads' slices and model->preemptions. 0, or -ENOMEM if
 * memory was out here or before. */
int schedule_finish(struct schedule *schedule, struct model *model);

/* The share of CPU time that the fair scheduler gives: 1024 for nice 0, about 1.25 times less for
 * each step of niceness. 0: the policy has no weights. */
unsigned int priority_weight(const struct pl_priority *priority);
/* Its niceness, "5", or "FIFO 10", "RR 10", "idle", "batch 5"; "" if it is not known. */
struct priority_label {
	char text[40];
};
struct priority_label priority_label(const struct pl_priority *priority);

#endif
