// SPDX-License-Identifier: GPL-2.0-only
/* A page of Markdown is as easy to read in a terminal as in a file. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "random_text.h"
#include "show/show.h"

static char *page_of(const char *markdown, unsigned int columns, bool colour)
{
	struct text_options options = {.columns = columns, .utf8 = true, .colour = colour};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(show_page(out, markdown, &options), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void assert_page(const char *markdown, const char *expected)
{
	CLEANUP_FREE char *text = page_of(markdown, 40, false);

	assert_string_equal(text, expected);
}

static void paragraphs_are_filled_anew(void **state)
{
	assert_page("one\ntwo\n\nthree\n", "one two\n\nthree\n");
	assert_page("12345678901234567890 12345678901234567890\nx\n",
		    "12345678901234567890\n12345678901234567890 x\n");
	assert_page("", "");
	assert_page("\n\n\n", "");
	assert_page("no newline", "no newline\n");
}

static void headings_stand_alone(void **state)
{
	assert_page("# name: title\n\ntext\n## Next\nmore\n",
		    "name: title\n\ntext\n\nNext\nmore\n");
}

static void lists_hang(void **state)
{
	assert_page("- one\n- two that is longer than a line of forty\n  columns\n\nend\n",
		    "  - one\n  - two that is longer than a line of\n    forty columns\n\nend\n");
}

static void code_stands_as_it_is(void **state)
{
	assert_page("text:\n\n    a   b\n      c\n\nend\n", "text:\n\n    a   b\n      c\n\nend\n");
	/* Four spaces within a paragraph are no code. */
	assert_page("text\n    goes on\n", "text goes on\n");
}

static void marks_become_colour_or_stay_readable(void **state)
{
	CLEANUP_FREE char *plain = page_of("run `x --y`, **now** *or* never: 2 * 3\n", 80, false);
	CLEANUP_FREE char *colour = page_of("run `x --y`, **now**\n", 80, true);

	assert_string_equal(plain, "run `x --y`, now or never: 2 * 3\n");
	assert_string_equal(colour, "run \033[1mx --y\033[0m, \033[1mnow\033[0m\n");
}

static void no_line_is_too_long_whatever_the_page_says(void **state)
{
	static const char alphabet[] = "ab `*#- \n    \xc3\xa4\x1b[";
	uint64_t random = 0x9a9e;

	for (int round = 0; round < 2000; round++) {
		char page[200];
		size_t length = random_next(&random) % (sizeof(page) - 1);
		unsigned int columns = 20 + random_next(&random) % 100;
		CLEANUP_FREE char *text = NULL;

		for (size_t i = 0; i < length; i++)
			page[i] = alphabet[random_next(&random) % (sizeof(alphabet) - 1)];
		page[length] = '\0';
		text = page_of(page, columns, false);
		assert_null(strchr(text, '\033'));
		for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
			assert_true(text_width(line) <= columns && text_width(line) <= 80);
	}
}

static void a_full_disk_is_an_error(void **state)
{
	struct text_options options = {.columns = 80};
	CLEANUP_FCLOSE FILE *full = fopen("/dev/full", "w");

	if (full)
		assert_int_equal(show_page(full, "text\n", &options), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paragraphs_are_filled_anew),
		cmocka_unit_test(headings_stand_alone),
		cmocka_unit_test(lists_hang),
		cmocka_unit_test(code_stands_as_it_is),
		cmocka_unit_test(marks_become_colour_or_stay_readable),
		cmocka_unit_test(no_line_is_too_long_whatever_the_page_says),
		cmocka_unit_test(a_full_disk_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
