/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stuck.h - what the scenarios share in which threads get stuck for ever
 *
 * The main thread watches them, and ends the process after a while, so that a lesson has an end:
 * nothing else would.
 */
#ifndef WORKLOADS_STUCK_H
#define WORKLOADS_STUCK_H

#include <time.h>

#include "workloads/scenario.h"

#define STUCK_HOLD_DEFAULT 1500000000ull

#define STUCK_HOLD_OPTION(hold)                                                                    \
	SCENARIO_DURATION("hold", hold, 1000000, 3600000000000ull, 10000000000ull,                 \
			  "how long the main thread watches before it ends them all")

static inline void stuck_nap(uint64_t ns)
{
	struct timespec nap = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)};

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, &nap))
		;
}

/* Sleeps until `count` threads have come here: each has its first lock then. Not a barrier, which
 * would be a wait that the scenario is not about. */
static inline void stuck_meet(unsigned int *arrived, unsigned int count)
{
	__atomic_add_fetch(arrived, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(arrived, __ATOMIC_SEQ_CST) < count)
		stuck_nap(200000);
}

/* Waits until `finished` is `count`, for as long as `hold` at most. The time that it waited. */
static inline uint64_t stuck_watch(const unsigned int *finished, unsigned int count, uint64_t hold)
{
	uint64_t begin = scenario_now(), now = begin;

	while (now - begin < hold && __atomic_load_n(finished, __ATOMIC_SEQ_CST) < count) {
		uint64_t left = begin + hold - now;

		stuck_nap(left < 50000000 ? left : 50000000);
		now = scenario_now();
	}
	return now - begin;
}

#endif
