/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * seldom.h - what takes long to learn, and is asked for again and again
 *
 * What was learnt serves for twenty times as long as it took: so learning never takes more than a
 * twentieth of the time, however much there is to learn.
 */
#ifndef BASE_SELDOM_H
#define BASE_SELDOM_H

#include <stdbool.h>

#include "base/units.h"

#define SELDOM_TIMES 20

/* All zero: nothing learnt yet. */
struct seldom {
	uint64_t learnt, took;
};

static inline bool seldom_is_due(const struct seldom *seldom, uint64_t now)
{
	return now - seldom->learnt >= SELDOM_TIMES * seldom->took;
}

/* Learnt just now, from `begin` on. */
static inline void seldom_learnt(struct seldom *seldom, uint64_t begin)
{
	seldom->learnt = monotonic_ns();
	seldom->took = seldom->learnt - begin;
}

#endif
