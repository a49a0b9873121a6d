// SPDX-License-Identifier: GPL-2.0-only
/* test_lives.c - births, ends, names and execs, each rule on a stream of a few records */
#include "timeline_rules.h"

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

static void who_was_just_leaving_its_cpu_when_found_has_waited_since(void **state)
{
	add_task(&stream, 100, 10, 10, PL_TASK_RUNNING);
	add_task(&stream, 100, 11, 11, PL_TASK_RUNNING);
	set_woken(add_switch(&stream, 150, 0, 0, 0, 0, 10), 20, 7, PL_WAKER_TASK);
	add_switch(&stream, 160, 1, 0, 0, 0, 11);
	feed(&fed, &stream, 200);
	assert_int_equal(fed.figures->repaired, 0);
	assert_interval(0, 0, STATE_BLOCKED, 100, 130);
	assert_interval(0, 1, STATE_READY_WOKEN, 130, 150);
	assert_interval(0, 2, STATE_RUNNING, 150, 200);
	assert_int_equal(interval_at(0, 0)->reason, REASON_UNKNOWN);
	assert_true(interval_at(0, 0)->open_begin);
	assert_interval(1, 0, STATE_READY_PREEMPTED, 100, 160);
	assert_interval(1, 1, STATE_RUNNING, 160, 200);
}

static void a_first_thread_that_never_left_its_cpu_ends_under_the_side_threads_tid(void **state)
{
	add_task(&stream, 100, 10, 10, PL_TASK_RUNNING | PL_TASK_FIRST);
	add_fork(&stream, 101, 11, 10, 10, "side");
	add_switch(&stream, 105, 1, 0, 0, 0, 11);
	add_life(&stream, 110, PL_LIFE_EXIT, 10, 10, 0);
	add_life(&stream, 118, PL_LIFE_TOTALS, 11, 10, 0)->totals.totals =
		(struct pl_totals){.begin = 100, .running = 18, .voluntary = 1};
	/* On which CPU it ran was not known; the thread that had tid 11 runs on another one. */
	add_switch(&stream, 118, 0, 11, OUT_BLOCKED, 0x80, 0);
	add_life(&stream, 120, PL_LIFE_EXEC, 10, 10, 0)->exec.old_tid = 11;
	add_switch(&stream, 130, 1, 10, OUT_BLOCKED, 1, 0);
	feed(&fed, &stream, 200);
	assert_int_equal(fed.population->threads.count, 2);
	assert_int_equal(fed.figures->repaired, 0);
	assert_int_equal(thread_at(0)->end, 118);
	assert_true(thread_at(0)->totals_agree);
	assert_int_equal(thread_at(1)->tid, 10);
	assert_interval(1, 1, STATE_RUNNING, 105, 130);
	assert_true(thread_at(1)->alive_at_end);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		rule(a_born_thread_is_ready_since_its_birth_and_its_creator_woke_it),
		rule(a_life_ends_with_the_last_switch_and_the_tid_may_come_again),
		rule(a_birth_under_a_living_tid_ends_the_former_one_as_unknown),
		rule(a_process_ends_with_its_last_thread_and_has_its_code),
		rule(a_process_whose_first_thread_ended_is_alive_and_has_no_code_yet),
		rule(children_know_their_parents_in_whatever_order_they_come),
		rule(names_follow_renames_and_execs),
		rule(an_exec_from_a_side_thread_goes_on_under_the_first_tid),
		rule(the_tids_of_an_exec_may_change_places_before_it_is_told),
		rule(who_was_just_leaving_its_cpu_when_found_has_waited_since),
		rule(a_first_thread_that_never_left_its_cpu_ends_under_the_side_threads_tid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
