// SPDX-License-Identifier: GPL-2.0-only
/* Several runs in one table: the first is the measure of the others. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "skip.h"

#include "base/cleanup.h"
#include "base/escape.h"
#include "claims_model.h"
#include "show/compare/comparison.h"
#include "show/show.h"
#include "show_models.h"

#define RUNS 4

struct runs {
	struct sketch *sketches[RUNS];
	struct comparison_sample samples[RUNS];
	struct comparison_row rows[RUNS];
};

static void make_runs(struct runs *runs)
{
	runs->sketches[0] = sketch_lock();
	runs->sketches[1] = sketch_race();
	runs->sketches[2] = sketch_storm();
	runs->sketches[3] = sketch_hostile();
	for (size_t i = 0; i < RUNS; i++) {
		runs->samples[i] = comparison_sample_of(&runs->sketches[i]->model);
		runs->rows[i].samples = &runs->samples[i];
		runs->rows[i].count = 1;
	}
	runs->rows[0].name = "counter-lock";
	runs->rows[1].name = "counter-race";
	runs->rows[2].name = "counter-storm-lock";
	runs->rows[3].name = "\033[2J日本語";
}

static void free_runs(struct runs *runs)
{
	for (size_t i = 0; i < RUNS; i++)
		sketch_free(runs->sketches[i]);
}

static char *table_of(const struct comparison_row *rows, size_t count, unsigned int columns)
{
	struct text_options options = {.columns = columns, .utf8 = true};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(show_comparison_text(out, rows, count, &options), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void the_first_run_is_the_measure_of_the_others(void **state)
{
	struct runs runs;
	CLEANUP_FREE char *text = NULL;
	char *lock, *race;

	make_runs(&runs);
	text = table_of(runs.rows, RUNS, 120);
	lock = strstr(text, "counter-lock");
	race = strstr(text, "counter-race");
	assert_true(lock && race);
	assert_non_null(strstr(lock, "1.00"));
	assert_non_null(strstr(lock, "exact"));
	assert_non_null(strstr(lock, "1.98 ms"));
	assert_non_null(strstr(race, "1.14"));
	assert_non_null(strstr(race, "796,559 lost"));
	assert_non_null(strstr(text, "signal 11"));
	free_runs(&runs);
}

static void the_table_fits_every_width_and_escapes_names(void **state)
{
	struct runs runs;

	make_runs(&runs);
	for (unsigned int columns = 40; columns <= 250; columns += 3) {
		CLEANUP_FREE char *text = table_of(runs.rows, RUNS, columns);

		assert_null(strchr(text, '\033'));
		for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
			assert_true(text_width(line) <= columns);
	}
	free_runs(&runs);
}

/* Samples that differ in their times only. */
static void of_many_runs_the_median_counts(void **state)
{
	struct comparison_sample first[] = {{.wall_ns = 30000000, .elapsed_ns = 11000000},
					    {.wall_ns = 40000000, .elapsed_ns = 10000000},
					    {.wall_ns = 90000000, .elapsed_ns = 99000000}};
	struct comparison_sample second[] = {{.wall_ns = 7000000, .elapsed_ns = 5000000},
					     {.wall_ns = 8000000, .elapsed_ns = 6000000},
					     {.wall_ns = 9000000, .elapsed_ns = 5500000}};
	struct comparison_row rows[] = {{"first", first, 3}, {"second", second, 3}};
	CLEANUP_FREE char *text = NULL, *wall = NULL;

	for (size_t i = 0; i < 3; i++) {
		first[i].complete = first[i].lossless = true;
		second[i].complete = second[i].lossless = true;
		snprintf(first[i].cause, sizeof(first[i].cause), "cause %zu", i);
	}
	text = table_of(rows, 2, 120);
	/* The scenarios' own times, as all of them tell one. */
	assert_non_null(strstr(text, "11.0 ms  10.0 ms … 99.0 ms   1.00"));
	assert_non_null(strstr(text, "5.50 ms  5.00 ms … 6.00 ms   0.50"));
	assert_non_null(strstr(text, "cause 0"));
	assert_null(strstr(text, "cause 1"));
	assert_non_null(strstr(text, "Medians of 3 runs each"));
	second[1].elapsed_ns = 0;
	wall = table_of(rows, 2, 120);
	assert_non_null(strstr(wall, "40.0 ms  30.0 ms … 90.0 ms   1.00"));
	assert_non_null(strstr(wall, "8.00 ms  7.00 ms … 9.00 ms   0.20"));
}

static void each_run_has_a_cause_from_its_trace(void **state)
{
	struct runs runs;

	make_runs(&runs);
	for (size_t i = 0; i < RUNS; i++)
		assert_true(*runs.samples[i].cause);
	free_runs(&runs);
}

/* ---- why ----------------------------------------------------------------------------------- */

/* Two threads of one process in a run of 100 ms. */
static struct model two_threads(uint64_t running, uint64_t ready, enum reason reason,
				uint64_t blocked)
{
	struct model model = model_whole();

	model.end = model.begin + 100 * MS;
	for (unsigned int i = 0; i < 2; i++) {
		struct thread *thread = model_add_thread(&model, i ? "b" : "a", running * MS,
							 ready * MS, blocked * MS);

		thread->tgid = 1;
		if (blocked)
			thread_add_reason(thread, reason, blocked * MS);
	}
	return model;
}

static void add_path(struct model *model, enum path_what what, enum reason reason, uint64_t ms)
{
	struct path_part *part = vector_add(&model->path.parts);

	assert_non_null(part);
	*part = (struct path_part){.what = what, .reason = reason, .ns = ms * MS};
	model->path.known = true;
}

static void assert_cause(struct model *model, const char *words)
{
	char cause[240];

	comparison_cause(model, cause, sizeof(cause));
	if (!strstr(cause, words))
		fail_msg("'%s' is not in '%s'", words, cause);
	vector_free(&model->path.parts);
	vector_free(&model->findings);
	vector_free(&model->wakes);
	model_clear(model);
}

static void waits_from_outside_are_one_after_another_or_at_once(void **state)
{
	struct model model = two_threads(1, 0, REASON_SOCKET, 99);

	add_path(&model, PATH_WAITING, REASON_SOCKET, 99);
	assert_cause(&model, "waits for socket, 198 ms in all, 2.00 at once");
	model = two_threads(1, 0, REASON_SOCKET, 49);
	add_path(&model, PATH_WAITING, REASON_SOCKET, 98);
	assert_cause(&model, "waits for socket, 98.0 ms in all, one after another");
}

static void who_waits_for_a_lock_runs_one_at_a_time(void **state)
{
	struct model model = two_threads(50, 0, REASON_LOCK, 50);
	struct lock *lock = model_add_lock(&model, REASON_LOCK, 5, 100 * MS, MS);

	lock->name = "shared_lock";
	assert_cause(&model, "one at a time: they waited 100 ms for each other, mostly at "
			     "shared_lock");
}

static void who_waits_for_messages_takes_turns(void **state)
{
	struct model model = two_threads(50, 40, REASON_PIPE, 60);
	struct wake *wake = vector_add(&model.wakes);

	assert_non_null(wake);
	*wake = (struct wake){.kind = WAKE_THREAD, .from = 0, .to = 1, .waited_ns = 120 * MS};
	assert_cause(&model, "by turns: each waits until another one has had its turn, 120 ms in "
			     "all, mostly in pipe");
}

/* A busy machine is no quality of the program. */
static void who_was_kept_from_the_cpus_could_have_run_at_once(void **state)
{
	struct model model = two_threads(30, 70, REASON_NONE, 0);
	struct finding *finding = vector_add(&model.findings);

	assert_non_null(finding);
	*finding = (struct finding){.kind = FINDING_OTHERS, .cost_ns = 60 * MS};
	model.concurrency[2] = 10 * MS;
	assert_cause(&model, "2 threads could have run at once, and did for 10 % of the time; "
			     "others, or an affinity, kept it off the CPUs for 60 % of the time");
	model = two_threads(30, 70, REASON_NONE, 0);
	assert_cause(&model, "short of CPUs: ready, and without one, for 140 ms in all");
	model = two_threads(95, 0, REASON_NONE, 0);
	model.concurrency[2] = 90 * MS;
	assert_cause(&model, "2 threads ran, two or more at once for 90 % of the time");
}

static void a_run_with_losses_is_marked(void **state)
{
	struct sketch *sketch = sketch_attach();
	struct comparison_sample sample = comparison_sample_of(&sketch->model);
	struct comparison_row row = {"server", &sample, 1};
	CLEANUP_FREE char *text = table_of(&row, 1, 80);

	assert_non_null(strstr(text, "! server: "));
	sketch_free(sketch);
}

static void a_first_run_that_took_no_time_gives_no_ratio(void **state)
{
	struct model model = {.complete = true};
	struct comparison_sample sample = comparison_sample_of(&model);
	struct comparison_row row = {"nothing", &sample, 1};
	CLEANUP_FREE char *text = table_of(&row, 1, 80);

	assert_non_null(strstr(text, "nothing"));
	assert_null(strstr(text, "nan"));
}

static void programs_get_the_same_figures(void **state)
{
	struct runs runs;
	CLEANUP_FREE char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	make_runs(&runs);
	assert_non_null(out);
	assert_int_equal(show_comparison_json(out, runs.rows, RUNS), 0);
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(text, "\"format\":\"ptrace-lab comparison\""));
	assert_non_null(strstr(text, "\"name\":\"counter-race\""));
	assert_non_null(strstr(text, "\"difference\":796559"));
	assert_non_null(strstr(text, "\"wall_ns\":4210000,\"ratio\":1,"));
	free_runs(&runs);
}

static void a_full_disk_is_an_error(void **state)
{
	struct text_options options = {.columns = 80};
	struct runs runs;
	CLEANUP_FCLOSE FILE *full = fopen("/dev/full", "w");

	if (!full)
		skip_because("there is no /dev/full");
	make_runs(&runs);
	assert_int_equal(show_comparison_text(full, runs.rows, RUNS, &options), -ENOSPC);
	free_runs(&runs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_run_is_the_measure_of_the_others),
		cmocka_unit_test(the_table_fits_every_width_and_escapes_names),
		cmocka_unit_test(of_many_runs_the_median_counts),
		cmocka_unit_test(each_run_has_a_cause_from_its_trace),
		cmocka_unit_test(waits_from_outside_are_one_after_another_or_at_once),
		cmocka_unit_test(who_waits_for_a_lock_runs_one_at_a_time),
		cmocka_unit_test(who_waits_for_messages_takes_turns),
		cmocka_unit_test(who_was_kept_from_the_cpus_could_have_run_at_once),
		cmocka_unit_test(a_run_with_losses_is_marked),
		cmocka_unit_test(a_first_run_that_took_no_time_gives_no_ratio),
		cmocka_unit_test(programs_get_the_same_figures),
		cmocka_unit_test(a_full_disk_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
