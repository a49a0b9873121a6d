// SPDX-License-Identifier: GPL-2.0-only
/*
 * The text report: what it must say, and what it looks like. The looks are kept in tests/golden;
 * UPDATE_GOLDEN=1 writes them anew, to be read before they are kept.
 */
#include "show_reports.h"

#include "recording/stacks.h"
#include "show/derive.h"

#ifndef GOLDEN_FOLDER
#define GOLDEN_FOLDER "tests/golden"
#endif

/* ---- looks --------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	struct text_options options;
} shapes[] = {
	{"80", {.columns = 80, .utf8 = true}},
	{"120", {.columns = 120, .utf8 = true}},
	{"80-ascii", {.columns = 80}},
	{"120-ascii", {.columns = 120}},
};

static char *read_file(const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (!in)
		return NULL;
	if (getdelim(&text, &size, '\0', in) < 0) {
		free(text);
		text = NULL;
	}
	fclose(in);
	return text;
}

static void compare_golden(const char *name, const char *shape, const char *text)
{
	char path[256];
	CLEANUP_FREE char *golden = NULL;

	snprintf(path, sizeof(path), "%s/%s-%s.txt", GOLDEN_FOLDER, name, shape);
	if (getenv("UPDATE_GOLDEN")) {
		FILE *out = fopen(path, "w");

		assert_non_null(out);
		assert_true(fputs(text, out) >= 0);
		assert_int_equal(fclose(out), 0);
	}
	golden = read_file(path);
	if (!golden)
		fail_msg("%s: cannot be read", path);
	if (strcmp(golden, text) != 0)
		fail_msg("%s differs (UPDATE_GOLDEN=1 accepts it). Now:\n%s", path, text);
}

static void reports_look_as_they_were_approved(void **state)
{
	for (size_t i = 0; i < sizeof(sketches) / sizeof(*sketches); i++) {
		struct sketch *sketch = sketches[i].make();

		for (size_t j = 0; j < sizeof(shapes) / sizeof(*shapes); j++) {
			CLEANUP_FREE char *text = report(&sketch->model, &shapes[j].options);

			compare_golden(sketches[i].name, shapes[j].name, text);
		}
		sketch_free(sketch);
	}
}

/* ---- what it must say ---------------------------------------------------------------------- */

static void a_lost_update_is_told_with_its_number(void **state)
{
	struct sketch *sketch = sketch_race();
	CLEANUP_FREE char *text = report_80(&sketch->model);

	assert_non_null(strstr(text, "1,203,441 of 2,000,000: 796,559 updates lost"));
	sketch_free(sketch);
}

static void an_exact_result_is_told(void **state)
{
	struct sketch *sketch = sketch_lock();
	CLEANUP_FREE char *text = report_80(&sketch->model);

	assert_non_null(strstr(text, "1,000,000 of 1,000,000, exact"));
	assert_non_null(strstr(text, "✔ the result is exact"));
	assert_null(strstr(text, "NOT HELD"));
	sketch_free(sketch);
}

static void a_claim_that_did_not_hold_is_plain_without_colour_and_glyphs(void **state)
{
	struct sketch *sketch = sketch_race();
	CLEANUP_FREE char *text = report(&sketch->model, &(struct text_options){.columns = 80});

	assert_non_null(strstr(text, "[NO]"));
	assert_non_null(strstr(text, "1 of 3 held, 1 NOT HELD, 1 undecided"));
	assert_non_null(strstr(text, "undecided: records were lost"));
	sketch_free(sketch);
}

static void losses_are_told_with_their_place_and_meaning(void **state)
{
	struct sketch *sketch = sketch_attach();
	CLEANUP_FREE char *text = report_80(&sketch->model);

	assert_non_null(strstr(text, "3,201 records lost on CPU 1: totals are exact, the timeline "
				     "has gaps"));
	assert_non_null(strstr(text, "the recording was cut off"));
	assert_non_null(strstr(text, "9.6 %"));
	sketch_free(sketch);
}

static void a_run_without_losses_has_no_warning(void **state)
{
	struct sketch *sketch = sketch_lock();
	CLEANUP_FREE char *text = report_80(&sketch->model);

	assert_null(strstr(text, "\n! "));
	assert_null(strstr(text, "LOST"));
	sketch_free(sketch);
}

static void stacks_that_are_not_whole_are_told_with_the_reason(void **state)
{
	struct sketch *sketch = sketch_lock();
	struct stack_ends *ends = &sketch->model.stack_ends;
	CLEANUP_FREE char *text = NULL, *whole = NULL;

	*ends = (struct stack_ends){.asked = true, .stacks = 1000, .lost = 2};
	ends->stops[STOP_ROOT] = 997;
	ends->stops[STOP_DEPTH] = 3;
	text = report_80(&sketch->model);
	assert_non_null(strstr(text, "1,000 stacks, > 99 % whole"));
	assert_non_null(
		strstr(text, "! 3 of 1,000 stacks are not whole: it is deeper than is followed"));
	assert_non_null(strstr(text, "! 2 stacks lost"));
	*ends = (struct stack_ends){.asked = true, .stacks = 5};
	ends->stops[STOP_ROOT] = 5;
	whole = report_80(&sketch->model);
	assert_non_null(strstr(whole, "5 stacks, all whole"));
	assert_null(strstr(whole, "\n! "));
	sketch_free(sketch);
}

/* A condition is waited for by those who have nothing to do: that is no contention. */
static void waiting_for_locks_is_waiting_for_what_somebody_holds(void **state)
{
	struct sketch *sketch = sketch_lock();
	struct lock *lock = sketch_must(vector_add(&sketch->model.locks));

	*lock = (struct lock){.reason = REASON_CONDITION, .waits = 7, .total_ns = 5 * MS};
	assert_int_equal(model_lock_waits(&sketch->model), 1);
	assert_int_equal(model_lock_wait_ns(&sketch->model), 1980 * US);
	sketch_free(sketch);
}

static void the_end_by_a_signal_is_named(void **state)
{
	struct sketch *sketch = sketch_hostile();
	CLEANUP_FREE char *text = report_80(&sketch->model);

	assert_non_null(strstr(text, "by signal 11 (SIGSEGV), core dumped"));
	sketch_free(sketch);
}

static void a_pipeline_shows_who_made_whom_and_how_each_ended(void **state)
{
	struct sketch *sketch = sketch_pipeline();
	CLEANUP_FREE char *text = report_80(&sketch->model);

	assert_non_null(strstr(text, "├─ seq"));
	assert_non_null(strstr(text, "└─ wc"));
	assert_non_null(strstr(text, "signal 13 (SIGPIPE)"));
	assert_non_null(strstr(text, "/usr/bin/grep"));
	sketch_free(sketch);
}

static void ten_thousand_threads_fit_on_a_page_and_none_is_left_out(void **state)
{
	struct sketch *sketch = sketch_storm();
	CLEANUP_FREE char *text = report_80(&sketch->model);
	size_t lines = 0;

	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	assert_in_range(lines, 10, 45);
	assert_non_null(strstr(text, "9,998 × storm-*"));
	sketch_free(sketch);
}

static void small_parts_of_the_path_of_many_threads_of_a_kind_are_one_line(void **state)
{
	struct sketch *sketch = sketch_storm();
	CLEANUP_FREE char *text = NULL;

	sketch_path(sketch, 0, PATH_RUNNING, REASON_NONE, 212 * MS);
	for (uint32_t thread = 1; thread <= 99; thread++)
		sketch_path(sketch, thread, PATH_RUNNING, thread % 3 ? REASON_JOIN : REASON_LOCK,
			    1 * MS);
	sketch_path(sketch, 100, PATH_READY, REASON_NONE, 1 * MS);
	text = report_80(&sketch->model);
	assert_non_null(strstr(text, "* 99 × storm-*"));
	assert_non_null(strstr(text, "99.0 ms   32 %  ran; 66.0 ms awaited by others: join"));
	assert_non_null(strstr(text, "… and 1 more"));
	sketch_free(sketch);
}

/* Thread lines: each stands for one, or says for how many. */
static void all_threads_are_counted_whatever_the_limit(void **state)
{
	struct sketch *sketch = sketch_machine();

	for (unsigned int limit = 1; limit <= 100; limit++) {
		struct text_options options = {.columns = 120, .threads = limit, .utf8 = true};
		CLEANUP_FREE char *text = report(&sketch->model, &options);
		char *at = strstr(text, "\nthread "), *end = strstr(text, "\n2 CPUs");
		size_t counted = 0;

		assert_true(at && end);
		*end = '\0';
		for (at = strtok(at, "\n"); (at = strtok(NULL, "\n"));) {
			const char *number = at + strcspn(at, "0123456789");

			if (!strchr(at, '%'))
				continue; /* the line of a process */
			if (strstr(at, " × ") || !strncmp(at, "…", strlen("…")))
				counted += strtoul(number, NULL, 10);
			else
				counted++;
		}
		assert_int_equal(counted, sketch->model.threads.count);
	}
	sketch_free(sketch);
}

static void an_empty_recording_still_makes_a_report(void **state)
{
	struct model model = {.complete = true};
	CLEANUP_FREE char *text = report_80(&model);

	assert_non_null(strstr(text, "none was seen"));
}

static void many_children_alike_take_one_line(void **state)
{
	struct sketch *sketch = sketch_new("run", 100 * MS);
	CLEANUP_FREE char *text = NULL;
	uint32_t parent = sketch_process(sketch, 1, "spawn", "/bin/spawn", NO_THREAD);

	sketch->model.target = 1;
	sketch_go(sketch, sketch_thread(sketch, parent, 1, "spawn", 0), STATE_RUNNING, REASON_NONE,
		  100 * MS);
	for (unsigned int i = 0; i < 2000; i++) {
		uint32_t child = sketch_process(sketch, 10 + i, "spawn", "", parent);

		sketch_go(sketch, sketch_thread(sketch, child, 10 + i, "spawn", i * 40 * US),
			  STATE_RUNNING, REASON_NONE, 30 * US);
		sketch_code(sketch, child, i == 77 ? 9 : 0);
	}
	sketch_finish(sketch);
	text = report_80(&sketch->model);
	assert_non_null(strstr(text, "1,999 × spawn"));
	assert_non_null(strstr(text, "signal 9 (SIGKILL)"));
	sketch_free(sketch);
}

static void processes_that_claim_to_be_their_own_ancestors_do_no_harm(void **state)
{
	struct sketch *sketch = sketch_pipeline();
	CLEANUP_FREE char *text = NULL;

	for (uint32_t i = 0; i < 4; i++)
		sketch->model.processes.items[i].parent = (i + 1) % 4;
	text = report_80(&sketch->model);
	for (uint32_t i = 0; i < 4; i++)
		assert_non_null(strstr(text, sketch->model.processes.items[i].path));
	sketch_free(sketch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reports_look_as_they_were_approved),
		cmocka_unit_test(a_lost_update_is_told_with_its_number),
		cmocka_unit_test(an_exact_result_is_told),
		cmocka_unit_test(a_claim_that_did_not_hold_is_plain_without_colour_and_glyphs),
		cmocka_unit_test(losses_are_told_with_their_place_and_meaning),
		cmocka_unit_test(a_run_without_losses_has_no_warning),
		cmocka_unit_test(stacks_that_are_not_whole_are_told_with_the_reason),
		cmocka_unit_test(waiting_for_locks_is_waiting_for_what_somebody_holds),
		cmocka_unit_test(the_end_by_a_signal_is_named),
		cmocka_unit_test(a_pipeline_shows_who_made_whom_and_how_each_ended),
		cmocka_unit_test(ten_thousand_threads_fit_on_a_page_and_none_is_left_out),
		cmocka_unit_test(small_parts_of_the_path_of_many_threads_of_a_kind_are_one_line),
		cmocka_unit_test(all_threads_are_counted_whatever_the_limit),
		cmocka_unit_test(an_empty_recording_still_makes_a_report),
		cmocka_unit_test(many_children_alike_take_one_line),
		cmocka_unit_test(processes_that_claim_to_be_their_own_ancestors_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
