// SPDX-License-Identifier: GPL-2.0-only
/* What is said of lost updates is true: against simulated threads, of which all is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "race_simulator.h"

struct tally {
	uint64_t lost, named, exact;
};

static void check_loss(const struct simulated_run *run, const struct race_loss *loss)
{
	const struct truth *victim = &run->truths[run->update_of[loss->victim]], *killer;

	if (loss->certainty == RACE_DOUBT)
		return;
	killer = &run->truths[run->update_of[loss->killer]];
	if (loss->certainty == RACE_CERTAIN) {
		assert_false(victim->lives);
		assert_true(killer->load_time < victim->store_time);
		assert_true(victim->store_time < killer->store_time);
	} else {
		assert_int_equal(victim->found, killer->found);
		assert_int_equal(victim->written, killer->written);
		assert_false(victim->lives && killer->lives);
	}
}

static struct tally check(const struct simulation *simulation)
{
	struct simulated_run run = simulate(simulation);
	struct race_options options = {
		.bytes = 8,
		.reads_seen = simulation->kind == SIMULATED_READ_WRITE ||
			      simulation->kind == SIMULATED_LOCKED,
		.has_first = true,
	};
	const struct race_loss *loss;
	struct tally tally;
	struct race race;

	assert_int_equal(race_work_out(run.accesses, run.count, &options, &race), 0);
	assert_int_equal(race.broken, 0);
	assert_int_equal(race.updates, run.updates);
	/* Who was the very last one may stay open, if nobody read what it left. */
	if (race.exact) {
		assert_int_equal(race.lost, run.lost);
		assert_int_equal(race.last, run.final);
	} else {
		assert_false(race.last_certain);
	}
	assert_int_equal(race.named + race.undecided, race.lost);
	vector_for_each (&race.losses, loss)
		check_loss(&run, loss);
	tally = (struct tally){race.lost, race.named, race.exact};
	race_free(&race);
	simulated_free(&run);
	return tally;
}

static struct tally check_seeds(struct simulation simulation, uint32_t seeds)
{
	struct tally sum = {0};

	for (simulation.seed = 1; simulation.seed <= seeds; simulation.seed++) {
		struct tally one = check(&simulation);

		sum.lost += one.lost;
		sum.named += one.named;
		sum.exact += one.exact;
	}
	assert_true(sum.exact * 10 >= seeds * 8);
	return sum;
}

static void losses_of_two_threads_are_counted_exactly_and_nine_in_ten_are_named(void **state)
{
	struct tally tally = check_seeds(
		(struct simulation){
			.kind = SIMULATED_READ_WRITE, .threads = 2, .updates = 300, .gap = 1500},
		40);

	assert_true(tally.lost > 1000);
	assert_true(tally.named * 10 >= tally.lost * 9);
}

static void a_thread_that_loses_its_cpu_between_read_and_write_is_found_out(void **state)
{
	struct tally tally = check_seeds((struct simulation){.kind = SIMULATED_READ_WRITE,
							     .threads = 2,
							     .updates = 300,
							     .gap = 1500,
							     .rare = 50},
					 40);

	assert_true(tally.lost > 1000);
	assert_true(tally.named * 10 >= tally.lost * 8);
}

static void a_trap_that_is_told_milliseconds_late_does_not_spoil_the_count(void **state)
{
	static const enum simulated kinds[] = {SIMULATED_READ_WRITE, SIMULATED_WRITE, SIMULATED_ADD,
					       SIMULATED_ATOMIC};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct tally tally = check_seeds((struct simulation){.kind = kinds[i],
								     .threads = 2,
								     .updates = 2000,
								     .gap = 1500,
								     .late = 1500},
						 12);

		assert_int_equal(tally.exact, 12);
		/* Who lost what to whom stays open for what happened meanwhile. */
		if (kinds[i] == SIMULATED_READ_WRITE)
			assert_true(tally.named * 10 >= tally.lost * 8);
	}
}

/* Each is preempted between its read and its write, so that dozens of writes are due at a time, and
 * more orders fit than can be looked through. What is named must be true all the same. */
static void a_storm_of_threads_that_have_read_and_not_written_names_nobody_wrongly(void **state)
{
	struct simulation simulation = {.kind = SIMULATED_READ_WRITE,
					.threads = 40,
					.updates = 10,
					.gap = 40000,
					.rare = 2};
	uint64_t named = 0;

	for (simulation.seed = 1; simulation.seed <= 10; simulation.seed++)
		named += check(&simulation).named;
	assert_true(named);
}

static void where_only_writes_are_seen_the_count_is_exact_too(void **state)
{
	struct tally tally = check_seeds(
		(struct simulation){
			.kind = SIMULATED_WRITE, .threads = 2, .updates = 300, .gap = 1500},
		40);

	assert_true(tally.lost > 10);
	assert_true(tally.named * 10 >= tally.lost * 9);
	check_seeds(
		(struct simulation){
			.kind = SIMULATED_WRITE, .threads = 4, .updates = 200, .gap = 3000},
		10);
}

static void additions_that_are_not_atomic_are_counted_exactly(void **state)
{
	check_seeds(
		(struct simulation){
			.kind = SIMULATED_ADD, .threads = 2, .updates = 300, .gap = 1500},
		20);
}

static void no_loss_is_named_where_updates_are_atomic_or_locked(void **state)
{
	static const enum simulated kinds[] = {SIMULATED_ATOMIC, SIMULATED_LOCKED};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct tally tally = check_seeds(
			(struct simulation){
				.kind = kinds[i], .threads = 4, .updates = 200, .gap = 1500},
			10);

		assert_int_equal(tally.lost, 0);
		assert_int_equal(tally.named, 0);
	}
}

/* ---- by hand -------------------------------------------------------------------------------- */

static struct race work_out(const struct race_access *accesses, size_t count, bool reads_seen)
{
	struct race_options options = {.bytes = 8, .reads_seen = reads_seen, .has_first = true};
	struct race race;

	assert_int_equal(race_work_out(accesses, count, &options, &race), 0);
	return race;
}

static void who_wrote_between_a_read_and_its_write_is_the_victim(void **state)
{
	static const struct race_access accesses[] = {
		{.end = 10, .thread = 0, .kind = RACE_READ, .value = 0},
		{.begin = 0, .end = 20, .thread = 1, .kind = RACE_READ, .value = 0},
		{.begin = 20, .end = 30, .thread = 1, .kind = RACE_WRITE, .value = 1},
		{.begin = 30, .end = 40, .thread = 1, .kind = RACE_READ, .value = 1},
		{.begin = 40, .end = 50, .thread = 1, .kind = RACE_WRITE, .value = 2},
		{.begin = 60, .end = 70, .thread = 0, .kind = RACE_WRITE, .value = 1},
		{.begin = 70, .end = 80, .thread = 0, .kind = RACE_READ, .value = 1},
	};
	struct race race = work_out(accesses, 7, true);

	assert_true(race.exact);
	assert_int_equal(race.lost, 2);
	assert_int_equal(race.named, 2);
	assert_int_equal(race.losses.items[1].victim, 4);
	assert_int_equal(race.losses.items[1].killer, 5);
	assert_int_equal(race.losses.items[1].killer_read, 0);
	assert_int_equal(race.losses.items[1].certainty, RACE_CERTAIN);
	race_free(&race);
}

static void a_value_that_nobody_wrote_breaks_the_proof(void **state)
{
	static const struct race_access accesses[] = {
		{.end = 10, .thread = 0, .kind = RACE_READ, .value = 0},
		{.begin = 10, .end = 20, .thread = 0, .kind = RACE_WRITE, .value = 1},
		{.begin = 20, .end = 30, .thread = 0, .kind = RACE_READ, .value = 7},
		{.begin = 30, .end = 40, .thread = 0, .kind = RACE_WRITE, .value = 8},
	};
	struct race race = work_out(accesses, 4, true);

	assert_false(race.exact);
	assert_int_equal(race.broken, 1);
	race_free(&race);
}

static void an_assignment_is_not_an_update(void **state)
{
	static const struct race_access accesses[] = {
		{.end = 10, .thread = 0, .kind = RACE_WRITE, .value = 5},
		{.begin = 10, .end = 20, .thread = 0, .kind = RACE_READ, .value = 5},
		{.begin = 20, .end = 30, .thread = 0, .kind = RACE_WRITE, .value = 6},
		{.begin = 30, .end = 40, .thread = 0, .kind = RACE_WRITE, .value = 0},
	};
	struct race race = work_out(accesses, 4, true);

	assert_int_equal(race.assignments, 2);
	assert_int_equal(race.updates, 1);
	assert_int_equal(race.lost, 0);
	race_free(&race);
}

static void what_it_is_set_to_before_all_updates_is_where_it_begins(void **state)
{
	static const struct race_access accesses[] = {
		{.end = 10, .thread = 0, .kind = RACE_WRITE, .value = 5},
		{.begin = 20, .end = 30, .thread = 1, .kind = RACE_READ, .value = 5},
		{.begin = 20, .end = 40, .thread = 2, .kind = RACE_READ, .value = 5},
		{.begin = 30, .end = 50, .thread = 1, .kind = RACE_WRITE, .value = 4},
		{.begin = 40, .end = 60, .thread = 2, .kind = RACE_WRITE, .value = 4},
		{.begin = 60, .end = 70, .thread = 0, .kind = RACE_READ, .value = 4},
	};
	struct race race = work_out(accesses, 6, true);

	assert_true(race.exact);
	assert_int_equal(race.first, 5);
	assert_int_equal(race.lost, 1);
	assert_int_equal(race.named, 1);
	race_free(&race);
}

static void updates_that_differ_are_told_apart_from_a_counter(void **state)
{
	static const struct race_access accesses[] = {
		{.end = 10, .thread = 0, .kind = RACE_ATOMIC, .value = 5},
		{.begin = 10, .end = 20, .thread = 0, .kind = RACE_ATOMIC, .value = (uint64_t)-3},
	};
	struct race race = work_out(accesses, 2, true);

	assert_false(race.counts);
	assert_int_equal(race.last, 2);
	assert_int_equal(race.lost, 0);
	race_free(&race);
}

static void a_counter_may_count_down_and_be_small(void **state)
{
	static const struct race_access accesses[] = {
		{.end = 10, .thread = 0, .kind = RACE_READ, .value = 0},
		{.begin = 10, .end = 20, .thread = 0, .kind = RACE_WRITE, .value = 255},
		{.begin = 20, .end = 30, .thread = 0, .kind = RACE_READ, .value = 255},
		{.begin = 30, .end = 40, .thread = 0, .kind = RACE_WRITE, .value = 254},
	};
	struct race_options options = {.bytes = 1, .reads_seen = true, .has_first = true};
	struct race race;

	assert_int_equal(race_work_out(accesses, 4, &options, &race), 0);
	assert_int_equal(race.step, -1);
	assert_int_equal(race.lost, 0);
	assert_true(race.exact);
	race_free(&race);
}

static void nothing_gives_nothing(void **state)
{
	struct race race = work_out(NULL, 0, true);

	assert_int_equal(race.updates, 0);
	assert_int_equal(race.lost, 0);
	race_free(&race);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			losses_of_two_threads_are_counted_exactly_and_nine_in_ten_are_named),
		cmocka_unit_test(a_thread_that_loses_its_cpu_between_read_and_write_is_found_out),
		cmocka_unit_test(a_trap_that_is_told_milliseconds_late_does_not_spoil_the_count),
		cmocka_unit_test(
			a_storm_of_threads_that_have_read_and_not_written_names_nobody_wrongly),
		cmocka_unit_test(where_only_writes_are_seen_the_count_is_exact_too),
		cmocka_unit_test(additions_that_are_not_atomic_are_counted_exactly),
		cmocka_unit_test(no_loss_is_named_where_updates_are_atomic_or_locked),
		cmocka_unit_test(who_wrote_between_a_read_and_its_write_is_the_victim),
		cmocka_unit_test(a_value_that_nobody_wrote_breaks_the_proof),
		cmocka_unit_test(an_assignment_is_not_an_update),
		cmocka_unit_test(what_it_is_set_to_before_all_updates_is_where_it_begins),
		cmocka_unit_test(updates_that_differ_are_told_apart_from_a_counter),
		cmocka_unit_test(a_counter_may_count_down_and_be_small),
		cmocka_unit_test(nothing_gives_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
