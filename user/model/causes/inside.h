/* SPDX-License-Identifier: GPL-2.0-only */
/* inside.h - what the files that follow causes share, and nobody else */
#ifndef MODEL_CAUSES_INSIDE_H
#define MODEL_CAUSES_INSIDE_H

#include "model/locks/map.h"
#include "model/causes/path_tree.h"
#include "model/timeline/timeline.h"

/* A complete running interval of the latest past, for wake-ups that are learnt of late. */
struct past_run {
	uint64_t begin, end;
	uint64_t ready;	      /* how long it had waited for the CPU */
	uint32_t node;	      /* the path up to that wait */
	struct clocks clocks; /* at `begin` */
};

/* The newest ones; the oldest gives way. */
struct past {
	struct past_run *runs;
	uint32_t first, count, capacity; /* a power of two */
};

struct cause_thread {
	uint32_t node;	     /* the path to where it is, NO_PATH: not begun; but for these: */
	uint64_t ready, ran; /* first the one, then the other */
	bool is_target;
	uint32_t process;
	struct clocks clocks;
	struct seats seats;
	struct past past;
	/* The lock that it waited for last: spares the look-up. */
	uint64_t lock_address;
	uint32_t lock; /* index + 1 in `locks`; 0: none */
	uint32_t kind; /* the first thread of its kind: index + 1; 0: not known yet */
};

/* Where a process ran lately: bits 1 << CPU % 64. An affinity may change, mostly at the begin. */
#define SEEN_RUNS 128u

struct seen_cpus {
	uint64_t now, before; /* in the latest runs, less than SEEN_RUNS; in as many before these */
	uint32_t runs;
};

struct causes {
	struct timeline *timeline;
	uint32_t target;
	struct path_tree tree;
	struct replay replay;
	VECTOR(struct cause_thread) threads; /* by index */
	VECTOR(struct seen_cpus) seen;	     /* by process */
	VECTOR(struct replay_lock) locks;
	struct lock_map by_address; /* (address, process) -> lock */
	struct lock_map by_kind;    /* hash of a kind of threads -> the first one */
	/* Who ran last, and until when; NO_THREAD: nobody. */
	struct last_run {
		uint32_t thread;
		uint64_t end;
	} last_of_target, last_of_all;
	uint64_t now;
	uint32_t past_limit; /* runs that are kept of each thread */
	uint64_t past_span;  /* what is older is forgotten when the tree is tidied */
	uint64_t forgotten;
	int error;
};

/* The running interval that `time` lies in, if it is still known. */
const struct past_run *past_find(const struct past *past, uint64_t time);
/* 0 or -ENOMEM. */
int past_grow(struct past *past);
void past_forget(struct past *past, uint64_t before);

static inline struct past_run *past_run_at(const struct past *past, uint32_t i)
{
	return &past->runs[(past->first + i) & (past->capacity - 1)];
}

/* Room for one more, which the caller fills in; `limit` is the most to keep. NULL: memory is out.
 */
static inline struct past_run *past_add(struct past *past, uint32_t limit)
{
	if (past->count < past->capacity)
		return past_run_at(past, past->count++);
	if (past->count >= limit && past->capacity) {
		past->first++;
		return past_run_at(past, past->count - 1);
	}
	return past_grow(past) ? NULL : past_run_at(past, past->count++);
}

/* For struct path_setting. */
uint32_t causes_first_of_kind(void *causes, uint32_t thread);

/* Makes `node` the whole path of a thread to where it is. */
void causes_put_down(struct causes *causes, uint32_t thread);

/* Those of which one can say what the run would be without them. Without waiting for a semaphore it
 * would be another program, and so it would for most conditions; but some are used as locks. */
#define REASONS_SPARED                                                                             \
	(1u << REASON_LOCK | 1u << REASON_RWLOCK | 1u << REASON_CONDITION | 1u << REASON_GIL)

int causes_know_lock(struct causes *causes, const struct interval *interval,
		     struct replay_lock **ret);

/* The lock of a wait, which has just been learnt of; NULL if it is for none. Its world is the one
 * in which nobody waits for it, 0 if there is none. 0 or -ENOMEM. */
static inline int causes_lock(struct causes *causes, const struct interval *interval,
			      struct replay_lock **ret)
{
	if (interval->address && 1u << interval->reason & REASONS_SPARED)
		return causes_know_lock(causes, interval, ret);
	*ret = NULL;
	return 0;
}

bool replay_lock_has_waiter(const struct replay_lock *lock, uint32_t thread);

#endif
