// SPDX-License-Identifier: GPL-2.0-only
/* Whatever is written as JSON, a JSON reader reads. */
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

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/json.h"
#include "random_text.h"

/* A reader of JSON, only strict enough to notice what a writer gets wrong. */
static bool read_value(const char **at, int depth);

static void skip_space(const char **at)
{
	*at += strspn(*at, " \t\n");
}

static bool read_string(const char **at)
{
	const char *c = *at;

	if (*c++ != '"')
		return false;
	while (*c != '"') {
		size_t length = utf8_length(c);

		if (!length || (unsigned char)*c < 0x20)
			return false;
		if (*c == '\\') {
			if (c[1] == 'u' && strspn(c + 2, "0123456789abcdef") >= 4)
				length = 6;
			else if (c[1] && strchr("\"\\/bfnrt", c[1]))
				length = 2;
			else
				return false;
		}
		c += length;
	}
	*at = c + 1;
	return true;
}

static bool read_members(const char **at, int depth, char end, bool named)
{
	skip_space(at);
	if (**at == end) {
		(*at)++;
		return true;
	}
	for (;;) {
		skip_space(at);
		if (named) {
			if (!read_string(at) || *(*at)++ != ':')
				return false;
			skip_space(at);
		}
		if (!read_value(at, depth + 1))
			return false;
		skip_space(at);
		if (**at != ',')
			return *(*at)++ == end;
		(*at)++;
	}
}

static bool read_value(const char **at, int depth)
{
	static const char *const words[] = {"null", "true", "false"};
	char *end;

	if (depth > 100)
		return false;
	if (**at == '{' || **at == '[') {
		bool named = *(*at)++ == '{';

		return read_members(at, depth, named ? '}' : ']', named);
	}
	if (**at == '"')
		return read_string(at);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!strncmp(*at, words[i], strlen(words[i]))) {
			*at += strlen(words[i]);
			return true;
		}
	}
	if (!strchr("-0123456789", **at))
		return false;
	strtod(*at, &end);
	*at = end;
	return true;
}

static void assert_is_json(const char *text)
{
	const char *at = text;

	assert_true(read_value(&at, 0));
	assert_string_equal(at, "\n");
}

struct output {
	char *text;
	size_t size;
	FILE *file;
	struct json json;
};

static void output_open(struct output *output, bool indent)
{
	*output = (struct output){0};
	output->file = open_memstream(&output->text, &output->size);
	assert_non_null(output->file);
	output->json = json_start(output->file, indent);
}

static void output_expect(struct output *output, const char *expected)
{
	assert_int_equal(json_finish(&output->json), 0);
	fclose(output->file);
	assert_is_json(output->text);
	if (expected)
		assert_string_equal(output->text, expected);
	free(output->text);
}

static void write_sample(struct json *json)
{
	json_object(json, NULL);
	json_string(json, "name", "x");
	json_array(json, "list");
	json_unsigned(json, NULL, 1);
	json_object(json, NULL);
	json_object_end(json);
	json_array(json, NULL);
	json_array_end(json);
	json_array_end(json);
	json_bool(json, "yes", true);
	json_bool(json, "no", false);
	json_null(json, "none");
	json_string(json, "nothing", NULL);
	json_object_end(json);
}

static void json_nests_with_and_without_indent(void **state)
{
	struct output output;

	output_open(&output, false);
	write_sample(&output.json);
	output_expect(&output, "{\"name\":\"x\",\"list\":[1,{},[]],\"yes\":true,\"no\":false,"
			       "\"none\":null,\"nothing\":null}\n");
	output_open(&output, true);
	write_sample(&output.json);
	output_expect(&output,
		      "{\n\t\"name\": \"x\",\n\t\"list\": [\n\t\t1,\n\t\t{},\n\t\t[]\n\t],\n"
		      "\t\"yes\": true,\n\t\"no\": false,\n\t\"none\": null,\n"
		      "\t\"nothing\": null\n}\n");
}

static void json_numbers_are_exact(void **state)
{
	struct output output;

	output_open(&output, false);
	json_array(&output.json, NULL);
	json_unsigned(&output.json, NULL, 0);
	json_unsigned(&output.json, NULL, UINT64_MAX);
	json_signed(&output.json, NULL, INT64_MIN);
	json_signed(&output.json, NULL, -1);
	json_signed(&output.json, NULL, INT64_MAX);
	json_real(&output.json, NULL, 0.1);
	json_real(&output.json, NULL, 1.0 / 3);
	json_real(&output.json, NULL, -2.5e-300);
	json_real(&output.json, NULL, NAN);
	json_real(&output.json, NULL, INFINITY);
	json_real(&output.json, NULL, -INFINITY);
	json_array_end(&output.json);
	output_expect(&output, "[0,18446744073709551615,-9223372036854775808,-1,"
			       "9223372036854775807,0.1,0.33333333333333331,-2.5e-300,"
			       "null,null,null]\n");
}

static void json_strings_are_repaired_and_harmless_anywhere(void **state)
{
	struct output output;

	output_open(&output, false);
	json_array(&output.json, NULL);
	json_string(&output.json, NULL, "\"\\\b\f\n\r\t\x01");
	json_string(&output.json, NULL, "caf\u00e9 \u65e5");
	json_string(&output.json, NULL, "a\xff\xc0z");
	json_string(&output.json, NULL, "\u202e\xc2\x85\U000e0041");
	json_string(&output.json, NULL, "</script><!--<b>");
	json_array_end(&output.json);
	output_expect(&output, "[\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\",\"caf\u00e9 \u65e5\","
			       "\"a\ufffd\ufffdz\",\"\\u202e\\u0085\\udb40\\udc41\","
			       "\"\\u003c/script>\\u003c!--<b>\"]\n");
}

static void json_of_any_bytes_can_be_read(void **state)
{
	uint64_t seed = 5;

	for (int i = 0; i < 2000; i++) {
		struct output output;
		char text[64];

		output_open(&output, i % 2);
		json_object(&output.json, NULL);
		for (int member = 0; member < 8; member++) {
			random_text(&seed, text, sizeof(text));
			json_string(&output.json, text, text);
		}
		json_object_end(&output.json);
		output_expect(&output, NULL);
	}
}

static void json_tells_that_the_disk_is_full(void **state)
{
	FILE *full CLEANUP_FCLOSE = fopen("/dev/full", "w");
	struct json json;

	assert_non_null(full);
	json = json_start(full, false);
	json_string(&json, NULL, "lost");
	assert_int_equal(json_finish(&json), -ENOSPC);

	json = json_start(full, false);
	json_array(&json, NULL);
	for (int i = 0; i < 100000; i++)
		json_unsigned(&json, NULL, i);
	json_array_end(&json);
	assert_int_equal(json_finish(&json), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_nests_with_and_without_indent),
		cmocka_unit_test(json_numbers_are_exact),
		cmocka_unit_test(json_strings_are_repaired_and_harmless_anywhere),
		cmocka_unit_test(json_of_any_bytes_can_be_read),
		cmocka_unit_test(json_tells_that_the_disk_is_full),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
