/* SPDX-License-Identifier: GPL-2.0-only */
/* inside.h - what race.c (accesses to steps) and losses.c (orders to losses) share */
#ifndef MODEL_RACE_INSIDE_H
#define MODEL_RACE_INSIDE_H

#include "model/race/race.h"
#include "model/race/order.h"

/* What the tracer keeps of a thread while it takes the accesses apart. */
struct thread_steps {
	uint32_t thread;
	uint32_t last;	/* its last step, or STEP_NONE */
	uint32_t read;	/* the load that has no store yet, or STEP_NONE */
	uint64_t found; /* what that found */
};

struct race_work {
	const struct race_access *accesses;
	size_t count;
	const struct race_options *options;
	uint64_t mask;
	struct race *out;
	int64_t step; /* what WRITE and FETCH are taken to add, where that is not seen */
	bool has_step;
	bool has_other; /* updates that add something else */
	VECTOR(struct step) steps;
	VECTOR(struct thread_steps) threads; /* by thread number, with holes */
	struct order order;
};

/* Which updates are not in the last value, and what is certain of them. 0 or -ENOMEM. */
int race_find_losses(struct race_work *work);
/* How many; once the figures of the order are in `out`. 0 or -ENOMEM. */
int race_count_losses(struct race_work *work);

#endif
