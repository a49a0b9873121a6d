// SPDX-License-Identifier: GPL-2.0-only
/*
 * The last part of a simulated run, cut anywhere: its threads' accounts are known from elsewhere
 * than the stream, and must be what the stream of the part comes to.
 */
#include <errno.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <unistd.h>

#include "model_simulator.h"

#include "model/model.h"
#include "recording/ring.h"

#define RUNS 300

struct watch {
	struct sim sim;
	struct stream stream;
	size_t told; /* items of the stream that the ring has */
	struct recording_ring *ring;
	struct recording_writer *writer;
	uint64_t seed;
	bool still; /* nothing happens while accounts are read */
};

static void watch_begin(struct watch *watch, uint64_t seed, bool lossy,
			const struct ring_limits *limits)
{
	*watch = (struct watch){.seed = seed};
	watch->sim = (struct sim){
		.stream = &watch->stream,
		.random = seed * 0x9e3779b97f4a7c15ull + 1,
		.now = 1000,
		.epoch = 1,
		.lossy = lossy,
		.wakes_once = true,
	};
	for (int cpu = 0; cpu < SIM_CPUS; cpu++)
		watch->sim.running[cpu] = -1;
	watch->sim.cpus = 1 + sim_random(&watch->sim, SIM_CPUS);
	assert_int_equal(recording_ring_new(limits, &watch->ring), 0);
	assert_int_equal(recording_writer_new_ring(watch->ring, &watch->writer), 0);
}

static void watch_end(struct watch *watch)
{
	recording_writer_abandon(&watch->writer);
	recording_ring_free(&watch->ring);
	vector_free(&watch->stream.items);
}

/* What the simulator has written since; some of it late, as from a buffer between. */
static void tell(struct watch *watch, bool all)
{
	size_t until = watch->stream.items.count;

	if (!all && until > watch->told)
		until = watch->told + sim_random(&watch->sim, until - watch->told + 1);
	for (; watch->told < until; watch->told++) {
		const struct made_item *item = &watch->stream.items.items[watch->told];

		if (item->is_life) {
			union pl_life life = item->life;

			/* The simulator's clock does not know where futexes lie. */
			assert_int_equal(recording_write_life(watch->writer, &life), 0);
			continue;
		}
		if (item->has_block)
			assert_int_equal(
				recording_write_lane(watch->writer, item->cpu, &item->block, 1), 0);
		assert_int_equal(recording_write_lane(watch->writer, item->cpu, &item->record, 1),
				 0);
	}
}

static void read_base(const struct sim_thread *it, struct pl_base *ret)
{
	*ret = (struct pl_base){
		.task =
			{
				.head = {.time = it->last,
					 .tid = it->tid,
					 .tgid = it->tgid,
					 .kind = PL_LIFE_TASK,
					 .flags = it->tid == it->tgid ? PL_TASK_LEADER : 0,
					 .size = sizeof(struct pl_life_task)},
				.comm = "taken up",
				.state = 1,
				.block = it->block,
			},
		.totals = it->totals,
		.woken = it->woken,
		.waker = it->waker,
		.waker_context = it->waker_context,
		.state = it->state,
		.cpu = it->cpu == UINT32_MAX ? 0xffff : (uint16_t)it->cpu,
	};
}

/* The accounts are read one after the other, while the threads go on. */
static void take_checkpoint(struct watch *watch)
{
	struct ring_checkpoint checkpoint = {.time = watch->sim.now};
	struct pl_base bases[SIM_THREADS];

	watch->sim.epoch++;
	tell(watch, true);
	assert_int_equal(recording_flush(watch->writer), 0);
	for (int i = 0; i < SIM_THREADS; i++) {
		if (watch->sim.threads[i].state != PL_STATE_NONE)
			read_base(&watch->sim.threads[i], &bases[checkpoint.count++]);
		while (!watch->still && sim_chance(&watch->sim, 30))
			sim_step(&watch->sim);
	}
	checkpoint.until = watch->sim.now;
	checkpoint.bases = bases;
	checkpoint.facts = &checkpoint.time;
	checkpoint.facts_size = sizeof(checkpoint.time);
	assert_int_equal(recording_ring_checkpoint(watch->ring, watch->writer, &checkpoint), 0);
}

static void go_on(struct watch *watch, unsigned int steps)
{
	while (steps--) {
		sim_step(&watch->sim);
		if (sim_chance(&watch->sim, 5))
			tell(watch, false);
	}
}

struct part_notes {
	uint64_t begin, end;
	bool lossy;
};

static int note(struct recording_writer *writer, void *context)
{
	const struct part_notes *notes = context;

	recording_write_note(writer, NOTE_BEGIN, "%" PRIu64, notes->begin);
	if (notes->end)
		recording_write_note(writer, NOTE_END, "%" PRIu64, notes->end);
	return recording_write_note(writer, NOTE_LOST, "%d", notes->lossy);
}

static struct recording *write_part(const struct watch *watch, const struct ring_part *part,
				    uint64_t end)
{
	struct part_notes notes = {ring_part_begin(part), end, watch->sim.lossy};
	struct recording *recording = NULL;
	struct recording_error error;
	int fd = memfd_create("part", 0), other = dup(fd);

	assert_true(fd >= 0 && other >= 0);
	assert_int_equal(ring_part_write(part, fd, note, &notes), 0);
	if (recording_open_fd(other, &recording, &error))
		fail_msg("seed %" PRIu64 ": %s", watch->seed, error.text);
	assert_true(recording_complete(recording));
	return recording;
}

static void check_thread(const struct watch *watch, const struct thread *thread,
			 const struct model *model)
{
	uint64_t sum = 0;

	for (int state = 0; state < STATE_COUNT; state++)
		sum += thread->state_ns[state];
	assert_int_equal(sum, thread_life_ns(thread));
	assert_true(thread->begin >= model->begin && thread->end <= model->end);
	if (!thread->has_totals)
		fail_msg("seed %" PRIu64 ": thread %u has no account", watch->seed, thread->tid);
	assert_int_equal(thread->state_ns[STATE_RUNNING], thread->totals.running);
	assert_int_equal(thread->state_ns[STATE_READY_WOKEN], thread->totals.ready_woken);
	assert_int_equal(thread->state_ns[STATE_READY_PREEMPTED], thread->totals.ready_preempted);
	assert_int_equal(thread_blocked_ns(thread), thread->totals.blocked);
	assert_int_equal(thread->switches_voluntary, thread->totals.voluntary);
	assert_int_equal(thread->switches_involuntary, thread->totals.involuntary);
	assert_int_equal(thread->migrations, thread->totals.migrations);
}

static void check_part(const struct watch *watch, const struct ring_part *part, uint64_t end)
{
	struct recording *recording = write_part(watch, part, end);
	struct recording_error error;
	const struct thread *thread;
	struct model *model = NULL;

	assert_int_equal(model_build(recording, &model, &error), 0);
	assert_true(model->complete);
	if (!watch->sim.lossy) {
		if (model->losses.totals_disagree || model->losses.repaired)
			fail_msg("seed %" PRIu64 ": %" PRIu64 " accounts disagree, %" PRIu64
				 " steps do not fit",
				 watch->seed, model->losses.totals_disagree,
				 model->losses.repaired);
	}
	vector_for_each (&model->threads, thread)
		if (thread->has_totals || !watch->sim.lossy)
			check_thread(watch, thread, model);
	model_free(&model);
	recording_close(&recording);
}

static void watch_some_time(struct watch *watch)
{
	watch->still = true;
	take_checkpoint(watch);
	watch->still = false;
	watch->sim.now++;
	sim_start(&watch->sim);
	for (uint64_t i = sim_random(&watch->sim, 2 * RING_PARTS); i; i--) {
		go_on(watch, sim_random(&watch->sim, 60));
		take_checkpoint(watch);
	}
	go_on(watch, sim_random(&watch->sim, 60));
}

static void check_runs(bool lossy, bool to_end)
{
	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		/* Some by time, some by room, some large enough for all. */
		struct ring_limits limits = {.duration = seed % 3 ? 400 * (seed % 50) : 0,
					     .bytes = seed % 2 ? 1u << 30 : 1500 + 37 * seed};
		struct ring_part *part = NULL;
		struct watch watch;

		watch_begin(&watch, seed, lossy, &limits);
		watch_some_time(&watch);
		if (to_end)
			sim_end(&watch.sim);
		else
			take_checkpoint(&watch);
		tell(&watch, true);
		assert_int_equal(recording_flush_all(watch.writer), 0);
		assert_int_equal(recording_ring_take(watch.ring, limits.duration, to_end, &part),
				 0);
		check_part(&watch, part, to_end ? watch.sim.now : ring_part_end(part));
		/* The ring has not changed by it. */
		check_part(&watch, part, to_end ? watch.sim.now : ring_part_end(part));
		ring_part_free(&part);
		watch_end(&watch);
	}
}

static void test_a_part_that_ends_in_the_midst_has_every_account_exact(void **state)
{
	check_runs(false, false);
}

static void test_a_part_that_goes_to_the_end_has_every_account_exact(void **state)
{
	check_runs(false, true);
}

static void test_accounts_stay_exact_where_records_were_lost(void **state)
{
	check_runs(true, false);
	check_runs(true, true);
}

static void test_a_part_lives_on_when_its_ring_has_gone(void **state)
{
	struct ring_limits limits = {.bytes = 4000};
	struct ring_part *part = NULL;
	struct watch watch;

	watch_begin(&watch, 7, false, &limits);
	watch_some_time(&watch);
	take_checkpoint(&watch);
	tell(&watch, true);
	assert_int_equal(recording_flush_all(watch.writer), 0);
	assert_int_equal(recording_ring_take(watch.ring, 0, false, &part), 0);
	go_on(&watch, 5000);
	take_checkpoint(&watch);
	recording_writer_abandon(&watch.writer);
	recording_ring_free(&watch.ring);
	check_part(&watch, part, ring_part_end(part));
	ring_part_free(&part);
	watch_end(&watch);
}

static void test_a_ring_stays_within_its_size(void **state)
{
	struct ring_limits limits = {.bytes = 64 << 10};
	uint64_t most = 0;
	struct watch watch;

	watch_begin(&watch, 3, false, &limits);
	watch.still = true;
	take_checkpoint(&watch);
	watch.still = false;
	watch.sim.now++;
	sim_start(&watch.sim);
	for (int i = 0; i < 3000; i++) {
		go_on(&watch, 40);
		tell(&watch, true);
		if (i % 10 == 0)
			assert_int_equal(recording_flush(watch.writer), 0);
		if (recording_ring_is_due(watch.ring, watch.sim.now))
			take_checkpoint(&watch);
		if (recording_ring_bytes(watch.ring) > most)
			most = recording_ring_bytes(watch.ring);
	}
	assert_true(most > limits.bytes / 2);
	assert_true(most <= limits.bytes + limits.bytes / RING_PARTS);
	watch_end(&watch);
}

static void test_the_part_is_no_shorter_than_was_asked_for(void **state)
{
	struct ring_limits limits = {.duration = 10000, .bytes = 1u << 30};
	struct ring_part *part = NULL;
	struct watch watch;

	watch_begin(&watch, 5, false, &limits);
	watch.still = true;
	take_checkpoint(&watch);
	watch.sim.now++;
	sim_start(&watch.sim);
	while (watch.sim.now < 200000) {
		watch.sim.now += 100;
		if (recording_ring_is_due(watch.ring, watch.sim.now))
			take_checkpoint(&watch);
	}
	assert_int_equal(recording_ring_take(watch.ring, limits.duration, false, &part), 0);
	assert_true(ring_part_is_cut(part));
	assert_true(ring_part_end(part) - ring_part_begin(part) >= limits.duration);
	assert_true(ring_part_end(part) - ring_part_begin(part) <= limits.duration * 5 / 4);
	ring_part_free(&part);
	watch_end(&watch);
}

static void test_before_anything_was_kept_there_is_nothing_to_take(void **state)
{
	struct ring_limits limits = {.bytes = 1 << 20};
	struct ring_part *part = NULL;
	struct watch watch;

	watch_begin(&watch, 1, false, &limits);
	assert_int_equal(recording_ring_take(watch.ring, 0, false, &part), -ENODATA);
	take_checkpoint(&watch);
	assert_int_equal(recording_ring_take(watch.ring, 0, false, &part), -ENODATA);
	assert_null(part);
	watch_end(&watch);
}

static void test_the_newest_note_of_a_key_is_in_the_part(void **state)
{
	struct ring_limits limits = {.bytes = 1 << 20};
	struct ring_part *part = NULL;
	struct recording *recording;
	struct watch watch;
	size_t size;

	watch_begin(&watch, 1, false, &limits);
	recording_write_note(watch.writer, "colour", "%s", "red");
	recording_write_note(watch.writer, "colour", "%s", "green");
	take_checkpoint(&watch);
	take_checkpoint(&watch);
	assert_int_equal(recording_ring_take(watch.ring, 0, false, &part), 0);
	recording_write_note(watch.writer, "colour", "%s", "blue");
	recording = write_part(&watch, part, ring_part_end(part));
	assert_string_equal(recording_note(recording, "colour"), "green");
	assert_int_equal(*(const uint64_t *)ring_part_facts(part, &size), ring_part_begin(part));
	recording_close(&recording);
	ring_part_free(&part);
	watch_end(&watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_part_that_ends_in_the_midst_has_every_account_exact),
		cmocka_unit_test(test_a_part_that_goes_to_the_end_has_every_account_exact),
		cmocka_unit_test(test_accounts_stay_exact_where_records_were_lost),
		cmocka_unit_test(test_a_part_lives_on_when_its_ring_has_gone),
		cmocka_unit_test(test_a_ring_stays_within_its_size),
		cmocka_unit_test(test_the_part_is_no_shorter_than_was_asked_for),
		cmocka_unit_test(test_before_anything_was_kept_there_is_nothing_to_take),
		cmocka_unit_test(test_the_newest_note_of_a_key_is_in_the_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
