// SPDX-License-Identifier: GPL-2.0-only
/*
 * sum-threads.c - two threads add up half of the numbers each
 *
 * They share nothing while they add, so nothing keeps them from running at once: with two CPUs the
 * work takes half the time, and the same CPU time.
 */
#include "workloads/5-summing/summing.h"

SCENARIO("title: two threads, half of the numbers each: half the time\n"
	 "chapter: 5\n"
	 "order: 2\n" SUM_COMPARE "claim: the sum is exact\n"
	 "  holds: fact.actual == fact.expected\n"
	 "  shows: fact.actual as count\n"
	 "claim: two threads of one process did it\n"
	 "  holds: threads[adder-*] == 2 and processes == 1\n"
	 "  shows: threads[adder-*] as count\n"
	 "claim: both ran at once, from beginning to end\n" SUM_NEEDS_CPUS SUM_NEEDS_PEACE
	 "  holds: overlap > 75% * fact.elapsed_ns\n"
	 "  shows: overlap of fact.elapsed_ns as duration\n"
	 "claim: so it took half of the time that one thread took\n" SUM_NEEDS_CPUS SUM_NEEDS_PEACE
		 SUM_NEEDS_BASELINE "  holds: fact.elapsed_ns near fact.single_ns / 2 within 15%\n"
	 "  shows: fact.elapsed_ns of fact.single_ns as duration\n"
	 "claim: and as much CPU time\n" SUM_NEEDS_BASELINE
	 "  holds: thread[adder-1].running + thread[adder-2].running > 85% * fact.single_ns\n"
	 "  shows: thread[adder-1].running + thread[adder-2].running of fact.single_ns"
	 " as duration\n"
	 "claim: nobody waited for a lock\n"
	 "  holds: lock.waits == 0\n"
	 "  shows: lock.waits as count\n");

static struct scenario_gate gate;
/* Set by the first adder, read when it has ended. */
static struct scenario_timer timer;
static bool started_together;

static void add(void *argument)
{
	struct adder *me = argument;
	bool together = scenario_gate_pass(&gate, me->side);

	if (me->side == 0) {
		started_together = together;
		timer = scenario_start();
	}
	sum_range(&me->sum, me->begin, me->end);
}

static void add_alone(void *argument)
{
	struct adder *me = argument;

	sum_range(&me->sum, me->begin, me->end);
}

int main(int argc, char **argv)
{
	uint64_t count = SUM_DEFAULT_COUNT, elapsed, single = 0, sum = 0;
	bool no_baseline = false;
	const struct scenario_option options[] = {
		SUM_COUNT_OPTION(&count),
		SUM_BASELINE_OPTION(&no_baseline),
		SCENARIO_END,
	};
	struct adder adders[ADDERS];

	scenario_begin(argc, argv, options);
	if (!no_baseline)
		single = sum_alone(count, add_alone);
	sum_halves(adders, count);
	for (unsigned int i = 0; i < ADDERS; i++)
		scenario_thread_start(&adders[i].thread, add, &adders[i], "adder-%u", i + 1);
	for (unsigned int i = 0; i < ADDERS; i++) {
		scenario_thread_join(&adders[i].thread);
		sum += adders[i].sum.total;
	}
	elapsed = scenario_stop(&timer);
	scenario_fact("started_together", started_together);
	scenario_result(sum_expected(count), sum, elapsed);
	if (!no_baseline)
		scenario_say("one alone", "%s", scenario_duration_text(single).text);
	return scenario_end();
}
