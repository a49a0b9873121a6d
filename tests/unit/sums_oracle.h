/* SPDX-License-Identifier: GPL-2.0-only */
/* sums_oracle.h - what the sums over the intervals must be, added up once more, naively */
#ifndef TESTS_UNIT_SUMS_ORACLE_H
#define TESTS_UNIT_SUMS_ORACLE_H

#include "model/model.h"
#include "model/tasks/population.h"
#include "model/summary.h"

static inline bool interval_is_ready(const struct interval *interval)
{
	return interval->state == STATE_READY_WOKEN || interval->state == STATE_READY_PREEMPTED;
}

static inline bool interval_is_waiting(const struct interval *interval)
{
	return interval->state == STATE_BLOCKED || interval->state == STATE_STOPPED;
}

static inline void assert_histogram(const struct histogram *found, const struct histogram *expected)
{
	assert_int_equal(found->count, expected->count);
	assert_int_equal(found->total_ns, expected->total_ns);
	assert_int_equal(found->max_ns, expected->max_ns);
	assert_memory_equal(found->buckets, expected->buckets, sizeof(found->buckets));
}

static inline void count_duration(struct histogram *histogram, uint64_t ns)
{
	unsigned int bucket = 0;

	while (bucket < HISTOGRAM_BUCKETS - 1 && ns >> (bucket + 1))
		bucket++;
	histogram->buckets[bucket]++;
	histogram->count++;
	histogram->total_ns += ns;
	histogram->max_ns = ns > histogram->max_ns ? ns : histogram->max_ns;
}

/* One reason of one thread; of system calls that have no name of their own, one call. */
static inline void assert_reason(const struct interval *list, size_t count, uint32_t thread,
				 const struct reason_total *total)
{
	uint64_t times = 0, sum = 0, longest = 0;

	for (size_t i = 0; i < count; i++) {
		const struct interval *it = &list[i];
		uint64_t ns = it->end - it->begin;

		if (it->thread != thread || !interval_is_waiting(it) ||
		    it->reason != total->reason ||
		    (it->reason == REASON_SYSCALL && it->syscall != total->syscall))
			continue;
		times++;
		sum += ns;
		longest = ns > longest ? ns : longest;
	}
	assert_int_equal(total->count, times);
	assert_int_equal(total->total_ns, sum);
	assert_int_equal(total->max_ns, longest);
}

static inline void assert_summary(const struct interval *list, size_t count,
				  const struct population *population,
				  const struct summary_result *sums)
{
	uint64_t *longest = calloc(population->threads.count + 1, sizeof(*longest));
	struct histogram ready = {0}, blocked = {0};

	assert_non_null(longest);
	for (size_t i = 0; i < count; i++) {
		uint64_t ns = list[i].end - list[i].begin;

		if (interval_is_waiting(&list[i]))
			count_duration(&blocked, ns);
		if (!interval_is_ready(&list[i]))
			continue;
		count_duration(&ready, ns);
		if (ns > longest[list[i].thread])
			longest[list[i].thread] = ns;
	}
	assert_histogram(&sums->ready, &ready);
	assert_histogram(&sums->blocked, &blocked);
	for (uint32_t i = 0; i < population->threads.count; i++) {
		const struct thread *thread = &population->threads.items[i];
		const struct reason_total *total;

		assert_int_equal(thread->ready_max_ns, longest[i]);
		/* Of thousands of threads some will do. */
		if (population->threads.count > 100 && i % 50)
			continue;
		vector_for_each (&thread->reasons, total)
			assert_reason(list, count, i, total);
	}
	free(longest);
}

/* Who waited longest for a lock, and for whom it was waited longest. */
static inline void assert_main_users(const struct lock *lock)
{
	uint64_t waited = 0, held = 0;
	const struct lock_user *user;

	vector_for_each (&lock->users, user) {
		waited = user->waited_ns > waited ? user->waited_ns : waited;
		held = user->held_ns > held ? user->held_ns : held;
		if (user->thread == lock->main_waiter)
			assert_int_equal(lock->main_waiter_ns, user->waited_ns);
		if (user->thread == lock->main_holder)
			assert_int_equal(lock->main_holder_ns, user->held_ns);
	}
	assert_int_equal(lock->main_waiter_ns, waited);
	assert_int_equal(lock->main_holder_ns, held);
}

#endif
