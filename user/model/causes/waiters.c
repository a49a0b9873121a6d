// SPDX-License-Identifier: GPL-2.0-only
/* waiters.c - the most that ever waited at once, when ends become known late */
#include <errno.h>

#include "model/causes/waiters.h"

int waiters_begin(struct waiters *waiters, uint64_t time)
{
	struct waiters_step *step;

	waiters->now++;
	if (waiters->now <= waiters->top)
		return 0;
	step = vector_add(&waiters->steps);
	if (!step)
		return -ENOMEM;
	step->time = time;
	step->rise = waiters->now - waiters->top;
	waiters->top = waiters->now;
	return 0;
}

void waiters_end(struct waiters *waiters, uint64_t time)
{
	size_t low = 0, high = waiters->steps.count;
	struct waiters_step *steps = waiters->steps.items;

	waiters->now--;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (steps[middle].time < time)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == waiters->steps.count)
		return;
	/* One less from here on: only the first of these rises less. */
	waiters->top--;
	if (--steps[low].rise)
		return;
	waiters->steps.count--;
	memmove(steps + low, steps + low + 1, (waiters->steps.count - low) * sizeof(*steps));
}
