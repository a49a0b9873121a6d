/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * global_lock.h - the global lock of an interpreter
 *
 * A thread holds it while it computes. Who wants it waits on a condition; when that has lasted for
 * the interval without any change of the holder, it asks for the lock. The holder looks at safe
 * points whether it was asked; if so it gives the lock away, and does not take it back before
 * another thread has had it. Around a blocking call the lock is given away without being asked.
 */
#ifndef WORKLOADS_GLOBAL_LOCK_H
#define WORKLOADS_GLOBAL_LOCK_H

#include <errno.h>
#include <stddef.h>
#include <time.h>

#include "workloads/scenario.h"

#define GLOBAL_LOCK_INTERVAL_NS 5000000ull

/*
 * The members lie where CPython has those of its lock: the tracer, told where it lies, calls waits
 * for it by their name, and knows who has it.
 */
struct global_lock {
	uint64_t interval_ns; /* how long a waiter waits before it asks */
	uint64_t requests;    /* how often one asked */
	uint64_t changes;     /* how often it went to another holder, or to the same again */
	bool held;
	/* Also read without the mutex: it is looked at often. */
	bool asked_for;
	pthread_cond_t given;  /* nobody holds the lock */
	pthread_mutex_t mutex; /* for all of this, and only for moments */
	pthread_cond_t taken;  /* another thread holds it */
};

_Static_assert(sizeof(pthread_cond_t) != 48 || (offsetof(struct global_lock, given) == 32 &&
						offsetof(struct global_lock, taken) == 120),
	       "the conditions lie where CPython's do");

static inline void global_lock_check(int error)
{
	if (error)
		scenario_fail(error, "the global lock cannot be used");
}

static inline void global_lock_init(struct global_lock *lock, uint64_t interval_ns)
{
	pthread_condattr_t attributes;

	*lock = (struct global_lock){.interval_ns = interval_ns};
	global_lock_check(pthread_mutex_init(&lock->mutex, NULL));
	global_lock_check(pthread_condattr_init(&attributes));
	/* Setting the clock must not make the waiters ask. */
	global_lock_check(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC));
	global_lock_check(pthread_cond_init(&lock->given, &attributes));
	global_lock_check(pthread_cond_init(&lock->taken, &attributes));
	pthread_condattr_destroy(&attributes);
}

/* Where the tracer finds what is waited on. */
static inline void global_lock_tell(struct global_lock *lock)
{
	scenario_fact_address("global_lock_address", lock);
	scenario_fact("interpreter_lock", (int64_t)(uintptr_t)lock);
}

static inline void global_lock_destroy(struct global_lock *lock)
{
	pthread_cond_destroy(&lock->taken);
	pthread_cond_destroy(&lock->given);
	pthread_mutex_destroy(&lock->mutex);
}

/* With the mutex held: one interval of waiting, then the request if it was for nothing. */
static inline void global_lock_wait(struct global_lock *lock)
{
	uint64_t until = scenario_now() + lock->interval_ns, changes = lock->changes;
	const struct timespec deadline = {
		.tv_sec = (time_t)(until / 1000000000),
		.tv_nsec = (long)(until % 1000000000),
	};
	int error = pthread_cond_timedwait(&lock->given, &lock->mutex, &deadline);

	if (error && error != ETIMEDOUT)
		global_lock_check(error);
	if (error && lock->held && lock->changes == changes && !lock->asked_for) {
		lock->requests++;
		__atomic_store_n(&lock->asked_for, true, __ATOMIC_RELAXED);
	}
}

static inline void global_lock_take(struct global_lock *lock)
{
	global_lock_check(pthread_mutex_lock(&lock->mutex));
	while (lock->held)
		global_lock_wait(lock);
	lock->held = true;
	lock->changes++;
	__atomic_store_n(&lock->asked_for, false, __ATOMIC_RELAXED);
	global_lock_check(pthread_mutex_unlock(&lock->mutex));
	global_lock_check(pthread_cond_signal(&lock->taken));
}

static inline void global_lock_give(struct global_lock *lock)
{
	global_lock_check(pthread_mutex_lock(&lock->mutex));
	lock->held = false;
	global_lock_check(pthread_mutex_unlock(&lock->mutex));
	/* After the mutex, so that who is woken finds it free. */
	global_lock_check(pthread_cond_signal(&lock->given));
}

/* At a safe point: gives the lock to who asked for it, and waits until it is its turn again. */
static inline void global_lock_yield(struct global_lock *lock)
{
	uint64_t changes;

	if (!__atomic_load_n(&lock->asked_for, __ATOMIC_RELAXED))
		return;
	PTRACE_LAB_PHASE("dropped on request");
	global_lock_check(pthread_mutex_lock(&lock->mutex));
	changes = lock->changes;
	lock->held = false;
	global_lock_check(pthread_cond_signal(&lock->given));
	/* Otherwise who runs already would always be quicker than who must be woken first. */
	while (lock->changes == changes)
		global_lock_check(pthread_cond_wait(&lock->taken, &lock->mutex));
	global_lock_check(pthread_mutex_unlock(&lock->mutex));
	global_lock_take(lock);
}

#endif
