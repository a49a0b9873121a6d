// SPDX-License-Identifier: GPL-2.0-only
/* test_deadlocks.c - circles of threads that wait for each other, and what only looks like one */
#include "lock_waits.h"

static void time_out(struct stream *stream, uint64_t time, uint32_t tid, uint64_t woken)
{
	set_woken(add_switch(stream, time, tid - FIRST_TID, 0, 0, 0, tid), (uint32_t)(time - woken),
		  0, PL_WAKER_INTERRUPT);
}

static void die(struct stream *stream, uint64_t time, uint32_t tid)
{
	add_switch(stream, time, tid - FIRST_TID, tid, PL_BLOCKED, 0x80, 0);
}

static void end(struct fed *fed, struct stream *stream)
{
	fed_free(fed);
	vector_free(&stream->items);
}

static void two_that_wait_for_each_other(void **unused)
{
	struct stream stream = {0};
	const struct deadlock *deadlock;
	struct fed fed;

	start(&stream, 3);
	wait_for(&stream, 20, 101, LOCK_B, 102);
	wait_for(&stream, 30, 102, LOCK_A, 101);
	feed(&fed, &stream, 1000);
	assert_int_equal(fed.model.deadlocks.count, 1);
	deadlock = fed.model.deadlocks.items;
	assert_int_equal(deadlock->members.count, 2);
	assert_int_equal(deadlock->begin, 30);
	assert_int_equal(deadlock->end, 1000);
	assert_int_equal(deadlock->ended, DEADLOCK_GOES_ON);
	assert_int_equal(deadlock->members.items[0].address, LOCK_A);
	assert_int_equal(deadlock->members.items[1].address, LOCK_B);
	assert_int_equal(deadlock->members.items[0].holder, deadlock->members.items[1].thread);
	assert_int_equal(deadlock->members.items[1].holder, deadlock->members.items[0].thread);
	assert_int_equal(fed.model.locks.items[deadlock->members.items[0].lock].address, LOCK_A);
	end(&fed, &stream);
}

static void one_that_waits_for_itself(void **unused)
{
	struct stream stream = {0};
	struct fed fed;

	start(&stream, 2);
	wait_for(&stream, 20, 101, LOCK_A, 101);
	feed(&fed, &stream, 1000);
	assert_int_equal(fed.model.deadlocks.count, 1);
	assert_int_equal(fed.model.deadlocks.items[0].members.count, 1);
	end(&fed, &stream);
}

static void those_that_wait_outside_the_circle_are_not_in_it(void **unused)
{
	struct stream stream = {0};
	struct fed fed;

	start(&stream, 5);
	wait_for(&stream, 20, 101, LOCK_B, 102);
	wait_for(&stream, 25, 103, LOCK_B, 102);
	wait_for(&stream, 30, 102, LOCK_A, 101);
	wait_for(&stream, 40, 104, LOCK_A, 101);
	feed(&fed, &stream, 1000);
	assert_int_equal(fed.model.deadlocks.count, 1);
	assert_int_equal(fed.model.deadlocks.items[0].members.count, 2);
	end(&fed, &stream);
}

static void a_chain_is_no_circle(void **unused)
{
	struct stream stream = {0};
	struct fed fed;

	start(&stream, 4);
	wait_for(&stream, 20, 101, LOCK_B, 102);
	wait_for(&stream, 30, 102, LOCK_A, 103);
	feed(&fed, &stream, 1000);
	assert_int_equal(fed.model.deadlocks.count, 0);
	end(&fed, &stream);
}

/* 101 waits for B, which 102 held when the wait began and gave to 103; then 102 waits for what 101
 * holds. 103 gives B up, and all is well. */
static void a_holder_that_has_passed_the_lock_on_closes_no_circle(void **unused)
{
	struct stream stream = {0};
	struct fed fed;

	start(&stream, 4);
	wait_for(&stream, 20, 101, LOCK_B, 102);
	wait_for(&stream, 30, 102, LOCK_A, 101);
	wake(&stream, 50, 101, 45, 103);
	wake(&stream, 60, 102, 55, 101);
	die(&stream, 70, 101);
	die(&stream, 80, 102);
	feed(&fed, &stream, 1000);
	assert_int_equal(fed.model.deadlocks.count, 0);
	end(&fed, &stream);
}

/* It was woken before the circle seemed to close, but runs only later. */
static void a_wake_up_that_is_learnt_late_closes_no_circle(void **unused)
{
	struct stream stream = {0};
	struct fed fed;

	start(&stream, 3);
	wait_for(&stream, 20, 101, LOCK_B, 102);
	wait_for(&stream, 30, 102, LOCK_A, 101);
	wake(&stream, 50, 101, 25, 102);
	feed(&fed, &stream, 1000);
	assert_int_equal(fed.model.deadlocks.count, 0);
	end(&fed, &stream);
}

static void a_wait_that_times_out_ends_it(void **unused)
{
	struct stream stream = {0};
	struct fed fed;

	start(&stream, 3);
	wait_for(&stream, 20, 101, LOCK_B, 102);
	wait_for(&stream, 30, 102, LOCK_A, 101);
	time_out(&stream, 510, 101, 500);
	wake(&stream, 530, 102, 520, 101);
	feed(&fed, &stream, 1000);
	assert_int_equal(fed.model.deadlocks.count, 1);
	assert_int_equal(fed.model.deadlocks.items[0].ended, DEADLOCK_TIMED_OUT);
	assert_int_equal(fed.model.deadlocks.items[0].end, 500);
	end(&fed, &stream);
}

static void the_end_of_the_process_ends_it(void **unused)
{
	struct stream stream = {0};
	struct fed fed;

	start(&stream, 3);
	wait_for(&stream, 20, 101, LOCK_B, 102);
	wait_for(&stream, 30, 102, LOCK_A, 101);
	wake(&stream, 510, 101, 500, 100);
	wake(&stream, 520, 102, 510, 100);
	die(&stream, 530, 101);
	die(&stream, 540, 102);
	feed(&fed, &stream, 1000);
	assert_int_equal(fed.model.deadlocks.count, 1);
	assert_int_equal(fed.model.deadlocks.items[0].ended, DEADLOCK_KILLED);
	assert_int_equal(fed.model.deadlocks.items[0].end, 500);
	end(&fed, &stream);
}

static void a_signal_in_between_does_not_end_it(void **unused)
{
	struct stream stream = {0};
	struct fed fed;

	start(&stream, 3);
	wait_for(&stream, 20, 101, LOCK_B, 102);
	wait_for(&stream, 30, 102, LOCK_A, 101);
	wake(&stream, 510, 101, 500, 100);
	wait_for(&stream, 530, 101, LOCK_B, 102);
	feed(&fed, &stream, 1000);
	assert_int_equal(fed.model.deadlocks.count, 1);
	assert_int_equal(fed.model.deadlocks.items[0].ended, DEADLOCK_GOES_ON);
	end(&fed, &stream);
}

/* Announced one after the other, the holder after its waiter. */
static void one_that_was_there_before_is_found(void **unused)
{
	static const uint64_t addresses[] = {LOCK_B, LOCK_C, LOCK_A};
	struct stream stream = {0};
	struct fed fed;

	for (uint32_t i = 0; i < 3; i++) {
		union pl_life *life = add_task(&stream, 10 + i, 101 + i, 100, 0);

		life->task.block = (struct pl_block){
			.kind = PL_BLOCK,
			.futex_kind = PL_FUTEX_MUTEX,
			.syscall = FUTEX,
			.tid = 101 + i,
			.holder = 101 + (i + 1) % 3,
			.arg0 = addresses[i],
		};
	}
	feed(&fed, &stream, 1000);
	assert_int_equal(fed.model.deadlocks.count, 1);
	assert_int_equal(fed.model.deadlocks.items[0].members.count, 3);
	assert_true(fed.model.deadlocks.items[0].members.items[0].open_begin);
	end(&fed, &stream);
}

static void a_join_can_be_part_of_it(void **unused)
{
	struct stream stream = {0};
	struct made_item *item;
	struct fed fed;

	start(&stream, 2);
	wait_for(&stream, 20, 101, LOCK_A, 100);
	item = add_switch(&stream, 30, 0, 100, OUT_BLOCKED, 1, 0);
	set_block(item, FUTEX, PL_FUTEX_JOIN, 0x7000, 101);
	feed(&fed, &stream, 1000);
	assert_int_equal(fed.model.deadlocks.count, 1);
	assert_int_equal(fed.model.deadlocks.items[0].members.items[0].reason, REASON_JOIN);
	assert_int_equal(fed.model.deadlocks.items[0].members.items[0].lock, NO_LOCK);
	end(&fed, &stream);
}

static void a_condition_has_no_holder(void **unused)
{
	struct stream stream = {0};
	struct made_item *item;
	struct fed fed;

	start(&stream, 3);
	wait_for(&stream, 20, 101, LOCK_B, 102);
	item = add_switch(&stream, 30, 2, 102, OUT_BLOCKED, 1, 0);
	set_block(item, FUTEX, PL_FUTEX_CONDITION, LOCK_A, 101);
	feed(&fed, &stream, 1000);
	assert_int_equal(fed.model.deadlocks.count, 0);
	end(&fed, &stream);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_that_wait_for_each_other),
		cmocka_unit_test(one_that_waits_for_itself),
		cmocka_unit_test(those_that_wait_outside_the_circle_are_not_in_it),
		cmocka_unit_test(a_chain_is_no_circle),
		cmocka_unit_test(a_holder_that_has_passed_the_lock_on_closes_no_circle),
		cmocka_unit_test(a_wake_up_that_is_learnt_late_closes_no_circle),
		cmocka_unit_test(a_wait_that_times_out_ends_it),
		cmocka_unit_test(the_end_of_the_process_ends_it),
		cmocka_unit_test(a_signal_in_between_does_not_end_it),
		cmocka_unit_test(one_that_was_there_before_is_found),
		cmocka_unit_test(a_join_can_be_part_of_it),
		cmocka_unit_test(a_condition_has_no_holder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
