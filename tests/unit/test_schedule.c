// SPDX-License-Identifier: GPL-2.0-only
/* Slices and preemptions against a simulated machine and an independent account; priorities. */
#include "model_oracle.h"
#include "model_simulator.h"

#include "claims_model.h"
#include "model/schedule.h"

#define RUNS 300

/* What schedule_finish() makes of a stream, and the intervals that the oracle finds in it. */
struct made {
	struct model model;
	struct oracle oracle;
	struct fed fed;
	struct schedule *schedule;
};

static void make(struct made *made, const struct stream *stream, uint64_t end)
{
	const struct made_item *item;

	memset(made, 0, sizeof(*made));
	feed_begin(&made->fed, stream_begin(stream), end);
	assert_int_equal(schedule_new(made->fed.timeline, &made->schedule), 0);
	vector_for_each (&stream->items, item) {
		struct recording_item it = item_of(item);

		assert_int_equal(timeline_feed(made->fed.timeline, &it), 0);
	}
	assert_int_equal(timeline_finish(made->fed.timeline, end), 0);
	made->fed.population = timeline_population(made->fed.timeline);
	assert_int_equal(schedule_finish(made->schedule, &made->model), 0);
}

static void unmake(struct made *made)
{
	vector_free(&made->model.preemptions);
	vector_free(&made->oracle.intervals);
	schedule_free(&made->schedule);
	made->fed.figures = timeline_figures(made->fed.timeline);
	fed_free(&made->fed);
}

static const struct thread *thread_of(const struct made *made, size_t i)
{
	return &made->fed.population->threads.items[i];
}

/* The thread that had that tid then, the slow way. */
static uint32_t who(const struct made *made, uint32_t tid, uint64_t time)
{
	for (size_t i = made->fed.population->threads.count; i > 0; i--) {
		const struct thread *thread = thread_of(made, i - 1);

		if (thread->tid == tid && thread->begin <= time &&
		    (time <= thread->end || thread->alive_at_end))
			return i - 1;
	}
	return NO_THREAD;
}

static uint64_t pairs_of(const struct made *made, uint32_t thread, uint32_t by, uint64_t *ret_ready)
{
	const struct preemption *pair;
	uint64_t count = 0;

	*ret_ready = 0;
	vector_for_each (&made->model.preemptions, pair) {
		if (pair->thread != thread || pair->by != by)
			continue;
		/* Each pair is there once. */
		assert_int_equal(count, 0);
		count = pair->count;
		*ret_ready = pair->ready_ns;
	}
	return count;
}

static void compare_pairs_of(const struct made *made, uint32_t thread, uint32_t by)
{
	uint64_t count = 0, ready = 0, told_ready, told = pairs_of(made, thread, by, &told_ready);
	const struct interval *it;

	vector_for_each (&made->fed.intervals, it) {
		if (it->thread != thread || it->state != STATE_READY_PREEMPTED || it->open_begin)
			continue;
		if ((it->waker ? who(made, it->waker, it->begin) : NO_THREAD) != by)
			continue;
		count++;
		ready += it->end - it->begin;
	}
	assert_int_equal(told, count);
	assert_int_equal(told_ready, ready);
}

static void compare_slices(const struct made *made, uint32_t thread)
{
	const struct slices *slices = &thread_of(made, thread)->slices;
	uint64_t count = 0, total = 0, longest = 0, preemptions = 0, shorter = 0, reach = 1;
	const struct interval *it;

	vector_for_each (&made->oracle.intervals, it) {
		uint64_t ns = it->end - it->begin;

		if (it->thread != thread)
			continue;
		preemptions += it->state == STATE_READY_PREEMPTED && !it->open_begin;
		if (it->state != STATE_RUNNING)
			continue;
		count++;
		total += ns;
		longest = ns > longest ? ns : longest;
	}
	assert_int_equal(slices->count, count);
	assert_int_equal(slices->total_ns, total);
	assert_int_equal(slices->max_ns, longest);
	assert_int_equal(slices->preemptions, preemptions);
	assert_true(slices->median_ns <= longest);
	/* It is known within a power of two: half of them are shorter than the next one. */
	while (reach <= slices->median_ns)
		reach *= 2;
	vector_for_each (&made->oracle.intervals, it)
		shorter += it->thread == thread && it->state == STATE_RUNNING &&
			   it->end - it->begin < reach / 2;
	assert_true(2 * shorter <= count);
}

static void slices_and_preemptions_are_those_of_the_intervals(void **state)
{
	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		struct stream stream = {0};
		uint64_t end = simulate(&stream, seed, 200, false);
		struct made made;

		make(&made, &stream, end);
		oracle_work(&made.oracle, &stream, end);
		for (size_t i = 0; i < made.fed.population->threads.count; i++) {
			compare_slices(&made, i);
			for (size_t by = 0; by < made.fed.population->threads.count; by++)
				compare_pairs_of(&made, i, by);
			compare_pairs_of(&made, i, NO_THREAD);
		}
		unmake(&made);
		vector_free(&stream.items);
	}
}

static void a_lossy_stream_does_no_harm(void **state)
{
	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		struct stream stream = {0};
		uint64_t end = simulate(&stream, seed, 200, true);
		struct made made;

		make(&made, &stream, end);
		unmake(&made);
		vector_free(&stream.items);
	}
}

/* ---- priorities ---------------------------------------------------------------------------- */

static void weights_are_the_kernels(void **state)
{
	struct pl_priority priority = {.known = 1};

	assert_int_equal(priority_weight(&priority), 1024);
	priority.nice = 5;
	assert_int_equal(priority_weight(&priority), 335);
	priority.nice = -20;
	assert_int_equal(priority_weight(&priority), 88761);
	priority.nice = 19;
	assert_int_equal(priority_weight(&priority), 15);
	priority.nice = 100;
	assert_int_equal(priority_weight(&priority), 0);
	priority = (struct pl_priority){.known = 1, .policy = 5};
	assert_int_equal(priority_weight(&priority), 3);
	priority.policy = 1;
	assert_int_equal(priority_weight(&priority), 0);
	priority = (struct pl_priority){0};
	assert_int_equal(priority_weight(&priority), 0);
	assert_string_equal(priority_label(&priority).text, "");
	priority = (struct pl_priority){.known = 1, .policy = 2, .rt_priority = 7};
	assert_string_equal(priority_label(&priority).text, "RR 7");
	priority = (struct pl_priority){.known = 1, .nice = -3};
	assert_string_equal(priority_label(&priority).text, "-3");
}

/* ---- claims -------------------------------------------------------------------------------- */

static void claims_can_speak_of_slices_and_shares(void **state)
{
	struct model model = model_whole();
	struct thread *thread;

	thread = model_add_thread(&model, "burn-1", 6 * MS, 2 * MS, 0);
	thread->slices = (struct slices){3, 6 * MS, 4 * MS, 2 * MS, 2};
	thread->priority_last = (struct pl_priority){.nice = 5, .known = 1};
	model_add_thread(&model, "burn-2", 2 * MS, 6 * MS, 0)->priority_last =
		(struct pl_priority){.policy = 1, .rt_priority = 9, .known = 1};
	*(struct preemption *)vector_add(&model.preemptions) = (struct preemption){0, 1, 2, MS};
	*(struct preemption *)vector_add(&model.preemptions) =
		(struct preemption){1, NO_THREAD, 5, MS};
	assert_judged(&model, "thread[burn-1].share == 75%", VERDICT_HELD);
	assert_judged(&model, "thread[burn-1].slices == 3", VERDICT_HELD);
	assert_judged(&model, "thread[burn-1].slice_mean == 2ms", VERDICT_HELD);
	assert_judged(&model, "thread[burn-1].slice_median == 2ms", VERDICT_HELD);
	assert_judged(&model, "thread[burn-1].slice_max == 4ms", VERDICT_HELD);
	assert_judged(&model, "thread[burn-1].preemptions == 2", VERDICT_HELD);
	assert_judged(&model, "thread[burn-1].nice == 5", VERDICT_HELD);
	assert_judged(&model, "thread[burn-1].weight == 335", VERDICT_HELD);
	assert_judged(&model, "thread[burn-2].rt_priority == 9", VERDICT_HELD);
	assert_judged(&model, "thread[burn-2].weight == 0", VERDICT_UNDECIDED);
	assert_judged(&model, "thread[burn-2].slice_mean == 0", VERDICT_UNDECIDED);
	assert_judged(&model, "preempted[burn-1,burn-2] == 2", VERDICT_HELD);
	assert_judged(&model, "preempted[burn-2,burn-1] == 0", VERDICT_HELD);
	assert_judged(&model, "preempted[*,others] == 5", VERDICT_HELD);
	assert_judged(&model, "preempted[*,*] == 7", VERDICT_HELD);
	assert_judged(&model, "preempted[burn-1] == 7", VERDICT_UNDECIDED);
	assert_judged(&model, "thread[nobody].share == 0", VERDICT_UNDECIDED);
	model.losses.records = 1;
	assert_judged(&model, "thread[burn-1].slices == 3", VERDICT_UNDECIDED);
	assert_judged(&model, "preempted[*,*] == 7", VERDICT_UNDECIDED);
	vector_free(&model.preemptions);
	model_clear(&model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slices_and_preemptions_are_those_of_the_intervals),
		cmocka_unit_test(a_lossy_stream_does_no_harm),
		cmocka_unit_test(weights_are_the_kernels),
		cmocka_unit_test(claims_can_speak_of_slices_and_shares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
