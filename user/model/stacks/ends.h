/* SPDX-License-Identifier: GPL-2.0-only */
/* ends.h - how many stacks are whole, and why the others are not */
#ifndef MODEL_STACK_ENDS_H
#define MODEL_STACK_ENDS_H

#include "model/model.h"
#include "model/timeline/timeline.h"

struct stack_ends_counter;

/* Looks at all waits and samples of the timeline. 0 or -ENOMEM. */
int stack_ends_new(struct timeline *timeline, const struct recording *recording,
		   struct stack_ends_counter **ret);
void stack_ends_finish(const struct stack_ends_counter *counter, struct stack_ends *ret);
void stack_ends_free(struct stack_ends_counter **counter);

#endif
