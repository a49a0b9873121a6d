/* SPDX-License-Identifier: GPL-2.0-only */
/* order_inside.h - what the search for orders shares with what it settles */
#ifndef MODEL_RACE_ORDER_INSIDE_H
#define MODEL_RACE_ORDER_INSIDE_H

#include "model/race/order.h"

#define WINDOW	   64
#define FAR_MAX	   6   /* steps placed that are told so late that they lie behind the window */
#define OPEN_MAX   12  /* updates that have loaded, nobody saw what, and not stored yet */
#define STATES_MAX 256 /* in one layer; those beyond are left out, and the segment is in doubt */
#define STATES_FEW 16  /* the same once so many ways have been looked at: */
#define WORK_MAX   (40u << 20)
#define TABLE	   2048

/* A segment that does not come to an end is ended, and is in doubt. */
#define LAYERS_MAX 1000
/* So long after a way was left out, that nothing fits may be because of that. */
#define BLAME_STEPS 6000

/* An update under way: what its load has found. */
struct open_update {
	uint32_t store;
	bool known;
	uint64_t found;
};

/* Which steps are placed. */
struct placement {
	uint32_t base; /* the first one that is not */
	uint8_t far_count;
	uint64_t near;	       /* those from `base` on, to the end of the window */
	uint32_t far[FAR_MAX]; /* those behind it, in order */
};

struct state {
	struct placement at;
	uint64_t value;
	bool known;
	uint8_t open_count;
	struct open_update open[OPEN_MAX];
};

/*
 * A step that may have come before so many others that were told first that the window does not
 * reach from there to it. Where a CPU stands still between an access and its trap - a hypervisor
 * gives it to somebody else for milliseconds - the other CPUs go on.
 */
struct late_step {
	uint32_t index;
	uint32_t from; /* the first step that it may have come before */
};

/* From a state of one layer to one of the next. */
struct edge {
	uint32_t from, to; /* indices in their layers */
	uint32_t step;
	/* Of a store: what was there before, what its load had found, what it left. */
	uint64_t before, found, value;
	bool has_before, has_found, has_value;
	bool alive;
	struct placement at; /* before the step */
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
	size_t placed_count; /* steps so far */
	size_t doubt_until;  /* up to this one, what is followed may not be what happened */
	VECTOR(struct late_step) late; /* in order of `from` */
	size_t late_next;	       /* the first that is not yet among those below */
	VECTOR(struct late_step) late_now;
	bool doubtful; /* something was left out in this segment */
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

static inline bool is_placed(const struct placement *at, uint32_t step)
{
	if (step == STEP_NONE || step < at->base)
		return true;
	if (step - at->base < WINDOW)
		return at->near >> (step - at->base) & 1;
	for (size_t i = 0; i < at->far_count; i++)
		if (at->far[i] == step)
			return true;
	return false;
}

/* All edges of the segment lead on to one state: works out what they have in common, and appends
 * the stores to search->out. 0 or -ENOMEM. */
int order_settle_segment(struct search *search);

#endif
