// SPDX-License-Identifier: GPL-2.0-only
/* The figures and names that everything else prints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/exit_status.h"
#include "base/units.h"
#include "base/vector.h"
#include "random_text.h"

/* ---- units --------------------------------------------------------------------------------- */

static void durations_have_three_digits_and_carry_to_the_next_unit(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = {
		{0, "0 ns"},
		{1, "1 ns"},
		{999, "999 ns"},
		{1000, "1.00 us"},
		{1004, "1.00 us"},
		{1005, "1.01 us"},
		{9994, "9.99 us"},
		{9995, "10.0 us"},
		{99949, "99.9 us"},
		{99950, "100 us"},
		{999499, "999 us"},
		{999500, "1.00 ms"},
		{999950, "1.00 ms"},
		{4210000, "4.21 ms"},
		{999499999, "999 ms"},
		{999500000, "1.00 s"},
		{61300000000, "61.3 s"},
		{99949999999, "99.9 s"},
		{99950000000, "100 s"},
		{119499999999, "119 s"},
		{119500000000, "2 min 0 s"},
		{125 * NS_PER_S, "2 min 5 s"},
		{7199499999999, "119 min 59 s"},
		{7199500000000, "2 h 0 min"},
		{12000 * NS_PER_S, "3 h 20 min"},
		{(48 * 3600 - 31) * NS_PER_S, "47 h 59 min"},
		{(48 * 3600 - 30) * NS_PER_S, "2 d 0 h"},
		{UINT64_MAX, "213504 d 0 h"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(format_duration(cases[i].ns).text, cases[i].text);
}

static uint64_t unit_of(const char *name)
{
	return !strcmp(name, "ns")   ? 1
	       : !strcmp(name, "us") ? NS_PER_US
	       : !strcmp(name, "ms") ? NS_PER_MS
				     : NS_PER_S;
}

/* Against an independent reading of the text, for any duration below two minutes. */
static void a_printed_duration_is_within_half_a_digit(void **state)
{
	uint64_t seed = 7;

	for (int i = 0; i < 200000; i++) {
		uint64_t ns = random_next(&seed) >> (27 + random_next(&seed) % 37);
		struct figure figure = format_duration(ns);
		double value, unit;
		char name[4];

		if (ns >= 119 * NS_PER_S)
			continue;
		assert_int_equal(sscanf(figure.text, "%lf %3s", &value, name), 2);
		unit = (double)unit_of(name);
		assert_true(fabs(value * unit - (double)ns) <= (value < 10 && unit > 1 ? 0.005
								: value < 100	       ? 0.05
										       : 0.5) *
								       unit * 1.0001);
		assert_true(value < 1000);
	}
}

static void counts_are_grouped_by_three_digits(void **state)
{
	assert_string_equal(format_count(0).text, "0");
	assert_string_equal(format_count(999).text, "999");
	assert_string_equal(format_count(1000).text, "1,000");
	assert_string_equal(format_count(1000000).text, "1,000,000");
	assert_string_equal(format_count(UINT64_MAX).text, "18,446,744,073,709,551,615");
}

static void bytes_carry_at_1024(void **state)
{
	assert_string_equal(format_bytes(0).text, "0 B");
	assert_string_equal(format_bytes(1023).text, "1023 B");
	assert_string_equal(format_bytes(1024).text, "1.00 KiB");
	assert_string_equal(format_bytes(1536).text, "1.50 KiB");
	assert_string_equal(format_bytes(8 << 20).text, "8.00 MiB");
	assert_string_equal(format_bytes(1023 << 10).text, "1023 KiB");
	assert_string_equal(format_bytes((1 << 20) - 513).text, "1023 KiB");
	assert_string_equal(format_bytes((1 << 20) - 512).text, "1.00 MiB");
	assert_string_equal(format_bytes(UINT64_MAX).text, "16.0 EiB");
}

static void shares_never_claim_all_or_nothing_falsely(void **state)
{
	assert_string_equal(format_share(0, 0).text, "-");
	assert_string_equal(format_share(5, 0).text, "-");
	assert_string_equal(format_share(0, 100).text, "0 %");
	assert_string_equal(format_share(1, UINT64_MAX).text, "< 0.1 %");
	assert_string_equal(format_share(999, 1000000).text, "< 0.1 %");
	assert_string_equal(format_share(1000, 1000000).text, "0.1 %");
	assert_string_equal(format_share(32, 1000).text, "3.2 %");
	assert_string_equal(format_share(9949, 100000).text, "9.9 %");
	assert_string_equal(format_share(9950, 100000).text, "10 %");
	assert_string_equal(format_share(47, 100).text, "47 %");
	assert_string_equal(format_share(994, 1000).text, "99 %");
	assert_string_equal(format_share(995, 1000).text, "> 99 %");
	assert_string_equal(format_share(UINT64_MAX - 1, UINT64_MAX).text, "> 99 %");
	assert_string_equal(format_share(UINT64_MAX, UINT64_MAX).text, "100 %");
	assert_string_equal(format_share(3, 2).text, "150 %");
	assert_string_equal(format_share(UINT64_MAX, 1).text, "> 18446744073709551615 %");
}

static void durations_are_read_exactly(void **state)
{
	static const struct {
		const char *text;
		int result;
		uint64_t ns;
	} cases[] = {
		{"10", 0, 10 * NS_PER_S},
		{"1.5s", 0, 1500000000},
		{".25s", 0, 250000000},
		{"0.1ms", 0, 100000},
		{"200ms", 0, 200000000},
		{"2min", 0, 120 * NS_PER_S},
		{"1h", 0, 3600 * NS_PER_S},
		{"3us", 0, 3000},
		{"3\u00b5s", 0, 3000},
		{"3\u03bcs", 0, 3000},
		{"0", 0, 0},
		{"18446744073709551615ns", 0, UINT64_MAX},
		{"0.33333333333333333333333s", 0, 333333333},
		{"18446744073709551616ns", -ERANGE, 0},
		{"18446744074s", -ERANGE, 0},
		{"99999999999999999999999999h", -ERANGE, 0},
		{"99999999999999999999999999x", -EINVAL, 0},
		{"", -EINVAL, 0},
		{".", -EINVAL, 0},
		{"5.", -EINVAL, 0},
		{"5.s", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"+1", -EINVAL, 0},
		{" 1", -EINVAL, 0},
		{"1 ", -EINVAL, 0},
		{"1 s", -EINVAL, 0},
		{"1m", -EINVAL, 0},
		{"1S", -EINVAL, 0},
		{"1e3", -EINVAL, 0},
		{"0x10", -EINVAL, 0},
		{"inf", -EINVAL, 0},
		{"s", -EINVAL, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t ns = 77;

		assert_int_equal(parse_duration(cases[i].text, &ns), cases[i].result);
		assert_int_equal(ns, cases[i].result ? 77 : cases[i].ns);
	}
}

static void sizes_are_read_exactly(void **state)
{
	static const struct {
		const char *text;
		int result;
		uint64_t bytes;
	} cases[] = {
		{"4096", 0, 4096},
		{"512B", 0, 512},
		{"64K", 0, 64 << 10},
		{"64k", 0, 64 << 10},
		{"64KiB", 0, 64 << 10},
		{"8M", 0, 8 << 20},
		{"1G", 0, 1 << 30},
		{"15E", 0, 15ull << 60},
		{"16E", -ERANGE, 0},
		{"18446744073709551615", 0, UINT64_MAX},
		{"18446744073709551616", -ERANGE, 0},
		{"", -EINVAL, 0},
		{"K", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"1.5G", -EINVAL, 0},
		{"64KB", -EINVAL, 0},
		{"64KiBs", -EINVAL, 0},
		{"64K ", -EINVAL, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t bytes = 77;

		assert_int_equal(parse_size(cases[i].text, &bytes), cases[i].result);
		assert_int_equal(bytes, cases[i].result ? 77 : cases[i].bytes);
	}
}

static void numbers_are_whole_decimal_and_within_bounds(void **state)
{
	static const struct {
		const char *text;
		int64_t min, max;
		int result;
		int64_t value;
	} cases[] = {
		{"0", 0, 10, 0, 0},
		{"10", 0, 10, 0, 10},
		{"007", 0, 10, 0, 7},
		{"-3", -5, 5, 0, -3},
		{"9223372036854775807", INT64_MIN, INT64_MAX, 0, INT64_MAX},
		{"-9223372036854775808", INT64_MIN, INT64_MAX, 0, INT64_MIN},
		{"9223372036854775808", INT64_MIN, INT64_MAX, -ERANGE, 0},
		{"-9223372036854775809", INT64_MIN, INT64_MAX, -ERANGE, 0},
		{"99999999999999999999", INT64_MIN, INT64_MAX, -ERANGE, 0},
		{"11", 0, 10, -ERANGE, 0},
		{"-1", 0, 10, -ERANGE, 0},
		{"", 0, 10, -EINVAL, 0},
		{"-", -5, 10, -EINVAL, 0},
		{"--1", -5, 10, -EINVAL, 0},
		{"+1", 0, 10, -EINVAL, 0},
		{"1.0", 0, 10, -EINVAL, 0},
		{"0x1", 0, 10, -EINVAL, 0},
		{" 1", 0, 10, -EINVAL, 0},
		{"1\n", 0, 10, -EINVAL, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t value = 77;

		assert_int_equal(parse_number(cases[i].text, cases[i].min, cases[i].max, &value),
				 cases[i].result);
		assert_int_equal(value, cases[i].result ? 77 : cases[i].value);
	}
}

static void any_bytes_are_read_or_refused(void **state)
{
	uint64_t seed = 11;
	char text[64];

	for (int i = 0; i < 200000; i++) {
		uint64_t unsigned_value = 77;
		int64_t value = 77;

		random_text(&seed, text, sizeof(text));
		if (parse_duration(text, &unsigned_value))
			assert_int_equal(unsigned_value, 77);
		unsigned_value = 77;
		if (parse_size(text, &unsigned_value))
			assert_int_equal(unsigned_value, 77);
		if (parse_number(text, -1000, 1000, &value))
			assert_int_equal(value, 77);
		else
			assert_in_range(value + 1000, 0, 2000);
	}
}

/* ---- escape -------------------------------------------------------------------------------- */

static void hostile_bytes_are_escaped_and_the_rest_kept(void **state)
{
	static const struct {
		const char *text, *escaped;
	} cases[] = {
		{"plain text", "plain text"},
		{"\x1b[2J", "\\x1b[2J"},
		{"a\nb\tc\x7f", "a\\x0ab\\x09c\\x7f"},
		{"back\\slash", "back\\\\slash"},
		{"caf\u00e9 \u65e5\u672c", "caf\u00e9 \u65e5\u672c"},
		{"\xc2\x85", "\\xc2\\x85"},
		{"\u202egnp.exe", "\\xe2\\x80\\xaegnp.exe"},
		{"\u2066\u2069", "\\xe2\\x81\\xa6\\xe2\\x81\\xa9"},
		{"\u200b\ufeff", "\\xe2\\x80\\x8b\\xef\\xbb\\xbf"},
		{"\u2028\u2029", "\\xe2\\x80\\xa8\\xe2\\x80\\xa9"},
		{"\xff\xfe", "\\xff\\xfe"},
		{"\xc0\xaf", "\\xc0\\xaf"},		      /* overlong */
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"},	      /* a surrogate */
		{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, /* above U+10FFFF */
		{"\xe2\x82", "\\xe2\\x82"},		      /* cut off */
		{"\xe2\x82z", "\\xe2\\x82z"},
	};
	char out[128];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(escape_text(out, sizeof(out), cases[i].text), cases[i].escaped);
	assert_string_equal(escape_text(out, sizeof(out), NULL), "");
}

static void escaped_text_is_cut_at_a_whole_character(void **state)
{
	char out[8] = "untouch";

	assert_ptr_equal(escape_text(out, 0, "x"), out);
	assert_string_equal(out, "untouch");
	assert_string_equal(escape_text(out, 1, "x"), "");
	assert_string_equal(escape_text(out, 3, "\u65e5"), "");
	assert_string_equal(escape_text(out, 4, "\u65e5"), "\u65e5");
	assert_string_equal(escape_text(out, 5, "a\x1b"), "a");
	assert_string_equal(escape_text(out, 6, "a\x1b"), "a\\x1b");
	assert_string_equal(escape_text(out, 3, "a\\"), "a");
}

static void anything_escaped_is_clean_utf8(void **state)
{
	uint64_t seed = 3;
	char text[64], out[64];

	for (int i = 0; i < 100000; i++) {
		size_t size = 1 + random_next(&seed) % sizeof(out);

		random_text(&seed, text, sizeof(text));
		escape_text(out, size, text);
		assert_true(strlen(out) < size);
		for (const char *c = out; *c;) {
			uint32_t character = 0;
			size_t length = utf8_decode(c, &character);

			assert_true(length > 0);
			assert_false(character_is_hostile(character));
			c += length;
		}
	}
}

static void widths_are_those_of_a_terminal(void **state)
{
	assert_int_equal(text_width(""), 0);
	assert_int_equal(text_width("abc"), 3);
	assert_int_equal(text_width("caf\u00e9"), 4);
	assert_int_equal(text_width("e\u0301"), 1);
	assert_int_equal(text_width("\u65e5\u672c"), 4);
	assert_int_equal(text_width("\u2588\u2591\u258f"), 3);
	assert_int_equal(text_width("\u2714 \u2718 \u2026"), 5);
	assert_int_equal(text_width("\xff"), 1);
}

/* ---- the rest ------------------------------------------------------------------------------ */

static void vectors_grow_and_hand_out_zeroed_items(void **state)
{
	VECTOR(uint64_t) numbers = {0};
	uint64_t *number, sum = 0;

	for (uint64_t i = 0; i < 1000; i++) {
		number = vector_add(&numbers);
		assert_non_null(number);
		assert_int_equal(*number, 0);
		*number = i;
	}
	vector_for_each (&numbers, number)
		sum += *number;
	assert_int_equal(sum, 499500);
	vector_free(&numbers);
	assert_null(numbers.items);
	assert_int_equal(numbers.count, 0);
}

static void every_exit_status_is_explained_once(void **state)
{
	bool seen[256] = {false};

	for (const struct exit_status_text *text = exit_statuses; text->sentence; text++) {
		assert_in_range(text->status, 0, 127);
		assert_false(seen[text->status]);
		seen[text->status] = true;
	}
	assert_true(seen[EXIT_USAGE] && seen[EXIT_INTERNAL] && seen[EXIT_NOT_FOUND]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_have_three_digits_and_carry_to_the_next_unit),
		cmocka_unit_test(a_printed_duration_is_within_half_a_digit),
		cmocka_unit_test(counts_are_grouped_by_three_digits),
		cmocka_unit_test(bytes_carry_at_1024),
		cmocka_unit_test(shares_never_claim_all_or_nothing_falsely),
		cmocka_unit_test(durations_are_read_exactly),
		cmocka_unit_test(sizes_are_read_exactly),
		cmocka_unit_test(numbers_are_whole_decimal_and_within_bounds),
		cmocka_unit_test(any_bytes_are_read_or_refused),
		cmocka_unit_test(hostile_bytes_are_escaped_and_the_rest_kept),
		cmocka_unit_test(escaped_text_is_cut_at_a_whole_character),
		cmocka_unit_test(anything_escaped_is_clean_utf8),
		cmocka_unit_test(widths_are_those_of_a_terminal),
		cmocka_unit_test(vectors_grow_and_hand_out_zeroed_items),
		cmocka_unit_test(every_exit_status_is_explained_once),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
