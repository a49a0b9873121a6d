// SPDX-License-Identifier: GPL-2.0-only
/*
 * counter-race.c - two threads each add 1 to the same variable, a million times; nothing orders
 * them
 *
 * Two million is expected. What comes out is less, and something else each time: between one
 * thread's load and its store, the other one's additions happen, and the store wipes them out.
 */
#include "workloads/1-counting/counting.h"

SCENARIO("title: two threads lose each other's updates\n"
	 "chapter: 1\n"
	 "order: 2\n"
	 "racy: yes\n"
	 "watch: shared_number:rw --count=5000\n" COUNTING_CLAIMS_OF_A_RACE);

/* volatile keeps the compiler from adding up in a register. It orders nothing between threads. */
static volatile uint64_t shared_number;

static void count_up(struct counter *me)
{
	for (uint64_t i = me->begin; i < me->end; i++) {
		uint64_t seen = shared_number; /* load: both threads may see the same number, */

		shared_number = seen + 1; /* and store: then two additions count as one */
	}
}

int main(int argc, char **argv)
{
	uint64_t count = 1000000, elapsed;
	const struct scenario_option options[] = {
		SCENARIO_NUMBER("count", &count, 1, 100000000000, "how often each thread adds 1"),
		SCENARIO_END,
	};
	struct counting counting = {0};

	scenario_begin(argc, argv, options);
	scenario_fact_address("shared_address", &shared_number);
	counting_give_all(&counting, count);
	elapsed = counting_run(&counting, count_up);
	scenario_result(COUNTERS * count, shared_number, elapsed);
	return scenario_end();
}
