// SPDX-License-Identifier: GPL-2.0-only
/* test_timeline.c - each rule of the state machine on a stream of a few records */
#include "model_items.h"

#define READ  0
#define FUTEX 202

static struct stream stream;
static struct fed fed;

static int setup(void **state)
{
	memset(&stream, 0, sizeof(stream));
	return 0;
}

static int teardown(void **state)
{
	fed_free(&fed);
	vector_free(&stream.items);
	return 0;
}

static struct thread *thread_at(uint32_t index)
{
	assert_true(index < fed.population->threads.count);
	return &fed.population->threads.items[index];
}

static struct process *process_of(const struct thread *thread)
{
	return &fed.population->processes.items[thread->process];
}

/* The n-th interval of a thread. */
static const struct interval *interval_at(uint32_t thread, unsigned int n)
{
	const struct interval *it;

	vector_for_each (&fed.intervals, it) {
		if (it->thread == thread && !n--)
			return it;
	}
	fail_msg("thread %u has fewer intervals", thread);
	return NULL;
}

static unsigned int intervals_of(uint32_t thread)
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

static void a_born_thread_is_ready_since_its_birth_and_its_creator_woke_it(void **state)
{
	add_task(&stream, 100, 10, 10, PL_TASK_RUNNING);
	add_fork(&stream, 120, 11, 10, 10, "child");
	add_switch(&stream, 150, 1, 0, 0, 0, 11);
	feed(&fed, &stream, 200);
	assert_int_equal(intervals_of(1), 2);
	assert_interval(1, 0, STATE_READY_WOKEN, 120, 150);
	assert_interval(1, 1, STATE_RUNNING, 150, 200);
	assert_int_equal(interval_at(1, 0)->waker, 10);
	assert_int_equal(interval_at(1, 1)->cpu, 1);
	assert_int_equal(thread_at(1)->creator, 0);
	assert_false(thread_at(1)->began_before);
	assert_int_equal(thread_at(1)->process, thread_at(0)->process);
	assert_true(interval_at(1, 1)->open_end);
	assert_false(interval_at(1, 0)->open_begin);
}

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
	/* What it was the same as may have been lost. */
	assert_int_equal(interval_at(0, 7)->reason, REASON_UNKNOWN);
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

static void a_life_ends_with_the_last_switch_and_the_tid_may_come_again(void **state)
{
	add_fork(&stream, 100, 10, 10, 1, "first");
	add_switch(&stream, 110, 0, 0, 0, 0, 10);
	add_life(&stream, 115, PL_LIFE_EXIT, 10, 10, PL_TASK_LAST)->exit.code = 3 << 8;
	add_switch(&stream, 120, 0, 10, OUT_BLOCKED, 0x80, 0);
	add_fork(&stream, 130, 10, 10, 1, "second");
	feed(&fed, &stream, 200);
	assert_int_equal(fed.population->threads.count, 2);
	assert_int_equal(thread_at(0)->end, 120);
	assert_false(thread_at(0)->alive_at_end);
	assert_int_equal(thread_at(1)->begin, 130);
	assert_string_equal(thread_at(1)->name, "second");
	assert_int_not_equal(thread_at(0)->process, thread_at(1)->process);
	assert_int_equal(process_of(thread_at(0))->code, 3 << 8);
	assert_true(process_of(thread_at(0))->has_code);
	assert_int_equal(process_of(thread_at(0))->end, 120);
	assert_false(process_of(thread_at(1))->has_code);
	assert_int_equal(fed.figures->repaired, 0);
}

static void a_birth_under_a_living_tid_ends_the_former_one_as_unknown(void **state)
{
	add_fork(&stream, 100, 10, 10, 1, "first");
	add_switch(&stream, 110, 0, 0, 0, 0, 10);
	add_fork(&stream, 130, 10, 10, 1, "second");
	feed(&fed, &stream, 200);
	assert_interval(0, 1, STATE_UNKNOWN, 110, 130);
	assert_int_equal(thread_at(0)->end, 130);
	assert_int_equal(fed.figures->repaired, 1);
}

static void a_process_ends_with_its_last_thread_and_has_its_code(void **state)
{
	add_task(&stream, 100, 10, 10, PL_TASK_RUNNING);
	add_fork(&stream, 105, 11, 10, 10, "side");
	add_switch(&stream, 106, 1, 0, 0, 0, 11);
	add_life(&stream, 110, PL_LIFE_EXIT, 10, 10, 0)->exit.code = 0;
	add_switch(&stream, 111, 0, 10, OUT_BLOCKED, 0x80, 0);
	add_life(&stream, 120, PL_LIFE_EXIT, 11, 10, PL_TASK_LAST)->exit.code = 9;
	add_switch(&stream, 121, 1, 11, OUT_BLOCKED, 0x80, 0);
	feed(&fed, &stream, 200);
	assert_int_equal(fed.population->processes.count, 1);
	assert_int_equal(process_of(thread_at(0))->code, 9);
	assert_int_equal(process_of(thread_at(0))->end, 121);
	assert_int_equal(process_of(thread_at(0))->threads, 2);
	assert_false(process_of(thread_at(0))->alive_at_end);
}

static void a_process_whose_first_thread_ended_is_alive_and_has_no_code_yet(void **state)
{
	add_task(&stream, 100, 10, 10, PL_TASK_RUNNING);
	add_fork(&stream, 105, 11, 10, 10, "side");
	add_life(&stream, 110, PL_LIFE_EXIT, 10, 10, 0);
	add_switch(&stream, 111, 0, 10, OUT_BLOCKED, 0x80, 0);
	feed(&fed, &stream, 200);
	assert_true(process_of(thread_at(0))->alive_at_end);
	assert_false(process_of(thread_at(0))->has_code);
}

static void children_know_their_parents_in_whatever_order_they_come(void **state)
{
	add_task(&stream, 100, 20, 20, 0)->task.parent = 10;
	add_task(&stream, 101, 10, 10, PL_TASK_RUNNING)->task.parent = 1;
	add_fork(&stream, 110, 30, 30, 10, "child");
	stream.items.items[2].life.task.parent = 10;
	feed(&fed, &stream, 200);
	assert_int_equal(process_of(thread_at(0))->parent, thread_at(1)->process);
	assert_int_equal(process_of(thread_at(2))->parent, thread_at(1)->process);
	assert_int_equal(process_of(thread_at(1))->parent, NO_THREAD);
	assert_int_equal(process_of(thread_at(1))->parent_tgid, 1);
}

static void names_follow_renames_and_execs(void **state)
{
	union pl_life *life;

	add_task(&stream, 100, 10, 10, PL_TASK_RUNNING);
	add_fork(&stream, 101, 11, 10, 10, "born");
	strcpy(add_life(&stream, 105, PL_LIFE_RENAME, 11, 10, 0)->rename.comm, "worker");
	life = add_life(&stream, 110, PL_LIFE_EXEC, 10, 10, 0);
	life->exec.old_tid = 10;
	memset(life->exec.comm, 'x', PL_COMM_LEN); /* without a NUL */
	memset(life->exec.path, 'y', PL_PATH_LEN);
	feed(&fed, &stream, 200);
	assert_string_equal(thread_at(1)->name, "worker");
	assert_string_equal(thread_at(1)->first_name, "born");
	assert_int_equal(strlen(thread_at(0)->name), PL_COMM_LEN);
	assert_int_equal(strlen(process_of(thread_at(0))->path), PL_PATH_LEN);
	assert_int_equal(process_of(thread_at(0))->execs, 1);
}

static void an_exec_from_a_side_thread_goes_on_under_the_first_tid(void **state)
{
	union pl_life *life;

	add_task(&stream, 100, 10, 10, PL_TASK_RUNNING);
	add_fork(&stream, 101, 11, 10, 10, "side");
	add_switch(&stream, 105, 1, 0, 0, 0, 11);
	add_life(&stream, 110, PL_LIFE_EXIT, 10, 10, 0);
	add_switch(&stream, 112, 0, 10, OUT_BLOCKED, 0x80, 0);
	life = add_life(&stream, 120, PL_LIFE_EXEC, 10, 10, 0);
	life->exec.old_tid = 11;
	strcpy(life->exec.comm, "new");
	add_switch(&stream, 130, 1, 10, OUT_BLOCKED, 1, 0);
	feed(&fed, &stream, 200);
	assert_int_equal(fed.population->threads.count, 2);
	assert_int_equal(thread_at(0)->end, 112);
	assert_int_equal(thread_at(1)->tid, 10);
	assert_true(thread_at(1)->leader);
	assert_string_equal(thread_at(1)->name, "new");
	assert_interval(1, 1, STATE_RUNNING, 105, 130);
	assert_int_equal(fed.figures->repaired, 0);
}

static void the_tids_of_an_exec_may_change_places_before_it_is_told(void **state)
{
	union pl_life *life;

	add_task(&stream, 100, 10, 10, PL_TASK_RUNNING);
	add_fork(&stream, 101, 11, 10, 10, "side");
	add_switch(&stream, 103, 0, 10, 0, 0, 0);
	add_switch(&stream, 104, 0, 0, 0, 0, 10);
	add_switch(&stream, 105, 1, 0, 0, 0, 11);
	add_life(&stream, 110, PL_LIFE_EXIT, 10, 10, 0);
	/* The side thread has taken over tid 10 and the first one, still ending, has 11. */
	add_switch(&stream, 115, 1, 10, PL_BLOCKED, 2, 0);
	life = add_life(&stream, 118, PL_LIFE_TOTALS, 11, 10, 0);
	life->totals.totals = (struct pl_totals){.begin = 100,
						 .running = 17,
						 .ready_preempted = 1,
						 .voluntary = 1,
						 .involuntary = 1};
	add_switch(&stream, 118, 0, 11, OUT_BLOCKED, 0x80, 0);
	add_switch(&stream, 119, 1, 0, 0, 0, 10);
	add_life(&stream, 120, PL_LIFE_EXEC, 10, 10, 0)->exec.old_tid = 11;
	add_switch(&stream, 130, 1, 10, OUT_BLOCKED, 1, 0);
	feed(&fed, &stream, 200);
	assert_int_equal(fed.population->threads.count, 2);
	assert_int_equal(fed.figures->repaired, 0);
	assert_int_equal(thread_at(0)->end, 118);
	assert_true(thread_at(0)->totals_agree);
	assert_int_equal(thread_at(1)->tid, 10);
	assert_interval(1, 1, STATE_RUNNING, 105, 115);
	assert_interval(1, 3, STATE_RUNNING, 119, 130);
	assert_true(thread_at(1)->alive_at_end);
	assert_false(thread_at(0)->alive_at_end);
}

/* ---- where records are missing ------------------------------------------------------------- */

static void who_left_a_cpu_unseen_is_unknown_from_the_gap_on(void **state)
{
	struct made_item *item;

	add_task(&stream, 100, 10, 10, PL_TASK_READY);
	add_switch(&stream, 110, 0, 0, 0, 0, 10);
	add_gap(&stream, 120, 140, 0, 5);
	add_switch(&stream, 141, 0, 0, 0, 0, 0);
	item = add_switch(&stream, 150, 0, 0, 0, 0, 10);
	set_woken(item, 4, 9, PL_WAKER_TASK);
	feed(&fed, &stream, 200);
	assert_interval(0, 1, STATE_RUNNING, 110, 120);
	assert_interval(0, 2, STATE_UNKNOWN, 120, 146);
	assert_interval(0, 3, STATE_READY_WOKEN, 146, 150);
	assert_interval(0, 4, STATE_RUNNING, 150, 200);
	assert_int_equal(fed.figures->repaired, 1);
	assert_int_equal(fed.figures->gap_lost, 5);
}

static void without_a_gap_to_blame_all_of_a_contradicted_interval_is_unknown(void **state)
{
	add_task(&stream, 100, 10, 10, PL_TASK_READY);
	add_switch(&stream, 110, 0, 0, 0, 0, 10);
	add_switch(&stream, 150, 1, 0, 0, 0, 10); /* it runs already, elsewhere */
	add_switch(&stream, 160, 0, 10, 0, 0, 0); /* and leaves where it is not */
	feed(&fed, &stream, 200);
	assert_interval(0, 1, STATE_UNKNOWN, 110, 150);
	assert_interval(0, 2, STATE_UNKNOWN, 150, 160);
	assert_interval(0, 3, STATE_READY_PREEMPTED, 160, 200);
	assert_int_equal(fed.figures->repaired, 2);
}

static void a_gap_elsewhere_does_not_touch_who_runs(void **state)
{
	add_task(&stream, 100, 10, 10, PL_TASK_READY);
	add_switch(&stream, 110, 0, 0, 0, 0, 10);
	add_gap(&stream, 120, 140, 1, 5);
	add_switch(&stream, 150, 0, 10, 0, 0, 0);
	feed(&fed, &stream, 200);
	assert_interval(0, 1, STATE_RUNNING, 110, 150);
	assert_int_equal(fed.figures->repaired, 0);
}

static void a_thread_that_was_never_announced_has_no_name_but_a_life(void **state)
{
	add_switch(&stream, 110, 0, 10, OUT_BLOCKED, 1, 11);
	add_task(&stream, 120, 11, 10, PL_TASK_RUNNING);
	feed(&fed, &stream, 200);
	assert_int_equal(fed.population->threads.count, 2);
	assert_string_equal(thread_at(0)->name, "?");
	assert_string_equal(thread_at(1)->name, "task"); /* told later */
	assert_int_equal(thread_at(1)->tgid, 10);
	assert_int_equal(thread_at(1)->begin, 110);
	assert_interval(1, 0, STATE_RUNNING, 110, 200);
	assert_int_equal(fed.figures->repaired, 2);
}

static void halves_of_switches_that_are_not_the_target_s_say_nothing(void **state)
{
	struct made_item *item;

	add_task(&stream, 100, 10, 10, PL_TASK_READY);
	item = add_switch(&stream, 110, 0, 0, 0, 0, 10);
	item->record.sw.prev = 999;
	item = add_switch(&stream, 120, 0, 10, 0, 0, 0);
	item->record.sw.next = 998;
	feed(&fed, &stream, 200);
	assert_int_equal(fed.population->threads.count, 1);
}

static void time_that_runs_backwards_stands_still(void **state)
{
	add_task(&stream, 100, 10, 10, PL_TASK_READY);
	add_switch(&stream, 150, 0, 0, 0, 0, 10);
	add_switch(&stream, 120, 0, 10, 0, 0, 0);
	feed(&fed, &stream, 50);
	assert_int_equal(fed.figures->end, 150);
	assert_int_equal(thread_at(0)->end, 150);
	assert_true(fed.figures->repaired > 0);
}

static void a_last_switch_that_was_lost_is_known_from_the_totals(void **state)
{
	union pl_life *life;

	add_task(&stream, 100, 10, 10, PL_TASK_READY);
	add_switch(&stream, 110, 0, 0, 0, 0, 10);
	life = add_life(&stream, 140, PL_LIFE_TOTALS, 10, 10, 0);
	life->totals.totals =
		(struct pl_totals){.begin = 100, .ready_preempted = 10, .running = 30};
	add_fork(&stream, 180, 12, 12, 1, "other");
	feed(&fed, &stream, 200);
	assert_interval(0, 1, STATE_RUNNING, 110, 140);
	assert_int_equal(thread_at(0)->end, 140);
	assert_false(thread_at(0)->alive_at_end);
	assert_true(thread_at(0)->totals_agree);
}

static void totals_that_differ_are_taken_if_and_only_if_something_was_lost(void **state)
{
	struct pl_totals totals = {.begin = 100,
				   .running = 60,
				   .ready_woken = 5,
				   .blocked = 35,
				   .voluntary = 7,
				   .wakeups = 9};
	union pl_life *life;

	add_task(&stream, 100, 10, 10, PL_TASK_RUNNING);
	life = add_life(&stream, 200, PL_LIFE_TOTALS, 10, 10, PL_TASK_ALIVE);
	life->totals.totals = totals;
	feed(&fed, &stream, 200);
	assert_int_equal(fed.totals_disagree, 1);
	assert_int_equal(thread_at(0)->state_ns[STATE_RUNNING], 100);
	assert_int_equal(thread_at(0)->wakeups, 9);
	fed_free(&fed);

	add_gap(&stream, 150, 200, 0, 3);
	feed(&fed, &stream, 200);
	assert_int_equal(fed.totals_disagree, 0);
	assert_false(thread_at(0)->totals_agree);
	assert_int_equal(thread_at(0)->state_ns[STATE_RUNNING], 60);
	assert_int_equal(thread_at(0)->state_ns[STATE_BLOCKED], 35);
	assert_int_equal(thread_at(0)->switches_voluntary, 7);
	assert_int_equal(thread_at(0)->reasons.items[0].reason, REASON_UNKNOWN);
	assert_int_equal(thread_at(0)->reasons.items[0].total_ns, 35);
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

static void concurrency_is_the_time_with_so_many_threads_running(void **state)
{
	add_task(&stream, 100, 10, 10, PL_TASK_READY);
	add_task(&stream, 100, 11, 10, PL_TASK_READY);
	add_switch(&stream, 110, 0, 0, 0, 0, 10);
	add_switch(&stream, 130, 1, 0, 0, 0, 11);
	add_switch(&stream, 160, 0, 10, OUT_BLOCKED, 1, 0);
	feed(&fed, &stream, 200);
	assert_int_equal(fed.figures->concurrency[0], 10);
	assert_int_equal(fed.figures->concurrency[1], 20 + 40);
	assert_int_equal(fed.figures->concurrency[2], 30);
	assert_int_equal(thread_at(0)->both_ns, 30);
	assert_int_equal(thread_at(1)->both_ns, 30);
}

#define rule(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

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
	assert_interval(0, 9, STATE_BLOCKED, 190, 200);
	assert_int_equal(interval_at(0, 9)->stack, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		rule(a_born_thread_is_ready_since_its_birth_and_its_creator_woke_it),
		rule(threads_that_were_there_before_begin_in_the_state_that_was_found),
		rule(a_switch_tells_blocked_ready_and_running_to_the_nanosecond),
		rule(a_first_run_is_no_migration_and_each_change_of_cpu_is_one),
		rule(a_wake_up_older_than_the_wait_leaves_no_blocked_time_but_counts),
		rule(without_a_known_waker_the_wait_lasts_until_the_thread_runs),
		rule(a_wake_record_overrides_a_ready_time_that_did_not_fit),
		rule(a_wake_record_at_the_end_splits_the_last_wait),
		rule(a_thread_that_blocks_at_the_same_place_again_need_not_say_where),
		rule(a_stopped_thread_is_not_blocked),
		rule(a_life_ends_with_the_last_switch_and_the_tid_may_come_again),
		rule(a_birth_under_a_living_tid_ends_the_former_one_as_unknown),
		rule(a_process_ends_with_its_last_thread_and_has_its_code),
		rule(a_process_whose_first_thread_ended_is_alive_and_has_no_code_yet),
		rule(children_know_their_parents_in_whatever_order_they_come),
		rule(names_follow_renames_and_execs),
		rule(an_exec_from_a_side_thread_goes_on_under_the_first_tid),
		rule(the_tids_of_an_exec_may_change_places_before_it_is_told),
		rule(who_left_a_cpu_unseen_is_unknown_from_the_gap_on),
		rule(without_a_gap_to_blame_all_of_a_contradicted_interval_is_unknown),
		rule(a_gap_elsewhere_does_not_touch_who_runs),
		rule(a_thread_that_was_never_announced_has_no_name_but_a_life),
		rule(halves_of_switches_that_are_not_the_target_s_say_nothing),
		rule(time_that_runs_backwards_stands_still),
		rule(a_last_switch_that_was_lost_is_known_from_the_totals),
		rule(totals_that_differ_are_taken_if_and_only_if_something_was_lost),
		rule(a_lock_knows_its_waits_its_holder_and_what_that_did),
		rule(the_two_words_of_a_condition_variable_are_one),
		rule(a_joined_thread_is_no_lock),
		rule(concurrency_is_the_time_with_so_many_threads_running),
		cmocka_unit_test_setup_teardown(a_wait_has_the_stacks_of_its_sleeper_and_its_waker,
						setup, teardown),
		cmocka_unit_test_setup_teardown(the_same_stack_as_before_holds_up_to_a_gap, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
