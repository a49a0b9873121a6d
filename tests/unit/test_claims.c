// SPDX-License-Identifier: GPL-2.0-only
/* What a claim says is worked out exactly, and what is not known is never taken for true. */
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
#include "model/claims/names.h"
#include "random_text.h"

static void assert_verdicts(struct model *model, enum verdict verdict,
			    const char *const *conditions, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct claim *claim = evaluate_condition(model, conditions[i]);

		if (claim->verdict != verdict)
			print_error("%s: %s (%s)\n", conditions[i], verdict_name(claim->verdict),
				    claim->because);
		assert_int_equal(claim->verdict, verdict);
		assert_int_equal(*claim->because != '\0', verdict == VERDICT_UNDECIDED);
	}
}

#define assert_all(model, verdict, conditions)                                                     \
	assert_verdicts(model, verdict, conditions, ARRAY_SIZE(conditions))

/* ---- expressions --------------------------------------------------------------------------- */

static void true_conditions_hold(void **state)
{
	static const char *const conditions[] = {
		"1 == 1",
		"1 != 2",
		"1 < 2",
		"2 > 1",
		"1 <= 1 and 1 >= 1",
		"1+2*3 == 7",
		"(1+2)*3 == 9",
		"7 - 2 - 1 == 4",
		"8 / 2 / 2 == 2",
		"-2 < -1",
		"- - 2 == 2",
		"2 * -3 == -6",
		"1.5 == 3 / 2",
		"5ms == 5000000",
		"5us == 5000ns",
		"2s == 2000ms",
		"15% == 0.15",
		"200% == 2",
		"not 1 > 2",
		"not not 1 == 1",
		"1 > 2 or 2 > 1",
		"1 == 1 or 1 == 2 and 1 == 3",
		"not 1 == 2 and 1 == 1",
		"(1 < 2) and (2 < 3)",
		"100 near 85 within 15%",
		"100 near 100 within 0",
		"-100 near -90 within 10%",
		"0 near 0 within 0%",
		"\t1==1\t",
	};
	struct model model = sample_model();

	assert_all(&model, VERDICT_HELD, conditions);
	model_clear(&model);
}

static void false_conditions_do_not_hold(void **state)
{
	static const char *const conditions[] = {
		"1 == 2",
		"1 != 1",
		"2 < 1",
		"2 <= 1",
		"1 > 1",
		"1 >= 2",
		"not 1 == 1",
		"1 == 1 and 1 == 2",
		"1 == 2 or 1 == 3",
		"(1 == 1 or 1 == 2) and 1 == 3",
		"100 near 84 within 15%",
		"1 near -1 within 50%",
	};
	struct model model = sample_model();

	assert_all(&model, VERDICT_NOT_HELD, conditions);
	model_clear(&model);
}

static void every_name_has_its_figure(void **state)
{
	static const char *const conditions[] = {
		"cpus == 2",
		"wall == 10ms",
		"cpu == 8ms",
		"parallelism near 8/7 within 0.0001%",
		"overlap == 1ms",
		"threads == 3",
		"processes == 1",
		"threads[counter-*] == 3",
		"threads[counter-1] == 1",
		"threads[*-2] == 1",
		"threads[nobody*] == 0",
		"switches == 17",
		"wakeups == 5",
		"lost == 0",
		"locks == 1",
		"lock.waits == 1",
		"lock.wait == 2ms",
		"lock.wait_max == 2ms",
		"lock.holder_running == 1500us",
		"thread[counter-2].life == 5ms",
		"thread[counter-2].running == 3ms",
		"thread[counter-1].ready == 1ms",
		"thread[counter-2].blocked == 2ms",
		"thread[counter-2].blocked.lock == 2ms",
		"thread[counter-2].blocked.sleep == 0",
		"thread[counter-lock].blocked.join == 8ms",
		"thread[counter-lock].blocked.page_fault == 1ms",
		"thread[counter-2].switches == 5",
		"thread[counter-2].voluntary == 3",
		"thread[counter-2].involuntary == 2",
		"thread[counter-2].times.lock == 1",
		"thread[counter-2].times.sleep == 0",
		"threads[counter-*].running == 8ms",
		"threads[counter-*].blocked.page_fault == 1ms",
		"threads[counter-*].times.join == 1",
		"threads[counter-1].switches == thread[counter-1].switches",
		"least[counter-*].running == 1ms",
		"most[counter-*].running == 4ms",
		"least[counter-*].ready == 0 and most[counter-*].ready == 1ms",
		"most[counter-*].begin - least[counter-*].begin == 0",
		"thread[counter-1].wakeups == 0 and thread[counter-1].migrations == 0",
		"fact.actual < fact.expected",
		"fact.expected - fact.actual == 1000",
		"fact.negative == -3",
		"fact.half == 50%",
		"fact.said_twice == 2",
	};
	struct model model = sample_model();

	assert_all(&model, VERDICT_HELD, conditions);
	model_clear(&model);
}

static void whole_numbers_of_64_bits_are_compared_exactly(void **state)
{
	static const char *const conditions[] = {
		"fact.huge != fact.nearly_huge",
		"fact.huge - fact.nearly_huge == 1",
		"fact.huge == 18446744073709551615",
		"fact.address == 140733193392128",
	};
	struct model model = sample_model();

	assert_all(&model, VERDICT_HELD, conditions);
	model_clear(&model);
}

static void a_long_thread_name_is_cut_as_the_kernel_cuts_it(void **state)
{
	struct model model = sample_model();

	model_add_thread(&model, "counter-storm-lock", 1, 0, 0);
	assert_int_equal(
		evaluate_condition(&model, "thread[counter-storm-lock].running == 1")->verdict,
		VERDICT_HELD);
	model_clear(&model);
}

static void patterns_match_the_whole_name(void **state)
{
	assert_true(name_matches("", ""));
	assert_true(name_matches("*", ""));
	assert_true(name_matches("**", "x"));
	assert_true(name_matches("a*c", "abcc"));
	assert_true(name_matches("*ab", "aab"));
	assert_true(name_matches("a*b*c", "a-b-b-c"));
	assert_false(name_matches("", "x"));
	assert_false(name_matches("a", "ab"));
	assert_false(name_matches("a*c", "abd"));
	assert_false(name_matches("*x*", "abc"));
	assert_false(name_matches("a?c", "abc"));
}

/* ---- what is not known --------------------------------------------------------------------- */

static void what_is_not_known_is_undecided_with_the_reason(void **state)
{
	static const struct {
		const char *condition, *because;
	} cases[] = {
		{"fact.missing == 1", "the program did not report 'missing'"},
		{"fact.word == 1", "what the program reported as 'word' is not a number"},
		{"thread[nobody].running > 0", "no thread is called 'nobody'"},
		{"thread[twin].running > 0", "2 threads are called 'twin'"},
		{"threads[nobody-*].running > 0", "no thread's name is like 'nobody-*'"},
		{"least[nobody].blocked.lock > 0", "no thread's name is like 'nobody'"},
		{"1 / 0 == 1", "there is a division by zero in it"},
		{"1 / (wall - wall) > 0 and 1 == 1", "there is a division by zero in it"},
		{"not fact.missing == 1", "the program did not report 'missing'"},
		{"1 near fact.missing within 5%", "the program did not report 'missing'"},
		{"1 == 2 or fact.missing == 1", "the program did not report 'missing'"},
		{"-fact.missing * 2 > fact.other", "the program did not report 'missing'"},
	};
	struct model model = sample_model();

	model_add_thread(&model, "twin", 1, 0, 0);
	model_add_thread(&model, "twin", 1, 0, 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct claim *claim = evaluate_condition(&model, cases[i].condition);

		assert_int_equal(claim->verdict, VERDICT_UNDECIDED);
		assert_string_equal(claim->because, cases[i].because);
	}
	model_clear(&model);
}

static void what_is_known_decides_if_the_unknown_cannot_matter(void **state)
{
	static const char *const held[] = {"fact.missing == 1 or 1 == 1",
					   "1 == 1 or fact.missing == 1",
					   "not (1 == 2 and fact.missing == 1)"};
	static const char *const not_held[] = {"fact.missing == 1 and 1 == 2",
					       "1 == 2 and fact.missing == 1"};
	struct model model = sample_model();

	assert_all(&model, VERDICT_HELD, held);
	assert_all(&model, VERDICT_NOT_HELD, not_held);
	model_clear(&model);
}

static void figures_of_a_stream_with_gaps_are_undecided(void **state)
{
	static const char *const undecided[] = {
		"parallelism > 0",   "overlap > 0",
		"switches > 0",	     "wakeups > 0",
		"locks == 1",	     "lock.waits == 1",
		"lock.wait > 0",     "thread[counter-2].blocked.lock > 0",
		"lock.wait_max > 0", "thread[counter-2].running > 0",
		"cpu > 0",
	};
	static const char *const held[] = {"wall == 10ms", "lost == 3", "fact.actual > 0",
					   "threads == 3", "threads[counter-*] == 3"};
	struct model model = sample_model();

	model.losses.records = 3;
	assert_all(&model, VERDICT_UNDECIDED, undecided);
	assert_string_equal(evaluate_condition(&model, "overlap > 0")->because,
			    "3 records were lost");
	assert_all(&model, VERDICT_HELD, held);
	model_clear(&model);
}

static void totals_of_the_kernel_side_decide_even_with_gaps(void **state)
{
	static const char *const held[] = {"thread[counter-2].running == 3ms", "cpu == 8ms",
					   "thread[counter-2].switches == 5"};
	struct model model = sample_model();
	struct thread *thread;

	model.losses.records = 3;
	vector_for_each (&model.threads, thread)
		thread->has_totals = true;
	assert_all(&model, VERDICT_HELD, held);
	model_clear(&model);
}

static void threads_are_not_counted_where_births_may_be_missing(void **state)
{
	static const char *const undecided[] = {"threads == 3", "threads[counter-*] == 3",
						"processes == 1", "cpu > 0"};
	struct model model = sample_model();

	model.losses.life = 1;
	assert_all(&model, VERDICT_UNDECIDED, undecided);
	model.losses.life = 0;
	model.losses.untracked = 1;
	assert_all(&model, VERDICT_UNDECIDED, undecided);
	model.losses.untracked = 0;
	model.complete = false;
	assert_all(&model, VERDICT_UNDECIDED, undecided);
	model_clear(&model);
}

static void a_holder_that_is_only_partly_known_is_undecided(void **state)
{
	struct model model = sample_model();

	model.locks.items[0].main_holder_ns = 1 * MS;
	assert_int_equal(evaluate_condition(&model, "lock.holder_running > 0")->verdict,
			 VERDICT_UNDECIDED);
	model_clear(&model);
}

static void a_claim_whose_needs_are_not_met_is_undecided(void **state)
{
	struct model model = sample_model();
	const struct claim *claim = evaluate(&model, "claim: c\n needs: cpus >= 64\n"
						     " holds: 1 == 1\n shows: cpus as count\n");

	assert_int_equal(claim->verdict, VERDICT_UNDECIDED);
	assert_string_equal(claim->because, "it needs cpus >= 64, which was not so here");
	assert_string_equal(claim->measured, "2");
	claim = evaluate(&model, "claim: c\n needs: cpus >= 2\n holds: 1 == 1\n");
	assert_int_equal(claim->verdict, VERDICT_HELD);
	claim = evaluate(&model, "claim: c\n needs: fact.missing == 2\n holds: 1 == 1\n");
	assert_int_equal(claim->verdict, VERDICT_UNDECIDED);
	model_clear(&model);
}

static void the_first_need_that_is_not_met_gives_its_reason(void **state)
{
	static const char text[] = "claim: c\n needs: cpus >= 2 else there was one CPU\n"
				   " needs: cpus >= 64 else  there were too few\n"
				   " needs: cpus >= 65 else nobody reads this\n"
				   " holds: 1 == 2\n";
	struct model model = sample_model();
	const struct claim *claim = evaluate(&model, text);

	assert_int_equal(claim->verdict, VERDICT_UNDECIDED);
	assert_string_equal(claim->because, "there were too few");
	model.cpus = 65;
	claim = evaluate(&model, text);
	assert_int_equal(claim->verdict, VERDICT_NOT_HELD);
	/* What is not known is told as it is. */
	claim = evaluate(&model,
			 "claim: c\n needs: fact.gone > 1 else too short\n holds: 1 == 1\n");
	assert_string_equal(claim->because, "the program did not report 'gone'");
	/* Only needs have one. */
	claim = evaluate(&model, "claim: c\n holds: 1 == 1 else what\n");
	assert_int_equal(claim->verdict, VERDICT_UNDECIDED);
	assert_non_null(strstr(claim->because, "nothing more was expected"));
	model_clear(&model);
}

/* ---- lives --------------------------------------------------------------------------------- */

static struct process *add_process(struct model *model, const char *name, uint32_t pid)
{
	struct process *process = vector_add(&model->processes);

	assert_non_null(process);
	snprintf(process->name, sizeof(process->name), "%.15s", name);
	process->tgid = pid;
	process->end = process->begin + 3 * MS;
	return process;
}

/* A process that forked three: one exited, one was ended by a signal, one goes on. */
static struct model family(void)
{
	struct model model = model_whole();
	struct process *process;

	model_add_thread(&model, "parent", 4 * MS, 0, 0)->creator = NO_THREAD;
	for (unsigned int i = 0; i < 3; i++)
		model_add_thread(&model, "worker", 1 * MS, 0, 0)->creator = 0;
	model_add_thread(&model, "last", 2 * MS, 0, 0)->creator = 1;
	add_process(&model, "parent", 10);
	process = add_process(&model, "exited", 11);
	process->parent_tgid = 10;
	process->has_code = true;
	process->code = 7 << 8;
	process = add_process(&model, "killed", 12);
	process->has_code = true;
	process->code = 0x80 | 11; /* with a core dump */
	add_process(&model, "goes-on", 13)->alive_at_end = true;
	return model;
}

static void lives_have_their_figures(void **state)
{
	static const char *const held[] = {
		"thread[parent].begin == 995",
		"thread[parent].end == 4ms + 995",
		"thread[last].end < thread[parent].end",
		"thread[parent].started == 3",
		"thread[last].started == 0",
		"process[parent].pid == 10",
		"process[exited].parent == process[parent].pid",
		"process[exited].life == 3ms",
		"process[exited].signal == 0",
		"process[exited].status == 7",
		"process[killed].signal == 11",
	};
	struct model model = family();

	assert_all(&model, VERDICT_HELD, held);
	model_clear(&model);
}

static void of_lives_only_what_was_seen_is_known(void **state)
{
	static const struct {
		const char *condition, *because;
	} cases[] = {
		{"process[killed].status == 0", "'killed' ended by signal 11"},
		{"process[goes-on].signal == 0", "how 'goes-on' ended was not recorded"},
		{"process[parent].status == 0", "how 'parent' ended was not recorded"},
		{"process[parent].parent > 0", "the parent of 'parent' is not known"},
		{"process[nobody].pid > 0", "no process is called 'nobody'"},
		{"process[twin].pid > 0", "2 processes are called 'twin'"},
		{"thread[last].end > 0", "'last' had not ended"},
		{"thread[last].begin > 0", "'last' was there before"},
	};
	static const char *const births_missing[] = {"thread[parent].started == 3",
						     "thread[parent].end > 0",
						     "process[exited].status == 7"};
	struct model model = family();
	struct thread *last = &model.threads.items[4];

	last->began_before = last->alive_at_end = true;
	add_process(&model, "twin", 20);
	add_process(&model, "twin", 21);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct claim *claim = evaluate_condition(&model, cases[i].condition);

		assert_int_equal(claim->verdict, VERDICT_UNDECIDED);
		assert_string_equal(claim->because, cases[i].because);
	}
	model.losses.life = 1;
	assert_all(&model, VERDICT_UNDECIDED, births_missing);
	model_clear(&model);
}

/* ---- what is shown ------------------------------------------------------------------------- */

static void figures_are_shown_with_their_units(void **state)
{
	static const struct {
		const char *shows, *measured;
	} cases[] = {
		{"fact.expected as count", "1,000,000"},
		{"fact.actual of fact.expected as count", "999,000 of 1,000,000"},
		{"lock.wait as duration", "2.00 ms"},
		{"1980us of 1990us as duration", "1.98 of 1.99 ms"},
		{"980us of 1990us as duration", "980 us of 1.99 ms"},
		{"125s of 126s as duration", "2 min 5 s of 2 min 6 s"},
		{"1.034 as ratio", "1.03"},
		{"12.34 as ratio", "12.3"},
		{"9.996 as ratio", "10.0"},
		{"123.4 as ratio", "123"},
		{"12345.6 as ratio", "12,346"},
		{"0.47 as share", "47 %"},
		{"1024*1024 as bytes", "1.00 MiB"},
		{"-1500us as duration", "-1.50 ms"},
		{"2.6 as count", "3"},
		{"fact.missing as count", ""},
		{"1 of fact.missing as count", ""},
		{"1 / 0 as ratio", ""},
		{"fact.huge * fact.huge as count", ""},
	};
	struct model model = sample_model();
	char text[256];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct claim *claim;

		snprintf(text, sizeof(text), "claim: c\n  holds: 1 == 1\n  shows: %s\n",
			 cases[i].shows);
		claim = evaluate(&model, text);
		assert_int_equal(claim->verdict, VERDICT_HELD);
		assert_string_equal(claim->measured, cases[i].measured);
	}
	model_clear(&model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(true_conditions_hold),
		cmocka_unit_test(false_conditions_do_not_hold),
		cmocka_unit_test(every_name_has_its_figure),
		cmocka_unit_test(whole_numbers_of_64_bits_are_compared_exactly),
		cmocka_unit_test(a_long_thread_name_is_cut_as_the_kernel_cuts_it),
		cmocka_unit_test(patterns_match_the_whole_name),
		cmocka_unit_test(what_is_not_known_is_undecided_with_the_reason),
		cmocka_unit_test(what_is_known_decides_if_the_unknown_cannot_matter),
		cmocka_unit_test(figures_of_a_stream_with_gaps_are_undecided),
		cmocka_unit_test(totals_of_the_kernel_side_decide_even_with_gaps),
		cmocka_unit_test(threads_are_not_counted_where_births_may_be_missing),
		cmocka_unit_test(a_holder_that_is_only_partly_known_is_undecided),
		cmocka_unit_test(a_claim_whose_needs_are_not_met_is_undecided),
		cmocka_unit_test(the_first_need_that_is_not_met_gives_its_reason),
		cmocka_unit_test(lives_have_their_figures),
		cmocka_unit_test(of_lives_only_what_was_seen_is_known),
		cmocka_unit_test(figures_are_shown_with_their_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
