// SPDX-License-Identifier: GPL-2.0-only
/*
 * gil.c - who has Python's lock, told from who wakes whom
 *
 * Its word names nobody. But a thread that gives it up wakes the one that is to have it next; and a
 * thread that waits gives up every 5 ms to ask for it, and waits on. So the one who was woken last
 * has it, unless it was seen to block since; and who ends the last of a row of waits had it during
 * all of them, if it did not pass to anybody else meanwhile.
 */
#include "model/locks/inside.h"

/* Inside of taking and giving it up there is a mutex, for which it may wait a moment. */
static bool is_inside(const struct interval *wait)
{
	return wait->reason == REASON_GIL && wait->futex_kind == PL_FUTEX_MUTEX;
}

uint32_t locks_gil_owner(struct locks *locks, uint32_t lock, const struct interval *wait)
{
	struct lock_entry *entry = &locks->locks.items[lock];
	const struct interval *open;

	if (entry->owner == NO_THREAD)
		return NO_THREAD;
	if (entry->owner == wait->thread) {
		if (is_inside(wait))
			return NO_THREAD;
		/* It has given it up, or did not get it. */
		entry->owner = NO_THREAD;
		entry->owners++;
		return NO_THREAD;
	}
	open = timeline_open(locks->timeline, entry->owner);
	if (!open || (open->state == STATE_BLOCKED && !is_inside(open))) {
		entry->owner = NO_THREAD;
		entry->owners++;
	}
	return entry->owner;
}

uint64_t locks_gil_passed(struct locks *locks, uint32_t waiter, const struct interval *interval,
			  uint32_t waker)
{
	struct lock_thread *it = &locks->threads.items[waiter];
	struct lock_entry *entry = &locks->locks.items[it->lock];
	uint64_t explained = 0;

	/* Who wakes the one that gave it up, has just taken it. */
	if (interval->futex_kind == PL_FUTEX_OTHER && waker != NO_THREAD) {
		entry->owner = waker;
		return 0;
	}
	if (interval->futex_kind != PL_FUTEX_CONDITION)
		return 0;
	if (waker == NO_THREAD) {
		if (it->holder != NO_THREAD || interval->open_end)
			return 0;
		if (it->unexplained_owners != entry->owners)
			it->unexplained_ns = 0;
		it->unexplained_owners = entry->owners;
		it->unexplained_ns += interval->end - interval->begin;
		return 0;
	}
	if (it->unexplained_owners == entry->owners)
		explained = it->unexplained_ns;
	it->unexplained_ns = 0;
	entry->owner = waiter;
	entry->owners++;
	return explained;
}
