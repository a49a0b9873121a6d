// SPDX-License-Identifier: GPL-2.0-only
/* test_losses.c - what is said where records are missing, each rule on a stream of a few records */
#include "timeline_rules.h"

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

static void a_gap_is_that_of_its_cpu(void **state)
{
	add_task(&stream, 100, 10, 10, PL_TASK_READY);
	add_switch(&stream, 110, 1, 0, 0, 0, 10);
	add_gap(&stream, 120, 140, 1, 5);
	add_switch(&stream, 150, 1, 0, 0, 0, 0);
	feed(&fed, &stream, 200);
	assert_interval(0, 1, STATE_RUNNING, 110, 120);
	assert_interval(0, 2, STATE_UNKNOWN, 120, 200);
}

static void what_all_gaps_lost_is_added_up(void **state)
{
	add_task(&stream, 100, 10, 10, PL_TASK_RUNNING);
	add_gap(&stream, 120, 140, 0, 5);
	add_gap(&stream, 121, 141, 1, 7);
	feed(&fed, &stream, 200);
	assert_int_equal(fed.figures->gap_lost, 12);
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

static void a_gap_that_is_told_later_than_the_wait_was_over_puts_it_in_doubt(void **state)
{
	struct made_item *item;

	add_task(&stream, 100, 10, 10, PL_TASK_RUNNING);
	add_switch(&stream, 110, 0, 10, OUT_BLOCKED, 1, 0);
	item = add_switch(&stream, 150, 0, 0, 0, 0, 10);
	set_woken(item, 10, 9, PL_WAKER_TASK);
	add_gap(&stream, 120, 170, 1, 5);
	feed(&fed, &stream, 200);
	assert_interval(0, 1, STATE_BLOCKED, 110, 120);
	assert_interval(0, 2, STATE_UNKNOWN, 120, 140);
	assert_interval(0, 3, STATE_READY_WOKEN, 140, 150);
	assert_int_equal(fed.figures->repaired, 1);
}

static void so_is_what_lasts_to_the_end_or_is_ready_meanwhile(void **state)
{
	add_task(&stream, 100, 10, 10, 0);
	add_task(&stream, 100, 11, 10, PL_TASK_READY);
	add_gap(&stream, 120, 130, 0, 5);
	add_switch(&stream, 150, 0, 0, 0, 0, 11);
	feed(&fed, &stream, 200);
	assert_interval(0, 0, STATE_BLOCKED, 100, 120);
	assert_interval(0, 1, STATE_UNKNOWN, 120, 200);
	assert_interval(1, 0, STATE_READY_PREEMPTED, 100, 120);
	assert_interval(1, 1, STATE_UNKNOWN, 120, 130);
	assert_interval(1, 2, STATE_READY_PREEMPTED, 130, 150);
	assert_int_equal(fed.figures->repaired, 2);
}

static void a_wait_that_a_resume_ended_is_in_doubt_too(void **state)
{
	add_task(&stream, 100, 10, 10, 0);
	add_gap(&stream, 120, 130, 1, 5);
	add_resume(&stream, 180, 0, 10, 20, 150, 9);
	add_switch(&stream, 180, 0, 10, 0, 0, 0);
	feed(&fed, &stream, 200);
	assert_interval(0, 0, STATE_BLOCKED, 100, 120);
	assert_interval(0, 1, STATE_UNKNOWN, 120, 130);
	assert_interval(0, 2, STATE_BLOCKED, 130, 150);
	assert_int_equal(interval_at(0, 2)->reason, REASON_UNKNOWN);
	assert_interval(0, 3, STATE_READY_WOKEN, 150, 160);
	assert_interval(0, 4, STATE_RUNNING, 160, 180);
}

static void a_thread_of_which_the_kernel_s_account_says_the_same_is_in_no_doubt(void **state)
{
	union pl_life *life;

	add_task(&stream, 100, 10, 10, 0);
	add_gap(&stream, 120, 130, 0, 5);
	life = add_life(&stream, 200, PL_LIFE_TOTALS, 10, 10, PL_TASK_ALIVE);
	life->totals.totals = (struct pl_totals){.begin = 100, .blocked = 100};
	feed(&fed, &stream, 200);
	assert_interval(0, 0, STATE_BLOCKED, 100, 200);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		rule(who_left_a_cpu_unseen_is_unknown_from_the_gap_on),
		rule(a_gap_is_that_of_its_cpu),
		rule(what_all_gaps_lost_is_added_up),
		rule(without_a_gap_to_blame_all_of_a_contradicted_interval_is_unknown),
		rule(a_gap_elsewhere_does_not_touch_who_runs),
		rule(a_gap_that_is_told_later_than_the_wait_was_over_puts_it_in_doubt),
		rule(so_is_what_lasts_to_the_end_or_is_ready_meanwhile),
		rule(a_wait_that_a_resume_ended_is_in_doubt_too),
		rule(a_thread_of_which_the_kernel_s_account_says_the_same_is_in_no_doubt),
		rule(a_thread_that_was_never_announced_has_no_name_but_a_life),
		rule(halves_of_switches_that_are_not_the_target_s_say_nothing),
		rule(time_that_runs_backwards_stands_still),
		rule(a_last_switch_that_was_lost_is_known_from_the_totals),
		rule(totals_that_differ_are_taken_if_and_only_if_something_was_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
