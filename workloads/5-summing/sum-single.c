// SPDX-License-Identifier: GPL-2.0-only
/*
 * sum-single.c - one thread adds up a hundred million numbers
 *
 * The measure for the other sums: nothing but computing, on one CPU. It has nothing to wait for.
 */
#include "workloads/5-summing/summing.h"

SCENARIO("title: one thread adds up a hundred million numbers\n"
	 "chapter: 5\n"
	 "order: 1\n"
	 "claim: the sum is exact\n"
	 "  holds: fact.actual == fact.expected\n"
	 "  shows: fact.actual as count\n"
	 "claim: one thread did it all\n"
	 "  holds: threads == 1\n"
	 "  shows: threads as count\n"
	 "claim: the time went into computing, on one CPU\n"
	 "  needs: thread[sum-single].ready < 5% * fact.elapsed_ns"
	 " else other programs kept the CPUs busy\n"
	 "  needs: fact.elapsed_ns >= 20ms else it was over too soon to measure\n"
	 "  holds: thread[sum-single].running near fact.elapsed_ns within 15%\n"
	 "  shows: thread[sum-single].running of fact.elapsed_ns as duration\n"
	 "claim: nobody waited for a lock\n"
	 "  holds: lock.waits == 0\n"
	 "  shows: lock.waits as count\n");

int main(int argc, char **argv)
{
	uint64_t count = SUM_DEFAULT_COUNT, elapsed;
	const struct scenario_option options[] = {
		SUM_COUNT_OPTION(&count),
		SCENARIO_END,
	};
	struct scenario_timer timer;
	struct sum sum = {0};

	scenario_begin(argc, argv, options);
	timer = scenario_start();
	sum_range(&sum, 0, count);
	elapsed = scenario_stop(&timer);
	scenario_result(sum_expected(count), sum.total, elapsed);
	return scenario_end();
}
