// SPDX-License-Identifier: GPL-2.0-only
/* Page faults and resident memory, from made-up records; and the names for them in claims. */
#include "model_items.h"

#include "claims_model.h"
#include "model/memory.h"
#include "recording/life.h"

static void add_memory(struct stream *stream, uint64_t time, uint32_t tid, uint32_t tgid,
		       enum pl_memory_moment moment, uint64_t anonymous)
{
	struct pl_life_memory *life = &add_life(stream, time, PL_LIFE_MEMORY, tid, tgid, 0)->memory;

	life->moment = moment;
	life->file = anonymous ? 4096 : 0;
	life->anonymous = anonymous;
	life->peak = 99 * 4096;
}

static struct pl_life_totals *add_totals(struct stream *stream, uint64_t time, uint32_t tid,
					 uint32_t tgid, uint64_t begin, uint32_t faults)
{
	struct pl_life_totals *life = &add_life(stream, time, PL_LIFE_TOTALS, tid, tgid, 0)->totals;

	life->totals.begin = begin;
	life->totals.running = time - begin;
	life->totals.minor_faults = faults;
	life->totals.major_faults = 1;
	life->cow_faults = faults / 2;
	life->faults_known = 1;
	return life;
}

static struct stream family(void)
{
	struct stream stream = {0};

	add_task(&stream, 100, 10, 10, PL_TASK_RUNNING);
	add_memory(&stream, 100, 10, 10, PL_MEMORY_EXEC, 0);
	add_fork(&stream, 200, 20, 20, 10, "child");
	add_memory(&stream, 200, 20, 20, PL_MEMORY_BORN, 50 * 4096);
	add_fork(&stream, 300, 21, 20, 20, "side");
	add_totals(&stream, 500, 21, 20, 300, 7);
	add_memory(&stream, 600, 20, 20, PL_MEMORY_EXIT, 80 * 4096);
	add_totals(&stream, 700, 20, 20, 200, 100);
	add_totals(&stream, 900, 10, 10, 100, 20);
	return stream;
}

static struct model model_of(const struct stream *stream)
{
	struct timeline_options options = {.arch = "x86_64", .begin = 100};
	struct model model = {.cpus = 2, .complete = true, .begin = 100, .end = 1000};
	struct population *population;
	const struct made_item *made;
	struct memory_book *book;
	struct timeline *timeline;

	assert_int_equal(timeline_new(&options, &timeline), 0);
	assert_int_equal(memory_new(timeline, &book), 0);
	vector_for_each (&stream->items, made) {
		struct recording_item item = item_of(made);

		assert_int_equal(timeline_feed(timeline, &item), 0);
	}
	assert_int_equal(timeline_finish(timeline, 1000), 0);
	assert_int_equal(memory_finish(book), 0);
	population = timeline_population(timeline);
	memcpy(&model.threads, &population->threads, sizeof(model.threads));
	memcpy(&model.processes, &population->processes, sizeof(model.processes));
	memset(&population->threads, 0, sizeof(population->threads));
	memset(&population->processes, 0, sizeof(population->processes));
	memory_free(&book);
	timeline_free(&timeline);
	return model;
}

static void drop(struct model *model, struct stream *stream)
{
	model_clear(model);
	vector_free(&stream->items);
}

static void a_process_has_the_faults_of_its_threads(void **state)
{
	struct stream stream = family();
	struct model model = model_of(&stream);
	const struct memory *child = &model.processes.items[1].memory;

	assert_true(child->has_faults && child->has_cow);
	assert_int_equal(child->minor_faults, 107);
	assert_int_equal(child->major_faults, 2);
	assert_int_equal(child->cow_faults, 53);
	assert_int_equal(child->begin, 51 * 4096);
	assert_int_equal(child->begin_moment, PL_MEMORY_BORN);
	assert_int_equal(child->end, 81 * 4096);
	assert_int_equal(child->end_anonymous, 80 * 4096);
	assert_int_equal(child->peak, 99 * 4096);
	assert_false(model.processes.items[0].memory.has_end);
	drop(&model, &stream);
}

static void claims_can_speak_of_memory(void **state)
{
	struct stream stream = family();
	struct model model = model_of(&stream);

	assert_judged(&model, "process[child].faults == 109", VERDICT_HELD);
	assert_judged(&model, "process[child].minor_faults == 107", VERDICT_HELD);
	assert_judged(&model, "process[child].major_faults == 2", VERDICT_HELD);
	assert_judged(&model, "process[child].cow_faults == 53", VERDICT_HELD);
	assert_judged(&model, "thread[side].faults == 8", VERDICT_HELD);
	assert_judged(&model, "thread[side].cow_faults == 3", VERDICT_HELD);
	assert_judged(&model, "threads[*].minor_faults == 127", VERDICT_HELD);
	assert_judged(&model, "threads[s*].faults == 8", VERDICT_HELD);
	assert_judged(&model, "threads[nobody].faults == 0", VERDICT_HELD);
	assert_judged(&model, "process[child].resident == 331776", VERDICT_HELD);
	assert_judged(&model, "process[child].resident_begin < process[child].resident",
		      VERDICT_HELD);
	assert_judged(&model, "process[child].resident_peak == 405504", VERDICT_HELD);
	assert_judged(&model, "process[task].resident == 0", VERDICT_UNDECIDED);
	assert_judged(&model, "process[nobody].faults == 0", VERDICT_UNDECIDED);
	assert_judged(&model, "thread[side].resident == 0", VERDICT_UNDECIDED);
	drop(&model, &stream);
}

/* The first recordings had no copy-on-write faults, and shorter records. */
static void what_was_not_counted_is_not_known(void **state)
{
	struct stream stream = family();
	struct pl_life_head old = {.kind = PL_LIFE_TOTALS, .size = PL_LIFE_TOTALS_LEAST};
	struct model model;

	assert_true(life_size_is_valid(&old));
	old.size -= 8;
	assert_false(life_size_is_valid(&old));
	stream.items.items[5].life.head.size = PL_LIFE_TOTALS_LEAST;
	stream.items.items[8].life.totals.faults_known = 0;
	model = model_of(&stream);
	assert_false(model.threads.items[2].has_cow);
	assert_false(model.processes.items[1].memory.has_cow);
	assert_true(model.processes.items[1].memory.has_faults);
	assert_judged(&model, "process[child].cow_faults == 0", VERDICT_UNDECIDED);
	assert_judged(&model, "process[child].faults == 109", VERDICT_HELD);
	assert_judged(&model, "thread[task].cow_faults == 0", VERDICT_UNDECIDED);
	drop(&model, &stream);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_has_the_faults_of_its_threads),
		cmocka_unit_test(claims_can_speak_of_memory),
		cmocka_unit_test(what_was_not_counted_is_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
