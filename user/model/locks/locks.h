/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * locks.h - who waited for which lock, and what its holder did meanwhile
 *
 * A wait is the blocked part alone: what a thread waits for its CPU afterwards is not the lock's
 * doing. The holder is the one that held the lock when the wait began.
 */
#ifndef MODEL_LOCKS_H
#define MODEL_LOCKS_H

#include "model/timeline/timeline.h"

struct locks;

/* A visitor of `timeline`. 0 or -ENOMEM. */
int locks_new(struct timeline *timeline, struct locks **ret);
void locks_free(struct locks **locks);
/* After timeline_finish(): adds those that were waited for, most time first, to the empty
 * model->locks. 0, or -ENOMEM if memory was out here or before. */
int locks_finish(struct locks *locks, struct model *model);

#endif
