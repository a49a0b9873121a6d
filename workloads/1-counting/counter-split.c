// SPDX-License-Identifier: GPL-2.0-only
/*
 * counter-split.c - two threads share the work, and still the variable
 *
 * Each number from 0 to 999,999 is one thread's alone, so that no work is done twice. The result
 * is wrong all the same: the work was split, but what is written to was not.
 */
#include "workloads/1-counting/counting.h"

SCENARIO("title: splitting the work does not remove the race\n"
	 "chapter: 1\n"
	 "order: 3\n"
	 "racy: yes\n"
	 "watch: shared_number:rw --count=10000\n" COUNTING_CLAIMS_OF_A_RACE);

/* volatile keeps the compiler from adding up in a register. It orders nothing between threads. */
static volatile uint64_t shared_number;

static void count_up(struct counter *me)
{
	/* The ranges do not overlap, but shared_number is one. */
	for (uint64_t i = me->begin; i < me->end; i++) {
		uint64_t seen = shared_number;

		shared_number = seen + 1;
	}
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

	scenario_begin(argc, argv, options);
	scenario_fact_address("shared_address", &shared_number);
	counting_give_halves(&counting, count);
	elapsed = counting_run(&counting, count_up);
	scenario_result(count, shared_number, elapsed);
	return scenario_end();
}
