// SPDX-License-Identifier: GPL-2.0-only
/*
 * sum-gil.c - two threads under the global lock of an interpreter
 *
 * Each adds half of the numbers, but only who holds the lock may compute. They take turns of 5 ms,
 * and together they take as long as one thread that adds all of them.
 */
#include "workloads/5-summing/global_lock.h"
#include "workloads/5-summing/summing.h"

SCENARIO("title: two threads under an interpreter's global lock\n"
	 "chapter: 5\n"
	 "order: 3\n" SUM_COMPARE "claim: the sum is exact\n"
	 "  holds: fact.actual == fact.expected\n"
	 "  shows: fact.actual as count\n"
	 "claim: the two threads took turns: the holder dropped the lock when asked\n"
	 "  needs: fact.elapsed_ns >= 4 * fact.interval_ns else it was over too soon\n"
	 "  holds: fact.requests >= 1 and fact.requests <= fact.elapsed_ns / fact.interval_ns\n"
	 "  shows: fact.requests as count\n"
	 "claim: they never ran at once, but for moments\n"
	 "  needs: fact.elapsed_ns >= 20ms else it was over too soon to measure\n"
	 "  holds: overlap < 5% * fact.elapsed_ns\n"
	 "  shows: overlap of fact.elapsed_ns as duration\n"
	 "claim: waiting for the lock cost each of them half of the time\n" SUM_NEEDS_PEACE
	 "  needs: fact.elapsed_ns >= 20 * fact.interval_ns else it was over too soon\n"
	 "  holds: thread[adder-1].blocked.gil near fact.elapsed_ns / 2 within 20%"
	 " and thread[adder-2].blocked.gil near fact.elapsed_ns / 2 within 20%\n"
	 "  shows: threads[adder-*].blocked.gil / (2 * fact.elapsed_ns) as share\n"
	 "claim: what they waited for is the interpreter's lock, and hardly anything else\n"
	 "  needs: fact.elapsed_ns >= 20ms else it was over too soon to measure\n"
	 "  holds: threads[adder-*].blocked.gil > 95% * threads[adder-*].blocked\n"
	 "  shows: threads[adder-*].blocked.gil of threads[adder-*].blocked as duration\n"
	 "claim: two threads took as long as one alone\n" SUM_NEEDS_PEACE SUM_NEEDS_BASELINE
	 "  holds: fact.elapsed_ns near fact.single_ns within 15%\n"
	 "  shows: fact.elapsed_ns of fact.single_ns as duration\n");

/* Numbers from one safe point to the next: some microseconds. */
#define PIECE 1000

static struct global_lock global_lock;

static void add(void *argument)
{
	struct adder *me = argument;

	global_lock_take(&global_lock);
	for (uint64_t begin = me->begin; begin < me->end;) {
		uint64_t end = me->end - begin > PIECE ? begin + PIECE : me->end;

		sum_range(&me->sum, begin, end);
		begin = end;
		global_lock_yield(&global_lock);
	}
	global_lock_give(&global_lock);
}

int main(int argc, char **argv)
{
	uint64_t count = SUM_DEFAULT_COUNT, interval = GLOBAL_LOCK_INTERVAL_NS;
	uint64_t elapsed, single = 0, sum = 0;
	bool no_baseline = false;
	const struct scenario_option options[] = {
		SUM_COUNT_OPTION(&count),
		SUM_BASELINE_OPTION(&no_baseline),
		SCENARIO_DURATION("interval", &interval, 100000, 1000000000, 0,
				  "how long a waiter waits before it asks for the lock"),
		SCENARIO_END,
	};
	struct adder adders[ADDERS];
	struct scenario_timer timer;

	scenario_begin(argc, argv, options);
	global_lock_init(&global_lock, interval);
	global_lock_tell(&global_lock);
	/* Under the same lock, which nobody else wants. */
	if (!no_baseline)
		single = sum_alone(count, add);
	sum_halves(adders, count);
	timer = scenario_start();
	for (unsigned int i = 0; i < ADDERS; i++)
		scenario_thread_start(&adders[i].thread, add, &adders[i], "adder-%u", i + 1);
	for (unsigned int i = 0; i < ADDERS; i++) {
		scenario_thread_join(&adders[i].thread);
		sum += adders[i].sum.total;
	}
	elapsed = scenario_stop(&timer);
	scenario_fact("interval_ns", (int64_t)interval);
	scenario_fact("requests", (int64_t)global_lock.requests);
	scenario_result(sum_expected(count), sum, elapsed);
	if (!no_baseline)
		scenario_say("one alone", "%s under the same lock",
			     scenario_duration_text(single).text);
	scenario_say("lock", "asked for %s times, after %s of waiting each",
		     scenario_count_text(global_lock.requests).text,
		     scenario_duration_text(interval).text);
	global_lock_destroy(&global_lock);
	return scenario_end();
}
