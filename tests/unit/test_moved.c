// SPDX-License-Identifier: GPL-2.0-only
/* test_moved.c - waits that end on another futex than the one that they began with */
#include "model_items.h"

#define FUTEX	    202
#define FUTEX_WAITV 449
#define CONDITION   0x1000
#define GATE	    0x2000

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

static void tell_moved(uint64_t time, uint64_t since, uint32_t mover, uint32_t holder, uint8_t kind)
{
	struct pl_life_moved *moved = &add_life(&stream, time, PL_LIFE_MOVED, 10, 10, 0)->moved;

	moved->address = GATE;
	moved->since = since;
	moved->mover = mover;
	moved->holder = holder;
	moved->futex_kind = kind;
}

/* Thread 10 waits from 120 on and is woken by 11 at 180. */
static void one_waits(uint16_t call, uint8_t kind, void (*between)(void))
{
	struct made_item *item;

	add_task(&stream, 100, 10, 10, PL_TASK_RUNNING);
	add_task(&stream, 100, 11, 10, PL_TASK_RUNNING);
	item = add_switch(&stream, 120, 0, 10, OUT_BLOCKED, 1, 0);
	set_block(item, call, kind, CONDITION, 0);
	between();
	item = add_switch(&stream, 190, 0, 0, 0, 0, 10);
	set_woken(item, 10, 11, PL_WAKER_TASK);
	feed(&fed, &stream, 200);
}

static const struct lock *lock_at(uint64_t address)
{
	const struct lock *lock;

	vector_for_each (&fed.model.locks, lock)
		if (lock->address == address)
			return lock;
	fail_msg("no such lock");
	return NULL;
}

static void moved_at_150(void)
{
	tell_moved(180, 150, 11, 11, PL_FUTEX_MUTEX);
}

static void from_the_moment_on_it_waits_for_the_other_lock(void **state)
{
	one_waits(FUTEX, PL_FUTEX_OTHER, moved_at_150);
	assert_int_equal(fed.model.locks.count, 2);
	assert_int_equal(lock_at(CONDITION)->total_ns, 30);
	assert_int_equal(lock_at(CONDITION)->waits, 1);
	assert_int_equal(lock_at(GATE)->total_ns, 30);
	assert_int_equal(lock_at(GATE)->waits, 1);
	assert_int_equal(lock_at(GATE)->reason, REASON_LOCK);
	assert_int_equal(lock_at(GATE)->holder_known, 1);
	assert_int_equal(lock_at(GATE)->holder_confirmed, 1);
	assert_int_equal(lock_at(GATE)->main_holder, 1);
}

static void one_of_several(void)
{
	tell_moved(180, 0, 0, 0, PL_FUTEX_OTHER);
}

static void one_that_waited_for_several_waited_for_the_one_that_woke_it(void **state)
{
	one_waits(FUTEX_WAITV, PL_FUTEX_VECTOR, one_of_several);
	assert_int_equal(fed.model.locks.count, 1);
	assert_int_equal(lock_at(GATE)->total_ns, 60);
	assert_int_equal(lock_at(GATE)->reason, REASON_FUTEX);
}

static void out_of_the_wait(void)
{
	tell_moved(170, 110, 11, 11, PL_FUTEX_MUTEX);
	tell_moved(175, 5000, 11, 11, PL_FUTEX_MUTEX);
}

static void what_lies_outside_of_the_wait_says_nothing(void **state)
{
	one_waits(FUTEX, PL_FUTEX_OTHER, out_of_the_wait);
	assert_int_equal(fed.model.locks.count, 1);
	assert_int_equal(lock_at(CONDITION)->total_ns, 60);
}

static void nothing(void)
{
}

static void after_the_wait_it_says_nothing(void **state)
{
	one_waits(FUTEX, PL_FUTEX_OTHER, nothing);
	fed_free(&fed);
	tell_moved(195, 150, 11, 11, PL_FUTEX_MUTEX);
	feed(&fed, &stream, 200);
	assert_int_equal(lock_at(CONDITION)->total_ns, 60);
	assert_int_equal(fed.model.locks.count, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(from_the_moment_on_it_waits_for_the_other_lock),
		TEST(one_that_waited_for_several_waited_for_the_one_that_woke_it),
		TEST(what_lies_outside_of_the_wait_says_nothing),
		TEST(after_the_wait_it_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
