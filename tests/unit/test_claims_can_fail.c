// SPDX-License-Identifier: GPL-2.0-only
/*
 * A claim that can never fail is worth nothing: for each claim of each scenario there is a run, if
 * only an imagined one, of which it would not be true. The figures of that run are drawn by lot.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/scenarios.h"
#include "claims_model.h"
#include "model/claims/names.h"
#include "random_text.h"

#define TRIES 100000

/* Every name has one value within one try. */
static struct drawn {
	struct claim_name name;
	long double value;
} drawn[64];
static size_t drawn_count;
static uint64_t lots = 0xfa11;

static long double draw(void)
{
	static const long double values[] = {0,	   1,	 2,    3,    4,	   11,	 15,   1e2L, 1e4L,
					     1e5L, 1e6L, 5e6L, 2e7L, 1e8L, 2e8L, 5e8L, 1e9L};

	return values[random_next(&lots) % (sizeof(values) / sizeof(values[0]))];
}

/* In place of the one that looks into the model (the linker's --wrap). */
enum figure_result __wrap_claim_figure(const struct model *model, const struct claim_name *name,
				       long double *ret, char *because, size_t because_size);
enum figure_result __wrap_claim_figure(const struct model *model, const struct claim_name *name,
				       long double *ret, char *because, size_t because_size)
{
	for (size_t i = 0; i < drawn_count; i++)
		if (!strcmp(drawn[i].name.head, name->head) &&
		    !strcmp(drawn[i].name.bracket, name->bracket) &&
		    !strcmp(drawn[i].name.tail, name->tail)) {
			*ret = drawn[i].value;
			return FIGURE_KNOWN;
		}
	assert_true(drawn_count < sizeof(drawn) / sizeof(drawn[0]));
	drawn[drawn_count] = (struct drawn){.name = *name, .value = draw()};
	*ret = drawn[drawn_count++].value;
	return FIGURE_KNOWN;
}

static void every_claim_of_every_scenario_can_fail(void **state)
{
	struct scenario_list list;
	struct scenario *scenario;

	assert_int_equal(scenario_list(&list), 0);
	vector_for_each (&list.items, scenario) {
		bool failed[64] = {false};
		size_t left = 1;

		for (unsigned int i = 0; left && i < TRIES; i++) {
			struct model model = model_whole();

			drawn_count = 0;
			assert_int_equal(claims_evaluate(&model, scenario_text(scenario->name)), 0);
			assert_true(model.claims.count < 64);
			left = 0;
			for (size_t c = 0; c < model.claims.count; c++) {
				failed[c] |= model.claims.items[c].verdict == VERDICT_NOT_HELD;
				left += !failed[c];
				if (i == TRIES - 1 && !failed[c])
					print_error("%s: %s\n", scenario->name,
						    model.claims.items[c].text);
			}
			model_clear(&model);
		}
		assert_int_equal(left, 0);
	}
	scenario_list_free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_claim_of_every_scenario_can_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
