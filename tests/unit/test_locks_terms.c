// SPDX-License-Identifier: GPL-2.0-only
/* test_locks_terms.c - whom a wait's time is counted to, when the lock goes from hand to hand */
#include "lock_waits.h"

static const struct lock_user *user_of(const struct fed *fed, uint32_t tid)
{
	const struct lock_user *user;

	assert_int_equal(fed->model.locks.count, 1);
	vector_for_each (&fed->model.locks.items[0].users, user)
		if (fed->population->threads.items[user->thread].tid == tid)
			return user;
	return NULL;
}

static void assert_held(const struct fed *fed, uint32_t tid, uint64_t ns, uint64_t running_ns)
{
	const struct lock_user *user = user_of(fed, tid);

	assert_int_equal(user ? user->held_ns : 0, ns);
	assert_int_equal(user ? user->held_running_ns : 0, running_ns);
}

static void end(struct fed *fed, struct stream *stream)
{
	fed_free(fed);
	vector_free(&stream->items);
}

static void who_waits_alone_waits_for_the_one_who_had_it_then(void **unused)
{
	struct stream stream = {0};
	struct fed fed;

	start(&stream, 5);
	wait_for(&stream, 20, 101, LOCK_A, 102);
	wake(&stream, 60, 101, 50, 102);
	feed(&fed, &stream, 1000);
	assert_held(&fed, 102, 30, 30);
	end(&fed, &stream);
}

/* 102 has it, 101 and 103 wait; 101 gets it at 50, 103 at 90. */
static void each_holder_answers_for_its_own_time(void **unused)
{
	struct stream stream = {0};
	struct fed fed;

	start(&stream, 5);
	wait_for(&stream, 20, 101, LOCK_A, 102);
	wait_for(&stream, 30, 103, LOCK_A, 102);
	wake(&stream, 60, 101, 50, 102);
	wake(&stream, 95, 103, 90, 101);
	feed(&fed, &stream, 1000);
	/* 30 of the one wait and 20 of the other; then 40, from the wake-up on, of which it ran 30.
	 */
	assert_held(&fed, 102, 50, 50);
	assert_held(&fed, 101, 40, 30);
	assert_int_equal(user_of(&fed, 103)->waited_ns, 60);
	/* While 103 waited, its holder 101 was ready for 10. */
	assert_int_equal(user_of(&fed, 103)->kept_ns, 10);
	end(&fed, &stream);
}

/* The same, but 104 takes it before 101 can, which waits again; 104 gives it to 101. */
static void who_was_woken_and_came_too_late_does_not_answer_for_it(void **unused)
{
	struct stream stream = {0};
	struct fed fed;

	start(&stream, 5);
	wait_for(&stream, 20, 101, LOCK_A, 102);
	wait_for(&stream, 30, 103, LOCK_A, 102);
	wake(&stream, 60, 101, 50, 102);
	wait_for(&stream, 61, 101, LOCK_A, 104);
	wake(&stream, 85, 101, 80, 104);
	wake(&stream, 95, 103, 90, 101);
	feed(&fed, &stream, 1000);
	/* 103: 20 of 102, 11 of 101 on its way, 19 of 104, 10 of 101; 101: 30 of 102, 19 of 104. */
	assert_held(&fed, 102, 50, 50);
	assert_held(&fed, 104, 38, 38);
	assert_held(&fed, 101, 21, 6);
	end(&fed, &stream);
}

/* Nobody was seen to have it; the first who gives it up had it. */
static void what_nobody_was_seen_for_is_counted_to_who_gives_it_up(void **unused)
{
	struct stream stream = {0};
	struct fed fed;

	start(&stream, 5);
	wait_for(&stream, 20, 101, LOCK_A, 0);
	wake(&stream, 60, 101, 50, 102);
	feed(&fed, &stream, 1000);
	assert_int_equal(user_of(&fed, 102)->held_ns, 30);
	end(&fed, &stream);
}

static void a_wait_that_goes_on_is_shared_out_as_well(void **unused)
{
	struct stream stream = {0};
	struct fed fed;

	start(&stream, 5);
	wait_for(&stream, 20, 101, LOCK_A, 102);
	wait_for(&stream, 30, 103, LOCK_A, 102);
	wake(&stream, 60, 101, 50, 102);
	feed(&fed, &stream, 100);
	assert_held(&fed, 102, 50, 50);
	assert_held(&fed, 101, 50, 40);
	end(&fed, &stream);
}

/* 102 is preempted while it has the lock, and again before the one that it woke runs. */
static void a_holder_that_has_no_cpu_keeps_others_waiting(void **unused)
{
	struct stream stream = {0};
	struct fed fed;

	start(&stream, 5);
	wait_for(&stream, 20, 101, LOCK_A, 102);
	add_switch(&stream, 30, 2, 102, 0, 0, 0);
	add_switch(&stream, 35, 2, 0, 0, 0, 102);
	add_switch(&stream, 55, 2, 102, 0, 0, 0);
	wake(&stream, 60, 101, 50, 102);
	feed(&fed, &stream, 1000);
	assert_held(&fed, 102, 30, 25);
	assert_int_equal(user_of(&fed, 101)->kept_ns, 5);
	end(&fed, &stream);
}

/* From 50 to 60, and from 110 to 113. */
static void from_the_wake_up_until_it_runs_a_lock_is_handed_over(void **unused)
{
	struct stream stream = {0};
	struct fed fed;

	start(&stream, 5);
	wait_for(&stream, 20, 101, LOCK_A, 102);
	wake(&stream, 60, 101, 50, 102);
	wait_for(&stream, 100, 101, LOCK_A, 102);
	wake(&stream, 113, 101, 110, 102);
	feed(&fed, &stream, 1000);
	assert_int_equal(fed.model.locks.items[0].handovers, 2);
	assert_int_equal(fed.model.locks.items[0].handover_ns, 13);
	assert_int_equal(fed.model.locks.items[0].handover_max_ns, 10);
	end(&fed, &stream);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_waits_alone_waits_for_the_one_who_had_it_then),
		cmocka_unit_test(each_holder_answers_for_its_own_time),
		cmocka_unit_test(who_was_woken_and_came_too_late_does_not_answer_for_it),
		cmocka_unit_test(what_nobody_was_seen_for_is_counted_to_who_gives_it_up),
		cmocka_unit_test(a_holder_that_has_no_cpu_keeps_others_waiting),
		cmocka_unit_test(from_the_wake_up_until_it_runs_a_lock_is_handed_over),
		cmocka_unit_test(a_wait_that_goes_on_is_shared_out_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
