/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * counting.h - what the scenarios share in which two threads count together
 *
 * Each gives its own function that counts; how the two threads come to it is the same for all.
 */
#ifndef WORKLOADS_COUNTING_H
#define WORKLOADS_COUNTING_H

#include "workloads/scenario.h"

#define COUNTERS 2

/*
 * Whether they meet says something about what they do only if both have a CPU. They wait for that
 * before they start; later, another program may take one of the two CPUs away. What was seen all
 * the same was seen; that something was not seen counts only if they were left in peace.
 */
#define COUNTING_NEEDS_START                                                                       \
	"  needs: cpus >= 2 and fact.cpus_allowed >= 2 else there was one CPU only\n"              \
	"  needs: fact.started_together == 1 else the second CPU was never free\n"
#define COUNTING_RAN "(thread[counter-1].running + thread[counter-2].running)"
#define COUNTING_NEEDS_PEACE_UNLESS(seen)                                                          \
	"  needs: " seen " or thread[counter-1].ready + thread[counter-2].ready <"                 \
	" 25% * " COUNTING_RAN " else other programs kept the CPUs busy\n"

/* At most half of what both ran. How long the main thread takes to come back does not matter. */
#define COUNTING_TOGETHER "overlap > 10% * " COUNTING_RAN

/* clang-format off: it knows no claims */
#define COUNTING_CLAIM_TOGETHER                                                                    \
	"claim: the two threads ran at the same time\n" COUNTING_NEEDS_START                       \
	COUNTING_NEEDS_PEACE_UNLESS(                                                               \
		COUNTING_TOGETHER) "  holds: threads == 3 and " COUNTING_TOGETHER "\n"             \
				   "  shows: overlap as duration\n"

#define COUNTING_CLAIMS_OF_A_RACE                                                                  \
	"claim: updates were lost\n" COUNTING_NEEDS_START "  holds: fact.actual < fact.expected\n" \
	"  shows: fact.expected - fact.actual of fact.expected as count\n" COUNTING_CLAIM_TOGETHER \
	"claim: nobody waited for a lock, so nothing ordered them\n"                               \
	"  holds: lock.waits == 0\n"                                                               \
	"  shows: lock.waits as count\n"                                                           \
	"claim: watched one by one, each of the lost updates is found\n"                           \
	"  holds: watch.lost == watch.expected - watch.actual\n"                                   \
	"  shows: watch.lost of watch.updates as count\n"
/* clang-format on */

/* One of the two threads. It adds 1 for each number in begin..end - 1. */
struct counter {
	uint64_t begin, end;
	/* when, for the scenarios with one lock around it all */
	uint64_t wanted_lock, took_lock, gave_lock;
	uint64_t found_taken; /* how often, where a lock is taken again and again */
	/* private */
	unsigned int side;
	struct counting *counting;
	struct scenario_thread thread;
};

struct counting {
	struct counter counters[COUNTERS];
	void (*count)(struct counter *me);
	struct scenario_gate gate;
	struct scenario_timer timer;
	bool started_together;
};

/* Each thread does all of 0..count - 1. */
static inline void counting_give_all(struct counting *counting, uint64_t count)
{
	for (unsigned int i = 0; i < COUNTERS; i++)
		counting->counters[i] = (struct counter){.begin = 0, .end = count};
}

/* The first thread does the lower half of 0..count - 1, the second one the upper half. */
static inline void counting_give_halves(struct counting *counting, uint64_t count)
{
	counting->counters[0] = (struct counter){.begin = 0, .end = count / 2};
	counting->counters[1] = (struct counter){.begin = count / 2, .end = count};
}

static inline void counting_thread(void *argument)
{
	struct counter *me = argument;
	struct counting *counting = me->counting;
	bool together = scenario_gate_pass(&counting->gate, me->side);

	if (me->side == 0) {
		counting->started_together = together;
		counting->timer = scenario_start();
	}
	counting->count(me);
}

/* Starts both, waits for both. Returns the time from their common start until both have ended. */
static inline uint64_t counting_run(struct counting *counting, void (*count)(struct counter *me))
{
	uint64_t elapsed;

	counting->count = count;
	for (unsigned int i = 0; i < COUNTERS; i++) {
		struct counter *counter = &counting->counters[i];

		counter->side = i;
		counter->counting = counting;
		scenario_thread_start(&counter->thread, counting_thread, counter, "counter-%u",
				      i + 1);
	}
	for (unsigned int i = 0; i < COUNTERS; i++)
		scenario_thread_join(&counting->counters[i].thread);
	elapsed = scenario_stop(&counting->timer);
	/* Whether there were two CPUs free to begin with: without that there may be no race and
	 * no contention to see, and the claims about them are not decided. */
	scenario_fact("started_together", counting->started_together);
	return elapsed;
}

#endif
