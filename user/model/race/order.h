/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * order.h - all orders of the accesses to one variable that fit what is known of them
 *
 * An access is taken apart into steps: loads and stores. The search goes through the steps in all
 * orders at once, a layer of states for each number of steps placed; states in which the same
 * steps are placed and the same is in memory are one. Where a single state is left, all that came
 * before is settled: what every way there has in common is certain.
 */
#ifndef MODEL_RACE_ORDER_H
#define MODEL_RACE_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/vector.h"

#define STEP_NONE UINT32_MAX

enum step_kind {
	STEP_LOAD = 0,	 /* must find `found` if `known` */
	STEP_STORE = 1,	 /* leaves `value` if `known`; else what its load found and `value` more */
	STEP_UPDATE = 2, /* load and store at once: finds `found` if `known`; leaves `value` more,
			  * or `value` itself if `sets` */
};

struct step {
	uint64_t begin, end;
	uint64_t value, found;
	uint32_t access;
	uint32_t thread;
	uint32_t before; /* the thread's step before, or STEP_NONE */
	uint32_t pair;	 /* LOAD: the store that it is for; STORE: its load; STEP_NONE: none */
	uint8_t kind;	 /* enum step_kind */
	bool known;
	bool sets; /* UPDATE */
	bool any;  /* it may leave anything */
};

/* A store, where it stands in one of the orders that fit. */
struct placed {
	uint32_t step;
	uint32_t source; /* the store that its load found, or STEP_NONE: none of ours, or no load */
	uint32_t group;	 /* stores that may have come in any order among themselves, or STEP_NONE */
	uint64_t found, value;
	bool has_found;	 /* `found` is known */
	bool fresh;	 /* it found what was there when it stored, in every order */
	bool stale;	 /* the same other thing was there, in every order */
	bool one_victim; /* stale: one store only can have left that */
	bool settled;	 /* neither is in doubt; or it is in a group */
	bool assigns;	 /* it has no load: what was there before does not matter to it */
	bool restart;	 /* what was in memory before is not known here */
};

struct order {
	VECTOR(struct placed) stores;
	uint64_t broken;   /* places where no order fits */
	uint64_t given_up; /* the same, but there were more orders than could be looked through */
	uint64_t last;	   /* in memory at the end */
	bool last_certain; /* the same in every order */
};

/* Steps in order of `end`, and of the program for each thread. `mask`: the bits of the variable;
 * `first`: what it held before, or NULL. 0 or -ENOMEM. */
int order_find(const struct step *steps, size_t count, uint64_t mask, const uint64_t *first,
	       struct order *ret);
void order_free(struct order *order);

#endif
