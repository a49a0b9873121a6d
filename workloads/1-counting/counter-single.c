// SPDX-License-Identifier: GPL-2.0-only
/*
 * counter-single.c - one thread adds 1 a million times
 *
 * The measure for the other counters: always right, no waiting, one CPU.
 */
#include "workloads/scenario.h"

SCENARIO("title: one thread adds 1 a million times\n"
	 "chapter: 1\n"
	 "order: 1\n"
	 "claim: the result is exact\n"
	 "  holds: fact.actual == fact.expected\n"
	 "  shows: fact.actual as count\n"
	 "claim: one thread did it all\n"
	 "  holds: threads == 1\n"
	 "  shows: threads as count\n"
	 "claim: nobody waited for a lock\n"
	 "  holds: lock.waits == 0\n"
	 "  shows: lock.waits as count\n");

/* volatile makes the compiler load and store it each time round, instead of adding up in a
 * register; all counters do, so that they can be compared. */
static volatile uint64_t shared_number;

static void count_up(uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		uint64_t seen = shared_number;

		shared_number = seen + 1;
	}
}

int main(int argc, char **argv)
{
	uint64_t count = 1000000, elapsed;
	const struct scenario_option options[] = {
		SCENARIO_NUMBER("count", &count, 1, 100000000000, "how often to add 1"),
		SCENARIO_END,
	};
	struct scenario_timer timer;

	scenario_begin(argc, argv, options);
	scenario_fact_address("shared_address", &shared_number);
	timer = scenario_start();
	count_up(count);
	elapsed = scenario_stop(&timer);
	scenario_result(count, shared_number, elapsed);
	return scenario_end();
}
