/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * herds.h - threads that are woken for nothing
 *
 * A wake-up was for nothing if the thread does hardly anything before it waits for the same thing
 * again. That alone happens in good programs too: a small piece of work looks no different. It is
 * told of where the circumstances speak for it:
 *
 *	herd	 one thread wakes several at once that wait for one thing, again and again, and most
 *		 of them go back to sleep; at least one of them is taken to have been needed
 *	polling	 a thread wakes itself by a timer, again and again, to look for something
 */
#ifndef MODEL_HERDS_H
#define MODEL_HERDS_H

#include "model/timeline/timeline.h"

struct herds;

/* A visitor of `timeline`. 0 or -ENOMEM. */
int herds_new(struct timeline *timeline, struct herds **ret);
void herds_free(struct herds **herds);
/* After timeline_finish(): fills in model->herds and model->pollings. 0, or -ENOMEM if memory was
 * out here or before. */
int herds_finish(struct herds *herds, struct model *model);

#endif
