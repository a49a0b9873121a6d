/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * waiters.h - the most that ever waited at once, when ends become known late
 *
 * That a thread stopped waiting is only learnt when it runs again, after others have begun to wait.
 * So each begin is remembered with the number that seemed to wait then, and an end takes one off
 * all begins since. Those take at least as much off later begins as off earlier ones; a begin with
 * no more than an earlier one can therefore be forgotten. What is kept rises strictly, and is never
 * longer than the number of threads that wait.
 */
#ifndef MODEL_WAITERS_H
#define MODEL_WAITERS_H

#include <stdint.h>

#include "base/vector.h"

struct waiters_step {
	uint64_t time;
	uint32_t rise; /* over the step before */
};

struct waiters {
	uint32_t now; /* began and are not known to have ended */
	uint32_t top; /* sum of all rises: the most at once, as far as is known */
	VECTOR(struct waiters_step) steps;
};

/* Begins come in order of time. 0 or -ENOMEM. */
int waiters_begin(struct waiters *waiters, uint64_t time);
void waiters_end(struct waiters *waiters, uint64_t time);

#endif
