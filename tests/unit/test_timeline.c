// SPDX-License-Identifier: GPL-2.0-only
/* test_timeline.c - states, waits and locks, each rule on a stream of a few records */
#include "timeline_rules.h"

static void threads_that_were_there_before_begin_in_the_state_that_was_found(void **state)
{
	union pl_life *life;

	add_task(&stream, 100, 10, 10, PL_TASK_RUNNING);
	add_task(&stream, 101, 11, 10, PL_TASK_READY);
	life = add_task(&stream, 102, 12, 10, 0);
	life->task.block = (struct pl_block){.kind = PL_BLOCK,
					     .syscall = FUTEX,
					     .futex_kind = PL_FUTEX_MUTEX,
					     .arg0 = 0x1000,
					     .holder = 10};
	add_task(&stream, 103, 13, 10, 0)->task.state = 8;
	add_task(&stream, 104, 14, 10, 0)->task.state = 0x80;
	feed(&fed, &stream, 200);
	assert_interval(0, 0, STATE_RUNNING, 100, 200);
	assert_interval(1, 0, STATE_READY_PREEMPTED, 101, 200);
	assert_interval(2, 0, STATE_BLOCKED, 102, 200);
	assert_int_equal(interval_at(2, 0)->reason, REASON_LOCK);
	assert_int_equal(interval_at(2, 0)->holder, 10);
	assert_true(interval_at(2, 0)->open_begin && interval_at(2, 0)->open_end);
	assert_interval(3, 0, STATE_STOPPED, 103, 200);
	assert_int_equal(interval_at(3, 0)->reason, REASON_STOP);
	assert_int_equal(intervals_of(4), 0);
	assert_false(thread_at(4)->alive_at_end);
	assert_int_equal(fed.model.locks.items[0].total_ns, 98);
	assert_int_equal(fed.model.locks.items[0].waits_open_begin, 1);
	assert_int_equal(fed.model.locks.items[0].waits_open_end, 1);
}

static void a_switch_tells_blocked_ready_and_running_to_the_nanosecond(void **state)
{
	struct made_item *item;

	add_task(&stream, 100, 10, 10, PL_TASK_RUNNING);
	item = add_switch(&stream, 110, 0, 10, OUT_BLOCKED, 1, 0);
	set_block(item, READ, PL_FUTEX_NONE, 3, 0);
	item->block.block.file_kind = PL_FILE_PIPE;
	item = add_switch(&stream, 150, 1, 0, 0, 0, 10);
	set_woken(item, 15, 77, PL_WAKER_TASK);
	add_switch(&stream, 170, 1, 10, 0, 0, 0);
	add_switch(&stream, 180, 0, 0, 0, 0, 10);
	feed(&fed, &stream, 200);
	assert_interval(0, 0, STATE_RUNNING, 100, 110);
	assert_int_equal(interval_at(0, 0)->cpu, 0); /* where it left, not where it was seen */
	assert_interval(0, 1, STATE_BLOCKED, 110, 135);
	assert_int_equal(interval_at(0, 1)->reason, REASON_PIPE);
	assert_int_equal(interval_at(0, 1)->syscall, READ);
	assert_int_equal(interval_at(0, 1)->waker, 77);
	assert_int_equal(interval_at(0, 1)->waker_context, PL_WAKER_TASK);
	assert_interval(0, 2, STATE_READY_WOKEN, 135, 150);
	assert_interval(0, 3, STATE_RUNNING, 150, 170);
	assert_interval(0, 4, STATE_READY_PREEMPTED, 170, 180);
	assert_interval(0, 5, STATE_RUNNING, 180, 200);
	assert_int_equal(thread_at(0)->switches_voluntary, 1);
	assert_int_equal(thread_at(0)->switches_involuntary, 1);
	assert_int_equal(thread_at(0)->wakers_known, 1);
	assert_int_equal(thread_at(0)->wakers_unknown, 0);
	assert_int_equal(thread_at(0)->ready_max_ns, 15);
	assert_int_equal(thread_ready_ns(thread_at(0)), 15 + 10);
	assert_int_equal(thread_at(0)->reasons.items[0].total_ns, 25);
}

static void a_first_run_is_no_migration_and_each_change_of_cpu_is_one(void **state)
{
	add_fork(&stream, 100, 10, 10, 1, "x");
	add_switch(&stream, 110, 2, 0, 0, 0, 10);
	add_switch(&stream, 120, 2, 10, 0, 0, 0);
	add_switch(&stream, 130, 2, 0, 0, 0, 10);
	add_switch(&stream, 140, 2, 10, 0, 0, 0);
	add_switch(&stream, 150, 3, 0, 0, 0, 10);
	feed(&fed, &stream, 200);
	assert_int_equal(thread_at(0)->migrations, 1);
}

static void a_wake_up_older_than_the_wait_leaves_no_blocked_time_but_counts(void **state)
{
	struct made_item *item;

	add_task(&stream, 100, 10, 10, PL_TASK_RUNNING);
	item = add_switch(&stream, 110, 0, 10, OUT_BLOCKED, 1, 0);
	set_block(item, FUTEX, PL_FUTEX_MUTEX, 0x1000, 0);
	item = add_switch(&stream, 150, 0, 0, 0, 0, 10);
	set_woken(item, 60, 77, PL_WAKER_TASK);
	feed(&fed, &stream, 200);
	assert_interval(0, 1, STATE_BLOCKED, 110, 110);
	assert_interval(0, 2, STATE_READY_WOKEN, 110, 150);
	assert_int_equal(thread_at(0)->wakers_known, 1);
	assert_int_equal(thread_at(0)->state_ns[STATE_BLOCKED], 0);
	assert_int_equal(fed.model.locks.count, 1);
	assert_int_equal(fed.model.locks.items[0].waits, 1);
	assert_int_equal(fed.model.locks.items[0].total_ns, 0);
}

static void a_switch_that_was_not_seen_is_told_by_the_next_one(void **state)
{
	add_fork(&stream, 100, 10, 10, 1, "x");
	add_switch(&stream, 105, 0, 0, 0, 0, 10);
	add_switch(&stream, 110, 0, 10, OUT_BLOCKED, 1, 0);
	add_resume(&stream, 150, 1, 10, 20, 120, 77);
	add_switch(&stream, 160, 1, 10, OUT_BLOCKED, 1, 0);
	add_resume(&stream, 170, 1, 10, 4, 0, 0);
	feed(&fed, &stream, 200);
	assert_interval(0, 2, STATE_BLOCKED, 110, 120);
	assert_int_equal(interval_at(0, 2)->waker, 77);
	assert_interval(0, 3, STATE_READY_WOKEN, 120, 130);
	assert_interval(0, 4, STATE_RUNNING, 130, 160);
	assert_int_equal(interval_at(0, 4)->cpu, 1);
	assert_interval(0, 5, STATE_BLOCKED, 160, 166);
	assert_interval(0, 6, STATE_RUNNING, 166, 200);
	assert_int_equal(thread_at(0)->migrations, 1);
	assert_int_equal(thread_at(0)->wakers_known, 1);
	assert_int_equal(thread_at(0)->wakers_unknown, 1);
	assert_int_equal(fed.figures->unseen_switches, 2);
}

static void without_a_known_waker_the_wait_lasts_until_the_thread_runs(void **state)
{
	add_task(&stream, 100, 10, 10, PL_TASK_RUNNING);
	add_switch(&stream, 110, 0, 10, OUT_BLOCKED, 1, 0);
	add_switch(&stream, 150, 0, 0, 0, 0, 10);
	feed(&fed, &stream, 200);
	assert_interval(0, 1, STATE_BLOCKED, 110, 150);
	assert_int_equal(interval_at(0, 1)->reason, REASON_UNKNOWN);
	assert_int_equal(thread_at(0)->wakers_unknown, 1);
	assert_int_equal(thread_at(0)->wakers_known, 0);
}

static void a_wake_record_overrides_a_ready_time_that_did_not_fit(void **state)
{
	const uint64_t late = 10000000000ull;
	struct made_item *item;

	add_task(&stream, 100, 10, 10, PL_TASK_RUNNING);
	add_switch(&stream, 110, 0, 10, OUT_BLOCKED, 1, 0);
	add_wake(&stream, late, 0, 10, 1000, 55);
	item = add_switch(&stream, late, 0, 0, 0, 0, 10);
	set_woken(item, UINT32_MAX, 55, PL_WAKER_TASK);
	feed(&fed, &stream, late + 1);
	assert_interval(0, 1, STATE_BLOCKED, 110, 1000);
	assert_interval(0, 2, STATE_READY_WOKEN, 1000, late);
	assert_int_equal(interval_at(0, 1)->waker, 55);
}

static void a_wake_record_at_the_end_splits_the_last_wait(void **state)
{
	add_task(&stream, 100, 10, 10, PL_TASK_RUNNING);
	add_switch(&stream, 110, 0, 10, OUT_BLOCKED, 1, 0);
	add_wake(&stream, 200, 0, 10, 180, 55);
	feed(&fed, &stream, 200);
	assert_interval(0, 1, STATE_BLOCKED, 110, 180);
	assert_false(interval_at(0, 1)->open_end);
	assert_interval(0, 2, STATE_READY_WOKEN, 180, 200);
	assert_true(interval_at(0, 2)->open_end);
	assert_true(thread_at(0)->alive_at_end);
}

static void a_thread_that_blocks_at_the_same_place_again_need_not_say_where(void **state)
{
	struct made_item *item;

	add_task(&stream, 100, 10, 10, PL_TASK_RUNNING);
	item = add_switch(&stream, 110, 0, 10, OUT_BLOCKED, 1, 0);
	set_block(item, FUTEX, PL_FUTEX_MUTEX, 0x1000, 0);
	add_switch(&stream, 120, 0, 0, 0, 0, 10);
	add_switch(&stream, 130, 0, 10, OUT_BLOCKED | PL_SAME, 1, 0);
	add_switch(&stream, 140, 0, 0, 0, 0, 10);
	add_switch(&stream, 150, 0, 10, OUT_BLOCKED, 1, 0);
	add_switch(&stream, 160, 0, 0, 0, 0, 10);
	add_gap(&stream, 165, 166, 0, 1);
	add_switch(&stream, 170, 0, 10, OUT_BLOCKED | PL_SAME, 1, 0);
	feed(&fed, &stream, 180);
	assert_int_equal(interval_at(0, 3)->reason, REASON_LOCK);
	assert_int_equal(interval_at(0, 3)->address, 0x1000);
	assert_int_equal(interval_at(0, 5)->reason, REASON_UNKNOWN);
	/* What it was the same as may have been lost, as may two switches of the run before. */
	assert_interval(0, 7, STATE_UNKNOWN, 165, 166);
	assert_int_equal(interval_at(0, 9)->reason, REASON_UNKNOWN);
}

static void a_stopped_thread_is_not_blocked(void **state)
{
	add_task(&stream, 100, 10, 10, PL_TASK_RUNNING);
	add_switch(&stream, 110, 0, 10, OUT_BLOCKED, 4, 0);
	add_switch(&stream, 150, 0, 0, 0, 0, 10);
	feed(&fed, &stream, 200);
	assert_interval(0, 1, STATE_STOPPED, 110, 150);
	assert_int_equal(interval_at(0, 1)->reason, REASON_STOP);
}

static void concurrency_is_the_time_with_so_many_threads_running(void **state)
{
	add_task(&stream, 100, 10, 10, PL_TASK_READY);
	add_task(&stream, 100, 11, 10, PL_TASK_READY);
	add_switch(&stream, 110, 0, 0, 0, 0, 10);
	add_switch(&stream, 130, 1, 0, 0, 0, 11);
	add_switch(&stream, 160, 0, 10, OUT_BLOCKED, 1, 0);
	add_switch(&stream, 175, 0, 0, 0, 0, 10);
	feed(&fed, &stream, 200);
	assert_int_equal(fed.figures->concurrency[0], 10);
	assert_int_equal(fed.figures->concurrency[1], 20 + 15);
	assert_int_equal(fed.figures->concurrency[2], 30 + 25);
	assert_int_equal(thread_at(0)->both_ns, 30 + 25);
	assert_int_equal(thread_at(1)->both_ns, 30 + 25);
}

/* ---- locks --------------------------------------------------------------------------------- */

static void a_lock_knows_its_waits_its_holder_and_what_that_did(void **state)
{
	struct made_item *item;
	const struct lock *lock;

	add_task(&stream, 100, 10, 10, PL_TASK_READY);
	add_task(&stream, 100, 11, 10, PL_TASK_READY);
	add_switch(&stream, 105, 0, 0, 0, 0, 10);
	add_switch(&stream, 105, 1, 0, 0, 0, 11);
	item = add_switch(&stream, 110, 1, 11, OUT_BLOCKED, 1, 0);
	set_block(item, FUTEX, PL_FUTEX_MUTEX, 0x1000, 10);
	add_switch(&stream, 120, 0, 10, 0, 0, 0);
	add_switch(&stream, 130, 0, 0, 0, 0, 10);
	/* It unlocks at 150, and leaves its CPU before the waiter gets one. */
	add_switch(&stream, 160, 0, 10, 0, 0, 0);
	item = add_switch(&stream, 170, 0, 0, 0, 0, 11);
	set_woken(item, 20, 10, PL_WAKER_TASK);
	feed(&fed, &stream, 200);
	assert_int_equal(fed.model.locks.count, 1);
	lock = &fed.model.locks.items[0];
	assert_int_equal(lock->address, 0x1000);
	assert_int_equal(lock->reason, REASON_LOCK);
	assert_int_equal(lock->waits, 1);
	assert_int_equal(lock->total_ns, 40);
	assert_int_equal(lock->waiters_max, 1);
	assert_int_equal(lock->main_waiter, 1);
	assert_int_equal(lock->main_holder, 0);
	assert_int_equal(lock->main_holder_ns, 40);
	assert_int_equal(lock->main_holder_running_ns, 30);
}

static void a_wait_that_a_timer_ends_was_given_up(void **state)
{
	struct made_item *item;

	add_task(&stream, 100, 10, 10, PL_TASK_RUNNING);
	for (int i = 0; i < 3; i++) {
		item = add_switch(&stream, 110 + i * 20, 0, 10, OUT_BLOCKED, 1, 0);
		set_block(item, FUTEX, PL_FUTEX_MUTEX, 0x1000, 0);
		item = add_switch(&stream, 120 + i * 20, 0, 0, 0, 0, 10);
		set_woken(item, 1, 11, i == 1 ? PL_WAKER_INTERRUPT : PL_WAKER_TASK);
	}
	feed(&fed, &stream, 200);
	assert_int_equal(fed.model.locks.items[0].waits, 3);
	assert_int_equal(fed.model.locks.items[0].timed_out, 1);
}

static void the_two_words_of_a_condition_variable_are_one(void **state)
{
	add_task(&stream, 100, 10, 10, PL_TASK_READY);
	for (int i = 0; i < 2; i++) {
		struct made_item *item;

		add_switch(&stream, 110 + i * 20, 0, 0, 0, 0, 10);
		item = add_switch(&stream, 120 + i * 20, 0, 10, OUT_BLOCKED, 1, 0);
		set_block(item, FUTEX, PL_FUTEX_CONDITION, 0x1028 + i * 4, 0);
	}
	feed(&fed, &stream, 200);
	assert_int_equal(fed.model.locks.count, 1);
	assert_int_equal(fed.model.locks.items[0].waits, 2);
}

static void a_joined_thread_is_no_lock(void **state)
{
	struct made_item *item;

	add_task(&stream, 100, 10, 10, PL_TASK_RUNNING);
	item = add_switch(&stream, 110, 0, 10, OUT_BLOCKED, 1, 0);
	set_block(item, FUTEX, PL_FUTEX_JOIN, 0x1000, 11);
	feed(&fed, &stream, 200);
	assert_int_equal(fed.model.locks.count, 0);
	assert_int_equal(interval_at(0, 1)->reason, REASON_JOIN);
	assert_int_equal(interval_at(0, 1)->holder, 11);
}

/* ---- stacks --------------------------------------------------------------------------------- */

static void a_wait_has_the_stacks_of_its_sleeper_and_its_waker(void **state)
{
	struct made_item *item;

	add_task(&stream, 100, 10, 10, 0)->task.stack = 4;
	add_switch(&stream, 105, 0, 0, 0, 0, 10);
	item = add_switch(&stream, 110, 0, 10, OUT_BLOCKED, 1, 0);
	item->stack = 5;
	item->kernel_stack = 6;
	item = add_switch(&stream, 150, 1, 0, 0, 0, 10);
	set_woken(item, 15, 77, PL_WAKER_TASK);
	item->waker_stack = 7;
	add_sample(&stream, 160, 1, 10, 8, 1000);
	add_sample(&stream, 161, 1, 4711, 9, 1000); /* nobody's */
	feed(&fed, &stream, 200);
	assert_int_equal(interval_at(0, 0)->stack, 4);
	assert_interval(0, 2, STATE_BLOCKED, 110, 135);
	assert_int_equal(interval_at(0, 2)->stack, 5);
	assert_int_equal(interval_at(0, 2)->kernel_stack, 6);
	assert_int_equal(interval_at(0, 2)->waker_stack, 7);
	assert_int_equal(interval_at(0, 4)->stack, 0);
	assert_int_equal(fed.samples, 1);
	assert_int_equal(fed.sampled_stack, 8);
}

/* Memory is bounded, and who has no such threads pays for no past. */
static void what_ran_unseen_too_far_back_is_said_to_be_uncounted(void **state)
{
	uint64_t time = 100;

	add_task(&stream, time, 10, 10, PL_TASK_READY);
	add_task(&stream, time, 11, 10, PL_TASK_READY);
	for (int i = 0; i < 10000; i++) {
		add_switch(&stream, ++time, 0, 0, 0, 0, 10);
		add_switch(&stream, ++time, 0, 10, 0, 0, 0);
	}
	add_resume(&stream, time + 100, 1, 11, 90, 0, 0);
	add_switch(&stream, time + 100, 1, 11, 0, 0, 0);
	add_switch(&stream, time + 200, 0, 0, 0, 0, 10);
	add_resume(&stream, time + 300, 1, 11, 50, 0, 0);
	add_switch(&stream, time + 300, 1, 11, 0, 0, 0);
	add_switch(&stream, time + 400, 0, 10, 0, 0, 0);
	feed(&fed, &stream, time + 400);
	assert_int_equal(fed.figures->unplaced_ns, 90);
	assert_int_equal(fed.figures->concurrency[2], 50);
	assert_int_equal(thread_at(0)->both_ns, 50);
	assert_int_equal(thread_at(1)->both_ns, 50);
}

/* Told once, meant until another is told; but a gap may have swallowed that other one. */
static void the_same_stack_as_before_holds_up_to_a_gap(void **state)
{
	add_task(&stream, 100, 10, 10, PL_TASK_RUNNING);
	add_switch(&stream, 110, 0, 10, OUT_BLOCKED | PL_SAME_STACK, 1, 0);
	add_switch(&stream, 120, 0, 0, 0, 0, 10);
	add_switch(&stream, 130, 0, 10, OUT_BLOCKED, 1, 0)->stack = 5;
	add_switch(&stream, 140, 0, 0, 0, 0, 10);
	add_switch(&stream, 150, 0, 10, OUT_BLOCKED | PL_SAME_STACK, 1, 0);
	add_switch(&stream, 160, 0, 0, 0, 0, 10);
	add_switch(&stream, 170, 0, 10, OUT_BLOCKED, 1, 0);
	add_switch(&stream, 180, 0, 0, 0, 0, 10);
	add_gap(&stream, 185, 186, 0, 3);
	add_switch(&stream, 190, 0, 10, OUT_BLOCKED | PL_SAME_STACK, 1, 0);
	feed(&fed, &stream, 200);
	assert_int_equal(interval_at(0, 1)->stack, 0);
	assert_int_equal(interval_at(0, 3)->stack, 5);
	assert_int_equal(interval_at(0, 5)->stack, 5);
	assert_int_equal(interval_at(0, 7)->stack, 0);
	assert_interval(0, 11, STATE_BLOCKED, 190, 200);
	assert_int_equal(interval_at(0, 11)->stack, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		rule(threads_that_were_there_before_begin_in_the_state_that_was_found),
		rule(a_switch_tells_blocked_ready_and_running_to_the_nanosecond),
		rule(a_first_run_is_no_migration_and_each_change_of_cpu_is_one),
		rule(a_wake_up_older_than_the_wait_leaves_no_blocked_time_but_counts),
		rule(a_switch_that_was_not_seen_is_told_by_the_next_one),
		rule(without_a_known_waker_the_wait_lasts_until_the_thread_runs),
		rule(a_wake_record_overrides_a_ready_time_that_did_not_fit),
		rule(a_wake_record_at_the_end_splits_the_last_wait),
		rule(a_thread_that_blocks_at_the_same_place_again_need_not_say_where),
		rule(a_stopped_thread_is_not_blocked),
		rule(concurrency_is_the_time_with_so_many_threads_running),
		rule(a_lock_knows_its_waits_its_holder_and_what_that_did),
		rule(a_wait_that_a_timer_ends_was_given_up),
		rule(the_two_words_of_a_condition_variable_are_one),
		rule(a_joined_thread_is_no_lock),
		rule(a_wait_has_the_stacks_of_its_sleeper_and_its_waker),
		rule(the_same_stack_as_before_holds_up_to_a_gap),
		rule(what_ran_unseen_too_far_back_is_said_to_be_uncounted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
