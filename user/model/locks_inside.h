/* SPDX-License-Identifier: GPL-2.0-only */
/* locks_inside.h - what locks.c keeps of locks and threads while the timeline goes on */
#ifndef MODEL_LOCKS_INSIDE_H
#define MODEL_LOCKS_INSIDE_H

#include "model/lock_map.h"
#include "model/locks.h"
#include "model/waiters.h"

struct lock_entry {
	struct lock lock;
	struct waiters waiters;
};

/* What one lock and one thread have to do with each other. */
struct lock_share {
	uint32_t lock, thread;
	uint64_t waited_ns;
	uint64_t held_ns;	  /* others waited while it held */
	uint64_t held_running_ns; /* of those, it was running */
};

/* A thread mostly waits for the lock that it waited for last: spares the look-ups. */
struct lock_last {
	bool valid;
	uint64_t address;
	uint32_t lock, process;
	uint32_t own_share;
	uint32_t holder, holder_share; /* NO_THREAD: none yet */
};

/* A complete running interval of a thread that others wait for. */
struct lock_run {
	uint64_t begin, end;
	uint64_t running_ns; /* all its running time up to `end` */
};

struct lock_thread {
	uint32_t lock;		    /* that it waits for, or NO_LOCK */
	uint32_t holder;	    /* thread index, or NO_THREAD */
	uint32_t holder_tid;	    /* of one that was not known yet; 0: none */
	bool open_begin;	    /* it had begun before the capture; known at its end only */
	uint64_t begin;		    /* of the wait */
	uint64_t holder_running_ns; /* at that time */
	uint32_t waited_for_by;	    /* how many wait for this thread */
	struct lock_last last;
	VECTOR(struct lock_run) log;
};

struct locks {
	struct timeline *timeline;
	VECTOR(struct lock_entry) locks;
	VECTOR(struct lock_share) shares;
	VECTOR(struct lock_thread) threads;
	struct lock_map by_address; /* (address, process) -> lock */
	struct lock_map by_thread;  /* (lock, thread) -> share */
	int error;
};

#endif
