/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * futex.h - what a futex word belongs to, told from the words around it
 *
 * The kernel knows no mutexes, only 32-bit words. But the way in which glibc waits on a word, and
 * what lies beside it, tell the kind. Plain C without helpers, so that the tests can hold it
 * against real pthread objects.
 *
 *	mutex		FUTEX_WAIT for the value 2 (locked, with waiters); the owner's tid is at +8
 *	  timed		FUTEX_WAIT_BITSET for the value 2, owner at +8
 *	  robust	FUTEX_WAIT or FUTEX_WAIT_BITSET, shared, for the owner's tid and the bit
 *			that somebody waits; the tid is at +8 too
 *	PI mutex	FUTEX_LOCK_PI; the word holds the owner's tid
 *	join		FUTEX_WAIT_BITSET, shared, on a word that holds the tid of the other thread
 *	rwlock		FUTEX_WAIT_BITSET for 2 or 3; writer's tid at +16 (phase word) or +12
 *			(writers' word), and nothing in the words between
 *	semaphore	FUTEX_WAIT_BITSET for 0 on an 8-byte aligned word; waiters' count at +4
 *	barrier		FUTEX_WAIT for the round; how many came at -4, how many it takes at +4
 *	condition	FUTEX_WAIT_BITSET for 0 on one of the two signal words that end the object;
 *			in front of them the count of waiters, times 8 (at -4 or -8)
 *	  requeue	FUTEX_WAIT_REQUEUE_PI, which the C library used up to 2.24: a word of
 *			its own
 */
#ifndef PTRACE_LAB_FUTEX_H
#define PTRACE_LAB_FUTEX_H

#include "bpf/events.h"

#define FUTEX_CMD_WAIT		  0
#define FUTEX_CMD_LOCK_PI	  6
#define FUTEX_CMD_WAIT_BITSET	  9
#define FUTEX_CMD_WAIT_REQUEUE_PI 11
#define FUTEX_CMD_LOCK_PI2	  13
#define FUTEX_CMD_MASK		  0x7f
#define FUTEX_PRIVATE		  0x80
#define FUTEX_TID		  0x3fffffff
#define FUTEX_HAS_WAITERS	  0x80000000

/* futex2's futex_wait(): a bitset wait with its flags elsewhere. */
#define FUTEX2_PRIVATE 0x80

/* The words before[0..2] lie at -12, -8, -4 of the futex; after[0..4] at 0, 4, 8, 12, 16. */
struct futex_view {
	PL_U32 before[3];
	PL_U32 after[5];
};
#define FUTEX_VIEW_BEFORE 12

struct futex_finding {
	PL_U8 kind;	    /* enum pl_futex_kind */
	PL_U32 holder;	    /* a tid to be confirmed by the caller, 0 if none */
	PL_U32 holder_else; /* another candidate, should the first not be a thread */
};

static inline __attribute__((always_inline)) int futex_is_waiter_count(PL_U32 wrefs)
{
	return wrefs >= 8 && wrefs < (1u << 20);
}

/* A condition's two signal words are its last; which of them this is, only the count of waiters
 * in front of it can tell, and only the second can be out of step with 8 bytes. */
static inline __attribute__((always_inline)) PL_U8
futex_condition_or_semaphore(PL_U64 address, const struct futex_view *view)
{
	if (address & 4)
		return futex_is_waiter_count(view->before[1]) ? PL_FUTEX_CONDITION : PL_FUTEX_OTHER;
	if (futex_is_waiter_count(view->before[2]))
		return PL_FUTEX_CONDITION;
	return view->after[1] ? PL_FUTEX_SEMAPHORE : PL_FUTEX_OTHER;
}

/* The C library's barrier: `in` came, counted on from round to round, of which each takes `count`.
 * The word behind them says whether it is shared. */
static inline __attribute__((always_inline)) int futex_is_barrier(PL_U32 value,
								  const struct futex_view *view)
{
	PL_U32 came = view->before[2] - value, count = view->after[1], shared = view->after[2];

	return view->after[0] == value && count >= 2 && count < (1u << 20) && came >= 1 &&
	       came <= count && (shared == 0 || shared == FUTEX_PRIVATE);
}

/* The word of a robust mutex that is waited for is its owner, as the C library notes it besides. */
static inline __attribute__((always_inline)) int futex_is_robust(PL_U32 command, PL_U32 value,
								 const struct futex_view *view)
{
	return (command == FUTEX_CMD_WAIT || command == FUTEX_CMD_WAIT_BITSET) &&
	       value & FUTEX_HAS_WAITERS && view->after[2] && (value & FUTEX_TID) == view->after[2];
}

/* The number of a thread that is joined. In a container it may be as small as a lock's word; but in
 * the C library's account of a thread, the list of its robust locks comes next: two pointers, of
 * which the second leads to itself, and the first to the second, while the thread holds none. */
static inline __attribute__((always_inline)) int
futex_is_joined(PL_U64 address, PL_U32 operation, PL_U32 value, const struct futex_view *view)
{
	if ((operation & FUTEX_CMD_MASK) != FUTEX_CMD_WAIT_BITSET || operation & FUTEX_PRIVATE)
		return 0;
	if (value > 3)
		return 1;
	return value && view->after[2] == (PL_U32)(address + 16) &&
	       view->after[3] == (PL_U32)((address + 16) >> 32) &&
	       view->after[4] == (PL_U32)(address + 16);
}

/* A read-write lock that is waited for has a reader or a writer; and words that are not in use. */
static inline __attribute__((always_inline)) int
futex_is_rwlock_phase(const struct futex_view *view)
{
	return view->before[1] && !view->after[2] && !view->after[3];
}

static inline __attribute__((always_inline)) int
futex_is_rwlock_writers(const struct futex_view *view)
{
	return view->before[0] && !view->after[1] && !view->after[2];
}

static inline __attribute__((always_inline)) struct futex_finding
futex_classify(PL_U64 address, PL_U32 operation, PL_U32 value, const struct futex_view *view)
{
	struct futex_finding found = {PL_FUTEX_OTHER, 0, 0};
	PL_U32 command = operation & FUTEX_CMD_MASK;

	if (command == FUTEX_CMD_LOCK_PI || command == FUTEX_CMD_LOCK_PI2) {
		found.kind = PL_FUTEX_PI_MUTEX;
		found.holder = view->after[0] & FUTEX_TID;
	} else if (command == FUTEX_CMD_WAIT_REQUEUE_PI) {
		found.kind = PL_FUTEX_REQUEUE_PI;
	} else if (command == FUTEX_CMD_WAIT && futex_is_barrier(value, view)) {
		found.kind = PL_FUTEX_BARRIER;
	} else if (command == FUTEX_CMD_WAIT && value == 2) {
		found.kind = PL_FUTEX_MUTEX;
		found.holder = view->after[2];
	} else if (futex_is_robust(command, value, view)) {
		found.kind = PL_FUTEX_MUTEX;
		found.holder = value & FUTEX_TID;
	} else if (futex_is_joined(address, operation, value, view)) {
		found.kind = PL_FUTEX_JOIN;
		found.holder = value;
	} else if (command == FUTEX_CMD_WAIT_BITSET && value == 2 && view->after[2]) {
		found.kind = PL_FUTEX_MUTEX;
		found.holder = view->after[2];
	} else if (command == FUTEX_CMD_WAIT_BITSET && (value == 2 || value == 3)) {
		if (futex_is_rwlock_phase(view)) {
			found.kind = PL_FUTEX_RWLOCK;
			found.holder = view->after[4];
		} else if (futex_is_rwlock_writers(view)) {
			found.kind = PL_FUTEX_RWLOCK;
			found.holder = view->after[3];
		}
	} else if (command == FUTEX_CMD_WAIT_BITSET && value == 0) {
		found.kind = futex_condition_or_semaphore(address, view);
	}
	return found;
}

#endif
