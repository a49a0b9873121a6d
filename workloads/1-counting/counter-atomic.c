// SPDX-License-Identifier: GPL-2.0-only
/*
 * counter-atomic.c - the processor adds in one step that nothing can come between
 *
 * Load, add and store are one instruction that keeps the variable's cache line to itself while it
 * works. Right, without a lock and without a wait that the kernel could see; but the line goes to
 * and fro between the CPUs, and so each addition costs more than a plain one.
 */
#include "workloads/1-counting/counting.h"

SCENARIO("title: an atomic addition: right, parallel, nobody waits\n"
	 "chapter: 1\n"
	 "order: 6\n"
	 "claim: the result is exact\n"
	 "  holds: fact.actual == fact.expected\n"
	 "  shows: fact.actual as count\n"
	 "claim: nobody waited for a lock\n"
	 "  holds: lock.waits == 0\n"
	 "  shows: lock.waits as count\n" COUNTING_CLAIM_TOGETHER);

static uint64_t shared_number;

static void count_up(struct counter *me)
{
	/* Relaxed: nothing else needs to be ordered by it, the addition is what matters. */
	for (uint64_t i = me->begin; i < me->end; i++)
		__atomic_fetch_add(&shared_number, 1, __ATOMIC_RELAXED);
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
