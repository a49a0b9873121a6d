/* SPDX-License-Identifier: GPL-2.0-only */
/* holds_sums.h - what the kernel side counts of locks with --locks=all; user space reads it */
#ifndef PTRACE_LAB_HOLDS_SUMS_H
#define PTRACE_LAB_HOLDS_SUMS_H

#include "bpf/events.h"

#define PL_HOLD_LOCKS 16384 /* locks that are counted; and as many holds at once */
#define PL_HOLD_TASKS 65536

struct pl_hold_lock {
	PL_U64 address;
	PL_U32 tgid;
	PL_U32 zero;
};

struct pl_hold_sum {
	PL_U64 taken; /* and given up again: */
	PL_U64 held_ns, held_max_ns;
	PL_U64 refused; /* tries that gave up */
	PL_U64 told;	/* in which mapping it lies */
};

/* One thread that has one lock. */
struct pl_hold_key {
	PL_U64 address;
	PL_U32 tid;
	PL_U32 tgid;
};

struct pl_hold {
	PL_U64 since;
	PL_U32 depth; /* a lock may be taken again by who has it */
	PL_U32 tried; /* whether it was got is not known before it is given up */
};

/* A thread that called for a lock. That it has got it is known when it does the next thing. */
struct pl_hold_call {
	PL_U64 address;	  /* 0: none */
	PL_U64 since;	  /* the call, or the end of its last sleep for it */
	PL_U64 condition; /* from a wait for which it comes back, 0: none */
	PL_U32 tried;
	PL_U32 asleep;
};

#endif
