// SPDX-License-Identifier: GPL-2.0-only
/* The claims of chapters 6 to 8 hold on a run as it should be, and for each of them there is a run
 * that differs in one thing and on which it fails. */
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
#include "model/claims.h"
#include "model/pcb.h"
#include "model/subjects.h"

/* ---- runs as they should be ---------------------------------------------------------------- */

struct named_value {
	const char *name, *value;
};

static void add_facts(struct model *model, const struct named_value *facts)
{
	for (; facts->name; facts++)
		model_set_fact(model, facts->name, facts->value);
}

#define FACTS(model, ...)                                                                          \
	add_facts((model), (const struct named_value[]){__VA_ARGS__, {NULL, NULL}})

/* A thread that was blocked for one reason, `times` times. In ms. */
static struct thread *add_blocked(struct model *model, const char *name, uint64_t running,
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

static void add_process(struct model *model, const char *name)
{
	struct process *process = vector_add(&model->processes);

	assert_non_null(process);
	*process = (struct process){.has_code = true};
	snprintf(process->name, sizeof(process->name), "%.15s", name);
}

static void add_uthreads(struct model *model, unsigned int count, uint64_t standing)
{
	for (unsigned int i = 1; i <= count; i++) {
		struct uthread *uthread = vector_add(&model->uthreads);

		assert_non_null(uthread);
		*uthread = (struct uthread){.id = i,
					    .moves = 7,
					    .blocked_ns = i == 1 ? 51 * MS : 0,
					    .standing_ns = i == 1 ? 0 : standing};
		snprintf(uthread->name, sizeof(uthread->name), "user-%u", i);
	}
}

static void add_preemption(struct model *model, uint32_t thread, uint32_t by, uint64_t count)
{
	struct preemption *preemption = vector_add(&model->preemptions);

	assert_non_null(preemption);
	*preemption = (struct preemption){.thread = thread, .by = by, .count = count};
}

static struct model many_to_one(void)
{
	struct model model = model_whole();

	add_uthreads(&model, 4, 51 * MS);
	add_blocked(&model, "model-many-to-one", 55, 0, REASON_SLEEP, 51, 1);
	FACTS(&model, {"uthreads", "4"}, {"expected", "160"}, {"actual", "160"},
	      {"steps_left", "115"}, {"steps_during", "0"}, {"block_ns", "50000000"},
	      {"cpu_during_ns", "60000"}, {"elapsed_ns", "105000000"}, {"uthread_switches", "164"});
	return model;
}

static struct model one_to_one(void)
{
	struct model model = model_whole();

	add_uthreads(&model, 4, 0);
	add_blocked(&model, "model-one-to-one", 1, 0, REASON_JOIN, 60, 4);
	add_blocked(&model, "user-1", 15, 0, REASON_SLEEP, 51, 1);
	for (unsigned int i = 2; i <= 4; i++) {
		char name[16];

		snprintf(name, sizeof(name), "user-%u", i);
		model_add_thread(&model, name, 15 * MS, 20 * MS, 0);
	}
	FACTS(&model, {"uthreads", "4"}, {"expected", "160"}, {"actual", "160"},
	      {"steps_left", "115"}, {"steps_during", "90"}, {"block_ns", "50000000"},
	      {"cpu_during_ns", "35000000"}, {"elapsed_ns", "66000000"});
	return model;
}

static struct model many_to_many(void)
{
	struct model model = model_whole();

	add_uthreads(&model, 8, 0);
	add_blocked(&model, "carrier-1", 70, 0, REASON_CONDITION, 1, 3);
	add_blocked(&model, "carrier-2", 30, 0, REASON_SLEEP, 51, 1);
	model_add_thread(&model, "of1-1", 28 * MS, 0, 0);
	model_add_thread(&model, "of2-1", 14 * MS, 0, 0);
	model_add_thread(&model, "of4-1", 7 * MS, 0, 0);
	for (unsigned int i = 1; i <= 16; i++) {
		char name[16];

		snprintf(name, sizeof(name), "of16-%u", i);
		model_add_thread(&model, name, 2 * MS, 0, 0);
	}
	FACTS(&model, {"uthreads", "8"}, {"carriers", "2"}, {"expected", "320"}, {"actual", "320"},
	      {"steps_left", "115"}, {"steps_during", "180"}, {"block_ns", "50000000"},
	      {"carriers_during", "1"}, {"elapsed_ns", "80000000"}, {"moves", "60"},
	      {"uthread_switches", "328"});
	return model;
}

static struct model pool_serial(void)
{
	struct model model = model_whole();

	add_blocked(&model, "pool-serial", 5, 1, REASON_SOCKET, 424, 21);
	add_blocked(&model, "server", 3, 1, REASON_POLL, 426, 60);
	FACTS(&model, {"jobs", "21"}, {"delay_ns", "20000000"}, {"expected", "21"},
	      {"actual", "21"}, {"answered", "21"}, {"most_open", "1"},
	      {"elapsed_ns", "430000000"});
	return model;
}

static struct model pool_queue(void)
{
	struct model model = model_whole();

	add_blocked(&model, "server", 2, 1, REASON_POLL, 120, 15);
	for (unsigned int i = 1; i <= 4; i++) {
		char name[16];

		snprintf(name, sizeof(name), "worker-%u", i);
		add_blocked(&model, name, 1, 1, REASON_SOCKET, 106, 6);
	}
	FACTS(&model, {"jobs", "21"}, {"workers", "4"}, {"rounds", "6"}, {"delay_ns", "20000000"},
	      {"expected", "21"}, {"actual", "21"}, {"answered", "21"}, {"twice", "0"},
	      {"stops", "4"}, {"stops_left", "0"}, {"most_open", "4"}, {"elapsed_ns", "125000000"});
	return model;
}

/* Two takers that ran at once for 6 ms. */
static struct model two_takers(const char *name)
{
	struct model model = model_whole();

	model_add_thread(&model, name, 1 * MS, 0, 7 * MS);
	model_add_thread(&model, "list-1", 6 * MS, 0, 0);
	model_add_thread(&model, "list-2", 6 * MS, 0, 0);
	model.concurrency[1] = 1 * MS;
	model.concurrency[2] = 6 * MS;
	FACTS(&model, {"started_together", "1"}, {"expected", "2500"}, {"actual", "2500"},
	      {"once", "2500"}, {"twice", "0"}, {"lost", "0"}, {"elapsed_ns", "7000000"});
	return model;
}

/* In a run of 200 items, of its own. */
static void add_watch(struct model *model, uint64_t updates, uint64_t lost)
{
	struct watched *watched;

	model->watch = calloc(1, sizeof(*model->watch));
	assert_non_null(model->watch);
	model->watch->has_expected = true;
	model->watch->expected = 200;
	watched = vector_add(&model->watch->variables);
	assert_non_null(watched);
	watched->race.updates = updates;
	watched->race.lost = lost;
	watched->race.exact = true;
}

static struct model list_race(void)
{
	struct model model = two_takers("list-race");

	add_watch(&model, 233, 33);

	FACTS(&model, {"actual", "1900"}, {"once", "1500"}, {"twice", "400"}, {"lost", "600"},
	      {"first_gap_ns", "300"}, {"first_removed_after_ns", "2000"});
	return model;
}

static struct model list_safe(void)
{
	struct model model = two_takers("list-safe");

	model_add_lock(&model, REASON_LOCK, 3, 50000, 30000);
	FACTS(&model, {"taken_1", "1200"}, {"taken_2", "1300"}, {"stops", "2"});
	return model;
}

static struct model list_private(void)
{
	struct model model = two_takers("list-private");

	add_process(&model, "list-private");
	add_process(&model, "list-1");
	add_process(&model, "list-2");
	FACTS(&model, {"items", "1250"}, {"parent_items", "1250"}, {"parent_changed", "0"},
	      {"list_address", "0x5000"}, {"list_address_1", "0x5000"},
	      {"list_address_2", "0x5000"});
	return model;
}

static struct model memory_map(void)
{
	struct model model = model_whole();

	model_add_thread(&model, "memory-map", 1 * MS, 0, 0);
	model_add_thread(&model, "reader-1", 1 * MS, 0, 0);
	model_add_thread(&model, "reader-2", 1 * MS, 0, 0);
	model_add_thread(&model, "child", 1 * MS, 0, 0);
	add_process(&model, "memory-map");
	add_process(&model, "child");
	FACTS(&model, {"reader_1_found", "1"}, {"reader_2_found", "2"}, {"child_found", "3"},
	      {"child_wrote", "4"}, {"main_found", "3"}, {"usual_layout", "1"},
	      {"frames_known", "1"});
	FACTS(&model, {"main_code", "0x1000"}, {"main_data", "0x2000"}, {"main_bss", "0x3000"},
	      {"main_heap", "0x4000"}, {"main_stack", "0x9000"}, {"child_data", "0x2000"},
	      {"child_bss", "0x3000"}, {"child_heap", "0x4000"}, {"child_stack", "0x9000"});
	FACTS(&model, {"reader_1_stack", "0x5800"}, {"reader_1_stack_begin", "0x5000"},
	      {"reader_1_stack_end", "0x6000"}, {"reader_2_stack", "0x6800"},
	      {"reader_2_stack_begin", "0x6000"}, {"reader_2_stack_end", "0x7000"});
	FACTS(&model, {"main_frame_before", "70"}, {"child_frame_before", "70"},
	      {"main_frame_after", "70"}, {"child_frame_after", "71"}, {"pages_after", "2"});
	return model;
}

/* What the kernel calls stopped, and ended but not yet asked for. */
#define KERNEL_STOPPED 4
#define KERNEL_ZOMBIE  32

/* A snapshot of the children, each in its state. */
static void add_picture(struct model *model)
{
	static const struct {
		const char *name;
		uint32_t state, exit_state, flags;
	} tasks[] = {
		{"running", 0, 0, PL_PCB_ON_CPU | PL_PCB_ON_QUEUE},
		{"ready", 0, 0, PL_PCB_ON_QUEUE},
		{"blocked", 1, 0, 0},
		{"stopped", KERNEL_STOPPED, 0, 0},
		{"zombie", 0, KERNEL_ZOMBIE, 0},
	};
	struct picture *picture;

	if (!model->subjects)
		model->subjects = calloc(1, sizeof(*model->subjects));
	assert_non_null(model->subjects);
	picture = vector_add(&model->subjects->pictures);
	assert_non_null(picture);
	picture->snapshot = calloc(1, sizeof(*picture->snapshot));
	assert_non_null(picture->snapshot);
	for (size_t i = 0; i < sizeof(tasks) / sizeof(*tasks); i++) {
		struct pl_pcb_task *task = vector_add(&picture->snapshot->tasks);

		assert_non_null(task);
		task->state = tasks[i].state;
		task->exit_state = tasks[i].exit_state;
		task->flags = tasks[i].flags;
		snprintf(task->comm, sizeof(task->comm), "%s", tasks[i].name);
	}
}

static void wake_in_picture(struct model *model, const char *name)
{
	struct pl_pcb_task *task;

	vector_for_each (&model->subjects->pictures.items[0].snapshot->tasks, task)
		if (!strcmp(task->comm, name)) {
			task->state = task->exit_state = 0;
			task->flags = PL_PCB_ON_QUEUE;
		}
}

static struct model process_states(void)
{
	struct model model = model_whole();
	struct thread *ready;

	add_blocked(&model, "process-states", 2, 0, REASON_SIGNAL, 508, 1);
	add_blocked(&model, "running", 491, 9, REASON_PAGE_FAULT, 0, 0);
	ready = add_blocked(&model, "ready", 10, 490, REASON_PAGE_FAULT, 0, 0);
	ready->switches_voluntary = 1;
	ready->switches_involuntary = 5;
	add_blocked(&model, "blocked", 0, 0, REASON_PIPE, 503, 1);
	add_blocked(&model, "stopped", 0, 0, REASON_STOP, 504, 1);
	model_add_thread(&model, "zombie", 1 * MS, 0, 0);
	add_process(&model, "zombie");
	for (unsigned int i = 0; i < 5; i++)
		add_picture(&model);
	FACTS(&model, {"as_expected", "5"}, {"hold_ns", "500000000"});
	return model;
}

static struct model round_robin(void)
{
	struct model model = model_whole();

	for (unsigned int i = 1; i <= 4; i++) {
		struct thread *thread;
		char name[16];

		snprintf(name, sizeof(name), "turn-%u", i);
		thread = model_add_thread(&model, name, (298 + i) * MS, 900 * MS, 0);
		thread->switches_involuntary = 78;
	}
	model.concurrency[1] = 1200 * MS;
	for (uint32_t i = 0; i < 4; i++)
		add_preemption(&model, i, (i + 1) % 4, 70);
	FACTS(&model, {"threads", "4"}, {"run_ns", "1201000000"});
	return model;
}

static struct model priority(void)
{
	struct model model = model_whole();

	model_add_thread(&model, "high", 1000 * MS, 500 * MS, 0)->switches_involuntary = 120;
	model_add_thread(&model, "middle", 330 * MS, 1170 * MS, 0)->switches_involuntary = 90;
	model_add_thread(&model, "low", 108 * MS, 1392 * MS, 0)->switches_involuntary = 60;
	add_blocked(&model, "realtime", 71, 1, REASON_SLEEP, 1428, 71);
	for (uint32_t i = 0; i < 3; i++) {
		add_preemption(&model, i, 3, 20);
		model.threads.items[i].priority_last =
			(struct pl_priority){.nice = (PL_S8)(5 * i), .known = 1};
	}
	model.threads.items[3].priority_last =
		(struct pl_priority){.policy = 1, .rt_priority = 1, .known = 1};
	FACTS(&model, {"run_ns", "1500000000"}, {"weight_high", "1024"}, {"weight_middle", "336"},
	      {"weight_low", "110"}, {"realtime", "1"}, {"realtime_turns", "71"},
	      {"realtime_cpu_ns", "71000000"});
	return model;
}

#define SPAWNED 100

static struct model spawn_cost(void)
{
	struct model model = model_whole();

	add_process(&model, "spawn-cost");
	add_blocked(&model, "thread-maker", 10, 0, REASON_JOIN, 20, SPAWNED)->creator = NO_THREAD;
	for (unsigned int i = 0; i < SPAWNED; i++)
		model_add_thread(&model, "thread", MS / 10, 0, 0)->creator = 0;
	add_blocked(&model, "process-maker", 40, 0, REASON_CHILD, 80, SPAWNED)->creator = NO_THREAD;
	for (unsigned int i = 0; i < SPAWNED; i++) {
		model_add_thread(&model, "process", MS / 2, 0, 0)->creator = SPAWNED + 1;
		add_process(&model, "process");
	}
	FACTS(&model, {"threads", "100"}, {"processes", "100"});
	return model;
}

static struct model switch_cost(void)
{
	static const char *const names[] = {"thread-ping", "thread-pong", "process-ping",
					    "process-pong"};
	struct model model = model_whole();

	for (size_t i = 0; i < 4; i++) {
		struct thread *thread =
			add_blocked(&model, names[i], 50, 30, REASON_PIPE, 120, 10000);

		thread->switches_voluntary = thread->switches_involuntary = 10001;
	}
	model.concurrency[1] = 200 * MS;
	FACTS(&model, {"messages", "40000"}, {"touch", "0"});
	return model;
}

/* ---- and what is different in others ------------------------------------------------------- */

/* One thing; `thread` NULL: a fact. Times are in ms. */
struct change {
	size_t claim; /* that fails then; from 1 */
	const char *thread, *what, *value;
};

static void change_reason(struct thread *thread, const char *what, uint64_t value)
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

static void change_thread(struct model *model, const struct change *change)
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

static void apply(struct model *model, const struct change *change)
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

static void assert_verdict(const struct claim *claim, enum verdict verdict, const char *scenario)
{
	if (claim->verdict != verdict)
		print_error("%s: '%s' is %s (%s) %s\n", scenario, claim->text,
			    verdict_name(claim->verdict), claim->measured, claim->because);
	assert_int_equal(claim->verdict, verdict);
}

static void assert_claims(const char *scenario, struct model (*build)(void),
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

/* ---- chapter 6 ----------------------------------------------------------------------------- */

static void many_to_one_is_one_thread_that_stands_still(void **state)
{
	ASSERT_CLAIMS("model-many-to-one", many_to_one, {1, "user-2", "add", "0"},
		      {2, NULL, "actual", "159"}, {3, NULL, "steps_during", "1"},
		      {3, "model-many-to-one", "blocked", "40"},
		      {4, NULL, "cpu_during_ns", "30000000"}, {5, "", "standing", "0"},
		      {5, "", "standing", "20"}, {6, NULL, "elapsed_ns", "66000000"},
		      {7, "model-many-to-one", "voluntary", "164"});
}

static void one_to_one_is_a_thread_each_of_which_one_stands_still(void **state)
{
	ASSERT_CLAIMS("model-one-to-one", one_to_one, {1, "user-5", "add", "0"},
		      {2, NULL, "actual", "161"}, {3, "user-2", "add", "20"},
		      {3, "user-1", "blocked", "20"}, {4, "", "standing", "20"},
		      {5, NULL, "steps_during", "0"}, {6, NULL, "cpu_during_ns", "60000"});
}

static void many_to_many_goes_on_with_the_other_carriers(void **state)
{
	ASSERT_CLAIMS("model-many-to-many", many_to_many, {1, "carrier-3", "add", "0"},
		      {2, NULL, "actual", "319"}, {3, NULL, "steps_during", "0"},
		      {3, NULL, "carriers_during", "2"}, {3, NULL, "carriers_during", "0"},
		      {3, "carrier-2", "times", "2"}, {4, "", "standing", "40"},
		      {5, "", "moves", "0"}, {5, NULL, "moves", "0"},
		      {6, "of1-1", "involuntary", "60"});
}

/* ---- chapter 7 ----------------------------------------------------------------------------- */

static void a_serial_pool_waits_for_one_at_a_time(void **state)
{
	ASSERT_CLAIMS("pool-serial", pool_serial, {1, NULL, "actual", "20"},
		      {1, NULL, "answered", "22"}, {2, NULL, "most_open", "4"},
		      {3, NULL, "elapsed_ns", "125000000"}, {3, NULL, "elapsed_ns", "600000000"},
		      {4, "pool-serial", "blocked", "200"}, {4, "pool-serial", "reason", "7"},
		      {5, "pool-serial", "times", "20"});
}

static void a_pool_of_workers_waits_side_by_side(void **state)
{
	ASSERT_CLAIMS("pool-queue", pool_queue, {1, NULL, "twice", "1"}, {1, NULL, "actual", "20"},
		      {2, NULL, "stops", "3"}, {2, NULL, "stops_left", "1"},
		      {2, "worker-5", "add", "1"}, {3, NULL, "most_open", "1"},
		      {4, "worker-1", "blocked", "10"}, {4, "worker-1", "times", "1"},
		      {5, NULL, "elapsed_ns", "430000000"}, {5, NULL, "elapsed_ns", "100000000"});
}

static void a_list_that_nobody_guards_loses_items(void **state)
{
	ASSERT_CLAIMS("list-race", list_race, {1, NULL, "once", "2500"},
		      {2, NULL, "first_gap_ns", "2000"}, {3, "", "lock", ""},
		      {4, "", "watched", "9"}, {5, "", "overlap", "0"});
}

static void without_overlap_a_race_is_not_decided(void **state)
{
	struct model model = list_race();

	model.concurrency[2] = MS / 2;
	assert_int_equal(claims_evaluate(&model, scenario_text("list-race")), 0);
	assert_verdict(&model.claims.items[0], VERDICT_UNDECIDED, "list-race");
	assert_verdict(&model.claims.items[1], VERDICT_UNDECIDED, "list-race");
	model_clear(&model);
}

static void a_guarded_list_loses_none(void **state)
{
	ASSERT_CLAIMS("list-safe", list_safe, {1, NULL, "once", "2499"}, {1, NULL, "twice", "1"},
		      {1, NULL, "lost", "1"}, {2, NULL, "taken_2", "0"}, {2, NULL, "stops", "1"},
		      {3, "", "overlap", "0"}, {4, "", "lock", ""});
}

static void private_lists_need_no_lock(void **state)
{
	ASSERT_CLAIMS("list-private", list_private, {1, NULL, "lost", "1"},
		      {1, NULL, "once", "2499"}, {2, NULL, "parent_items", "0"},
		      {2, NULL, "parent_changed", "1"}, {3, NULL, "list_address_2", "0x6000"},
		      {3, "", "list-3", ""}, {4, "", "lock", ""}, {5, "", "overlap", "0"});
}

/* ---- chapter 8 ----------------------------------------------------------------------------- */

static void memory_is_shared_by_threads_and_copied_for_processes(void **state)
{
	ASSERT_CLAIMS("memory-map", memory_map, {1, NULL, "reader_2_found", "1"},
		      {1, NULL, "reader_1_found", "-1"},
		      {2, NULL, "reader_2_stack_begin", "0x5000"},
		      {3, NULL, "reader_1_stack", "0x6800"}, {4, NULL, "main_heap", "0x2800"},
		      {4, NULL, "main_stack", "0x6000"}, {5, NULL, "child_heap", "0x4010"},
		      {5, NULL, "child_found", "1"}, {6, NULL, "main_found", "4"},
		      {7, NULL, "child_frame_after", "70"}, {7, NULL, "child_frame_before", "99"});
}

static void parked_processes_are_in_their_states(void **state)
{
	ASSERT_CLAIMS("process-states", process_states, {1, NULL, "as_expected", "4"},
		      {2, "", "awake", "blocked"}, {2, "", "awake", "stopped"},
		      {2, "", "awake", "zombie"}, {3, "ready", "running", "300"},
		      {4, "ready", "ready", "200"}, {4, "ready", "blocked", "50"},
		      {5, "ready", "involuntary", "0"}, {6, "blocked", "times", "2"},
		      {6, "blocked", "blocked", "100"}, {6, "blocked", "reason", "7"},
		      {7, "stopped", "times", "2"}, {7, "stopped", "blocked", "100"},
		      {8, "zombie", "end", "500"});
}

static void equal_threads_get_equal_shares(void **state)
{
	ASSERT_CLAIMS("sched-round-robin", round_robin, {1, "turn-3", "running", "270"},
		      {2, "", "overlap", "300"}, {2, "turn-1", "running", "400"},
		      {3, "turn-1", "voluntary", "300"}, {4, "", "alone", ""},
		      {5, "turn-2", "involuntary", "2"}, {6, "turn-2", "ready", "200"});
}

static void shares_follow_the_weights(void **state)
{
	ASSERT_CLAIMS("sched-priority", priority, {1, "high", "running", "2000"},
		      {2, "middle", "running", "420"}, {3, "low", "running", "130"},
		      {4, "low", "ready", "1000"}, {4, "high", "ready", "1200"},
		      {5, "realtime", "ready", "20"}, {6, NULL, "realtime_turns", "400"},
		      {6, "", "preempted", ""}, {7, "", "nice", ""});
}

static void a_process_costs_more_than_a_thread(void **state)
{
	ASSERT_CLAIMS("spawn-cost", spawn_cost, {1, NULL, "threads", "101"},
		      {2, NULL, "processes", "101"}, {3, "thread-maker", "running", "200"},
		      {4, "thread-maker", "running", "60"}, {5, "process-maker", "times", "0"},
		      {5, "thread-maker", "times", "300"});
}

static void each_message_is_a_switch(void **state)
{
	ASSERT_CLAIMS("switch-cost", switch_cost, {1, "thread-ping", "voluntary", "10"},
		      {2, "process-pong", "involuntary", "10"}, {3, "", "overlap", "20"},
		      {4, "process-ping", "reason", "7"}, {5, "thread-ping", "running", "9000"},
		      {6, "thread-ping", "running", "150"});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_to_one_is_one_thread_that_stands_still),
		cmocka_unit_test(one_to_one_is_a_thread_each_of_which_one_stands_still),
		cmocka_unit_test(many_to_many_goes_on_with_the_other_carriers),
		cmocka_unit_test(a_serial_pool_waits_for_one_at_a_time),
		cmocka_unit_test(a_pool_of_workers_waits_side_by_side),
		cmocka_unit_test(a_list_that_nobody_guards_loses_items),
		cmocka_unit_test(without_overlap_a_race_is_not_decided),
		cmocka_unit_test(a_guarded_list_loses_none),
		cmocka_unit_test(private_lists_need_no_lock),
		cmocka_unit_test(memory_is_shared_by_threads_and_copied_for_processes),
		cmocka_unit_test(parked_processes_are_in_their_states),
		cmocka_unit_test(equal_threads_get_equal_shares),
		cmocka_unit_test(shares_follow_the_weights),
		cmocka_unit_test(a_process_costs_more_than_a_thread),
		cmocka_unit_test(each_message_is_a_switch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
