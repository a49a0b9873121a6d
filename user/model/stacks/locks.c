// SPDX-License-Identifier: GPL-2.0-only
/* locks.c - what was waited for, and who had it */
#include <errno.h>
#include <stdio.h>

#include "model/locks/label.h"
#include "model/stacks/inside.h"
#include "model/tasks/population.h"
#include "recording/recording.h"
#include "recording/stacks.h"

/* Interpreters wait for their lock at several addresses, read-write locks at two. */
static const struct lock *lock_of(const struct feed *feed, const struct interval *interval)
{
	uint32_t process = feed->model->threads.items[interval->thread].process;
	const struct lock *lock;

	vector_for_each (&feed->model->locks, lock) {
		bool is_it = lock->address == interval->address ||
			     (lock->reason == REASON_RWLOCK &&
			      lock->address == (interval->address & ~7ull)) ||
			     lock->reason == REASON_GIL;

		if (is_it && lock->reason == interval->reason &&
		    (lock->process == process || lock->shared))
			return lock;
	}
	return NULL;
}

/* What was waited for, which needs a look through all locks the first time only. */
static uint32_t add_lock(struct feed *feed, uint32_t node, const struct interval *interval)
{
	uint32_t process = feed->model->threads.items[interval->thread].process, index = NO_LOCK;
	const struct lock *lock = NULL;
	char label[160];

	if (!interval->address)
		return node;
	if (!lock_map_find(&feed->locks, interval->address ^ (uint64_t)interval->reason << 56,
			   process, &index)) {
		lock = lock_of(feed, interval);
		if (lock)
			index = lock - feed->model->locks.items;
		if (lock_map_at(&feed->locks, interval->address ^ (uint64_t)interval->reason << 56,
				process, index == NO_LOCK ? UNKNOWN_LOCK : index, &index)) {
			feed->error = -ENOMEM;
			return 0;
		}
	}
	lock = index < feed->model->locks.count ? &feed->model->locks.items[index] : NULL;
	snprintf(label, sizeof(label), "[%s]",
		 lock_label(feed->model, lock, interval->address).text);
	return feed_child(feed, node, label, NODE_BLOCKED);
}

/* Whose wake-up ended the wait; NO_THREAD if nobody's did, or it is not known. */
static uint32_t giver_of(const struct feed *feed, const struct interval *interval)
{
	if (interval->waker_context != PL_WAKER_TASK || interval->open_end)
		return NO_THREAD;
	return population_thread_at(timeline_population(feed->timeline), interval->waker,
				    interval->end);
}

/* Who held what was waited for, and where it gave it back. The wait is told when the waiter has a
 * CPU again; who gave the lock up may have ended by then. */
static uint32_t add_holder(struct feed *feed, uint32_t node, const struct interval *interval)
{
	uint32_t giver = giver_of(feed, interval), holder = NO_THREAD;
	struct recording_stack unused;
	char label[64];

	if (interval->holder)
		holder = population_thread_at(timeline_population(feed->timeline), interval->holder,
					      interval->begin);
	if (holder == NO_THREAD && (!interval->holder || interval->holder == interval->waker))
		holder = giver;
	if (holder >= feed->model->threads.count)
		return node;
	snprintf(label, sizeof(label), "[held by %s]", feed->model->threads.items[holder].name);
	node = feed_child(feed, node, label, NODE_BLOCKED);
	if (giver == holder && recording_stack(feed->recording, interval->waker_stack, &unused))
		node = feed_stack(feed, node, interval->waker_stack);
	return node;
}

uint32_t feed_lock(struct feed *feed, uint32_t node, const struct interval *interval)
{
	return add_holder(feed, add_lock(feed, node, interval), interval);
}
