/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * uthreads.h - the lives of user threads, from marks and from what their carriers did
 *
 * What a carrier did is known late (a wait has its end when the thread runs again), so that all is
 * collected first and played through at the end.
 */
#ifndef MODEL_UTHREADS_H
#define MODEL_UTHREADS_H

#include "model/timeline/bars.h"
#include "model/timeline/timeline.h"

struct uthreads;

/* A visitor of `timeline`. `begin` and `end` are the capture's, for the bars. 0 or -ENOMEM. */
int uthreads_new(struct timeline *timeline, uint64_t begin, uint64_t end, struct uthreads **ret);
void uthreads_free(struct uthreads **uthreads);
/* After timeline_finish(): fills in model->uthreads and its company. 0, or -ENOMEM if memory was
 * out here or before. */
int uthreads_finish(struct uthreads *uthreads, uint64_t end, struct model *model);

#endif
