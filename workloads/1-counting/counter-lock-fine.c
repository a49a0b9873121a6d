// SPDX-License-Identifier: GPL-2.0-only
/*
 * counter-lock-fine.c - the lock is taken and released for each single addition
 *
 * Now both threads get on, a little at a time, and the result is right. But taking the lock costs
 * many times the addition that it protects, and its cache line goes to and fro between the CPUs.
 * Who finds it taken calls the kernel, to go to sleep and be woken; mostly the lock is free again
 * before the kernel has put the thread to sleep, and the call was for nothing. Two threads are
 * slower than one alone.
 */
#include "workloads/1-counting/counting.h"

#define NEEDS_MANY "  needs: fact.expected >= 100000 else there were too few additions to meet\n"

SCENARIO(
	"title: a lock for each addition: right, but slow\n"
	"chapter: 1\n"
	"order: 5\n"
	"claim: the result is exact\n"
	"  holds: fact.actual == fact.expected\n"
	"  shows: fact.actual as count\n"
	"claim: the lock was found taken again and again\n" COUNTING_NEEDS_START NEEDS_MANY COUNTING_NEEDS_PEACE_UNLESS(
		"fact.found_taken >= 100") "  holds: fact.found_taken >= 100\n"
					   "  shows: fact.found_taken of fact.expected as count\n"
					   "claim: now and then a thread slept for it, always for the same one\n" COUNTING_NEEDS_START
						   NEEDS_MANY COUNTING_NEEDS_PEACE_UNLESS(
							   "lock.waits >= 1") "  holds: locks == 1 and lock.waits >= 1\n"
									      "  shows: lock.waits as count\n"
									      "claim: two threads took longer than one alone, by a factor\n"
									      "  holds: fact.elapsed_ns > fact.single_ns\n"
									      "  shows: fact.elapsed_ns / fact.single_ns as ratio\n");

static pthread_mutex_t shared_lock = PTHREAD_MUTEX_INITIALIZER;
/* volatile keeps the compiler from making one addition of the loop. */
static volatile uint64_t shared_number;
static volatile uint64_t lone_number;

static void count_up(struct counter *me)
{
	for (uint64_t i = me->begin; i < me->end; i++) {
		if (pthread_mutex_trylock(&shared_lock)) {
			me->found_taken++;
			pthread_mutex_lock(&shared_lock);
		}
		uint64_t seen = shared_number;

		shared_number = seen + 1;
		pthread_mutex_unlock(&shared_lock);
	}
}

/* The same number of additions by one thread without a lock, to compare with. On a variable of its
 * own, to stay out of the way of who watches shared_number. */
static uint64_t count_alone(uint64_t count)
{
	uint64_t begin = scenario_now();

	PTRACE_LAB_PHASE("baseline");
	for (uint64_t i = 0; i < count; i++) {
		uint64_t seen = lone_number;

		lone_number = seen + 1;
	}
	return scenario_now() - begin;
}

int main(int argc, char **argv)
{
	uint64_t count = 1000000, elapsed, single, found_taken = 0;
	const struct scenario_option options[] = {
		SCENARIO_NUMBER("count", &count, 2, 100000000000,
				"how often the two threads add 1, together"),
		SCENARIO_END,
	};
	struct counting counting = {0};

	scenario_begin(argc, argv, options);
	scenario_fact_address("shared_address", &shared_number);
	scenario_fact_address("shared_lock_address", &shared_lock);
	single = count_alone(count);
	counting_give_halves(&counting, count);
	elapsed = counting_run(&counting, count_up);
	for (unsigned int i = 0; i < COUNTERS; i++)
		found_taken += counting.counters[i].found_taken;
	scenario_fact("found_taken", (int64_t)found_taken);
	scenario_fact("single_ns", (int64_t)single);
	scenario_result(count, shared_number, elapsed);
	scenario_say("lock", "found taken %s times", scenario_count_text(found_taken).text);
	scenario_say("one alone", "%s without a lock", scenario_duration_text(single).text);
	return scenario_end();
}
