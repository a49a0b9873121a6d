/* SPDX-License-Identifier: GPL-2.0-only */
/* inside.h - what locks.c keeps of locks and threads while the timeline goes on */
#ifndef MODEL_LOCKS_INSIDE_H
#define MODEL_LOCKS_INSIDE_H

#include "model/locks/map.h"
#include "model/locks/locks.h"
#include "model/causes/waiters.h"

/* How long a thread has been running, and ready to run. */
struct holder_times {
	uint64_t running_ns, ready_ns;
};

/* From then on a thread had a lock, until the next term (terms.c). */
struct lock_term {
	uint64_t begin;
	uint32_t holder, share;
	struct holder_times before; /* at its begin */
};

struct lock_entry {
	struct lock lock;
	struct waiters waiters;
	VECTOR(struct lock_term) terms; /* by begin; only while somebody waits */
	/* GIL: who was woken last to have it, or NO_THREAD; and how often that has changed. */
	uint32_t owner, owners;
};

/* What one lock and one thread have to do with each other. */
struct lock_share {
	uint32_t lock;
	struct lock_user user;
};

/* A thread mostly waits for the lock that it waited for last: spares the look-ups. */
struct lock_last {
	bool valid;
	uint64_t address;
	uint32_t lock, space;
	uint32_t own_share;
	uint32_t holder, holder_share; /* NO_THREAD: none yet */
};

/* A complete running interval of a thread that others wait for. */
struct lock_run {
	uint64_t begin, end;
	uint64_t running_ns; /* all its running time up to `end` */
	uint64_t ready_ns;   /* all its time of being ready up to then */
};

struct lock_thread {
	uint32_t lock;			   /* that it waits for, or NO_LOCK */
	uint32_t holder;		   /* thread index, or NO_THREAD */
	uint32_t holder_tid;		   /* of one that was not known yet; 0: none */
	uint64_t begin;			   /* of the wait */
	struct holder_times holder_before; /* at that time */
	uint64_t ready_before;		   /* how long it had been ready when first heard of */
	/* GIL: waits that timed out one after the other while nobody was known to have it. */
	uint64_t unexplained_ns;
	uint32_t unexplained_owners; /* as many owners as there had been then */
	uint32_t waited_for_by;	     /* how many wait for this thread */
	uint32_t handed;	     /* the lock whose wait ended last by a wake-up, or NO_LOCK */
	uint64_t handed_at;	     /* when */
	struct lock_last last;
	VECTOR(struct lock_run) log;
};

struct locks {
	struct timeline *timeline;
	VECTOR(struct lock_entry) locks;
	VECTOR(struct lock_share) shares;
	VECTOR(struct lock_thread) threads;
	struct lock_map by_place;  /* (address, space) or (offset, file) -> lock */
	struct lock_map by_thread; /* (lock, thread) -> share */
	int error;
};

/* Ends waits whose end was never told. All return 0 or -ENOMEM. */
int locks_drop_waits(struct locks *locks);
int locks_find(struct locks *locks, const struct interval *interval, uint32_t *ret);
int locks_find_share(struct locks *locks, uint32_t lock, uint32_t thread, uint32_t *ret);
/* How long a holder had been running and ready at `time`, which is no earlier than that of
 * `at_begin`. */
struct holder_times locks_times_at(const struct locks *locks, uint32_t thread, uint64_t time,
				   struct holder_times at_begin);
void locks_pin(struct locks *locks, uint32_t thread);
void locks_unpin(struct locks *locks, uint32_t thread);
int locks_begin_term(struct locks *locks, uint32_t lock, uint64_t begin, uint32_t holder);
void locks_forget_terms(struct locks *locks, struct lock_entry *entry);
uint64_t locks_share_out_terms(struct locks *locks, struct lock_thread *waiter, uint64_t end);
/* Who has Python's lock as this wait for it begins, as far as is known: nothing can be read. */
uint32_t locks_gil_owner(struct locks *locks, uint32_t lock, const struct interval *wait);
/* A wait for it has ended; who `waker` is, or NO_THREAD. How much of the waiting before this one
 * the waker explains. */
uint64_t locks_gil_passed(struct locks *locks, uint32_t waiter, const struct interval *interval,
			  uint32_t waker);
/* The waiting parts of a condition variable, and of a read-write lock, are pairs of words within
 * eight bytes; threads wait for the one or the other in turn. */
static inline uint64_t locks_address(const struct interval *interval)
{
	const unsigned int pairs = 1u << REASON_CONDITION | 1u << REASON_RWLOCK;

	/* A condition to requeue from is one word. */
	if (1u << interval->reason & pairs && interval->futex_kind != PL_FUTEX_REQUEUE_PI)
		return interval->address & ~7ull;
	return interval->address;
}

static inline uint64_t locks_share_out(struct locks *locks, struct lock_thread *waiter,
				       uint64_t end)
{
	if (waiter->holder == NO_THREAD && !locks->locks.items[waiter->lock].terms.count)
		return end - waiter->begin;
	return locks_share_out_terms(locks, waiter, end);
}

/* By what a lock is known: its address in an address space, or its place in a file. */
struct locks_key {
	uint64_t place;
	uint32_t where;
	uint32_t process; /* of the waiting thread: index */
	bool shared;
};

struct population;
struct locks_key locks_key(const struct population *population, const struct interval *interval);

#endif
