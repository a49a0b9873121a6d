/* SPDX-License-Identifier: GPL-2.0-only */
/* transitions.h - how often each thread went from one state of the textbooks to another */
#ifndef MODEL_TRANSITIONS_H
#define MODEL_TRANSITIONS_H

#include "model/timeline.h"

struct transitions;

/* A visitor of `timeline`. 0 or -ENOMEM. */
int transitions_new(struct timeline *timeline, struct transitions **ret);
void transitions_free(struct transitions **transitions);
/* After timeline_finish(): fills in thread.arrows. 0, or -ENOMEM if memory was out before. */
int transitions_finish(struct transitions *transitions, struct population *population);

/* "dispatched", ... */
const char *arrow_name(enum arrow arrow);
/* Of all threads together. */
uint64_t model_arrows(const struct model *model, enum arrow arrow);

#endif
