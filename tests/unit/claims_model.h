/* SPDX-License-Identifier: GPL-2.0-only */
/* claims_model.h - models made by hand, to work claims out on; to be included after cmocka.h */
#ifndef TESTS_UNIT_CLAIMS_MODEL_H
#define TESTS_UNIT_CLAIMS_MODEL_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/claims/claims.h"
#include "model/model.h"
#include "model/subjects.h"
#include "model/race/watch.h"

#define MS 1000000ull

static inline struct thread *model_add_thread(struct model *model, const char *name,
					      uint64_t running, uint64_t ready, uint64_t blocked)
{
	struct thread *thread = vector_add(&model->threads);

	assert_non_null(thread);
	snprintf(thread->name, sizeof(thread->name), "%.15s", name);
	thread->begin = 1000;
	thread->end = 1000 + running + ready + blocked;
	thread->state_ns[STATE_RUNNING] = running;
	thread->state_ns[STATE_READY_WOKEN] = ready;
	thread->state_ns[STATE_BLOCKED] = blocked;
	thread->switches_voluntary = 3;
	thread->switches_involuntary = 2;
	return thread;
}

static inline void thread_add_reason(struct thread *thread, enum reason reason, uint64_t ns)
{
	struct reason_total *total = vector_add(&thread->reasons);

	assert_non_null(total);
	total->reason = reason;
	total->count = 1;
	total->total_ns = total->max_ns = ns;
}

static inline struct lock *model_add_lock(struct model *model, enum reason reason, uint32_t waits,
					  uint64_t total, uint64_t max)
{
	struct lock *lock = vector_add(&model->locks);

	assert_non_null(lock);
	lock->reason = reason;
	lock->waits = waits;
	lock->total_ns = total;
	lock->max_ns = max;
	return lock;
}

static inline void model_set_fact(struct model *model, const char *name, const char *value)
{
	struct fact *fact = vector_add(&model->facts);

	assert_non_null(fact);
	*fact = (struct fact){.name = name, .value = value};
}

/* Nothing lost, two CPUs, 10 ms. */
static inline struct model model_whole(void)
{
	return (struct model){.cpus = 2, .complete = true, .begin = 5, .end = 5 + 10 * MS};
}

static inline void model_clear(struct model *model)
{
	struct thread *thread;
	struct claim *claim;

	vector_for_each (&model->threads, thread)
		vector_free(&thread->reasons);
	vector_for_each (&model->claims, claim)
		claim_free(claim);
	vector_free(&model->threads);
	vector_free(&model->processes);
	vector_free(&model->locks);
	vector_free(&model->facts);
	vector_free(&model->preemptions);
	vector_free(&model->uthreads);
	vector_free(&model->claims);
	subjects_free(&model->subjects);
	watch_report_free(&model->watch);
	free((char *)model->scenario_title);
}

/* main and two counters; one waited 2 ms for a lock that the other held. */
static inline struct model sample_model(void)
{
	struct model model = model_whole();
	struct thread *thread;
	struct lock *lock;

	thread = model_add_thread(&model, "counter-lock", 1 * MS, 0, 9 * MS);
	thread_add_reason(thread, REASON_JOIN, 8 * MS);
	thread_add_reason(thread, REASON_PAGE_FAULT, 1 * MS);
	model_add_thread(&model, "counter-1", 4 * MS, 1 * MS, 0);
	thread = model_add_thread(&model, "counter-2", 3 * MS, 0, 2 * MS);
	thread_add_reason(thread, REASON_LOCK, 2 * MS);
	assert_non_null(vector_add(&model.processes));
	lock = model_add_lock(&model, REASON_LOCK, 1, 2 * MS, 2 * MS);
	lock->main_holder = 1;
	lock->main_holder_ns = 2 * MS;
	lock->main_holder_running_ns = 1500000;
	model_add_lock(&model, REASON_CONDITION, 7, 5 * MS, 1 * MS);
	model.concurrency[0] = 3 * MS;
	model.concurrency[1] = 6 * MS;
	model.concurrency[2] = 1 * MS;
	model.switches = 17;
	model.wakeups = 5;
	model_set_fact(&model, "actual", "999000");
	model_set_fact(&model, "expected", "1000000");
	model_set_fact(&model, "address", "0x7fff00001000");
	model_set_fact(&model, "negative", "-3");
	model_set_fact(&model, "half", "0.5");
	model_set_fact(&model, "huge", "18446744073709551615");
	model_set_fact(&model, "nearly_huge", "18446744073709551614");
	model_set_fact(&model, "word", "hello");
	model_set_fact(&model, "said_twice", "1");
	model_set_fact(&model, "said_twice", "2");
	return model;
}

static inline const struct claim *evaluate(struct model *model, const char *text)
{
	assert_int_equal(claims_evaluate(model, text), 0);
	assert_true(model->claims.count > 0);
	return &model->claims.items[0];
}

static inline const struct claim *evaluate_condition(struct model *model, const char *condition)
{
	static char text[1024];

	snprintf(text, sizeof(text), "claim: it is so\n  holds: %s\n", condition);
	return evaluate(model, text);
}

/* May be asked again and again. */
static inline void assert_judged(struct model *model, const char *condition, enum verdict verdict)
{
	struct claim *claim;

	assert_int_equal(evaluate_condition(model, condition)->verdict, verdict);
	vector_for_each (&model->claims, claim)
		claim_free(claim);
	vector_free(&model->claims);
	free((char *)model->scenario_title);
	model->scenario_title = NULL;
}

#endif
