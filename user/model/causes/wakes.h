/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wakes.h - who woke whom, and how far that went on
 *
 * Each blocked interval that ended has one that ended it. A chain is a thread that is woken by one
 * that was itself woken, and so on: each wakes the next one while it runs because of having been
 * woken. It begins with a thread that a timer or a device woke, or that ran of its own.
 */
#ifndef MODEL_WAKES_H
#define MODEL_WAKES_H

#include "model/timeline/timeline.h"

struct wakes;

/* A visitor of `timeline`. 0 or -ENOMEM. */
int wakes_new(struct timeline *timeline, struct wakes **ret);
void wakes_free(struct wakes **wakes);
/* After timeline_finish(): fills in model->wakes, most often first, and model->chain. 0 or -ENOMEM.
 */
int wakes_finish(struct wakes *wakes, struct model *model);

#endif
