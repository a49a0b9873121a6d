/* SPDX-License-Identifier: GPL-2.0-only */
/* memory.h - page faults and resident memory of processes */
#ifndef MODEL_MEMORY_H
#define MODEL_MEMORY_H

#include "model/timeline/timeline.h"

struct memory_book;

/* A visitor of `timeline`. 0 or -ENOMEM. */
int memory_new(struct timeline *timeline, struct memory_book **ret);
void memory_free(struct memory_book **book);
/* After timeline_finish(): fills in the processes. 0, or -ENOMEM if memory was out here or before.
 */
int memory_finish(struct memory_book *book);

#endif
