// SPDX-License-Identifier: GPL-2.0-only
/* User threads against an account that looks at every instant anew; phases, marks, their claims. */
#include "model_items.h"

#include "claims_model.h"
#include "model/marks.h"
#include "model/uthreads/uthreads.h"

#define RUNS	 400
#define STEPS	 70
#define CARRIERS 3
#define USERS	 5
#define TGID	 100

/* ---- a made-up program ---------------------------------------------------------------------- */

struct mark {
	uint64_t time;
	uint32_t carrier; /* 0..CARRIERS - 1 */
	uint32_t id;
	int state; /* -1: a switch */
};

struct program {
	struct stream stream;
	VECTOR(struct mark) marks;
	uint64_t random, now;
	enum { RUNS_NOW, READY_NOW, BLOCKED_NOW, DEAD_NOW } carriers[CARRIERS];
	uint32_t mounted[CARRIERS];
	uint64_t died[CARRIERS];
	bool ended[USERS + 1];
};

static uint32_t roll(struct program *program, uint32_t below)
{
	program->random = program->random * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(program->random >> 33) % below;
}

static struct pl_life_mark *add_mark(struct stream *stream, uint64_t time, uint32_t tid,
				     enum pl_mark what, uint32_t id)
{
	struct pl_life_mark *mark = &add_life(stream, time, PL_LIFE_MARK, tid, TGID, 0)->mark;

	mark->head.size = PL_LIFE_MARK_LEAST;
	mark->what = what;
	mark->uthread = id;
	if (id && what != PL_MARK_OTHER)
		snprintf(mark->text, PL_MARK_NAME, "user-%u", id);
	return mark;
}

static void say(struct program *program, uint32_t carrier, uint32_t id, int state)
{
	struct mark *mark = vector_add(&program->marks);
	struct pl_life_mark *record;

	assert_non_null(mark);
	*mark = (struct mark){program->now, carrier, id, state};
	record = add_mark(&program->stream, program->now, TGID + carrier,
			  state < 0 ? PL_MARK_UTHREAD_SWITCH : PL_MARK_UTHREAD_STATE, id);
	record->state = state < 0 ? 0 : (uint8_t)state;
}

static void say_something(struct program *program, uint32_t carrier)
{
	uint32_t id = roll(program, USERS + 1);

	if (roll(program, 2)) {
		if (program->ended[id] || id == program->mounted[carrier])
			return;
		for (uint32_t k = 0; k < CARRIERS; k++)
			if (id && program->mounted[k] == id)
				program->mounted[k] = 0;
		program->mounted[carrier] = id;
		say(program, carrier, id, -1);
	} else if (id && !program->ended[id]) {
		int state = roll(program, 10) ? (int)roll(program, 2) : PL_UTHREAD_ENDED;

		program->ended[id] = state == PL_UTHREAD_ENDED;
		for (uint32_t k = 0; k < CARRIERS && program->ended[id]; k++)
			if (program->mounted[k] == id)
				program->mounted[k] = 0;
		say(program, carrier, id, state);
	}
}

/* Each carrier has a CPU to itself. */
static void step(struct program *program)
{
	uint32_t k = roll(program, CARRIERS), tid = TGID + k, what = roll(program, 10);
	struct made_item *item;

	program->now += 1 + roll(program, 6);
	if (program->carriers[k] == DEAD_NOW)
		return;
	if (program->carriers[k] != RUNS_NOW) {
		item = add_switch(&program->stream, program->now, k, 0, 0, 0, tid);
		if (program->carriers[k] == BLOCKED_NOW)
			set_woken(item, roll(program, 4), 7, PL_WAKER_TASK);
		program->carriers[k] = RUNS_NOW;
	} else if (what < 6) {
		say_something(program, k);
	} else if (what < 8) {
		add_switch(&program->stream, program->now, k, tid, OUT_BLOCKED, 1, 0);
		program->carriers[k] = BLOCKED_NOW;
	} else if (what < 9 || k == 0 || roll(program, 5)) {
		add_switch(&program->stream, program->now, k, tid, 0, 0, 0);
		program->carriers[k] = READY_NOW;
	} else {
		add_switch(&program->stream, program->now, k, tid, OUT_BLOCKED, 0x80, 0);
		program->carriers[k] = DEAD_NOW;
		program->died[k] = program->now;
		/* Whom it carried ends with it. */
		program->ended[program->mounted[k]] = true;
		program->ended[0] = false;
		program->mounted[k] = 0;
	}
}

static void make_program(struct program *program, uint64_t seed)
{
	memset(program, 0, sizeof(*program));
	program->random = seed;
	program->now = 10;
	for (uint32_t k = 0; k < CARRIERS; k++) {
		struct pl_life_task *task =
			&add_task(&program->stream, 10, TGID + k, TGID, PL_TASK_RUNNING)->task;

		task->head.cpu = k;
		program->died[k] = UINT64_MAX;
	}
	for (int i = 0; i < STEPS; i++)
		step(program);
	program->now += 5;
}

/* ---- what it means, instant by instant ------------------------------------------------------- */

enum meaning { NOT_THERE, RUNNING, READY, STANDING, BLOCKED };

/* The carrier on which `id` is at `time`, or -1; and in `ret_last` its last mount. */
static int carrier_of(const struct program *program, uint32_t id, uint64_t time, size_t *ret_last)
{
	size_t last = SIZE_MAX;

	for (size_t i = 0; i < program->marks.count; i++) {
		const struct mark *mark = &program->marks.items[i];

		if (mark->time <= time && mark->state < 0 && mark->id == id)
			last = i;
	}
	*ret_last = last;
	if (last == SIZE_MAX)
		return -1;
	for (size_t i = last + 1; i < program->marks.count; i++) {
		const struct mark *mark = &program->marks.items[i];

		if (mark->time > time)
			break;
		if ((mark->state < 0 && mark->carrier == program->marks.items[last].carrier) ||
		    (mark->state == PL_UTHREAD_ENDED && mark->id == id))
			return -1;
	}
	return program->died[program->marks.items[last].carrier] <= time
		       ? -1
		       : (int)program->marks.items[last].carrier;
}

static bool is_there(const struct program *program, uint32_t id, uint64_t time)
{
	bool there = false;
	size_t last;

	for (size_t i = 0; i < program->marks.count; i++) {
		const struct mark *mark = &program->marks.items[i];

		if (mark->id != id || mark->time > time)
			continue;
		there = mark->state != PL_UTHREAD_ENDED;
		/* It died with its carrier? */
		if (carrier_of(program, id, mark->time, &last) >= 0 && last == i && there) {
			uint64_t died = program->died[mark->carrier];

			if (died <= time &&
			    carrier_of(program, id, died - 1, &last) == (int)mark->carrier)
				return false;
		}
	}
	return there;
}

static enum state state_of(const struct fed *fed, uint32_t thread, uint64_t time)
{
	const struct interval *it;

	vector_for_each (&fed->intervals, it) {
		if (it->thread == thread && it->begin <= time && time < it->end)
			return it->state;
	}
	return STATE_UNKNOWN;
}

static bool all_stand(const struct program *program, const struct fed *fed, uint64_t time)
{
	bool any = false;
	size_t last;

	for (uint32_t k = 0; k < CARRIERS; k++) {
		bool carries = false, loaded = false;

		for (size_t i = 0; i < program->marks.count; i++)
			carries |= program->marks.items[i].state < 0 &&
				   program->marks.items[i].carrier == k &&
				   program->marks.items[i].time <= time;
		if (!carries || program->died[k] <= time)
			continue;
		for (uint32_t id = 1; id <= USERS; id++)
			loaded |= carrier_of(program, id, time, &last) == (int)k;
		if (!loaded || state_of(fed, k, time) != STATE_BLOCKED)
			return false;
		any = true;
	}
	return any;
}

static enum meaning meaning_of(const struct program *program, const struct fed *fed, uint32_t id,
			       uint64_t time)
{
	size_t last;
	int carrier = carrier_of(program, id, time, &last), said = PL_UTHREAD_READY;

	if (!is_there(program, id, time))
		return NOT_THERE;
	if (carrier >= 0) {
		enum state state = state_of(fed, (uint32_t)carrier, time);

		return state == STATE_RUNNING ? RUNNING : state == STATE_BLOCKED ? BLOCKED : READY;
	}
	for (size_t i = last == SIZE_MAX ? 0 : last + 1; i < program->marks.count; i++) {
		const struct mark *mark = &program->marks.items[i];

		if (mark->time <= time && mark->id == id && mark->state >= 0)
			said = mark->state;
	}
	if (said == PL_UTHREAD_BLOCKED)
		return BLOCKED;
	return all_stand(program, fed, time) ? STANDING : READY;
}

/* ---- both ------------------------------------------------------------------------------------ */

static void keep(void *context, const struct interval *interval)
{
	keep_interval(context, interval);
}

static void play(const struct stream *stream, uint64_t end, struct fed *fed, struct model *model)
{
	struct timeline_options options = {.arch = "x86_64", .begin = 10};
	struct timeline_visitor visitor = {.context = fed, .interval = keep};
	struct population *population;
	const struct made_item *made;
	struct uthreads *uthreads;
	struct marks_book *marks;

	memset(fed, 0, sizeof(*fed));
	*model = (struct model){.cpus = 2, .complete = true, .begin = 10, .end = end};
	assert_int_equal(timeline_new(&options, &fed->timeline), 0);
	assert_int_equal(timeline_add_visitor(fed->timeline, &visitor), 0);
	assert_int_equal(uthreads_new(fed->timeline, 10, end, &uthreads), 0);
	assert_int_equal(marks_book_new(fed->timeline, &marks), 0);
	vector_for_each (&stream->items, made) {
		struct recording_item item = item_of(made);

		assert_int_equal(timeline_feed(fed->timeline, &item), 0);
	}
	assert_int_equal(timeline_finish(fed->timeline, end), 0);
	assert_int_equal(uthreads_finish(uthreads, end, model), 0);
	assert_int_equal(marks_book_finish(marks, NULL, model), 0);
	population = timeline_population(fed->timeline);
	memcpy(&model->threads, &population->threads, sizeof(model->threads));
	memcpy(&model->processes, &population->processes, sizeof(model->processes));
	memset(&population->threads, 0, sizeof(population->threads));
	memset(&population->processes, 0, sizeof(population->processes));
	uthreads_free(&uthreads);
	marks_book_free(&marks);
}

static void drop(struct fed *fed, struct model *model)
{
	struct uthread *uthread;

	vector_for_each (&model->uthreads, uthread)
		free(uthread->bar.cells);
	vector_free(&model->uthreads);
	vector_free(&model->phases);
	vector_free(&model->marks);
	model_clear(model);
	vector_free(&fed->intervals);
	timeline_free(&fed->timeline);
}

static void compare(const struct program *program, const struct fed *fed,
		    const struct uthread *uthread)
{
	uint64_t ns[BLOCKED + 1] = {0}, drawn = 0;

	for (uint64_t time = uthread->begin; time < uthread->end; time++)
		ns[meaning_of(program, fed, uthread->id, time)]++;
	assert_int_equal(ns[NOT_THERE], 0);
	assert_int_equal(uthread->running_ns, ns[RUNNING]);
	assert_int_equal(uthread->ready_ns, ns[READY]);
	assert_int_equal(uthread->standing_ns, ns[STANDING]);
	assert_int_equal(uthread->blocked_ns, ns[BLOCKED]);
	assert_int_equal(uthread->end - uthread->begin,
			 ns[RUNNING] + ns[READY] + ns[STANDING] + ns[BLOCKED]);
	/* The picture shows the same. */
	for (unsigned int c = 0; c < uthread->bar.count; c++)
		drawn += (uint64_t)(uthread->bar.cells[c].ns[STATE_STOPPED] * 1000 + 0.5);
	assert_true(drawn + 1000 >= ns[STANDING] * 1000 && drawn <= ns[STANDING] * 1000 + 1000);
	if (uthread->end > 10)
		assert_int_equal(meaning_of(program, fed, uthread->id, uthread->begin - 1),
				 NOT_THERE);
}

static void each_instant_of_a_user_thread_is_as_its_marks_and_carriers_say(void **state)
{
	uint64_t standing = 0, blocked = 0, moves = 0;

	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		const struct uthread *uthread;
		struct program program;
		struct model model;
		struct fed fed;

		make_program(&program, seed);
		play(&program.stream, program.now, &fed, &model);
		vector_for_each (&model.uthreads, uthread) {
			compare(&program, &fed, uthread);
			standing += uthread->standing_ns;
			blocked += uthread->blocked_ns;
			moves += uthread->moves;
		}
		drop(&fed, &model);
		vector_free(&program.marks);
		vector_free(&program.stream.items);
	}
	/* It was no empty exercise. */
	assert_true(standing > RUNS && blocked > RUNS && moves > RUNS);
}

/* ---- single cases ---------------------------------------------------------------------------- */

/* One carrier, two user threads; the first one sleeps in a call from 40 to 90. */
static void in_many_to_one_all_stand_while_one_call_blocks(void **state)
{
	struct stream stream = {0};
	struct model model;
	struct fed fed;

	add_task(&stream, 10, TGID, TGID, PL_TASK_RUNNING);
	add_mark(&stream, 20, TGID, PL_MARK_UTHREAD_STATE, 1);
	add_mark(&stream, 20, TGID, PL_MARK_UTHREAD_STATE, 2);
	add_mark(&stream, 30, TGID, PL_MARK_UTHREAD_SWITCH, 1);
	add_switch(&stream, 40, 0, TGID, OUT_BLOCKED, 1, 0);
	set_woken(add_switch(&stream, 95, 0, 0, 0, 0, TGID), 5, 0, PL_WAKER_INTERRUPT);
	add_mark(&stream, 100, TGID, PL_MARK_UTHREAD_SWITCH, 2);
	add_mark(&stream, 110, TGID, PL_MARK_UTHREAD_SWITCH, 0);
	add_mark(&stream, 120, TGID, PL_MARK_UTHREAD_STATE, 1)->state = PL_UTHREAD_ENDED;
	play(&stream, 200, &fed, &model);
	assert_judged(&model, "uthreads == 2 and carriers == 1", VERDICT_HELD);
	assert_judged(&model, "uthread[user-1].blocked == 50", VERDICT_HELD);
	assert_judged(&model, "uthread[user-1].running == 15", VERDICT_HELD);
	assert_judged(&model, "uthread[user-1].stood_still == 0", VERDICT_HELD);
	assert_judged(&model, "uthread[user-1].life == 100", VERDICT_HELD);
	assert_judged(&model, "uthread[user-2].stood_still == 50", VERDICT_HELD);
	assert_judged(&model, "uthread[user-2].running == 10", VERDICT_HELD);
	assert_judged(&model, "uthread[user-2].ready == 120", VERDICT_HELD);
	assert_judged(&model, "uthread[user-2].switches == 1", VERDICT_HELD);
	assert_judged(&model, "uthread[user-2].moves == 0", VERDICT_HELD);
	assert_judged(&model, "uthreads[user-*].stood_still == 50", VERDICT_HELD);
	assert_judged(&model, "uthreads[none*] == 0", VERDICT_HELD);
	assert_judged(&model, "uthread[user-*].running == 0", VERDICT_UNDECIDED);
	assert_judged(&model, "uthread[nobody].running == 0", VERDICT_UNDECIDED);
	assert_judged(&model, "uthread[user-1].nonsense == 0", VERDICT_UNDECIDED);
	model.losses.marks = 1;
	assert_judged(&model, "uthreads == 2", VERDICT_UNDECIDED);
	model.losses.marks = 0;
	model.losses.marks_refused = true;
	assert_judged(&model, "uthreads == 2", VERDICT_UNDECIDED);
	drop(&fed, &model);
	vector_free(&stream.items);
}

static void an_id_serves_again_after_its_user_thread_ended(void **state)
{
	struct stream stream = {0};
	struct model model;
	struct fed fed;

	add_task(&stream, 10, TGID, TGID, PL_TASK_RUNNING);
	add_mark(&stream, 20, TGID, PL_MARK_UTHREAD_SWITCH, 1);
	add_mark(&stream, 30, TGID, PL_MARK_UTHREAD_STATE, 1)->state = PL_UTHREAD_ENDED;
	add_mark(&stream, 50, TGID, PL_MARK_UTHREAD_SWITCH, 1);
	play(&stream, 70, &fed, &model);
	assert_int_equal(model.uthreads.count, 2);
	assert_int_equal(model.uthreads.items[0].end, 30);
	assert_false(model.uthreads.items[0].alive_at_end);
	assert_int_equal(model.uthreads.items[1].running_ns, 20);
	assert_true(model.uthreads.items[1].alive_at_end);
	drop(&fed, &model);
	vector_free(&stream.items);
}

static void phases_and_other_marks_are_kept(void **state)
{
	struct stream stream = {0};
	struct pl_life_mark *mark;
	struct model model;
	struct fed fed;

	add_task(&stream, 10, TGID, TGID, PL_TASK_RUNNING);
	for (uint64_t time = 20; time <= 40; time += 10) {
		mark = add_mark(&stream, time, TGID, PL_MARK_PHASE, 0);
		mark->head.size = sizeof(*mark);
		snprintf(mark->text, PL_MARK_TEXT, time == 30 ? "in between" : "step");
	}
	/* A text without an end, and one cut off by its record. */
	mark = add_mark(&stream, 50, TGID, PL_MARK_PHASE, 0);
	mark->head.size = sizeof(*mark);
	memset(mark->text, 'x', PL_MARK_TEXT);
	mark = add_mark(&stream, 55, TGID, PL_MARK_PHASE, 0);
	memset(mark->text, 'y', PL_MARK_TEXT);
	add_mark(&stream, 60, TGID, PL_MARK_OTHER, 1);
	add_mark(&stream, 65, TGID, PL_MARK_OTHER, UINT32_MAX);
	/* From nobody, of nothing that we know. */
	add_mark(&stream, 70, 4000, PL_MARK_UTHREAD_SWITCH, 1);
	add_mark(&stream, 75, TGID, 99, 1);
	add_mark(&stream, 75, TGID, PL_MARK_UTHREAD_STATE, 1)->state = 77;
	add_mark(&stream, 75, TGID, PL_MARK_UTHREAD_STATE, 0);
	play(&stream, 100, &fed, &model);
	assert_int_equal(model.phases.count, 5);
	assert_int_equal(strlen(model.phases.items[3].text), PL_MARK_TEXT);
	assert_int_equal(strlen(model.phases.items[4].text), PL_MARK_NAME);
	assert_int_equal(model.uthreads.count, 0);
	assert_judged(&model, "phase[step] == 10 and phase[step].last == 30", VERDICT_HELD);
	assert_judged(&model, "phase[step].count == 2 and phase[in*] == 20", VERDICT_HELD);
	assert_judged(&model, "phase[never].count == 0", VERDICT_HELD);
	assert_judged(&model, "phase[never] == 0", VERDICT_UNDECIDED);
	assert_judged(&model, "uthreads == 0 and carriers == 0", VERDICT_HELD);
	assert_int_equal(model.marks.count, 2);
	assert_int_equal(model.marks.items[1].count, 1);
	model.marks.items[0].name = "a:b";
	model.marks.items[1].name = "c:d";
	assert_judged(&model, "marks[c:d] == 1 and marks[a:b] == 0", VERDICT_HELD);
	assert_judged(&model, "marks[e:f] == 0", VERDICT_UNDECIDED);
	drop(&fed, &model);
	vector_free(&stream.items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_instant_of_a_user_thread_is_as_its_marks_and_carriers_say),
		cmocka_unit_test(in_many_to_one_all_stand_while_one_call_blocks),
		cmocka_unit_test(an_id_serves_again_after_its_user_thread_ended),
		cmocka_unit_test(phases_and_other_marks_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
