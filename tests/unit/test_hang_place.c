// SPDX-License-Identifier: GPL-2.0-only
/* test_hang_place.c - the calls that led to where a thread waits for ever, from a note */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model/hang_place.h"

#define LIBRARY "7f00\tlll_lock_wait\tfutex.h\t146\tlibc.so.6\n"
#define THREAD	"7f11\tstart_thread\tpthread_create.c\t442\tlibc.so.6"

static void assert_place(const char *way, const char *expected)
{
	char text[256];

	assert_string_equal(hang_place_text(way, text, sizeof(text)), expected);
}

static void the_programs_own_calls_are_the_place(void **state)
{
	assert_place(LIBRARY
		     "1000\tcross\thangs.c\t59\thangs\n1010\twork\thangs.c\t70\thangs\n" THREAD,
		     "cross (hangs.c:59) < work (hangs.c:70)");
	assert_place(LIBRARY "1000\tcross\t\t0\thangs\n" THREAD, "cross (hangs)");
	assert_place(LIBRARY "1000\t\t\t0\t", "0x1000");
}

static void what_has_no_own_code_is_told_by_its_innermost_call(void **state)
{
	assert_place(LIBRARY THREAD, "lll_lock_wait (futex.h:146)");
	assert_place("", "");
}

static void a_long_way_is_cut(void **state)
{
	char way[2048] = "", text[64];

	for (int i = 0; i < 40; i++)
		strcat(way, "1000\tdeeper_and_deeper\td.c\t1\tdeep\n");
	assert_non_null(strstr(hang_place_text(way, (char[512]){0}, 512), " < …"));
	/* And one that does not fit stays inside. */
	memset(text, 'x', sizeof(text));
	hang_place_text(way, text, sizeof(text) - 1);
	assert_true(memchr(text, '\0', sizeof(text) - 1));
	assert_int_equal(text[sizeof(text) - 1], 'x');
}

static void anything_else_is_read_without_harm(void **state)
{
	static const char *const texts[] = {"\n\n", "\t", "x\ty", "\t\t\t\t\t\t\n1",
					    "ff\tf\tg\t-5\tm\tmore"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *cursor = texts[i];
		struct hang_frame frame;
		int count = 0;

		while (hang_frame_next(&cursor, &frame))
			assert_true(++count < 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_programs_own_calls_are_the_place),
		cmocka_unit_test(what_has_no_own_code_is_told_by_its_innermost_call),
		cmocka_unit_test(a_long_way_is_cut),
		cmocka_unit_test(anything_else_is_read_without_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
