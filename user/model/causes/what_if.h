/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * what_if.h - how long the run would have taken without one kind of waiting
 *
 * The run is replayed as it is read, in several worlds at once. In each, threads run as long as
 * they did, wait for each other where they did, and share as many CPUs as there are; but in one
 * world nobody waits for a certain lock, in another there is a CPU for everybody. What a thread
 * waits for from outside (a timer, a device) takes as long as it took.
 *
 * The first world is the run as it was. It comes out a little shorter than the run, as in the
 * replay a thread that is woken runs at once when there is a CPU. So what is told as gain is the
 * difference between two replays, and not that between a replay and reality; and never more than
 * was waited for the lock.
 *
 * A process stays on the CPUs on which it has been seen lately: nothing tells which ones it may
 * use. A replay puts threads on CPUs in the order in which they really ran: it is a schedule that
 * can be, not the best one. So it never promises too much, as far as the waiting goes. The work
 * stays what it was: system calls that take the lock, and memory that travels between CPUs, cost in
 * the replay what they cost in reality.
 *
 * Memory: a handful of numbers per thread and per CPU and world, whatever the length of the run.
 * There are worlds for a few locks only, given to the first ones that are waited for. A lock that
 * is waited for much longer than one that has a world takes that over; its world begins then, and
 * its gain leaves out what was before (`from` tells).
 */
#ifndef MODEL_WHAT_IF_H
#define MODEL_WHAT_IF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vector.h"
#include "model/timeline/reasons.h"

enum what_if_kind {
	WHAT_IF_CPUS = 0, /* without waiting for a CPU: one for everybody */
	WHAT_IF_LOCK = 1, /* without waiting for one lock; or a condition: see `reason` */
};

#define WHAT_IF_WAITERS 8

/* One answer. */
struct what_if {
	enum what_if_kind kind;
	/* LOCK: */
	uint32_t process; /* as in struct lock */
	uint64_t address;
	enum reason reason;   /* CONDITION: it is told for those that are used as locks */
	uint64_t first, last; /* from the first wait's begin to the last one's end */
	uint64_t waits, wait_ns;
	uint64_t timeouts;		   /* waits that a timer, or a signal, ended */
	uint64_t inside;		   /* waits ended by a thread that waits for it as well */
	uint32_t waiters[WHAT_IF_WAITERS]; /* the first threads that waited for it */
	uint32_t waiter_count;
	uint64_t from;	  /* what was before this time is left out */
	uint64_t gain_ns; /* so much shorter would the run have been */
};

/* ---- the replay ---------------------------------------------------------------------------- */

#define WORLDS 10 /* as it was, a CPU for everybody, locks, conditions */
enum {
	WORLD_AS_IT_WAS = 0,
	WORLD_CPUS = 1,
	WORLD_LOCKS = 2,      /* the first of them */
	WORLD_CONDITIONS = 8, /* the first of them */
};

/* What time it is for one thread, in each world. */
struct clocks {
	uint64_t now[WORLDS];
};

/* Who sits on which CPU in each world; of a thread that runs. */
struct seats {
	uint16_t cpu[WORLDS];
	uint64_t until[WORLDS]; /* the end of the idle time that it took; UINT64_MAX: open */
	bool taken;
};

/* Idle times of a CPU that lie in its past. A thread that comes late in reality, and early in the
 * world, finds its place there. With too many the small ones are forgotten, and now and then an old
 * one: who would have found a place there sits down later. */
#define REPLAY_GAPS 16

struct replay_gap {
	uint64_t begin, end;
};

struct replay_cpu {
	uint64_t free; /* from when on, if nobody sits there */
	bool taken;    /* after that */
	uint32_t count, forgotten;
	uint64_t least; /* no gap is shorter, if there is no room for more; 0: not known */
	struct replay_gap gaps[REPLAY_GAPS]; /* in order of time, before `free` */
};

struct replay_lock {
	uint32_t process;
	uint64_t address;
	enum reason reason;
	uint64_t total_ns, waits;
	uint64_t first, last;
	uint64_t timeouts, inside;
	uint32_t waiters[WHAT_IF_WAITERS];
	uint32_t waiter_count;
	uint32_t world; /* 0: none */
	uint64_t from;
};

struct replay {
	uint32_t used;	     /* bits 1 << world */
	unsigned int worlds; /* all in use are below */
	unsigned int cpus;
	VECTOR(struct replay_cpu) seats[WORLDS]; /* by CPU */
	uint32_t locks[WORLDS];			 /* by world */
};

int replay_init(struct replay *replay, unsigned int cpus);
void replay_free(struct replay *replay);
/* A thread begins to run: it takes a seat in each world when its time has come and one is free.
 * `allowed`: bits 1 << CPU % 64. */
int replay_run(struct replay *replay, uint16_t cpu, uint64_t allowed, struct clocks *clocks,
	       struct seats *seats);
/* It has been running for so long, and leaves; in reality at `real`. */
void replay_leave(struct replay *replay, struct clocks *clocks, struct seats *seats, uint64_t ns,
		  uint64_t real);
/* World `world` begins anew, as a copy of the one that is as it was. */
int replay_copy_world(struct replay *replay, unsigned int world);

/* Time goes by for a thread in all worlds alike. */
static inline void clocks_pass(const struct replay *replay, struct clocks *clocks, uint64_t ns)
{
	for (unsigned int i = 0; i < replay->worlds; i++)
		clocks->now[i] += ns;
}

/* It goes on when both it and its waker, `ran` ns after `waker`, are there; in world `without` (0:
 * none) it need not wait. */
static inline void clocks_meet(const struct replay *replay, struct clocks *clocks,
			       const struct clocks *waker, uint64_t ran, unsigned int without)
{
	uint64_t spared = clocks->now[without];

	for (unsigned int i = 0; i < replay->worlds; i++) {
		uint64_t then = waker->now[i] + ran;

		clocks->now[i] = then > clocks->now[i] ? then : clocks->now[i];
	}
	if (without)
		clocks->now[without] = spared;
}

#endif
