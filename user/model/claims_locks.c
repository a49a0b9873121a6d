// SPDX-License-Identifier: GPL-2.0-only
#include "model/claims_locks.h"

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
