/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * past.h - how many threads ran, some while back
 *
 * That a thread ran unseen is told when it leaves its CPU. Then the count of threads that ran at
 * once is put right. Not for any time ago: memory is bounded, and recordings without such threads
 * pay nothing but for their first moments.
 */
#ifndef MODEL_PAST_H
#define MODEL_PAST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vector.h"

struct timeline;
struct track;

/* So many did, without a change. */
struct past_piece {
	uint64_t begin, end;
	uint32_t running;
	uint32_t sole; /* thread, if it was one */
};

struct run_past {
	VECTOR(struct past_piece) pieces; /* in order, without gaps */
	bool needed;			  /* a thread ran unseen: it is kept from there on */
	bool off;
};

/* From the sweep's last stop to `time`. */
void past_keep(struct timeline *timeline, uint64_t time);
/* `track` ran from `since` to `until`, which the sweep has reached, and nobody counted it. How much
 * of that lies too far back. */
uint64_t past_count(struct timeline *timeline, struct track *track, uint64_t since, uint64_t until);

#endif
