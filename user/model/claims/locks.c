// SPDX-License-Identifier: GPL-2.0-only
#include "model/claims/locks.h"

#include <string.h>

#include "model/model.h"

enum figure_result claim_deadlock_figure(const struct model *model, const char *tail, bool whole,
					 long double *ret)
{
	const struct deadlock *deadlock;
	uint64_t threads = 0, length = 0;

	vector_for_each (&model->deadlocks, deadlock) {
		uint64_t ns = deadlock->end - deadlock->begin;

		if (deadlock->members.count > threads)
			threads = deadlock->members.count;
		if (ns > length)
			length = ns;
	}
	if (!strcmp(tail, "deadlocks"))
		*ret = model->deadlocks.count;
	else if (!strcmp(tail, "threads"))
		*ret = threads;
	else if (!strcmp(tail, "length"))
		*ret = length;
	else
		return FIGURE_NO_NAME;
	return whole ? FIGURE_KNOWN : FIGURE_UNKNOWN;
}

enum figure_result claim_lock_figure(const struct model *model, const char *head, const char *tail,
				     bool whole, long double *ret)
{
	bool conditions = !strcmp(head, "condition");
	uint64_t waits = 0, at_once = 0, handover = 0, timed_out = 0;
	const struct lock *lock;

	vector_for_each (&model->locks, lock) {
		if (conditions ? lock->reason != REASON_CONDITION
			       : lock->reason != REASON_LOCK && lock->reason != REASON_RWLOCK)
			continue;
		waits += lock->waits;
		handover += lock->handover_ns;
		timed_out += lock->timed_out;
		if (lock->waiters_max > at_once)
			at_once = lock->waiters_max;
	}
	if (!strcmp(tail, "waits"))
		*ret = waits;
	else if (!strcmp(tail, "at_once"))
		*ret = at_once;
	else if (!strcmp(tail, "handover"))
		*ret = handover;
	else if (!strcmp(tail, "timed_out"))
		*ret = timed_out;
	else
		return FIGURE_NO_NAME;
	return whole ? FIGURE_KNOWN : FIGURE_UNKNOWN;
}
