// SPDX-License-Identifier: GPL-2.0-only
/*
 * counter-lock.c - one lock, held by each thread around its whole loop
 *
 * The result is right, because only one thread counts at a time: the other one sleeps in
 * pthread_mutex_lock() until the first has counted to its end. Right, and serial.
 */
#include "workloads/1-counting/counting.h"

SCENARIO("title: a lock around each whole loop: right, and serial\n"
	 "chapter: 1\n"
	 "order: 4\n"
	 "claim: the result is exact\n"
	 "  holds: fact.actual == fact.expected\n"
	 "  shows: fact.actual as count\n"
	 "claim: one lock was waited for, once\n"
	 "  needs: fact.started_together == 1\n"
	 "  holds: locks == 1 and lock.waits == 1\n"
	 "  shows: lock.waits as count\n"
	 "claim: one thread waited for as long as the other held the lock\n"
	 "  needs: fact.started_together == 1\n"
	 "  holds: lock.wait near fact.held_ns within 20%\n"
	 "  shows: lock.wait of fact.held_ns as duration\n"
	 "claim: about one thread ran at a time\n"
	 "  holds: parallelism near 1 within 15%\n"
	 "  shows: parallelism as ratio\n");

static pthread_mutex_t shared_lock = PTHREAD_MUTEX_INITIALIZER;
/* volatile keeps the compiler from making one addition of the loop. */
static volatile uint64_t shared_number;

static void count_up(struct counter *me)
{
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
	const struct counter *one = &counting.counters[0], *other = &counting.counters[1], *first;

	scenario_begin(argc, argv, options);
	scenario_fact_address("shared_address", &shared_number);
	scenario_fact_address("shared_lock_address", &shared_lock);
	counting_give_halves(&counting, count);
	elapsed = counting_run(&counting, count_up);
	first = one->took_lock < other->took_lock ? one : other;
	scenario_fact("held_ns", (int64_t)(first->gave_lock - first->took_lock));
	scenario_result(count, shared_number, elapsed);
	scenario_say("lock held", "%s by the thread that came first",
		     scenario_duration_text(first->gave_lock - first->took_lock).text);
	return scenario_end();
}
