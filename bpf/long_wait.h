/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * long_wait.h - whether a wait is too long
 *
 * Asked by the kernel side when a wait is over, and by user space while it lasts, of the same
 * account. Plain C without helpers.
 */
#ifndef PTRACE_LAB_LONG_WAIT_H
#define PTRACE_LAB_LONG_WAIT_H

#include "bpf/checkpoint.h"

struct pl_wait {
	PL_U64 ready, blocked;
	PL_U16 syscall;
	PL_U8 lock;
};

/* As the account that follows will have it, did the wait end now. */
static inline __attribute__((always_inline)) void wait_of(struct pl_wait *wait,
							  const struct pl_slot *slot, PL_U64 now)
{
	PL_U64 spent = now > slot->last ? now - slot->last : 0, woken = slot->woken;

	if (slot->state == PL_STATE_WOKEN || slot->state == PL_STATE_PREEMPTED) {
		wait->ready = spent;
	} else if (slot->state == PL_STATE_BLOCKED) {
		if (woken)
			wait->ready = woken < slot->last ? spent : woken < now ? now - woken : 0;
		wait->blocked = spent - wait->ready;
		wait->syscall = slot->syscall;
		wait->lock = slot->futex_kind == PL_FUTEX_MUTEX ||
			     slot->futex_kind == PL_FUTEX_PI_MUTEX ||
			     slot->futex_kind == PL_FUTEX_RWLOCK;
	}
}

/* How long, if the trigger is for such a wait. */
static inline __attribute__((always_inline)) PL_U64
wait_for(const volatile struct pl_trigger *trigger, const struct pl_wait *wait)
{
	switch (trigger->kind) {
	case PL_TRIGGER_READY:
		return wait->ready;
	case PL_TRIGGER_LOCK:
		return wait->lock ? wait->blocked : 0;
	case PL_TRIGGER_SYSCALL:
		return wait->blocked && wait->syscall == trigger->syscall ? wait->blocked : 0;
	default:
		return 0;
	}
}

static inline __attribute__((always_inline)) int
wait_is_too_long(const volatile struct pl_trigger *trigger, const struct pl_wait *wait)
{
	PL_U64 waited = wait_for(trigger, wait);

	return waited && waited >= trigger->at_least;
}

#endif
