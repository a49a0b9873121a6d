// SPDX-License-Identifier: GPL-2.0-only
/* Whatever text comes as claims: mistakes in it are told, and none does harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "claims_model.h"
#include "model/claims/claims.h"
#include "model/claims/text.h"
#include "random_text.h"

/* ---- texts that cannot be understood ------------------------------------------------------- */

static void a_mistake_in_a_condition_says_where(void **state)
{
	static const struct {
		const char *condition, *because;
	} cases[] = {
		{"1 ==", "a number or a name is missing near its end"},
		{"", "a number or a name is missing near its end"},
		{"1 == 1)", "nothing more was expected near ')'"},
		{"(1 == 1", "')' is missing near its end"},
		{"1 < 2 < 3", "nothing more was expected near '< 3'"},
		{"fact.actual", "a number is used as a condition near its end"},
		{"1 and 2", "a number is used as a condition near its end"},
		{"(1 == 1) + 1 == 2", "a condition is used as a number near '== 2'"},
		{"5 parsecs == 1", "nothing more was expected near 'parsecs == 1'"},
		{"5parsecs == 1", "there is no such unit near 'parsecs == 1'"},
		{"wibble == 1", "there is no such name near 'wibble == 1'"},
		{"lock.colour == 1", "there is no such name near 'lock.colour == 1'"},
		{"lock.locks == 1", "there is no such name near 'lock.locks == 1'"},
		{"threads[a].colour == 1", "there is no such name near 'threads[a].colour == 1'"},
		{"thread[a].blocked.bored == 1",
		 "there is no such name near 'thread[a].blocked.bored '"},
		{"thread[a == 1", "']' is missing near its end"},
		{"thread[] == 1", "a name is missing near '] == 1'"},
		{"1 near 2", "'within' is missing near its end"},
		{"1 = 1", "nothing more was expected near '= 1'"},
		{"99999999999999999999999999999999999999999 == 1",
		 "a number is too long near '== 1'"},
	};
	struct model model = sample_model();

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct claim *claim = evaluate_condition(&model, cases[i].condition);
		const char *where = strstr(claim->because, "cannot be understood: ");

		assert_int_equal(claim->verdict, VERDICT_UNDECIDED);
		assert_non_null(where);
		where += strlen("cannot be understood: ");
		assert_string_equal(where, cases[i].because);
	}
	model_clear(&model);
}

static void a_mistake_in_the_text_makes_one_claim_undecided_and_spares_the_others(void **state)
{
	static const char text[] = "title: one\n"
				   "claim: no condition\n"
				   "claim: a strange key\n  holds: 1 == 1\n  hodls: 1 == 1\n"
				   "claim: twice\n  holds: 1 == 1\n  holds: 1 == 2\n"
				   "claim: no colon\n  holds: 1 == 1\n  oh\n"
				   "claim: bad figure\n  holds: 1 == 1\n  shows: 1 as parsecs\n"
				   "claim: good\n  holds: 1 == 1\n"
				   "future: something for a newer version\n"
				   "nonsense\n";
	static const char *const because[] = {
		"it has no condition (holds)",
		"line 5 of the text has the unknown key 'hodls'",
		"line 8 of the text says the same key again",
		"line 11 of the text has no key",
		"what it shows cannot be understood: there is no such unit near 'parsecs'",
		"",
		"line 18 of it has no key",
	};
	struct model model = sample_model();

	assert_int_equal(claims_evaluate(&model, text), 0);
	assert_string_equal(model.scenario_title, "one");
	assert_int_equal(model.claims.count, ARRAY_SIZE(because));
	for (size_t i = 0; i < ARRAY_SIZE(because); i++) {
		assert_string_equal(model.claims.items[i].because, because[i]);
		assert_int_equal(model.claims.items[i].verdict,
				 *because[i] ? VERDICT_UNDECIDED : VERDICT_HELD);
	}
	model_clear(&model);
}

static void a_text_without_claims_has_none(void **state)
{
	struct model model = sample_model();

	assert_int_equal(claims_evaluate(&model, ""), 0);
	assert_int_equal(model.claims.count, 0);
	assert_null(model.scenario_title);
	assert_int_equal(claims_evaluate(&model, "title: a title\r\n\n\nchapter: 1\n"), 0);
	assert_int_equal(model.claims.count, 0);
	assert_string_equal(model.scenario_title, "a title");
	/* A second evaluation replaces the first. */
	assert_int_equal(claims_evaluate(&model, "title: other\nclaim: c\n holds: 1 == 1"), 0);
	assert_int_equal(claims_evaluate(&model, "title: other\nclaim: c\n holds: 1 == 1"), 0);
	assert_int_equal(model.claims.count, 1);
	model_clear(&model);
}

static void headings_are_read_without_the_claims(void **state)
{
	struct scenario_heading heading;

	assert_int_equal(scenario_heading_parse("title:  two threads: a race \nchapter: 7\n"
						"order: 12\nclaim: c\n  title: not this\n",
						&heading),
			 0);
	assert_string_equal(heading.title, "two threads: a race");
	assert_int_equal(heading.chapter, 7);
	assert_int_equal(heading.order, 12);
	scenario_heading_free(&heading);
	assert_int_equal(scenario_heading_parse("chapter: -1\norder: 99999999999\n", &heading), 0);
	assert_null(heading.title);
	assert_int_equal(heading.chapter, 0);
	assert_int_equal(heading.order, 0);
	scenario_heading_free(&heading);
}

/* ---- hostile texts ------------------------------------------------------------------------- */

static void nesting_without_end_is_refused(void **state)
{
	static const char *const openings[] = {"(", "-", "not ", "(not (-", "((1+("};
	struct model model = sample_model();

	for (size_t i = 0; i < ARRAY_SIZE(openings); i++) {
		size_t times = 50000 / strlen(openings[i]);
		char *text = malloc(60000), *end;

		assert_non_null(text);
		end = stpcpy(text, "claim: c\n  holds: ");
		while (times--)
			end = stpcpy(end, openings[i]);
		assert_int_equal(evaluate(&model, text)->verdict, VERDICT_UNDECIDED);
		assert_non_null(strstr(model.claims.items[0].because, "nested too deeply"));
		free(text);
	}
	model_clear(&model);
}

static void endless_texts_are_cut_and_said_to_be(void **state)
{
	static const char *const lines[] = {"claim: c\n holds: 1 == 1\n", "x\n", " x\n",
					    "claim: c\n"};
	const size_t size = 3 * SCENARIO_TEXT_MAX;
	struct model model = sample_model();

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		char *text = malloc(size + 64), *end = text;
		const struct claim *last;

		assert_non_null(text);
		while (end < text + size)
			end = stpcpy(end, lines[i]);
		assert_int_equal(claims_evaluate(&model, text), 0);
		assert_true(model.claims.count <= SCENARIO_CLAIMS_MAX + 1);
		last = &model.claims.items[model.claims.count - 1];
		assert_int_equal(last->verdict, VERDICT_UNDECIDED);
		assert_non_null(strstr(last->because, "too m"));
		free(text);
	}
	model_clear(&model);
}

static void random_texts_never_crash_and_every_claim_has_a_verdict(void **state)
{
	static const char *const pieces[] = {"claim:",
					     "title:",
					     "needs:",
					     "holds:",
					     "shows:",
					     "\n",
					     "\n  ",
					     "(",
					     ")",
					     "and",
					     "or",
					     "not",
					     "near",
					     "within",
					     "of",
					     "as",
					     "count",
					     "share",
					     "+",
					     "-",
					     "*",
					     "/",
					     "<=",
					     "==",
					     "15%",
					     "5ms",
					     "0",
					     "1e9",
					     "fact.",
					     "fact.huge",
					     "thread[",
					     "]",
					     ".ready",
					     "threads",
					     "[counter-*]",
					     "lock.",
					     "waits",
					     ".blocked.",
					     "lock",
					     "cpus",
					     "wall",
					     "parallelism",
					     "thread[counter-1].running",
					     "fact.missing",
					     "99999999999999999999"};
	uint64_t random = 0x5eed;

	for (int round = 0; round < 20000; round++) {
		struct model model = sample_model();
		const struct claim *claim;
		char text[2048] = "claim: c\n  holds: ", piece[128];
		size_t count = random_next(&random) % 40;

		for (size_t i = 0; i < count; i++) {
			if (random_next(&random) % 8)
				snprintf(piece, sizeof(piece), "%s ",
					 pieces[random_next(&random) % ARRAY_SIZE(pieces)]);
			else
				random_text(&random, piece, 24);
			strncat(text, piece, sizeof(text) - strlen(text) - 1);
		}
		assert_int_equal(claims_evaluate(&model, text), 0);
		vector_for_each (&model.claims, claim) {
			assert_true((unsigned int)claim->verdict <= VERDICT_UNDECIDED);
			assert_non_null(claim->text);
			assert_non_null(claim->measured);
			assert_int_equal(claim->verdict == VERDICT_UNDECIDED,
					 *claim->because != '\0');
		}
		model_clear(&model);
	}
}

static void mutated_texts_never_crash(void **state)
{
	static const char good[] =
		"title: t\nchapter: 1\nclaim: c\n  needs: cpus >= 2 and not lost > 0\n"
		"  holds: lock.wait near thread[counter-2].blocked.lock within 15% or 1 / 2 < (3)\n"
		"  shows: lock.wait of fact.expected - fact.actual as duration\n";
	uint64_t random = 0xbadf00d;

	for (int round = 0; round < 20000; round++) {
		struct model model = sample_model();
		char text[sizeof(good)];

		memcpy(text, good, sizeof(good));
		for (uint64_t n = random_next(&random) % 6; n; n--)
			text[random_next(&random) % (sizeof(good) - 1)] =
				(char)random_next(&random);
		assert_int_equal(claims_evaluate(&model, text), 0);
		model_clear(&model);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mistake_in_a_condition_says_where),
		cmocka_unit_test(
			a_mistake_in_the_text_makes_one_claim_undecided_and_spares_the_others),
		cmocka_unit_test(a_text_without_claims_has_none),
		cmocka_unit_test(headings_are_read_without_the_claims),
		cmocka_unit_test(nesting_without_end_is_refused),
		cmocka_unit_test(endless_texts_are_cut_and_said_to_be),
		cmocka_unit_test(random_texts_never_crash_and_every_claim_has_a_verdict),
		cmocka_unit_test(mutated_texts_never_crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
