// SPDX-License-Identifier: GPL-2.0-only
/* test_futex.c - the kinds of futexes, told from the memory of the C library's real objects */
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bpf/futex.h"

#define PRIVATE	       FUTEX_PRIVATE
#define WAIT	       (FUTEX_CMD_WAIT | PRIVATE)
#define WAIT_BITSET    (FUTEX_CMD_WAIT_BITSET | PRIVATE)
#define JOIN_BITSET    FUTEX_CMD_WAIT_BITSET /* shared: the kernel itself wakes it */
#define LONG_ENOUGH_US 100000

/* An object with other memory in front of it and behind it, as the kernel side finds it. */
struct surrounded {
	uint32_t before[16];
	union {
		pthread_mutex_t mutex;
		pthread_cond_t condition;
		pthread_rwlock_t rwlock;
		sem_t semaphore;
		pthread_barrier_t barrier;
	} __attribute__((aligned(16)));
	uint32_t after[16];
};

static struct futex_finding judge(const void *address, uint32_t operation, uint32_t value)
{
	struct futex_view view;

	memcpy(&view, (const char *)address - FUTEX_VIEW_BEFORE, sizeof(view));
	return futex_classify((uintptr_t)address, operation, value, &view);
}

static void a_mutex_names_its_owner(void **state)
{
	struct surrounded it = {0};
	struct futex_finding found;

	pthread_mutex_init(&it.mutex, NULL);
	pthread_mutex_lock(&it.mutex);
	found = judge(&it.mutex, WAIT, 2);
	assert_int_equal(found.kind, PL_FUTEX_MUTEX);
	assert_int_equal(found.holder, gettid());
	found = judge(&it.mutex, WAIT_BITSET, 2);
	assert_int_equal(found.kind, PL_FUTEX_MUTEX);
	assert_int_equal(found.holder, gettid());
	pthread_mutex_unlock(&it.mutex);
}

static void a_pi_mutex_names_its_owner(void **state)
{
	pthread_mutexattr_t attributes;
	struct surrounded it = {0};

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&it.mutex, &attributes);
	pthread_mutex_lock(&it.mutex);
	for (int i = 0; i < 2; i++) {
		struct futex_finding found =
			judge(&it.mutex, (i ? FUTEX_CMD_LOCK_PI2 : FUTEX_CMD_LOCK_PI) | PRIVATE, 0);

		assert_int_equal(found.kind, PL_FUTEX_PI_MUTEX);
		assert_int_equal(found.holder, gettid());
	}
	pthread_mutex_unlock(&it.mutex);
}

static void a_rwlock_names_its_writer(void **state)
{
	struct surrounded it = {0};
	struct futex_finding found;

	pthread_rwlock_init(&it.rwlock, NULL);
	pthread_rwlock_wrlock(&it.rwlock);
	/* Readers wait on the phase, the third word; writers on the fourth. */
	found = judge((uint32_t *)&it.rwlock + 2, WAIT_BITSET, 3);
	assert_int_equal(found.kind, PL_FUTEX_RWLOCK);
	assert_true(found.holder == (uint32_t)gettid() || found.holder_else == (uint32_t)gettid());
	found = judge((uint32_t *)&it.rwlock + 3, WAIT_BITSET, 3);
	assert_int_equal(found.kind, PL_FUTEX_RWLOCK);
	assert_true(found.holder == (uint32_t)gettid() || found.holder_else == (uint32_t)gettid());
	pthread_rwlock_unlock(&it.rwlock);
}

static struct surrounded shared;
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;

static void *wait_for_condition(void *unused)
{
	pthread_mutex_lock(&guard);
	pthread_cond_wait(&shared.condition, &guard);
	pthread_mutex_unlock(&guard);
	return unused;
}

static void a_condition_is_no_lock_and_no_semaphore(void **state)
{
	pthread_t thread;
	bool seen = false;

	memset(&shared, 0, sizeof(shared));
	pthread_cond_init(&shared.condition, NULL);
	assert_int_equal(pthread_create(&thread, NULL, wait_for_condition, NULL), 0);
	usleep(LONG_ENOUGH_US);
	/* It waits on one of the two signal words, the last of the object. */
	for (int word = 10; word <= 11; word++) {
		struct futex_finding found =
			judge((uint32_t *)&shared.condition + word, WAIT_BITSET, 0);

		seen |= found.kind == PL_FUTEX_CONDITION;
		assert_int_not_equal(found.kind, PL_FUTEX_SEMAPHORE);
		assert_int_not_equal(found.kind, PL_FUTEX_MUTEX);
	}
	assert_true(seen);
	pthread_cond_signal(&shared.condition);
	pthread_join(thread, NULL);
}

static void *wait_for_semaphore(void *unused)
{
	sem_wait(&shared.semaphore);
	return unused;
}

static void a_semaphore_has_its_waiters_beside_its_value(void **state)
{
	pthread_t thread;

	memset(&shared, 0, sizeof(shared));
	sem_init(&shared.semaphore, 0, 0);
	assert_int_equal(pthread_create(&thread, NULL, wait_for_semaphore, NULL), 0);
	usleep(LONG_ENOUGH_US);
	assert_int_equal(judge(&shared.semaphore, WAIT_BITSET, 0).kind, PL_FUTEX_SEMAPHORE);
	sem_post(&shared.semaphore);
	pthread_join(thread, NULL);
}

static void a_join_names_the_thread_that_it_waits_for(void **state)
{
	struct surrounded it = {0};
	struct futex_finding found = judge(&it.mutex, JOIN_BITSET, 12345);

	assert_int_equal(found.kind, PL_FUTEX_JOIN);
	assert_int_equal(found.holder, 12345);
}

/* Where the C library keeps a thread's number, which the kernel clears when the thread ends. */
static void *tid_word_of(pthread_t thread, uint32_t tid)
{
	uint32_t *words = (uint32_t *)thread;

	for (size_t i = 0; i < 512; i++) {
		if (words[i] == tid)
			return &words[i];
	}
	return NULL;
}

static void a_joined_thread_may_have_a_number_as_small_as_a_locks_word(void **state)
{
	struct surrounded it = {0};
	void *word = tid_word_of(pthread_self(), (uint32_t)gettid());

	assert_non_null(word);
	for (uint32_t tid = 1; tid <= 3; tid++) {
		assert_int_equal(judge(word, JOIN_BITSET, tid).kind, PL_FUTEX_JOIN);
		assert_int_equal(judge(word, JOIN_BITSET, tid).holder, tid);
		assert_int_not_equal(judge(&it.mutex, JOIN_BITSET, tid).kind, PL_FUTEX_JOIN);
	}
}

static void other_futexes_are_none_of_these(void **state)
{
	struct surrounded it = {0};

	assert_int_equal(judge(&it.mutex, WAIT, 0).kind, PL_FUTEX_OTHER);
	assert_int_equal(judge(&it.mutex, WAIT, 7).kind, PL_FUTEX_OTHER);
	assert_int_equal(judge(&it.mutex, WAIT_BITSET, 77).kind, PL_FUTEX_OTHER);
	assert_int_equal(judge(&it.mutex, WAIT_BITSET, 0).kind, PL_FUTEX_OTHER);
}

static void *wait_at_barrier(void *unused)
{
	pthread_barrier_wait(&shared.barrier);
	return unused;
}

static void a_barrier_is_known_by_how_many_came(void **state)
{
	pthread_t threads[2];

	memset(&shared, 0, sizeof(shared));
	pthread_barrier_init(&shared.barrier, NULL, 3);
	/* Two rounds: it counts on from one to the next. */
	for (uint32_t round = 0; round < 2; round++) {
		for (int i = 0; i < 2; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, wait_at_barrier, NULL),
					 0);
		usleep(LONG_ENOUGH_US);
		assert_int_equal(judge((uint32_t *)&shared.barrier + 1, WAIT, 3 * round).kind,
				 PL_FUTEX_BARRIER);
		pthread_barrier_wait(&shared.barrier);
		for (int i = 0; i < 2; i++)
			pthread_join(threads[i], NULL);
	}
}

/* As the mutexes of other run-time libraries are: one word, 2 when somebody waits. */
static void a_word_of_its_own_is_no_read_write_lock(void **state)
{
	struct surrounded it = {0};

	*(uint32_t *)&it.mutex = 2;
	assert_int_equal(judge(&it.mutex, WAIT_BITSET, 2).kind, PL_FUTEX_OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mutex_names_its_owner),
		cmocka_unit_test(a_pi_mutex_names_its_owner),
		cmocka_unit_test(a_rwlock_names_its_writer),
		cmocka_unit_test(a_condition_is_no_lock_and_no_semaphore),
		cmocka_unit_test(a_semaphore_has_its_waiters_beside_its_value),
		cmocka_unit_test(a_join_names_the_thread_that_it_waits_for),
		cmocka_unit_test(a_joined_thread_may_have_a_number_as_small_as_a_locks_word),
		cmocka_unit_test(other_futexes_are_none_of_these),
		cmocka_unit_test(a_barrier_is_known_by_how_many_came),
		cmocka_unit_test(a_word_of_its_own_is_no_read_write_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
