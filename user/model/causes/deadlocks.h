/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * deadlocks.h - threads that wait for each other in a circle
 *
 * A thread that waits for a lock points to the one that holds it, one that joins to the one that it
 * waits for. A circle closes with the wait of its last thread. The holder was read when each wait
 * began, and may have passed the lock on since then to somebody who took it without sleeping: so a
 * circle is a deadlock only if none of its threads ever got what it waited for. Each of its waits
 * goes on to the end of the recording, or is ended by its own timeout, or by the end of the thread.
 */
#ifndef MODEL_DEADLOCKS_H
#define MODEL_DEADLOCKS_H

#include "model/timeline/timeline.h"

struct deadlocks;
struct recording;

/* A visitor of `timeline`. 0 or -ENOMEM. */
int deadlocks_new(struct timeline *timeline, struct deadlocks **ret);
void deadlocks_free(struct deadlocks **deadlocks);
/* After timeline_finish(): adds them to the empty model->deadlocks, in the order in which they
 * closed. 0, or -ENOMEM if memory was out here or before. */
int deadlocks_finish(struct deadlocks *deadlocks, struct model *model);
/* Where their threads wait, as far as it was found while they did. */
void deadlocks_find_ways(const struct recording *recording, struct model *model);

#endif
