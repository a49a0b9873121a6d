// SPDX-License-Identifier: GPL-2.0-only
/* Claims on memory, states, shares and costs of processes; see claims_changes.h. */
#include "claims_changes.h"

/* ---- chapter 8: processes -------------------------------------------------------------------- */

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
		cmocka_unit_test(memory_is_shared_by_threads_and_copied_for_processes),
		cmocka_unit_test(parked_processes_are_in_their_states),
		cmocka_unit_test(equal_threads_get_equal_shares),
		cmocka_unit_test(shares_follow_the_weights),
		cmocka_unit_test(a_process_costs_more_than_a_thread),
		cmocka_unit_test(each_message_is_a_switch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
