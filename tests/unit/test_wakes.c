// SPDX-License-Identifier: GPL-2.0-only
/* test_wakes.c - who woke whom, how often and out of how long a wait; and how far that went on */
#include "model/causes/wakes.h"
#include "timeline_rules.h"

static struct model model;

static int forget(void **state)
{
	vector_free(&model.wakes);
	memset(&model, 0, sizeof(model));
	vector_free(&stream.items);
	return 0;
}

static void block(uint64_t time, uint32_t tid, uint8_t file_kind)
{
	struct made_item *item = add_switch(&stream, time, tid - 10, tid, OUT_BLOCKED, 1, 0);

	set_block(item, READ, PL_FUTEX_NONE, 3, 0);
	item->block.block.file_kind = file_kind;
}

static void wake(uint64_t time, uint32_t tid, uint64_t woken, uint32_t waker, uint8_t context)
{
	set_woken(add_switch(&stream, time, tid - 10, 0, 0, 0, tid), (uint32_t)(time - woken),
		  waker, context);
}

static void work(uint64_t end)
{
	struct timeline_options options = {.arch = "x86_64", .begin = 100};
	struct made_item *made;
	struct timeline *timeline;
	struct wakes *wakes;

	assert_int_equal(timeline_new(&options, &timeline), 0);
	assert_int_equal(wakes_new(timeline, &wakes), 0);
	vector_for_each (&stream.items, made) {
		struct recording_item item = item_of(made);

		assert_int_equal(timeline_feed(timeline, &item), 0);
	}
	assert_int_equal(timeline_finish(timeline, end), 0);
	assert_int_equal(wakes_finish(wakes, &model), 0);
	wakes_free(&wakes);
	timeline_free(&timeline);
}

static const struct wake *wake_of(enum wake_kind kind, uint32_t from, uint32_t to)
{
	const struct wake *it, *found = NULL;

	vector_for_each (&model.wakes, it) {
		if (it->kind != kind || it->from != from || it->to != to)
			continue;
		/* Each pair is there once. */
		assert_null(found);
		found = it;
	}
	assert_non_null(found);
	return found;
}

/* A device wakes the first thread, that the second one, that the third. */
static void start(void)
{
	for (uint32_t tid = 10; tid < 13; tid++)
		add_task(&stream, 100, tid, 10, PL_TASK_RUNNING);
	for (uint32_t tid = 10; tid < 13; tid++)
		block(110, tid, PL_FILE_PIPE);
	wake(150, 10, 140, 0, PL_WAKER_INTERRUPT);
	wake(160, 11, 155, 10, PL_WAKER_TASK);
	wake(170, 12, 165, 11, PL_WAKER_TASK);
}

static void each_pair_has_its_wake_ups_and_the_waits_that_they_ended(void **state)
{
	start();
	block(175, 11, PL_FILE_PIPE);
	wake(185, 11, 180, 10, PL_WAKER_TASK);
	work(200);
	assert_int_equal(model.wakes.count, 3);
	assert_int_equal(wake_of(WAKE_INTERRUPT, NO_THREAD, 0)->waited_ns, 140 - 110);
	assert_int_equal(wake_of(WAKE_THREAD, 0, 1)->count, 2);
	assert_int_equal(wake_of(WAKE_THREAD, 0, 1)->waited_ns, (155 - 110) + (180 - 175));
	assert_int_equal(wake_of(WAKE_THREAD, 1, 2)->count, 1);
	assert_int_equal(wake_of(WAKE_THREAD, 1, 2)->waited_ns, 165 - 110);
	/* Most often first. */
	assert_int_equal(model.wakes.items[0].count, 2);
}

static void a_chain_goes_on_while_the_woken_wake_others(void **state)
{
	start();
	work(200);
	assert_int_equal(model.chain.length, 2);
	assert_int_equal(model.chain.first, 0);
	assert_int_equal(model.chain.last, 2);
	assert_int_equal(model.chain.begin, 155);
	assert_int_equal(model.chain.end, 165);
}

/* What a device ended begins anew. */
static void a_chain_ends_where_a_device_wakes(void **state)
{
	start();
	block(172, 11, PL_FILE_PIPE);
	wake(180, 11, 178, 0, PL_WAKER_INTERRUPT);
	block(181, 12, PL_FILE_PIPE);
	wake(190, 12, 185, 11, PL_WAKER_TASK);
	block(191, 10, PL_FILE_PIPE);
	wake(195, 10, 193, 12, PL_WAKER_TASK);
	work(200);
	assert_int_equal(model.chain.length, 2);
	assert_int_equal(model.chain.end, 165);
	assert_int_equal(wake_of(WAKE_INTERRUPT, NO_THREAD, 1)->count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(each_pair_has_its_wake_ups_and_the_waits_that_they_ended,
					  forget),
		cmocka_unit_test_teardown(a_chain_goes_on_while_the_woken_wake_others, forget),
		cmocka_unit_test_teardown(a_chain_ends_where_a_device_wakes, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
