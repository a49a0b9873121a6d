// SPDX-License-Identifier: GPL-2.0-only
/* test_model.c - from a recording to the model, and the figures made of it */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "item_writer.h"
#include "model/causes/waiters.h"
#include "model_simulator.h"

struct notes {
	const char *const *pairs; /* key, value, ..., NULL */
	uint64_t begin, end;
	uint64_t lost;
	bool abandoned;
};

/* The descriptor of a finished recording. */
static int write_recording(const struct stream *stream, const struct notes *notes)
{
	int fd = memfd_create("recording", 0), kept = dup(fd);
	struct recording_writer *writer;
	const struct made_item *item;

	assert_true(fd >= 0 && kept >= 0);
	assert_int_equal(recording_writer_new(fd, &writer), 0);
	for (size_t i = 0; notes->pairs && notes->pairs[i]; i += 2)
		assert_int_equal(
			recording_write_note(writer, notes->pairs[i], "%s", notes->pairs[i + 1]),
			0);
	recording_write_note(writer, NOTE_BEGIN, "%llu", (unsigned long long)notes->begin);
	recording_write_note(writer, NOTE_END, "%llu", (unsigned long long)notes->end);
	recording_write_note(writer, NOTE_ARCH, "x86_64");
	if (notes->lost)
		recording_write_note(writer, NOTE_LOST, "%llu", (unsigned long long)notes->lost);
	vector_for_each (&stream->items, item)
		write_item(writer, item);
	if (notes->abandoned) {
		assert_int_equal(recording_flush(writer), 0);
		recording_writer_abandon(&writer);
	} else {
		assert_int_equal(recording_writer_finish(writer), 0);
	}
	return kept;
}

static struct model *build(int fd, struct recording **ret_recording)
{
	struct recording_error error;
	struct model *model;

	assert_int_equal(recording_open_fd(fd, ret_recording, &error), 0);
	assert_int_equal(model_build(*ret_recording, &model, &error), 0);
	assert_string_equal(error.text, "");
	return model;
}

static void a_recording_gives_the_same_model_as_its_records(void **state)
{
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct stream stream = {0};
		struct notes notes = {.begin = 1000};
		struct recording *recording;
		struct model *model;
		struct fed fed;
		uint64_t switches = 0;

		notes.end = simulate(&stream, seed, 50 + seed * 5, false);
		feed(&fed, &stream, notes.end);
		model = build(write_recording(&stream, &notes), &recording);
		assert_true(model->complete);
		assert_int_equal(model->begin, 1000);
		assert_int_equal(model->end, notes.end);
		assert_int_equal(model->losses.repaired, 0);
		assert_int_equal(model->losses.totals_disagree, 0);
		assert_int_equal(model->threads.count, fed.population->threads.count);
		assert_int_equal(model->processes.count, fed.population->processes.count);
		assert_int_equal(model->locks.count, fed.model.locks.count);
		assert_memory_equal(model->concurrency, fed.figures->concurrency,
				    sizeof(model->concurrency));
		assert_memory_equal(&model->ready, &fed.sums.ready, sizeof(model->ready));
		assert_memory_equal(&model->blocked, &fed.sums.blocked, sizeof(model->blocked));
		for (size_t i = 0; i < model->threads.count; i++) {
			const struct thread *one = &model->threads.items[i];
			const struct thread *two = &fed.population->threads.items[i];

			assert_memory_equal(one->state_ns, two->state_ns, sizeof(one->state_ns));
			assert_int_equal(one->begin, two->begin);
			assert_int_equal(one->end, two->end);
			assert_true(one->totals_agree);
			switches += one->switches_voluntary + one->switches_involuntary;
		}
		assert_int_equal(model->switches, switches);
		model_free(&model);
		recording_close(&recording);
		fed_free(&fed);
		vector_free(&stream.items);
	}
}

static void notes_become_what_the_model_says_of_the_run(void **state)
{
	static const char *const pairs[] = {NOTE_VERSION,
					    "1.2",
					    NOTE_HOST,
					    "here",
					    NOTE_KERNEL,
					    "6.18",
					    NOTE_MODE,
					    "run",
					    NOTE_CPUS,
					    "4",
					    NOTE_COMMAND,
					    "./a\nb c\n\nd",
					    NOTE_TARGET,
					    "100",
					    NOTE_STATUS,
					    "768",
					    NOTE_FACT "answer",
					    "42",
					    NOTE_REALTIME,
					    "77",
					    NOTE_TRACER_CPU,
					    "5",
					    NOTE_LOST_LIFE,
					    "2",
					    NOTE_MISSED,
					    "3",
					    NOTE_UNTRACKED,
					    "4",
					    NULL};
	struct notes notes = {.pairs = pairs, .begin = 50, .end = 300, .lost = 9};
	struct stream stream = {0};
	struct recording *recording;
	struct model *model;

	add_task(&stream, 100, 100, 100, PL_TASK_RUNNING);
	model = build(write_recording(&stream, &notes), &recording);
	assert_string_equal(model->version, "1.2");
	assert_string_equal(model->host, "here");
	assert_string_equal(model->kernel, "6.18");
	assert_string_equal(model->arch, "x86_64");
	assert_string_equal(model->mode, "run");
	assert_null(model->scenario);
	assert_int_equal(model->cpus, 4);
	assert_int_equal(model->command.count, 4);
	assert_string_equal(model->command.items[1], "b c");
	assert_string_equal(model->command.items[2], "");
	assert_string_equal(model->command.items[3], "d");
	assert_int_equal(model->target, 100);
	assert_true(model->has_status);
	assert_int_equal(model->status, 768);
	assert_int_equal(model->facts.count, 1);
	assert_string_equal(model->facts.items[0].name, "answer");
	assert_string_equal(model->facts.items[0].value, "42");
	assert_int_equal(model->realtime, 77);
	assert_int_equal(model->tracer_cpu_ns, 5);
	assert_int_equal(model->losses.records, 9);
	assert_int_equal(model->losses.life, 2);
	assert_int_equal(model->losses.missed, 3);
	assert_int_equal(model->losses.untracked, 4);
	assert_int_equal(model->begin, 50);
	assert_int_equal(model->end, 300);
	assert_int_equal(model->concurrency[0], 50);
	assert_int_equal(model->concurrency[1], 200);
	assert_true(model_parallelism(model) == 1.0);
	model_free(&model);
	recording_close(&recording);
	vector_free(&stream.items);
}

static void a_recording_that_was_cut_off_gives_the_model_of_what_there_is(void **state)
{
	struct notes notes = {.begin = 1000, .abandoned = true};
	struct stream stream = {0};
	struct recording *recording;
	const struct thread *thread;
	struct model *model;

	notes.end = simulate(&stream, 7, 400, true);
	model = build(write_recording(&stream, &notes), &recording);
	assert_false(model->complete);
	assert_true(model->losses.records > 0); /* from the gaps alone */
	vector_for_each (&model->threads, thread)
		assert_int_equal(sum_of_states(thread), thread_life_ns(thread));
	model_free(&model);
	recording_close(&recording);
	vector_free(&stream.items);
}

static void an_empty_recording_gives_an_empty_model(void **state)
{
	struct notes notes = {.begin = 10, .end = 20};
	struct stream stream = {0};
	struct recording *recording;
	struct model *model;

	model = build(write_recording(&stream, &notes), &recording);
	assert_int_equal(model->threads.count, 0);
	assert_int_equal(model->locks.count, 0);
	assert_true(model_parallelism(model) == 0);
	assert_int_equal(model->end - model->begin, 10);
	model_free(&model);
	assert_null(model);
	model_free(&model);
	recording_close(&recording);
}

static void add_to(struct histogram *histogram, uint64_t ns)
{
	histogram->buckets[63 - __builtin_clzll(ns | 1)]++;
	histogram->count++;
	histogram->total_ns += ns;
	histogram->max_ns = ns > histogram->max_ns ? ns : histogram->max_ns;
}

static void quantiles_lie_in_the_right_bucket_and_never_above_the_longest(void **state)
{
	struct histogram histogram = {0};
	uint64_t last = 0;

	assert_int_equal(histogram_quantile(&histogram, 0.5), 0);
	for (uint64_t ns = 1; ns <= 1000; ns++)
		add_to(&histogram, ns);
	assert_int_equal(histogram_quantile(&histogram, 1), 1000);
	assert_int_equal(histogram_quantile(&histogram, 2), 1000);
	for (int i = 0; i <= 100; i++) {
		uint64_t value = histogram_quantile(&histogram, i / 100.0);

		assert_true(value >= last && value <= 1000);
		/* Evenly spread durations are interpolated almost exactly. */
		assert_true(value + 3 >= (uint64_t)i * 10 && value <= (uint64_t)i * 10 + 3);
		last = value;
	}
	memset(&histogram, 0, sizeof(histogram));
	add_to(&histogram, 0);
	assert_int_equal(histogram_quantile(&histogram, 0.5), 0);
	histogram.buckets[HISTOGRAM_BUCKETS - 1] = 1;
	histogram.count++;
	histogram.max_ns = UINT64_MAX;
	assert_true(histogram_quantile(&histogram, 0.99) > 1ull << 47);
}

static void the_most_that_waited_at_once_is_exact_though_ends_come_late(void **state)
{
	struct waiters waiters = {0};

	waiters_begin(&waiters, 10);
	waiters_begin(&waiters, 20);
	waiters_begin(&waiters, 30);
	assert_int_equal(waiters.top, 3);
	waiters_end(&waiters, 20); /* it had ended as the second began */
	assert_int_equal(waiters.top, 2);
	waiters_end(&waiters, 25);
	assert_int_equal(waiters.top, 1);
	waiters_begin(&waiters, 40);
	waiters_begin(&waiters, 50);
	assert_int_equal(waiters.top, 3);
	waiters_end(&waiters, 60);
	waiters_end(&waiters, 60);
	waiters_end(&waiters, 60);
	assert_int_equal(waiters.top, 3);
	assert_int_equal(waiters.now, 0);
	assert_true(waiters.steps.count <= 3);
	vector_free(&waiters.steps);
}

static void every_state_has_a_name(void **state)
{
	for (int it = 0; it < STATE_COUNT; it++)
		assert_non_null(state_name(it));
	assert_string_equal(state_name(STATE_COUNT), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_recording_gives_the_same_model_as_its_records),
		cmocka_unit_test(notes_become_what_the_model_says_of_the_run),
		cmocka_unit_test(a_recording_that_was_cut_off_gives_the_model_of_what_there_is),
		cmocka_unit_test(an_empty_recording_gives_an_empty_model),
		cmocka_unit_test(quantiles_lie_in_the_right_bucket_and_never_above_the_longest),
		cmocka_unit_test(the_most_that_waited_at_once_is_exact_though_ends_come_late),
		cmocka_unit_test(every_state_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
