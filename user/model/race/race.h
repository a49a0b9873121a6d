/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * race.h - which updates of a variable were lost, and to whom
 *
 * An update reads, adds, and writes; if another thread's write comes between the two, that write is
 * overwritten by somebody who did not know of it, and lost. All accesses to one variable happened
 * in one order, which all CPUs agree on, but traps do not tell it: each says only that its access
 * came after that thread's trap before and not after its own. What tells it are the values: each
 * read gives what the write before it left. So all orders that fit times and values are looked for;
 * what holds in every one of them is certain and is named, and what does not is counted as
 * undecided.
 *
 * How many updates were lost needs no order at all where each adds the same: they are as many as
 * the updates are more than the value moved by.
 */
#ifndef MODEL_RACE_H
#define MODEL_RACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/vector.h"

#define RACE_NONE UINT32_MAX

enum race_kind {
	RACE_IGNORED = 0, /* a read whose value is not known: it only says where the thread was */
	RACE_READ = 1,	  /* value: what it read */
	RACE_WRITE = 2,	  /* value: what it wrote */
	RACE_ADD = 3,	  /* value: what it added, between a read and a write of its own */
	RACE_ATOMIC = 4,  /* the same at once; value: what it added */
	RACE_FETCH = 5,	  /* at once; value: what was there before; what it added is not known */
	RACE_COMPARE = 6, /* at once; value: what it wrote */
	RACE_UNKNOWN = 7, /* it may have written anything */
};

/* One access, as the trap tells of it. */
struct race_access {
	uint64_t begin; /* not before */
	uint64_t end;	/* not after; the order of the input */
	uint64_t value;
	uint64_t seen;	   /* what the variable held at some time in end..seen_end */
	uint64_t seen_end; /* 0: it was not looked at */
	uint32_t thread;
	enum race_kind kind;
};

enum race_certainty {
	RACE_DOUBT = 0,
	RACE_CERTAIN = 1, /* who overwrote whom */
	RACE_TWINS = 2,	  /* both wrote the same from the same: one was lost, no matter which */
};

/* An update that is not in the final value. Indices are those of the accesses. */
struct race_loss {
	uint32_t victim;
	uint32_t killer;      /* the write that wiped it out; RACE_NONE if that is not known */
	uint32_t victim_read; /* RACE_NONE: not seen by itself */
	uint32_t killer_read;
	uint64_t read;	  /* what the killer had read, before the victim wrote */
	uint64_t written; /* what it wrote */
	uint64_t lost;	  /* what the victim had written */
	enum race_certainty certainty;
};

struct race {
	uint64_t reads, updates, assignments, unknown;
	bool counts;   /* every update adds the same: `step` */
	bool inferred; /* reads were not seen: each write is taken for an update by `step` */
	int64_t step;
	bool is_set; /* by all assignments, before any update: `first` is what the last one left */
	bool has_first;
	uint64_t first, last; /* the value before the first update, after the last */
	bool last_certain;
	uint64_t lost;
	bool exact; /* it is so in whatever order; else `lost` is that of one that fits */
	uint64_t named, undecided;
	uint64_t given_up; /* places with more orders than could be looked through */
	uint64_t broken;   /* places where no order fits: something wrote that was not seen */
	VECTOR(struct race_loss) losses; /* in order; named and not */
};

struct race_options {
	uint32_t bytes; /* of the variable: 1, 2, 4, 8 */
	bool reads_seen;
	bool has_first; /* what the variable held before is known */
	uint64_t first;
};

/* Accesses in order of `end`. 0 or -ENOMEM. */
int race_work_out(const struct race_access *accesses, size_t count,
		  const struct race_options *options, struct race *ret);
void race_free(struct race *race);

#endif
