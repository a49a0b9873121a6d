// SPDX-License-Identifier: GPL-2.0-only
/* test_wait_graph.c - who waited for whom at one moment, and who had the lock then */
#include "lock_waits.h"

#include "model/causes/wait_graph.h"

struct looked {
	struct timeline *timeline;
	struct wait_search *search;
	struct wait_graph graph;
};

static struct looked look(struct stream *stream, uint64_t time)
{
	struct timeline_options options = {.arch = "x86_64", .begin = 10};
	struct looked looked = {0};
	struct made_item *made;

	assert_int_equal(timeline_new(&options, &looked.timeline), 0);
	assert_int_equal(wait_search_new(looked.timeline, time, &looked.search), 0);
	vector_for_each (&stream->items, made) {
		struct recording_item item = item_of(made);

		assert_int_equal(timeline_feed(looked.timeline, &item), 0);
	}
	assert_int_equal(timeline_finish(looked.timeline, 1000), 0);
	assert_int_equal(wait_search_finish(looked.search, &looked.graph), 0);
	vector_free(&stream->items);
	return looked;
}

static void looked_free(struct looked *looked)
{
	wait_graph_free(&looked->graph);
	wait_search_free(&looked->search);
	timeline_free(&looked->timeline);
}

static uint32_t tid_of(const struct looked *looked, uint32_t thread)
{
	const struct population *population = timeline_population(looked->timeline);

	return thread == NO_THREAD ? 0 : population->threads.items[thread].tid;
}

static void assert_held(struct looked *looked, uint32_t holder, enum holder_source source)
{
	assert_int_equal(looked->graph.awaited.count, 1);
	assert_int_equal(tid_of(looked, looked->graph.awaited.items[0].holder), holder);
	assert_int_equal(looked->graph.awaited.items[0].source, source);
	looked_free(looked);
}

static void who_was_seen_to_have_it_has_it(void **unused)
{
	struct stream stream = {0};
	struct looked looked;

	start(&stream, 4);
	wait_for(&stream, 20, 101, LOCK_A, 102);
	looked = look(&stream, 500);
	assert_int_equal(looked.graph.edges.count, 1);
	assert_int_equal(tid_of(&looked, looked.graph.edges.items[0].thread), 101);
	assert_held(&looked, 102, HOLDER_SEEN);
}

static void before_and_after_a_wait_nobody_waits(void **unused)
{
	struct stream stream = {0};
	struct looked looked;

	start(&stream, 4);
	wait_for(&stream, 20, 101, LOCK_A, 102);
	wake(&stream, 60, 101, 50, 102);
	looked = look(&stream, 19);
	assert_int_equal(looked.graph.edges.count, 0);
	looked_free(&looked);
	start(&stream, 4);
	wait_for(&stream, 20, 101, LOCK_A, 102);
	wake(&stream, 60, 101, 50, 102);
	looked = look(&stream, 50);
	assert_int_equal(looked.graph.awaited.count, 0);
	looked_free(&looked);
}

/* 101 and 103 wait for 102; it gives the lock to 101, and 103 waits on. */
static void who_was_woken_to_have_it_has_it_from_then_on(void **unused)
{
	struct stream stream = {0};
	struct looked looked;

	start(&stream, 4);
	wait_for(&stream, 20, 101, LOCK_A, 102);
	wait_for(&stream, 25, 103, LOCK_A, 102);
	wake(&stream, 60, 101, 50, 102);
	looked = look(&stream, 65);
	assert_held(&looked, 101, HOLDER_HANDED);
}

/* Until it runs, another may take the lock and give it back without anybody's notice. */
static void who_was_woken_to_have_it_and_has_not_run_may_not_have_it(void **unused)
{
	struct stream stream = {0};
	struct looked looked;

	start(&stream, 4);
	wait_for(&stream, 20, 101, LOCK_A, 102);
	wait_for(&stream, 25, 103, LOCK_A, 102);
	wake(&stream, 60, 101, 50, 102);
	looked = look(&stream, 55);
	assert_int_equal(looked.graph.awaited.items[0].holder, NO_THREAD);
	assert_int_equal(looked.graph.awaited.items[0].source, HOLDER_UNKNOWN);
	looked_free(&looked);
}

/* The same, but another was quicker than 101, which waits again: the newest look counts. */
static void who_was_woken_and_waits_again_has_not_got_it(void **unused)
{
	struct stream stream = {0};
	struct looked looked;

	start(&stream, 4);
	wait_for(&stream, 20, 101, LOCK_A, 102);
	wait_for(&stream, 25, 103, LOCK_A, 102);
	wake(&stream, 60, 101, 50, 102);
	wait_for(&stream, 70, 101, LOCK_A, 100);
	looked = look(&stream, 80);
	assert_held(&looked, 100, HOLDER_SEEN);
}

static void who_gives_it_up_next_had_it_if_nobody_was_seen(void **unused)
{
	struct stream stream = {0};
	struct looked looked;

	start(&stream, 4);
	wait_for(&stream, 20, 101, LOCK_A, 0);
	wake(&stream, 60, 101, 50, 103);
	looked = look(&stream, 30);
	assert_held(&looked, 103, HOLDER_GAVE_UP);
	start(&stream, 4);
	wait_for(&stream, 20, 101, LOCK_A, 0);
	looked = look(&stream, 30);
	assert_held(&looked, 0, HOLDER_UNKNOWN);
}

static void circles_are_found_with_whoever_waits_beside_them(void **unused)
{
	struct stream stream = {0};
	struct looked looked;
	uint32_t inside = 0;

	start(&stream, 4);
	wait_for(&stream, 20, 101, LOCK_A, 102);
	wait_for(&stream, 30, 102, LOCK_B, 101);
	wait_for(&stream, 40, 103, LOCK_B, 101);
	looked = look(&stream, 100);
	assert_int_equal(looked.graph.circles, 1);
	assert_int_equal(looked.graph.edges.count, 3);
	for (size_t i = 0; i < 3; i++)
		inside += looked.graph.edges.items[i].circle == 1;
	assert_int_equal(inside, 2);
	looked_free(&looked);
	start(&stream, 4);
	wait_for(&stream, 20, 101, LOCK_A, 102);
	wait_for(&stream, 30, 102, LOCK_B, 101);
	looked = look(&stream, 25);
	assert_int_equal(looked.graph.circles, 0);
	looked_free(&looked);
}

static void a_join_is_a_wait_for_a_thread(void **unused)
{
	struct stream stream = {0};
	struct made_item *item;
	struct looked looked;

	start(&stream, 4);
	item = add_switch(&stream, 20, 0, 100, OUT_BLOCKED, 1, 0);
	set_block(item, FUTEX, PL_FUTEX_JOIN, 0x3000, 101);
	wait_for(&stream, 30, 101, LOCK_A, 100);
	looked = look(&stream, 40);
	assert_int_equal(looked.graph.circles, 1);
	assert_int_equal(looked.graph.awaited.count, 2);
	looked_free(&looked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_was_seen_to_have_it_has_it),
		cmocka_unit_test(before_and_after_a_wait_nobody_waits),
		cmocka_unit_test(who_was_woken_to_have_it_has_it_from_then_on),
		cmocka_unit_test(who_was_woken_to_have_it_and_has_not_run_may_not_have_it),
		cmocka_unit_test(who_was_woken_and_waits_again_has_not_got_it),
		cmocka_unit_test(who_gives_it_up_next_had_it_if_nobody_was_seen),
		cmocka_unit_test(circles_are_found_with_whoever_waits_beside_them),
		cmocka_unit_test(a_join_is_a_wait_for_a_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
