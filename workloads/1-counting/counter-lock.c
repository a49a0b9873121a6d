// SPDX-License-Identifier: GPL-2.0-only
/*
 * counter-lock.c - one lock, held by each thread around its whole loop
 *
 * The result is right, because only one thread counts at a time: the other one sleeps in
 * pthread_mutex_lock() until the first has counted to its end. Right, and serial.
 */
#include "workloads/1-counting/counting.h"

/* A thread that loses its CPU on the way to the lock may find it free when it gets there. */
#define NEEDS_BOTH                                                                                 \
	"  needs: fact.held_ns > 50% * fact.held_in_all_ns"                                        \
	" else the second thread came when the lock was nearly free again\n"

SCENARIO("title: a lock around each whole loop: right, and serial\n"
	 "chapter: 1\n"
	 "order: 4\n"
	 "claim: the result is exact\n"
	 "  holds: fact.actual == fact.expected\n"
	 "  shows: fact.actual as count\n"
	 "claim: one lock was waited for, once\n" COUNTING_NEEDS_START NEEDS_BOTH
	 "  holds: locks == 1 and lock.waits == 1\n"
	 "  shows: lock.waits as count\n"
	 "claim: one thread waited for as long as the other held the lock\n" COUNTING_NEEDS_START
		 NEEDS_BOTH "  holds: lock.wait near fact.held_ns within 20%\n"
	 "  shows: lock.wait of fact.held_ns as duration\n"
	 "claim: about one thread ran at a time\n"
	 "  holds: parallelism near 1 within 15%\n"
	 "  shows: parallelism as ratio\n");

static pthread_mutex_t shared_lock = PTHREAD_MUTEX_INITIALIZER;
/* volatile keeps the compiler from making one addition of the loop. */
static volatile uint64_t shared_number;

static void count_up(struct counter *me)
{
	me->wanted_lock = scenario_now();
	pthread_mutex_lock(&shared_lock); /* whoever comes second sleeps here */
	me->took_lock = scenario_now();
	for (uint64_t i = me->begin; i < me->end; i++) {
		uint64_t seen = shared_number;

		shared_number = seen + 1;
	}
	me->gave_lock = scenario_now();
	pthread_mutex_unlock(&shared_lock); /* and is woken here */
}

int main(int argc, char **argv)
{
	uint64_t count = 1000000, elapsed;
	const struct scenario_option options[] = {
		SCENARIO_NUMBER("count", &count, 2, 100000000000,
				"how often the two threads add 1, together"),
		SCENARIO_END,
	};
	struct counting counting = {0};
	const struct counter *first, *second;
	uint64_t held, held_in_all;

	scenario_begin(argc, argv, options);
	scenario_fact_address("shared_address", &shared_number);
	scenario_fact_address("shared_lock_address", &shared_lock);
	counting_give_halves(&counting, count);
	elapsed = counting_run(&counting, count_up);
	first = &counting.counters[0];
	second = &counting.counters[1];
	if (second->took_lock < first->took_lock) {
		first = &counting.counters[1];
		second = &counting.counters[0];
	}
	held_in_all = first->gave_lock - first->took_lock;
	/* While the other one wanted it. */
	held = held_in_all;
	if (second->wanted_lock > first->took_lock)
		held = first->gave_lock > second->wanted_lock
			       ? first->gave_lock - second->wanted_lock
			       : 0;
	scenario_fact("held_ns", (int64_t)held);
	scenario_fact("held_in_all_ns", (int64_t)held_in_all);
	scenario_result(count, shared_number, elapsed);
	scenario_say("lock held",
		     "%s by the thread that came first, the other one wanted it for %s",
		     scenario_duration_text(held_in_all).text, scenario_duration_text(held).text);
	return scenario_end();
}
