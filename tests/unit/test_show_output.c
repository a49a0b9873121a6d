// SPDX-License-Identifier: GPL-2.0-only
/* Where the text report goes: terminals and files, with their widths, colours and glyphs. */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "show_reports.h"
#include "skip.h"

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
		cmocka_unit_test(a_full_disk_is_an_error),
		cmocka_unit_test(a_terminal_gives_its_width_and_colours),
		cmocka_unit_test(a_terminal_that_does_not_know_its_width_leaves_it_to_COLUMNS),
		cmocka_unit_test(NO_COLOR_and_a_dumb_terminal_turn_colours_off),
		cmocka_unit_test(a_file_gets_no_colours_and_no_width),
		cmocka_unit_test(the_locale_decides_between_glyphs_and_ascii),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
