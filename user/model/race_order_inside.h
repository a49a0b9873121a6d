/* SPDX-License-Identifier: GPL-2.0-only */
/* race_order_inside.h - what the search for orders shares with what it settles */
#ifndef MODEL_RACE_ORDER_INSIDE_H
#define MODEL_RACE_ORDER_INSIDE_H

#include "model/race_order.h"

#define WINDOW	   64
#define OPEN_MAX   12  /* updates that have loaded and not stored yet */
#define STATES_MAX 256 /* in one layer; those beyond are left out, and the segment is in doubt */
#define STATES_FEW 16  /* the same once so many ways have been looked at: */
#define WORK_MAX   (40u << 20)
#define TABLE	   2048

/* A segment that does not come to an end is ended, and is in doubt. */
#define LAYERS_MAX 300

/* An update under way: what its load has found. */
struct open_update {
	uint32_t store;
	bool known;
	uint64_t found;
};

struct state {
	uint32_t base;	 /* the first step that is not placed */
	uint64_t placed; /* the steps from there on that are */
	uint64_t value;
	bool known;
	uint8_t open_count;
	struct open_update open[OPEN_MAX];
};

/* From a state of one layer to one of the next. */
struct edge {
	uint32_t from, to; /* indices in their layers */
	uint32_t step;
	/* Of a store: what was there before, what its load had found, what it left. */
	uint64_t before, found, value;
	bool has_before, has_found, has_value;
	bool alive;
	uint32_t base; /* what was placed before */
	uint64_t placed;
};

/* The layers since the last one with a single state. */
struct layer {
	size_t first_edge; /* those that lead to the next layer */
};

struct search {
	const struct step *steps;
	size_t count;
	uint64_t mask;
	uint64_t *earliest; /* the smallest `begin` from this step on */
	VECTOR(struct state) now;
	VECTOR(struct state) next;
	VECTOR(struct edge) edges;
	VECTOR(struct layer) layers;
	uint16_t table[TABLE]; /* of `next`: index + 1 */
	uint64_t work;
	size_t placed_count, left_out; /* steps so far; at the last time that a way was left out */
	bool doubtful;		       /* something was left out in this segment */
	bool restart;
	struct order *out;
	uint32_t *source_of; /* by load: the store before it, on the way that is taken */
	uint32_t last;	     /* the last store there, or STEP_NONE */
	size_t first;	     /* store of this segment */
	bool had_value;	     /* when it began */
	uint64_t value_before;
	/* Work space of a segment. */
	VECTOR(struct edge) options; /* alive edges of stores */
	VECTOR(uint8_t) alive, alive_before;
};

static inline bool is_placed(const struct state *state, uint32_t step)
{
	if (step == STEP_NONE || step < state->base)
		return true;
	return step - state->base < WINDOW && state->placed >> (step - state->base) & 1;
}

/* All edges of the segment lead on to one state: works out what they have in common, and appends
 * the stores to search->out. 0 or -ENOMEM. */
int order_settle_segment(struct search *search);

#endif
