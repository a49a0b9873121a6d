/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * claims_changes.h - the claims of a scenario hold on a run as it should be, and for each of them
 * there is a run that differs in one thing and on which it fails
 */
#ifndef TESTS_UNIT_CLAIMS_CHANGES_H
#define TESTS_UNIT_CLAIMS_CHANGES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/scenarios.h"
#include "claims_model.h"
#include "model/claims/claims.h"
#include "model/tasks/pcb.h"
#include "model/subjects.h"

struct named_value {
	const char *name, *value;
};

static inline void add_facts(struct model *model, const struct named_value *facts)
{
	for (; facts->name; facts++)
		model_set_fact(model, facts->name, facts->value);
}

#define FACTS(model, ...)                                                                          \
	add_facts((model), (const struct named_value[]){__VA_ARGS__, {NULL, NULL}})

/* A thread that was blocked for one reason, `times` times. In ms. */
static inline struct thread *add_blocked(struct model *model, const char *name, uint64_t running,
					 uint64_t ready, enum reason reason, uint64_t blocked,
					 uint32_t times)
{
	struct thread *thread =
		model_add_thread(model, name, running * MS, ready * MS, blocked * MS);

	thread_add_reason(thread, reason, blocked * MS);
	thread->reasons.items[0].count = times;
	thread->wakeups = times;
	return thread;
}

static inline void add_process(struct model *model, const char *name)
{
	struct process *process = vector_add(&model->processes);

	assert_non_null(process);
	*process = (struct process){.has_code = true};
	snprintf(process->name, sizeof(process->name), "%.15s", name);
}

static inline void add_preemption(struct model *model, uint32_t thread, uint32_t by, uint64_t count)
{
	struct preemption *preemption = vector_add(&model->preemptions);

	assert_non_null(preemption);
	*preemption = (struct preemption){.thread = thread, .by = by, .count = count};
}

static inline void wake_in_picture(struct model *model, const char *name)
{
	struct pl_pcb_task *task;

	vector_for_each (&model->subjects->pictures.items[0].snapshot->tasks, task)
		if (!strcmp(task->comm, name)) {
			task->state = task->exit_state = 0;
			task->flags = PL_PCB_ON_QUEUE;
		}
}

/* ---- what is different in others ------------------------------------------------------------ */

/* One thing; `thread` NULL: a fact. Times are in ms. */
struct change {
	size_t claim; /* that fails then; from 1 */
	const char *thread, *what, *value;
};

static inline void change_reason(struct thread *thread, const char *what, uint64_t value)
{
	struct reason_total *total = &thread->reasons.items[0];

	assert_true(thread->reasons.count == 1);
	if (!strcmp(what, "times"))
		total->count = (uint32_t)value;
	else if (!strcmp(what, "reason"))
		total->reason = (enum reason)value;
	else if (!strcmp(what, "blocked"))
		thread->state_ns[STATE_BLOCKED] = total->total_ns = value * MS;
	else
		fail_msg("no such change: %s", what);
}

static inline void change_thread(struct model *model, const struct change *change)
{
	uint64_t value = strtoull(change->value, NULL, 10);
	struct thread *thread, *found = NULL;

	if (!strcmp(change->what, "add")) {
		add_blocked(model, change->thread, 1, 0, REASON_SLEEP, value, 1);
		return;
	}
	vector_for_each (&model->threads, thread)
		if (!found && !strncmp(thread->name, change->thread, 15))
			found = thread;
	assert_non_null(found);
	if (!strcmp(change->what, "running"))
		found->state_ns[STATE_RUNNING] = value * MS;
	else if (!strcmp(change->what, "ready"))
		found->state_ns[STATE_READY_WOKEN] = value * MS;
	else if (!strcmp(change->what, "voluntary"))
		found->switches_voluntary = (uint32_t)value;
	else if (!strcmp(change->what, "involuntary"))
		found->switches_involuntary = (uint32_t)value;
	else if (!strcmp(change->what, "end"))
		found->end = value * MS;
	else
		change_reason(found, change->what, value);
}

static inline void apply(struct model *model, const struct change *change)
{
	if (change->thread && *change->thread)
		change_thread(model, change);
	else if (change->thread && !strcmp(change->what, "overlap"))
		model->concurrency[2] = strtoull(change->value, NULL, 10) * MS;
	else if (change->thread && !strcmp(change->what, "lock"))
		model_add_lock(model, REASON_LOCK, 9, 9 * MS, 1 * MS);
	else if (change->thread && !strcmp(change->what, "preempted"))
		add_preemption(model, 3, 0, 1);
	else if (change->thread && !strcmp(change->what, "alone"))
		vector_free(&model->preemptions);
	else if (change->thread && !strcmp(change->what, "standing"))
		model->uthreads.items[1].standing_ns = strtoull(change->value, NULL, 10) * MS;
	else if (change->thread && !strcmp(change->what, "moves"))
		for (size_t i = 0; i < model->uthreads.count; i++)
			model->uthreads.items[i].moves = 0;
	else if (change->thread && !strcmp(change->what, "watched"))
		model->watch->variables.items[0].race.lost = strtoull(change->value, NULL, 10);
	else if (change->thread && !strcmp(change->what, "awake"))
		wake_in_picture(model, change->value);
	else if (change->thread && !strcmp(change->what, "nice"))
		model->threads.items[2].priority_last.nice = 0;
	else if (change->thread)
		add_process(model, change->what);
	else
		model_set_fact(model, change->what, change->value);
}

static inline void assert_verdict(const struct claim *claim, enum verdict verdict,
				  const char *scenario)
{
	if (claim->verdict != verdict)
		print_error("%s: '%s' is %s (%s) %s\n", scenario, claim->text,
			    verdict_name(claim->verdict), claim->measured, claim->because);
	assert_int_equal(claim->verdict, verdict);
}

static inline void assert_claims(const char *scenario, struct model (*build)(void),
				 const struct change *changes)
{
	const char *text = scenario_text(scenario);
	struct model model = build();
	bool fails[16] = {false};
	size_t count;

	assert_non_null(text);
	assert_int_equal(claims_evaluate(&model, text), 0);
	count = model.claims.count;
	assert_true(count < 16);
	for (size_t i = 0; i < count; i++) {
		assert_verdict(&model.claims.items[i], VERDICT_HELD, scenario);
		/* A held claim is shown with its figure. */
		assert_true(*model.claims.items[i].measured);
	}
	model_clear(&model);
	for (; changes->claim; changes++) {
		model = build();
		apply(&model, changes);
		assert_int_equal(claims_evaluate(&model, text), 0);
		assert_true(changes->claim <= count);
		assert_verdict(&model.claims.items[changes->claim - 1], VERDICT_NOT_HELD, scenario);
		fails[changes->claim - 1] = true;
		model_clear(&model);
	}
	for (size_t i = 0; i < count; i++)
		if (!fails[i])
			fail_msg("%s: nothing makes claim %zu fail", scenario, i + 1);
}

#define ASSERT_CLAIMS(scenario, build, ...)                                                        \
	assert_claims(scenario, build, (const struct change[]){__VA_ARGS__, {0}})

#endif
