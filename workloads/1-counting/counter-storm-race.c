// SPDX-License-Identifier: GPL-2.0-only
/*
 * counter-storm-race.c - ten thousand threads each add 1, once, and nothing orders them
 *
 * The same race as in counter-race, and yet the result is usually right. A thread takes tens of
 * microseconds to be made and to end, and the moment between its load and its store is a
 * nanosecond of that, so two of them hardly ever meet. A race that is not seen is still there.
 */
#include "workloads/1-counting/storm.h"

SCENARIO("title: ten thousand threads race, and it seldom shows\n"
	 "chapter: 1\n"
	 "order: 7\n"
	 "racy: yes\n"
	 "watch: shared_number:rw --threads=2000\n"
	 "claim: the kernel saw every thread\n"
	 "  holds: threads[storm-*] == fact.threads\n"
	 "  shows: threads[storm-*] of fact.threads as count\n"
	 "claim: more than a thousand threads were made a second\n"
	 "  holds: fact.threads / (fact.elapsed_ns / 1s) > 1000\n"
	 "  shows: fact.threads / (fact.elapsed_ns / 1s) as count\n"
	 "claim: the result is right, or nearly\n"
	 "  holds: fact.actual near fact.expected within 1%\n"
	 "  shows: fact.actual of fact.expected as count\n"
	 "claim: because an addition seldom came near another one in time\n"
	 "  holds: fact.met < fact.threads / 10\n"
	 "  shows: fact.met of fact.threads as count\n"
	 "claim: and none was lost but near another one\n"
	 "  holds: fact.expected - fact.actual <= fact.met\n"
	 "  shows: fact.expected - fact.actual as count\n"
	 "claim: watched one by one, each of the lost updates is found\n"
	 "  holds: watch.lost == watch.expected - watch.actual\n"
	 "  shows: watch.lost of watch.updates as count\n");

/* Additions nearer to each other than this count as having met: it takes in what is uncertain in
 * reading the clock and in when a store reaches the other CPUs. */
#define NEAR_NS 500

static volatile uint64_t shared_number;

static void add_one(void *argument)
{
	struct storm_worker *me = argument;
	uint64_t seen;

	me->begin = scenario_now();
	seen = shared_number;
	shared_number = seen + 1;
	me->end = scenario_now();
	me->seen = seen + 1;
	storm_report(me);
}

static int by_begin(const void *a, const void *b)
{
	const struct storm_worker *one = a, *other = b;

	return (one->begin > other->begin) - (one->begin < other->begin);
}

/* How many additions had another one at the same time, by the times that the threads took. */
static uint64_t count_met(struct storm_worker *workers, uint64_t threads)
{
	uint64_t met = 0, latest_end = 0;

	qsort(workers, threads, sizeof(*workers), by_begin);
	for (uint64_t i = 0; i < threads; i++) {
		bool before = i && workers[i].begin < latest_end + NEAR_NS;
		bool after = i + 1 < threads && workers[i + 1].begin < workers[i].end + NEAR_NS;

		met += before || after;
		if (workers[i].end > latest_end)
			latest_end = workers[i].end;
	}
	return met;
}

int main(int argc, char **argv)
{
	uint64_t threads = 10000, elapsed, met;
	bool print = false;
	const struct scenario_option options[] = {
		SCENARIO_NUMBER("threads", &threads, 1, 1000000, "how many threads"),
		SCENARIO_FLAG("print", &print, "each thread prints its name and the total it saw"),
		SCENARIO_END,
	};
	struct storm_worker *workers;

	scenario_begin(argc, argv, options);
	scenario_fact_address("shared_address", &shared_number);
	workers = storm_new(threads, print);
	elapsed = storm_run(workers, threads, add_one);
	met = count_met(workers, threads);
	scenario_result(threads, shared_number, elapsed);
	storm_say(threads, elapsed);
	scenario_fact("met", (int64_t)met);
	scenario_say("met", "%s additions came within half a microsecond of another one",
		     scenario_count_text(met).text);
	free(workers);
	return scenario_end();
}
