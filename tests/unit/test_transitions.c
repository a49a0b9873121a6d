// SPDX-License-Identifier: GPL-2.0-only
/* test_transitions.c - what goes into a state comes out of it, or is still there */
#include "model/timeline/transitions.h"
#include "model/tasks/population.h"
#include "model_simulator.h"

#define RUNS 2000

/* Beside the transitions: where each thread was first and last. */
struct ends {
	enum state first[4096], last[4096];
	uint32_t waits[4096]; /* blocked intervals */
	size_t count;
};

static void note_ends(void *context, const struct interval *interval)
{
	struct ends *ends = context;

	assert_true(interval->thread < 4096);
	while (ends->count <= interval->thread) {
		ends->first[ends->count] = STATE_COUNT;
		ends->waits[ends->count++] = 0;
	}
	if (ends->first[interval->thread] == STATE_COUNT)
		ends->first[interval->thread] = interval->state;
	ends->last[interval->thread] = interval->state;
	ends->waits[interval->thread] += interval->state == STATE_BLOCKED;
}

static bool is_ready(enum state state)
{
	return state == STATE_READY_WOKEN || state == STATE_READY_PREEMPTED;
}

/* Kirchhoff's law for one thread. */
static void assert_flows(const struct thread *thread, const struct ends *ends, size_t i)
{
	const uint32_t *a = thread->arrows;
	bool alive = thread->alive_at_end;
	int64_t into_ready =
		a[ARROW_BORN] + a[ARROW_PREEMPTED] + a[ARROW_WOKEN] + a[ARROW_CONTINUED];
	int64_t into_running = a[ARROW_DISPATCHED];
	int64_t out_of_running =
		a[ARROW_PREEMPTED] + a[ARROW_BLOCKED] + a[ARROW_STOPPED] + a[ARROW_ENDED];

	if (thread->began_before) {
		into_ready += is_ready(ends->first[i]);
		into_running += ends->first[i] == STATE_RUNNING;
	}
	assert_int_equal(into_ready - a[ARROW_DISPATCHED], alive && is_ready(ends->last[i]));
	assert_int_equal(into_running - out_of_running, alive && ends->last[i] == STATE_RUNNING);
	assert_int_equal(a[ARROW_UNSEEN], 0);
	/* Those that it was found in had begun before. */
	assert_int_equal(a[ARROW_BLOCKED] +
				 (thread->began_before && ends->first[i] == STATE_BLOCKED),
			 ends->waits[i]);
}

static void what_goes_into_a_state_comes_out_or_is_there_at_the_end(void **state)
{
	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		struct stream stream = {0};
		uint64_t end = simulate(&stream, seed, 20 + seed % 300, false);
		struct timeline_options options = {.begin = UINT64_MAX};
		struct timeline *timeline = NULL;
		struct population *population;
		struct ends ends = {.count = 0};
		struct timeline_visitor visitor = {.context = &ends, .interval = note_ends};

		assert_int_equal(timeline_new(&options, &timeline), 0);
		assert_int_equal(timeline_add_visitor(timeline, &visitor), 0);
		for (size_t i = 0; i < stream.items.count; i++) {
			struct recording_item item = item_of(&stream.items.items[i]);

			assert_int_equal(timeline_feed(timeline, &item), 0);
		}
		assert_int_equal(timeline_finish(timeline, end), 0);
		population = timeline_population(timeline);
		transitions_fill_in(timeline);
		for (size_t i = 0; i < population->threads.count; i++)
			assert_flows(&population->threads.items[i], &ends, i);
		timeline_free(&timeline);
		vector_free(&stream.items);
	}
}

/* Blocked, on its CPU for no time at all, and blocked again. */
static void who_is_blocked_twice_ran_in_between(void **state)
{
	struct stream stream = {0};
	const uint32_t *arrows;
	struct fed fed;

	add_task(&stream, 100, 10, 10, PL_TASK_RUNNING);
	add_switch(&stream, 110, 0, 10, OUT_BLOCKED, 1, 0);
	add_switch(&stream, 150, 0, 0, 0, 0, 10);
	add_switch(&stream, 150, 0, 10, OUT_BLOCKED, 1, 0);
	add_switch(&stream, 160, 0, 0, 0, 0, 10);
	feed(&fed, &stream, 200);
	transitions_fill_in(fed.timeline);
	arrows = fed.population->threads.items[0].arrows;
	assert_int_equal(arrows[ARROW_BLOCKED], 2);
	assert_int_equal(arrows[ARROW_WOKEN], 2);
	assert_int_equal(arrows[ARROW_DISPATCHED], 2);
	fed_free(&fed);
	vector_free(&stream.items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_blocked_twice_ran_in_between),
		cmocka_unit_test(what_goes_into_a_state_comes_out_or_is_there_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
