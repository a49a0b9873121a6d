// SPDX-License-Identifier: GPL-2.0-only
/* Signals and ends, worked out from made-up records; and the names for them in claims. */
#include "model_items.h"

#include "claims_model.h"
#include "model/signals.h"

/* A parent 10 and its child 20 with a side thread 21, all followed from their births. */
static void add_family(struct stream *stream)
{
	add_task(stream, 100, 10, 10, PL_TASK_RUNNING);
	add_fork(stream, 200, 20, 20, 10, "child");
	add_fork(stream, 300, 21, 20, 20, "side");
}

static struct pl_life_signal *add_signal(struct stream *stream, uint64_t time, uint32_t tid,
					 uint32_t tgid, enum pl_signal_step step, uint8_t number)
{
	struct pl_life_signal *life = &add_life(stream, time, PL_LIFE_SIGNAL, tid, tgid, 0)->signal;

	life->step = step;
	life->number = number;
	life->count = 1;
	life->source = PL_SOURCE_THREAD;
	strncpy(life->comm, "child", PL_COMM_LEN);
	return life;
}

static struct pl_life_signal *add_sent(struct stream *stream, uint64_t time, uint32_t from,
				       uint8_t number)
{
	struct pl_life_signal *life = add_signal(stream, time, 20, 20, PL_SIGNAL_SENT, number);

	life->sender = life->sender_tgid = from;
	strncpy(life->sender_comm, "sender", PL_COMM_LEN);
	return life;
}

static void add_exit(struct stream *stream, uint64_t time, uint32_t tid, uint32_t tgid,
		     uint32_t code, enum pl_end how, uint16_t syscall, uint8_t flags)
{
	struct pl_life_exit *exit = &add_life(stream, time, PL_LIFE_EXIT, tid, tgid, flags)->exit;

	exit->code = code;
	exit->how = how;
	exit->syscall = syscall;
}

static void add_death(struct stream *stream, uint64_t time, uint32_t cpu, uint32_t tid)
{
	add_switch(stream, time, cpu, tid, OUT_BLOCKED, 0x80, 0);
}

/* The model with what signals_finish() fills in; threads and processes of the timeline. */
static struct model model_of(const struct stream *stream, uint64_t end)
{
	struct timeline_options options = {.arch = "x86_64", .begin = 100};
	struct model model = {.cpus = 2, .complete = true, .begin = 100, .end = end};
	struct population *population;
	const struct made_item *made;
	struct timeline *timeline;
	struct signals *signals;

	assert_int_equal(timeline_new(&options, &timeline), 0);
	assert_int_equal(signals_new(timeline, &signals), 0);
	vector_for_each (&stream->items, made) {
		struct recording_item item = item_of(made);

		assert_int_equal(timeline_feed(timeline, &item), 0);
	}
	assert_int_equal(timeline_finish(timeline, end), 0);
	assert_int_equal(signals_finish(signals, &model), 0);
	population = timeline_population(timeline);
	memcpy(&model.threads, &population->threads, sizeof(model.threads));
	memcpy(&model.processes, &population->processes, sizeof(model.processes));
	memset(&population->threads, 0, sizeof(population->threads));
	memset(&population->processes, 0, sizeof(population->processes));
	signals_free(&signals);
	timeline_free(&timeline);
	return model;
}

static void drop(struct model *model, struct stream *stream)
{
	vector_free(&model->signals);
	model_clear(model);
	vector_free(&stream->items);
}

/* ---- the one that ends a process ----------------------------------------------------------- */

/* The parent's signal 15 finds thread 21 in read, and 20 on its CPU. */
static struct stream killed(void)
{
	struct stream stream = {0};
	struct made_item *item;

	add_family(&stream);
	add_switch(&stream, 400, 1, 0, 0, 0, 21);
	item = add_switch(&stream, 500, 1, 21, OUT_BLOCKED, 1, 20);
	set_block(item, 0, PL_FUTEX_NONE, 3, 0);
	add_sent(&stream, 600, 10, 15)->flags = PL_SIGNAL_FATAL | PL_SIGNAL_PROCESS;
	add_exit(&stream, 700, 20, 20, 15, PL_END_TAKEN, PL_NO_SYSCALL, 0);
	item = add_switch(&stream, 720, 1, 20, OUT_BLOCKED, 0x80, 21);
	set_woken(item, 100, 10, PL_WAKER_TASK);
	add_exit(&stream, 730, 21, 20, 15, PL_END_TAKEN, 0, PL_TASK_LAST);
	add_death(&stream, 740, 1, 21);
	return stream;
}

static void the_signal_that_ends_a_process_is_found_with_its_sender(void **state)
{
	struct stream stream = killed();
	struct model model = model_of(&stream, 1000);
	const struct process *child = &model.processes.items[1];
	const struct signal_sum *sum;

	assert_int_equal(model.signals.count, 1);
	assert_int_equal(child->killer, 0);
	assert_int_equal(child->exiter, NO_THREAD);
	sum = &model.signals.items[0];
	assert_int_equal(sum->number, 15);
	assert_int_equal(sum->from, 0);
	assert_int_equal(sum->to, 1);
	assert_int_equal(sum->sent, 1);
	assert_true(sum->fatal);
	assert_int_equal(sum->fatal_time, 600);
	assert_string_equal(sum->from_name, "sender");
	drop(&model, &stream);
}

static void a_thread_is_seen_to_be_taken_out_of_its_wait(void **state)
{
	struct stream stream = killed();
	struct model model = model_of(&stream, 1000);
	const struct thread *side = &model.threads.items[2], *first = &model.threads.items[1];

	assert_int_equal(side->end_how, PL_END_TAKEN);
	assert_int_equal(side->ended_syscall, 0);
	assert_int_equal(side->ended_wait_ns, 120);
	assert_true(side->ended_in != REASON_NONE);
	assert_int_equal(side->ended_by, NO_THREAD);
	assert_int_equal(first->ended_in, REASON_NONE);
	drop(&model, &stream);
}

static void claims_can_speak_of_the_killer(void **state)
{
	struct stream stream = killed();
	struct model model = model_of(&stream, 1000);

	assert_judged(&model, "signals[task,child,15] == 1", VERDICT_HELD);
	assert_judged(&model, "signals[task,child] == 1", VERDICT_HELD);
	assert_judged(&model, "signals[*,*,*] == 1", VERDICT_HELD);
	assert_judged(&model, "signals[task,child,9] == 0", VERDICT_HELD);
	assert_judged(&model, "signals[kernel,child,15] == 0", VERDICT_HELD);
	assert_judged(&model, "signals[task,child,15].fatal == 1", VERDICT_HELD);
	assert_judged(&model, "signals[task,child,15].first == 500", VERDICT_HELD);
	assert_judged(&model, "signals[task,child,15].handled == 0", VERDICT_HELD);
	assert_judged(&model, "signals[task,child,15].ignored == 0", VERDICT_HELD);
	assert_judged(&model, "signals[task,child,9].first == 0", VERDICT_UNDECIDED);
	assert_judged(&model, "process[child].killer.pid == process[task].pid", VERDICT_HELD);
	assert_judged(&model, "process[child].killer.at == 500", VERDICT_HELD);
	assert_judged(&model, "process[child].fault.address == 0", VERDICT_UNDECIDED);
	assert_judged(&model, "process[task].killer.pid == 0", VERDICT_UNDECIDED);
	assert_judged(&model, "thread[side].ended.taken == 1", VERDICT_HELD);
	assert_judged(&model, "thread[side].ended.itself == 1", VERDICT_NOT_HELD);
	assert_judged(&model, "thread[side].ended.waiting == 120", VERDICT_HELD);
	assert_judged(&model, "thread[side].ended.waiting.lock == 0", VERDICT_HELD);
	assert_judged(&model, "thread[side].ended.by == 20", VERDICT_UNDECIDED);
	assert_judged(&model, "thread[task].ended.itself == 1", VERDICT_UNDECIDED);
	/* Mistakes are found, whatever happened. */
	assert_judged(&model, "signals[task] == 1", VERDICT_UNDECIDED);
	assert_judged(&model, "signals[task,child,99] == 1", VERDICT_UNDECIDED);
	assert_judged(&model, "thread[side].ended.waiting.nonsense == 0", VERDICT_UNDECIDED);
	model.losses.life = 1;
	assert_judged(&model, "signals[task,child,15] == 1", VERDICT_UNDECIDED);
	drop(&model, &stream);
}

static void of_two_fatal_signals_the_first_counts(void **state)
{
	struct stream stream = {0};
	struct model model;

	add_family(&stream);
	add_sent(&stream, 600, 10, 15)->flags = PL_SIGNAL_FATAL;
	add_sent(&stream, 610, 11, 9)->flags = PL_SIGNAL_FATAL;
	add_exit(&stream, 700, 20, 20, 15, PL_END_TAKEN, PL_NO_SYSCALL, PL_TASK_LAST);
	add_death(&stream, 720, 1, 21);
	add_death(&stream, 730, 1, 20);
	model = model_of(&stream, 1000);
	assert_int_equal(model.signals.count, 2);
	assert_int_equal(model.processes.items[1].killer, 0);
	assert_false(model.signals.items[1].fatal);
	drop(&model, &stream);
}

/* ---- what else becomes of them ------------------------------------------------------------- */

static void counts_of_a_flood_add_up(void **state)
{
	struct stream stream = {0};
	const struct signal_sum *sum;
	struct model model;

	add_family(&stream);
	add_sent(&stream, 400, 10, 10)->action = PL_ACTION_HANDLER;
	add_signal(&stream, 410, 20, 20, PL_SIGNAL_DELIVERED, 10)->action = PL_ACTION_HANDLER;
	add_sent(&stream, 420, 10, 10)->count = 1000;
	add_sent(&stream, 430, 10, 10)->result = PL_SIGNAL_PENDING;
	stream.items.items[6].life.signal.count = 70;
	add_sent(&stream, 440, 10, 10)->result = PL_SIGNAL_IGNORED;
	/* The rest, as user space reads it at the end: without the thread's process. */
	add_signal(&stream, 900, 20, 0, PL_SIGNAL_DELIVERED, 10)->action = PL_ACTION_HANDLER;
	stream.items.items[8].life.signal.count = 999;
	for (size_t i = 4; i < 9; i += 4)
		stream.items.items[i].life.signal.sender_tgid = 10;
	model = model_of(&stream, 1000);
	assert_int_equal(model.signals.count, 1);
	sum = &model.signals.items[0];
	assert_int_equal(sum->sent, 1072);
	assert_int_equal(sum->merged, 70);
	assert_int_equal(sum->ignored, 1);
	assert_int_equal(sum->handled, 1000);
	assert_int_equal(sum->handler, 1);
	assert_int_equal(sum->first, 400);
	assert_int_equal(sum->last, 440);
	assert_false(sum->fatal);
	drop(&model, &stream);
}

static void a_fault_is_kept_with_its_address_and_instruction(void **state)
{
	struct stream stream = {0};
	struct pl_life_signal *life;
	struct model model;

	add_family(&stream);
	for (int step = PL_SIGNAL_SENT; step <= PL_SIGNAL_DELIVERED; step++) {
		life = add_signal(&stream, 400 + step, 21, 20, step, 11);
		life->source = PL_SOURCE_FAULT;
		life->code = 1;
		life->address = 0x1234;
		life->ip = 0x5678;
	}
	add_exit(&stream, 700, 21, 20, 11 | 0x80, PL_END_TAKEN, PL_NO_SYSCALL, 0);
	add_death(&stream, 710, 1, 21);
	add_exit(&stream, 720, 20, 20, 11 | 0x80, PL_END_TAKEN, PL_NO_SYSCALL, PL_TASK_LAST);
	add_death(&stream, 730, 1, 20);
	model = model_of(&stream, 1000);
	assert_int_equal(model.signals.count, 1);
	assert_int_equal(model.processes.items[1].killer, 0);
	assert_int_equal(model.signals.items[0].faulter, 2);
	assert_judged(&model, "process[child].fault.address == 4660", VERDICT_HELD);
	assert_judged(&model, "process[child].fault.ip == 22136", VERDICT_HELD);
	assert_judged(&model, "process[child].fault.code == 1", VERDICT_HELD);
	assert_judged(&model, "process[child].killer.pid == 0", VERDICT_HELD);
	assert_judged(&model, "signals[fault,child,11].fatal == 1", VERDICT_HELD);
	drop(&model, &stream);
}

static void a_stop_signal_ends_nobody(void **state)
{
	struct stream stream = {0};
	struct model model;

	add_family(&stream);
	add_sent(&stream, 400, 10, 19);
	add_signal(&stream, 410, 20, 20, PL_SIGNAL_DELIVERED, 19)->sender_tgid = 10;
	model = model_of(&stream, 1000);
	assert_int_equal(model.signals.count, 1);
	assert_int_equal(model.signals.items[0].stopped, 1);
	assert_false(model.signals.items[0].fatal);
	drop(&model, &stream);
}

static void the_thread_that_exits_is_named_to_those_it_takes_along(void **state)
{
	struct stream stream = {0};
	struct model model;

	add_family(&stream);
	add_exit(&stream, 400, 20, 20, 3 << 8, PL_END_EXITED, 231, 0);
	add_death(&stream, 410, 1, 20);
	add_exit(&stream, 420, 21, 20, 3 << 8, PL_END_TAKEN, PL_NO_SYSCALL, PL_TASK_LAST);
	add_death(&stream, 430, 1, 21);
	model = model_of(&stream, 1000);
	assert_int_equal(model.processes.items[1].exiter, 1);
	assert_int_equal(model.threads.items[2].ended_by, 1);
	assert_int_equal(model.threads.items[1].ended_by, NO_THREAD);
	assert_judged(&model, "thread[side].ended.by == 20", VERDICT_HELD);
	assert_judged(&model, "thread[child].ended.itself == 1", VERDICT_HELD);
	drop(&model, &stream);
}

/* A file may name more senders than anybody can tell apart. */
static void too_many_kinds_are_counted_together(void **state)
{
	struct stream stream = {0};
	struct model model;

	add_family(&stream);
	for (uint32_t i = 0; i < 5000; i++)
		add_sent(&stream, 400 + i, 1000 + i, 10);
	model = model_of(&stream, 10000);
	assert_int_equal(model.signals.count, 4096);
	assert_int_equal(model.signals_beyond, 5000 - 4096);
	assert_judged(&model, "signals[*,child] > 0", VERDICT_UNDECIDED);
	drop(&model, &stream);
}

static void strangers_and_nonsense_do_no_harm(void **state)
{
	struct stream stream = {0};
	struct pl_life_signal *life;
	struct model model;

	add_family(&stream);
	life = add_signal(&stream, 400, UINT32_MAX, UINT32_MAX, PL_SIGNAL_SENT, 255);
	life->flags = 255;
	life->action = life->source = 99;
	life->sender = UINT32_MAX;
	memset(life->comm, 'x', PL_COMM_LEN);
	add_signal(&stream, 410, 0, 0, PL_SIGNAL_DELIVERED, 0);
	add_signal(&stream, 420, 7777, 7777, PL_SIGNAL_SENT, 64);
	add_signal(&stream, 430, 20, 20, 77, 64);
	add_exit(&stream, 440, 0, 0, 0, 77, 7, 255);
	model = model_of(&stream, 1000);
	assert_int_equal(model.threads.count, 3);
	assert_int_equal(strlen(model.signals.items[0].to_name), PL_COMM_LEN);
	drop(&model, &stream);
}

static void signals_have_their_names(void **state)
{
	assert_string_equal(signal_label(9).text, "SIGKILL");
	assert_string_equal(signal_label(31).text, "SIGSYS");
	assert_string_equal(signal_label(34).text, "SIGRTMIN");
	assert_string_equal(signal_label(36).text, "SIGRTMIN+2");
	assert_string_equal(signal_label(0).text, "signal 0");
	assert_string_equal(signal_label(255).text, "signal 255");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_signal_that_ends_a_process_is_found_with_its_sender),
		cmocka_unit_test(a_thread_is_seen_to_be_taken_out_of_its_wait),
		cmocka_unit_test(claims_can_speak_of_the_killer),
		cmocka_unit_test(of_two_fatal_signals_the_first_counts),
		cmocka_unit_test(counts_of_a_flood_add_up),
		cmocka_unit_test(a_fault_is_kept_with_its_address_and_instruction),
		cmocka_unit_test(a_stop_signal_ends_nobody),
		cmocka_unit_test(the_thread_that_exits_is_named_to_those_it_takes_along),
		cmocka_unit_test(too_many_kinds_are_counted_together),
		cmocka_unit_test(strangers_and_nonsense_do_no_harm),
		cmocka_unit_test(signals_have_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
