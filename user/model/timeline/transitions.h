/* SPDX-License-Identifier: GPL-2.0-only */
/* transitions.h - how often each thread went from one state of the textbooks to another */
#ifndef MODEL_TRANSITIONS_H
#define MODEL_TRANSITIONS_H

#include "model/timeline/timeline.h"

/* After timeline_finish(): fills in thread.arrows. */
void transitions_fill_in(struct timeline *timeline);

/* "dispatched", ... */
const char *arrow_name(enum arrow arrow);

#endif
