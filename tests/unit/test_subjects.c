// SPDX-License-Identifier: GPL-2.0-only
/* What a scenario says that it is about, read from its text and shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/scenarios.h"
#include "claims_model.h"
#include "model/claims/claims.h"
#include "model/tasks/pcb.h"
#include "model/subjects.h"
#include "recording/recording.h"
#include "recording/snapshots.h"
#include "show/show.h"

/* ---- a recording with snapshots ------------------------------------------------------------ */

/* A process of two threads, and a child that is stopped: `time` is the snapshot's. */
static void write_snapshot(struct recording_writer *writer, uint64_t time)
{
	static const struct {
		uint32_t tid, tgid, parent;
		const char *name;
		uint64_t mm;
		uint32_t state;
	} tasks[] = {
		{10, 10, 1, "first", 0xff10, 1},
		{11, 10, 1, "second", 0xff10, 1},
		{12, 12, 10, "child", 0xee20, 4},
	};

	for (size_t i = 0; i < sizeof(tasks) / sizeof(*tasks); i++) {
		struct pl_pcb_task task = {
			.head = {.size = sizeof(task),
				 .kind = PL_PCB_TASK,
				 .time = time + i,
				 .tid = tasks[i].tid,
				 .tgid = tasks[i].tgid},
			.parent = tasks[i].parent,
			.mm = tasks[i].mm,
			.files = tasks[i].mm + 1,
			.state = tasks[i].state,
			.flags = PL_PCB_HAS_MEMORY,
		};

		snprintf(task.comm, sizeof(task.comm), "%s", tasks[i].name);
		assert_int_equal(recording_write_pcb(writer, time, &task.head), 0);
	}
}

static struct recording *record(const uint64_t *times, size_t count)
{
	FILE *file = tmpfile();
	struct recording_writer *writer = NULL;
	struct recording *recording = NULL;
	struct recording_error error;
	int fd;

	assert_non_null(file);
	fd = dup(fileno(file));
	assert_int_equal(recording_writer_new(fd, &writer), 0);
	for (size_t i = 0; i < count; i++)
		write_snapshot(writer, times[i]);
	assert_int_equal(recording_writer_finish(writer), 0);
	assert_int_equal(recording_open_fd(dup(fileno(file)), &recording, &error), 0);
	fclose(file);
	return recording;
}

static void add_phase(struct model *model, uint64_t time, const char *text)
{
	struct phase *phase = vector_add(&model->phases);

	assert_non_null(phase);
	phase->time = time;
	snprintf(phase->text, sizeof(phase->text), "%s", text);
}

static struct model model_with_phases(void)
{
	struct model model = model_whole();

	model.begin = 1000;
	model.end = 9000;
	model.arch = "x86_64";
	add_phase(&model, 2000, "looks");
	add_phase(&model, 2500, "other");
	add_phase(&model, 6000, "goes");
	return model;
}

static void build(struct recording *recording, struct model *model, const char *text)
{
	assert_int_equal(subjects_build(recording, model, text, &model->subjects), 0);
}

static void clear(struct model *model)
{
	vector_free(&model->phases);
	model_clear(model);
}

static char *report(const struct model *model)
{
	struct text_options options = {.columns = 100, .utf8 = true};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(show_text(out, model, &options), 0);
	fclose(out);
	return text;
}

static void assert_says(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("'%s' is not in:\n%s", words, text);
}

/* ---- tables -------------------------------------------------------------------------------- */

static void a_table_has_the_figures_of_the_model(void **state)
{
	struct model model = model_with_phases();
	struct recording *recording = record(NULL, 0);
	char *text;

	model_add_thread(&model, "worker", 12 * MS, 0, 3 * MS);
	model_set_fact(&model, "pages", "4711");
	model_set_fact(&model, "name", "1 4 9");
	build(recording, &model,
	      "title: t\ntable: who | pages | ran | never\n"
	      "row: one | fact.pages as count | thread[worker].running as duration | fact.no as count\n"
	      "row: two | text name | nonsense ( as count\n"
	      "row: three | fact.no as count |\n"
	      "claim: c\n  holds: 1 == 1\n");
	assert_int_equal(model.subjects->items.count, 1);
	text = report(&model);
	assert_says(text, "who");
	assert_says(text, "4,711");
	assert_says(text, "12.0 ms");
	assert_says(text, "1 4 9");
	assert_says(text, "cannot be understood");
	assert_int_equal(model.subjects->items.items[0].rows.count, 2);
	assert_string_equal(model.subjects->items.items[0].rows.items[0].cells.items[3], "");
	free(text);
	clear(&model);
	recording_close(&recording);
}

static void rows_without_a_table_and_unknown_subjects_are_passed_over(void **state)
{
	struct model model = model_with_phases();
	struct recording *recording = record(NULL, 0);
	char *text;

	build(recording, &model, "row: one | 1 as count\nabout: the weather\nabout:\n");
	text = report(&model);
	assert_null(strstr(text, "weather"));
	free(text);
	clear(&model);
	build(recording, &model, "title: nothing\n");
	assert_null(model.subjects);
	recording_close(&recording);
}

/* Whatever a text says, it is bounded. */
static void endless_texts_make_bounded_tables(void **state)
{
	struct model model = model_with_phases();
	struct recording *recording = record(NULL, 0);
	char *text = NULL, *shown;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	fputs("table: a", out);
	for (int i = 0; i < 100; i++)
		fputs(" | b", out);
	fputc('\n', out);
	for (int i = 0; i < 1000; i++)
		fputs("row: r | 1 as count | 2 as count | 3 as count | 4 as count | 5 as count | 6 "
		      "as count | 7 as count | 8 as count | 9 as count | 10 as count\n",
		      out);
	fclose(out);
	build(recording, &model, text);
	assert_int_equal(model.subjects->items.items[0].heads.count, SUBJECT_COLUMNS_MAX);
	assert_true(model.subjects->items.items[0].rows.count < 100);
	shown = report(&model);
	free(shown);
	free(text);
	clear(&model);
	recording_close(&recording);
}

/* ---- pictures ------------------------------------------------------------------------------ */

static void a_picture_lies_within_its_phase(void **state)
{
	/* Before it; in it, three; across its end; after it. */
	static const uint64_t times[] = {1500, 2100, 2200, 2300, 2499, 7000};
	struct recording *recording = record(times, 6);
	struct model model = model_with_phases();
	const struct subject *subject;

	build(recording, &model, "about: tasks during looks\nabout: sharing during never\n");
	assert_int_equal(model.subjects->pictures.count, 3);
	subject = &model.subjects->items.items[0];
	assert_int_equal(subject->kind, SUBJECT_TASKS);
	assert_int_equal(model.subjects->pictures.items[subject->picture].snapshot->time, 2200);
	subject = &model.subjects->items.items[1];
	assert_true(subject->picture == NO_PICTURE);
	clear(&model);

	model = model_with_phases();
	build(recording, &model, "about: tasks during looks until goes\n");
	assert_int_equal(model.subjects->pictures.count, 4);
	clear(&model);
	recording_close(&recording);
}

static void who_shares_what_is_told_by_letters(void **state)
{
	static const uint64_t times[] = {2100};
	struct recording *recording = record(times, 1);
	struct model model = model_with_phases();
	char *text;

	build(recording, &model, "about: sharing during looks\nabout: memory during never\n");
	text = report(&model);
	assert_says(text, "first      10  A       A");
	assert_says(text, "  second   11  A       A");
	assert_says(text, "child      12  B       B");
	assert_says(text, "no snapshot could be taken in time");
	free(text);
	clear(&model);
	recording_close(&recording);
}

static void claims_count_the_pictures_in_which_a_task_is_in_a_state(void **state)
{
	static const uint64_t times[] = {2100, 2200};
	struct recording *recording = record(times, 2);
	struct model model = model_with_phases();
	static const char text[] = "about: tasks during looks\n"
				   "claim: stopped in both\n"
				   "  holds: seen[child,stopped] == 2 and pictures == 2\n"
				   "  shows: seen[child,stopped] of pictures as count\n"
				   "claim: and never ready\n  holds: seen[*,ready] == 0\n"
				   "claim: no such state\n  holds: seen[child,asleep] == 0\n";

	build(recording, &model, text);
	assert_int_equal(claims_evaluate(&model, text), 0);
	assert_int_equal(model.claims.items[0].verdict, VERDICT_HELD);
	assert_string_equal(model.claims.items[0].measured, "2 of 2");
	assert_int_equal(model.claims.items[1].verdict, VERDICT_HELD);
	assert_int_equal(model.claims.items[2].verdict, VERDICT_UNDECIDED);
	clear(&model);

	/* Without any, they are not decided. */
	model = model_with_phases();
	assert_int_equal(claims_evaluate(&model, text), 0);
	assert_int_equal(model.claims.items[0].verdict, VERDICT_UNDECIDED);
	clear(&model);
	recording_close(&recording);
}

/* ---- those that there are ------------------------------------------------------------------ */

static void every_scenario_says_what_can_be_understood(void **state)
{
	struct recording *recording = record(NULL, 0);
	struct scenario_list list;
	struct scenario *scenario;

	assert_int_equal(scenario_list(&list), 0);
	vector_for_each (&list.items, scenario) {
		struct model model = model_whole();
		const struct subject *subject;
		const struct subject_row *row;
		char **cell;

		build(recording, &model, scenario_text(scenario->name));
		if (!model.subjects)
			continue;
		vector_for_each (&model.subjects->items, subject) {
			assert_true(subject->kind != SUBJECT_UNKNOWN);
			vector_for_each (&subject->rows, row) {
				assert_in_range(row->cells.count, 2, subject->heads.count + 1);
				vector_for_each (&row->cells, cell)
					if (strstr(*cell, "understood"))
						fail_msg("%s: %s", scenario->name, *cell);
			}
		}
		clear(&model);
	}
	scenario_list_free(&list);
	recording_close(&recording);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_has_the_figures_of_the_model),
		cmocka_unit_test(rows_without_a_table_and_unknown_subjects_are_passed_over),
		cmocka_unit_test(endless_texts_make_bounded_tables),
		cmocka_unit_test(a_picture_lies_within_its_phase),
		cmocka_unit_test(who_shares_what_is_told_by_letters),
		cmocka_unit_test(claims_count_the_pictures_in_which_a_task_is_in_a_state),
		cmocka_unit_test(every_scenario_says_what_can_be_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
