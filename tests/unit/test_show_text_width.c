// SPDX-License-Identifier: GPL-2.0-only
/* The text report fits the width it is given, whatever the figures and the names. */
#include "show_reports.h"

#include "show/text/text.h"

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

/* A line of 20 columns, without its end. */
static char *with_both_ends(const char *words, bool utf8)
{
	struct text_options options = {.columns = 20, .utf8 = utf8};
	char *line = NULL;
	size_t size;
	FILE *out = open_memstream(&line, &size);
	struct text text;

	assert_non_null(out);
	text_start(&text, out, &options);
	text_put_ends(&text, STYLE_PLAIN, words);
	text_end(&text);
	assert_int_equal(text_finish(&text), 0);
	fclose(out);
	line[strcspn(line, "\n")] = '\0';
	return line;
}

static void a_lock_of_which_the_name_is_too_long_keeps_both_ends(void **state)
{
	static const struct {
		const char *words, *utf8, *ascii;
	} names[] = {
		{"exactly twenty wide.", "exactly twenty wide.", "exactly twenty wide."},
		{"shared a/long/path/of/a/file+0x28", "shared a/…/file+0x28",
		 "shared a...file+0x28"},
		{"日本日本日本日本日本日本", "日本日本…本日本日本", NULL},
	};
	char name[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		CLEANUP_FREE char *utf8 = with_both_ends(names[i].words, true);
		CLEANUP_FREE char *ascii = with_both_ends(names[i].words, false);

		assert_string_equal(utf8, names[i].utf8);
		if (names[i].ascii)
			assert_string_equal(ascii, names[i].ascii);
	}
	for (unsigned int round = 0; round < 300; round++) {
		CLEANUP_FREE char *line = NULL;

		random_name(name, sizeof(name));
		line = with_both_ends(name, round % 2);
		assert_true(text_width(line) <= 20);
		strip_colours(line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_line_is_wider_than_it_may_be_whatever_the_names),
		cmocka_unit_test(the_approved_reports_fit_every_width),
		cmocka_unit_test(a_lock_of_which_the_name_is_too_long_keeps_both_ends),
		cmocka_unit_test(colours_add_nothing_that_is_not_there_without_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
