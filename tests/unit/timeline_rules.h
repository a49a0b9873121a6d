/* SPDX-License-Identifier: GPL-2.0-only */
/* timeline_rules.h - a stream of a few records, and what the state machine made of it */
#ifndef TESTS_UNIT_TIMELINE_RULES_H
#define TESTS_UNIT_TIMELINE_RULES_H

#include "model_items.h"

#define READ  0
#define FUTEX 202

static struct stream stream;
static struct fed fed;

static inline int setup(void **state)
{
	memset(&stream, 0, sizeof(stream));
	return 0;
}

static inline int teardown(void **state)
{
	fed_free(&fed);
	vector_free(&stream.items);
	return 0;
}

static inline struct thread *thread_at(uint32_t index)
{
	assert_true(index < fed.population->threads.count);
	return &fed.population->threads.items[index];
}

static inline struct process *process_of(const struct thread *thread)
{
	return &fed.population->processes.items[thread->process];
}

/* The n-th interval of a thread. */
static inline const struct interval *interval_at(uint32_t thread, unsigned int n)
{
	const struct interval *it;

	vector_for_each (&fed.intervals, it) {
		if (it->thread == thread && !n--)
			return it;
	}
	fail_msg("thread %u has fewer intervals", thread);
	return NULL;
}

static inline unsigned int intervals_of(uint32_t thread)
{
	const struct interval *it;
	unsigned int count = 0;

	vector_for_each (&fed.intervals, it)
		count += it->thread == thread;
	return count;
}

#define assert_interval(thread, n, wanted_state, wanted_begin, wanted_end)                         \
	do {                                                                                       \
		assert_string_equal(state_name(interval_at(thread, n)->state),                     \
				    state_name(wanted_state));                                     \
		assert_int_equal(interval_at(thread, n)->begin, wanted_begin);                     \
		assert_int_equal(interval_at(thread, n)->end, wanted_end);                         \
	} while (0)

#define rule(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

#endif
