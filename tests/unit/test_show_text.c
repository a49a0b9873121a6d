// SPDX-License-Identifier: GPL-2.0-only
/*
 * The text report: what it must say, what it must never print, and what it looks like. The looks
 * are kept in tests/golden; UPDATE_GOLDEN=1 writes them anew, to be read before they are kept.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "skip.h"

#include "base/cleanup.h"
#include "base/escape.h"
#include "recording/stacks.h"
#include "show/show.h"
#include "show_models.h"

#ifndef GOLDEN_FOLDER
#define GOLDEN_FOLDER "tests/golden"
#endif

static char *report(const struct model *model, const struct text_options *options)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(show_text(out, model, options), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

static char *report_80(const struct model *model)
{
	return report(model, &(struct text_options){.columns = 80, .utf8 = true});
}

/* Takes out the colours that the report itself may set; any other control character fails. */
static void strip_colours(char *text)
{
	char *to = text;

	for (char *from = text; *from;) {
		if (*from == '\033') {
			assert_int_equal(from[1], '[');
			from += 2 + strspn(from + 2, "0123456789;");
			assert_int_equal(*from++, 'm');
			continue;
		}
		assert_true(*from == '\n' || ((unsigned char)*from >= 0x20 && *from != 0x7f));
		*to++ = *from++;
	}
	*to = '\0';
}

static void assert_lines_fit(char *text, unsigned int columns)
{
	for (char *line = text, *end; *line; line = end + 1) {
		end = strchr(line, '\n');
		assert_non_null(end);
		*end = '\0';
		if (text_width(line) > columns)
			fail_msg("%zu columns of %u: %s", text_width(line), columns, line);
		if (end > line && end[-1] == ' ')
			fail_msg("blanks at the end: %s", line);
		*end = '\n';
	}
}

/* ---- looks --------------------------------------------------------------------------------- */

typedef struct sketch *(*sketch_function)(void);

static const struct {
	const char *name;
	sketch_function make;
} sketches[] = {
	{"counter-race", sketch_race}, {"counter-lock", sketch_lock}, {"pipeline", sketch_pipeline},
	{"storm", sketch_storm},       {"attach", sketch_attach},     {"machine", sketch_machine},
	{"hostile", sketch_hostile},
};

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

/* ---- what it must never print -------------------------------------------------------------- */

static uint64_t random_state = 42;

static unsigned int random_below(unsigned int limit)
{
	random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
	return limit ? (unsigned int)(random_state >> 33) % limit : 0;
}

static void random_name(char *name, size_t size)
{
	static const char *const pieces[] = {"\033[2J", "a",	"worker-1", "日本", "\xff",
					     "%s%n",	"\n",	" ",	    "é",    "e\u0301",
					     "\u202e",	"0123", "<b>",	    "😀",    "\\"};
	size_t length = 0;

	name[0] = '\0';
	for (unsigned int i = random_below(6) + 1; i; i--) {
		const char *piece = pieces[random_below(sizeof(pieces) / sizeof(*pieces))];

		if (length + strlen(piece) >= size)
			break;
		length = (size_t)(stpcpy(name + length, piece) - name);
	}
}

static uint64_t random_ns(void)
{
	return (uint64_t)random_below(1000) << random_below(30);
}

static void random_thread(struct sketch *sketch, uint32_t process, uint32_t tid)
{
	uint64_t wall = sketch->model.end - sketch->model.begin;
	uint64_t left = wall - random_below(1000) * (wall / 2000);
	char name[PL_COMM_LEN];
	uint32_t thread;

	random_name(name, sizeof(name));
	thread = sketch_thread(sketch, process, tid, name, wall - left);
	sketch->model.threads.items[thread].kernel = random_below(5) == 0;
	for (unsigned int i = random_below(30); i; i--) {
		uint64_t ns = random_ns() % (left + 1);

		sketch_go(sketch, thread, (enum state)random_below(STATE_COUNT),
			  (enum reason)(1 + random_below(REASON_COUNT - 1)), ns);
		left -= ns;
	}
	if (random_below(3))
		sketch_go(sketch, thread, STATE_BLOCKED, REASON_LOCK, left);
}

static void random_lock(struct sketch *sketch)
{
	struct lock *lock = sketch_must(vector_add(&sketch->model.locks));
	uint32_t threads = (uint32_t)sketch->model.threads.count;

	*lock = (struct lock){
		.process = random_below(3) ? 0 : NO_THREAD,
		.address = random_ns() << 20,
		.reason = random_below(2) ? REASON_LOCK : REASON_SEMAPHORE,
		.waits = random_below(1000000),
		.total_ns = random_ns(),
		.max_ns = random_ns(),
		.main_holder = random_below(3) ? random_below(threads) : NO_THREAD,
		.main_holder_ns = random_ns(),
		.main_holder_running_ns = random_ns(),
		.main_waiter = random_below(3) ? random_below(threads) : NO_THREAD,
		.main_waiter_ns = random_ns(),
	};
}

static struct sketch *random_sketch(char names[8][128])
{
	static const char *const modes[] = {"run", "attach", "record", ""};
	struct sketch *sketch = sketch_new(modes[random_below(4)], random_ns() * 100 + 1);
	struct model *model = &sketch->model;
	uint32_t tid = 1;

	for (unsigned int i = 0; i < 8; i++)
		random_name(names[i], sizeof(names[i]));
	model->target = random_below(3) ? 1 : 0;
	model->scenario = random_below(2) ? names[0] : NULL;
	model->scenario_title = random_below(2) ? names[1] : NULL;
	model->has_status = random_below(2);
	model->status = random_below(65536);
	model->losses.records = random_below(2) * random_below(10000000);
	model->losses.life = random_below(2) * random_below(1000);
	model->losses.missed = random_below(2);
	for (unsigned int i = random_below(4); i; i--)
		sketch_word(sketch, names[2 + random_below(3)]);
	for (unsigned int p = random_below(6) + 1; p; p--) {
		uint32_t parent = random_below(8);
		uint32_t process = sketch_process(sketch, tid, names[5], names[6], parent);

		for (unsigned int t = random_below(12) + 1; t; t--)
			random_thread(sketch, process, tid++);
	}
	for (unsigned int i = random_below(15); i; i--)
		random_lock(sketch);
	for (unsigned int i = random_below(5); i; i--)
		sketch_claim(sketch, (enum verdict)random_below(3), names[random_below(8)],
			     names[random_below(8)], names[random_below(8)]);
	sketch_fact(sketch, "expected", names[7]);
	sketch_fact(sketch, names[4], names[3]);
	sketch_finish(sketch);
	return sketch;
}

static void no_line_is_wider_than_it_may_be_whatever_the_names(void **state)
{
	char names[8][128];

	for (unsigned int round = 0; round < 300; round++) {
		struct sketch *sketch = random_sketch(names);
		struct text_options options = {
			.columns = 40 + random_below(211),
			.utf8 = random_below(2),
			.colour = random_below(2),
			.threads = random_below(30),
		};
		CLEANUP_FREE char *text = report(&sketch->model, &options);

		strip_colours(text);
		assert_lines_fit(text, options.columns);
		for (const char *at = text; *at && !options.utf8; at++)
			assert_true((unsigned char)*at < 0x80);
		for (const char *at = text; *at; at += utf8_length(at))
			assert_true(utf8_length(at) > 0);
		sketch_free(sketch);
	}
}

static void the_approved_reports_fit_every_width(void **state)
{
	for (size_t i = 0; i < sizeof(sketches) / sizeof(*sketches); i++) {
		struct sketch *sketch = sketches[i].make();

		for (unsigned int columns = 20; columns <= 250; columns += 5) {
			struct text_options options = {.columns = columns, .utf8 = columns % 2};
			CLEANUP_FREE char *text = report(&sketch->model, &options);

			assert_lines_fit(text, columns);
		}
		sketch_free(sketch);
	}
}

static void colours_add_nothing_that_is_not_there_without_them(void **state)
{
	char names[8][128];

	for (unsigned int round = 0; round < 50; round++) {
		struct sketch *sketch = random_sketch(names);
		struct text_options options = {.columns = 40 + random_below(211), .utf8 = true};
		CLEANUP_FREE char *plain = report(&sketch->model, &options);
		CLEANUP_FREE char *coloured = NULL;

		options.colour = true;
		coloured = report(&sketch->model, &options);
		assert_null(strchr(plain, '\033'));
		strip_colours(coloured);
		assert_string_equal(plain, coloured);
		sketch_free(sketch);
	}
}

static void a_full_disk_is_an_error(void **state)
{
	struct sketch *sketch = sketch_lock();
	struct text_options options = {.columns = 80};
	CLEANUP_FCLOSE FILE *full = fopen("/dev/full", "w");

	if (!full)
		skip_because("there is no /dev/full");
	assert_int_equal(show_text(full, &sketch->model, &options), -ENOSPC);
	sketch_free(sketch);
}

/* ---- options ------------------------------------------------------------------------------- */

static int open_terminal(unsigned short columns, FILE **ret)
{
	struct winsize size = {.ws_row = 24, .ws_col = columns};
	int terminal = posix_openpt(O_RDWR | O_NOCTTY);

	if (terminal < 0 || grantpt(terminal) || unlockpt(terminal))
		skip_because("there are no pseudo-terminals (/dev/pts)");
	*ret = fopen(ptsname(terminal), "r+");
	if (!*ret)
		skip_because("there are no pseudo-terminals (/dev/pts)");
	assert_int_equal(ioctl(terminal, TIOCSWINSZ, &size), 0);
	return terminal;
}

static void a_terminal_gives_its_width_and_colours(void **state)
{
	CLEANUP_FCLOSE FILE *out = NULL;
	CLEANUP_CLOSE int terminal = open_terminal(133, &out);
	struct text_options options;

	setenv("TERM", "xterm-256color", 1);
	unsetenv("NO_COLOR");
	options = text_options_for(out);
	assert_int_equal(options.columns, 133);
	assert_true(options.colour);
}

static void a_terminal_that_does_not_know_its_width_leaves_it_to_COLUMNS(void **state)
{
	CLEANUP_FCLOSE FILE *out = NULL;
	CLEANUP_CLOSE int terminal = open_terminal(0, &out);

	setenv("COLUMNS", "97", 1);
	assert_int_equal(text_options_for(out).columns, 97);
	setenv("COLUMNS", "-5", 1);
	assert_int_equal(text_options_for(out).columns, 0);
	unsetenv("COLUMNS");
}

static void NO_COLOR_and_a_dumb_terminal_turn_colours_off(void **state)
{
	CLEANUP_FCLOSE FILE *out = NULL;
	CLEANUP_CLOSE int terminal = open_terminal(80, &out);

	setenv("TERM", "xterm", 1);
	setenv("NO_COLOR", "1", 1);
	assert_false(text_options_for(out).colour);
	setenv("NO_COLOR", "", 1);
	assert_true(text_options_for(out).colour);
	unsetenv("NO_COLOR");
	setenv("TERM", "dumb", 1);
	assert_false(text_options_for(out).colour);
	unsetenv("TERM");
	assert_false(text_options_for(out).colour);
}

static void a_file_gets_no_colours_and_no_width(void **state)
{
	CLEANUP_FCLOSE FILE *out = tmpfile();
	struct text_options options;

	assert_non_null(out);
	setenv("TERM", "xterm", 1);
	setenv("COLUMNS", "200", 1);
	options = text_options_for(out);
	assert_false(options.colour);
	assert_int_equal(options.columns, 0);
	unsetenv("COLUMNS");
}

static void the_locale_decides_between_glyphs_and_ascii(void **state)
{
	CLEANUP_FCLOSE FILE *out = tmpfile();

	assert_non_null(out);
	unsetenv("LC_ALL");
	unsetenv("LC_CTYPE");
	unsetenv("LANG");
	assert_false(text_options_for(out).utf8);
	setenv("LANG", "xx_XX.UTF-8", 1);
	assert_true(text_options_for(out).utf8);
	setenv("LC_ALL", "C", 1);
	assert_false(text_options_for(out).utf8);
	unsetenv("LC_ALL");
	unsetenv("LANG");
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
		cmocka_unit_test(the_end_by_a_signal_is_named),
		cmocka_unit_test(a_pipeline_shows_who_made_whom_and_how_each_ended),
		cmocka_unit_test(ten_thousand_threads_fit_on_a_page_and_none_is_left_out),
		cmocka_unit_test(all_threads_are_counted_whatever_the_limit),
		cmocka_unit_test(an_empty_recording_still_makes_a_report),
		cmocka_unit_test(many_children_alike_take_one_line),
		cmocka_unit_test(processes_that_claim_to_be_their_own_ancestors_do_no_harm),
		cmocka_unit_test(no_line_is_wider_than_it_may_be_whatever_the_names),
		cmocka_unit_test(the_approved_reports_fit_every_width),
		cmocka_unit_test(colours_add_nothing_that_is_not_there_without_them),
		cmocka_unit_test(a_full_disk_is_an_error),
		cmocka_unit_test(a_terminal_gives_its_width_and_colours),
		cmocka_unit_test(a_terminal_that_does_not_know_its_width_leaves_it_to_COLUMNS),
		cmocka_unit_test(NO_COLOR_and_a_dumb_terminal_turn_colours_off),
		cmocka_unit_test(a_file_gets_no_colours_and_no_width),
		cmocka_unit_test(the_locale_decides_between_glyphs_and_ascii),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
