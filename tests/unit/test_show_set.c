// SPDX-License-Identifier: GPL-2.0-only
/* The table of many scenarios counts every claim, and names those that did not hold. */
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
#include "claims_model.h"
#include "show/show.h"

static struct claim good[] = {{(char *)"it is exact", VERDICT_HELD, (char *)"5", (char *)""}};
static struct claim mixed[] = {
	{(char *)"it held", VERDICT_HELD, (char *)"", (char *)""},
	{(char *)"it is slow", VERDICT_NOT_HELD, (char *)"2 ms", (char *)""},
	{(char *)"it ran twice", VERDICT_UNDECIDED, (char *)"", (char *)"there was one CPU only"},
};
static const struct set_row rows[] = {
	{.name = "one",
	 .title = "the first",
	 .chapter = 1,
	 .chapter_title = "Counting",
	 .has_status = true,
	 .has_result = true,
	 .expected = 5,
	 .actual = 5,
	 .wall_ns = 2000000,
	 .complete = true,
	 .claims = good,
	 .claim_count = 1},
	{.name = "two\033",
	 .title = "the second",
	 .chapter = 2,
	 .chapter_title = "Lives",
	 .has_status = true,
	 .has_result = true,
	 .expected = 5,
	 .actual = 3,
	 .wall_ns = 9000000,
	 .complete = true,
	 .claims = mixed,
	 .claim_count = 3},
};

static char *text_of(const struct set *set, unsigned int columns)
{
	struct text_options options = {.columns = columns, .utf8 = true};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(show_set_text(out, set, &options), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void what_did_not_hold_is_named_with_its_figure(void **state)
{
	const struct set set = {.rows = rows, .count = 2, .planned = 2, .elapsed_ns = 5000000000};
	CLEANUP_FREE char *text = text_of(&set, 80);

	assert_non_null(strstr(text, "1  Counting\n  one "));
	assert_non_null(strstr(text, "2 lost"));
	assert_non_null(strstr(text, "NOT HELD\n  two\\x1b: it is slow\n    measured 2 ms\n"));
	assert_non_null(strstr(text, "undecided\n  two\\x1b: it ran twice\n"
				     "    there was one CPU only\n"));
	assert_non_null(strstr(text, "2 scenarios: 2 claims held, 1 not held, 1 undecided"));
	assert_false(set_is_good(&set));
}

static void undecided_claims_are_no_failure_but_a_bad_end_is(void **state)
{
	struct set_row row = rows[0];
	struct set set = {.rows = &row, .count = 1, .planned = 1};

	assert_true(set_is_good(&set));
	row.claims = &mixed[2];
	assert_true(set_is_good(&set));
	row.claims = &mixed[1];
	assert_false(set_is_good(&set));
	row.claims = good;
	row.status = 256;
	assert_false(set_is_good(&set));
	row.status = 0;
	set.planned = 2;
	assert_false(set_is_good(&set));
}

static void an_interrupted_set_says_so(void **state)
{
	const struct set set = {.rows = rows, .count = 1, .planned = 2};
	CLEANUP_FREE char *text = text_of(&set, 80);

	assert_non_null(strstr(text, "Interrupted: 1 scenarios did not run."));
}

static void the_table_fits_every_width(void **state)
{
	const struct set set = {.rows = rows, .count = 2, .planned = 2};

	for (unsigned int columns = 40; columns < 200; columns += 3) {
		CLEANUP_FREE char *text = text_of(&set, columns);

		assert_null(strchr(text, '\033'));
		for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
			assert_true(text_width(line) <= columns);
	}
}

static void a_row_takes_the_claims_out_of_the_model(void **state)
{
	struct model model = sample_model();
	struct set_row row = {.name = "x"};

	evaluate(&model, "claim: c\n holds: 1 == 1\n");
	set_row_take(&row, &model);
	assert_int_equal(row.claim_count, 1);
	assert_int_equal(row.expected - row.actual, 1000);
	assert_int_equal(model.claims.count, 0);
	model_clear(&model);
	assert_string_equal(row.claims[0].text, "c");
	set_row_free(&row);
}

static void programs_get_the_same_counts(void **state)
{
	const struct set set = {.rows = rows, .count = 2, .planned = 2};
	CLEANUP_FREE char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(show_set_json(out, &set), 0);
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(text, "\"format\":\"ptrace-lab scenarios\""));
	assert_non_null(strstr(text, "\"held\":2,\"not_held\":1,\"undecided\":1,\"failed\":0"));
	assert_non_null(strstr(text, "\"because\":\"there was one CPU only\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_did_not_hold_is_named_with_its_figure),
		cmocka_unit_test(undecided_claims_are_no_failure_but_a_bad_end_is),
		cmocka_unit_test(an_interrupted_set_says_so),
		cmocka_unit_test(the_table_fits_every_width),
		cmocka_unit_test(a_row_takes_the_claims_out_of_the_model),
		cmocka_unit_test(programs_get_the_same_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
