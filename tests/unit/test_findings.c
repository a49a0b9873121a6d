// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "model/model.h"
#include "model/race/watch.h"

#define MS 1000000ull

/* A run of 100 ms with two threads, of which nothing is wrong. */
static struct model healthy(void)
{
	struct model model = {.begin = 1000 * MS, .end = 1100 * MS, .cpus = 2};

	for (uint32_t i = 0; i < 2; i++) {
		struct thread *thread = vector_add(&model.threads);

		assert_non_null(thread);
		thread->state_ns[STATE_RUNNING] = 90 * MS;
		thread->begin = model.begin;
		thread->end = model.end;
	}
	model.path.known = true;
	return model;
}

static void give_back(struct model *model)
{
	for (size_t i = 0; i < model->threads.count; i++)
		vector_free(&model->threads.items[i].reasons);
	vector_free(&model->threads);
	vector_free(&model->locks);
	vector_free(&model->what_ifs);
	vector_free(&model->findings);
	critical_path_clear(&model->path);
}

static struct what_if *add_lock(struct model *model, enum reason reason, uint64_t gain,
				uint64_t waits)
{
	struct what_if *what_if = vector_add(&model->what_ifs);
	struct lock *lock = vector_add(&model->locks);

	assert_non_null(what_if);
	assert_non_null(lock);
	*what_if = (struct what_if){
		.kind = WHAT_IF_LOCK,
		.address = 0x1000 + 64 * model->locks.count,
		.reason = reason,
		.first = model->begin + 10 * MS,
		.last = model->end - 10 * MS,
		.waits = waits,
		.wait_ns = 2 * gain,
		.gain_ns = gain,
	};
	lock->address = what_if->address;
	lock->main_waiter = 1;
	lock->main_holder = 0;
	return what_if;
}

static void add_part(struct model *model, enum path_what what, enum reason reason, uint64_t ns,
		     uint64_t count)
{
	struct path_part *part = vector_add(&model->path.parts);

	assert_non_null(part);
	*part = (struct path_part){1, 1, what, reason, PL_NO_SYSCALL, ns, count};
}

static void assert_kinds(struct model *model, size_t count, const enum finding_kind *kinds)
{
	assert_int_equal(findings_find(model), 0);
	assert_int_equal(model->findings.count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(model->findings.items[i].kind, kinds[i]);
	give_back(model);
}

static void nothing_is_found_where_nothing_is_wrong(void **state)
{
	struct model model = healthy();

	add_part(&model, PATH_RUNNING, REASON_NONE, 90 * MS, 1);
	assert_kinds(&model, 0, NULL);
}

static void what_costs_less_than_a_twentieth_is_not_worth_a_sentence(void **state)
{
	struct model model = healthy();

	add_lock(&model, REASON_LOCK, 4 * MS, 3);
	add_part(&model, PATH_READY, REASON_NONE, 4 * MS, 9);
	assert_kinds(&model, 0, NULL);
}

static void a_lock_is_found_with_whom_it_hit_and_because_of_whom(void **state)
{
	struct model model = healthy();

	add_lock(&model, REASON_LOCK, 30 * MS, 3);
	assert_int_equal(findings_find(&model), 0);
	assert_int_equal(model.findings.count, 1);
	assert_int_equal(model.findings.items[0].kind, FINDING_SERIALISED);
	assert_int_equal(model.findings.items[0].cost_ns, 30 * MS);
	assert_int_equal(model.findings.items[0].thread, 1);
	assert_int_equal(model.findings.items[0].other, 0);
	assert_int_equal(model.findings.items[0].begin, model.begin + 10 * MS);
	give_back(&model);
}

static void a_lock_that_goes_from_hand_to_hand_is_a_convoy(void **state)
{
	struct model model = healthy();
	const enum finding_kind kinds[] = {FINDING_CONVOY};

	add_lock(&model, REASON_LOCK, 30 * MS, 500);
	assert_kinds(&model, 1, kinds);
}

static void the_most_costly_comes_first_and_there_are_five_at_most(void **state)
{
	struct model model = healthy();
	const enum finding_kind kinds[] = {FINDING_CONVOY, FINDING_SERIALISED, FINDING_SERIALISED,
					   FINDING_SERIALISED, FINDING_SERIALISED};

	for (uint64_t i = 0; i < 6; i++)
		add_lock(&model, REASON_LOCK, (10 + i) * MS, 3);
	add_lock(&model, REASON_LOCK, 40 * MS, 500);
	assert_kinds(&model, 5, kinds);
}

static struct what_if *add_interpreter(struct model *model)
{
	struct what_if *what_if = add_lock(model, REASON_CONDITION, 80 * MS, 20);

	what_if->timeouts = 10;
	what_if->inside = 10;
	what_if->waiter_count = 2;
	what_if->waiters[1] = 1;
	model->threads.items[0].state_ns[STATE_RUNNING] = 50 * MS;
	model->threads.items[1].state_ns[STATE_RUNNING] = 45 * MS;
	return what_if;
}

static void an_interpreters_lock_costs_no_more_than_could_run_together(void **state)
{
	struct model model = healthy();

	add_interpreter(&model);
	assert_int_equal(findings_find(&model), 0);
	assert_int_equal(model.findings.count, 1);
	assert_int_equal(model.findings.items[0].kind, FINDING_GIL);
	assert_int_equal(model.findings.items[0].cost_ns, 45 * MS);
	give_back(&model);
}

static void a_condition_is_no_lock_unless_all_signs_of_one_are_there(void **state)
{
	for (int sign = 0; sign < 4; sign++) {
		struct model model = healthy();
		struct what_if *what_if = add_interpreter(&model);

		if (sign == 0)
			what_if->timeouts = 0; /* nobody asks for it */
		else if (sign == 1)
			what_if->inside = 2; /* somebody else gives it */
		else if (sign == 2)
			what_if->waiter_count = 1; /* nobody competes */
		else
			model.threads.items[1].both_ns = 40 * MS; /* they run together */
		assert_kinds(&model, 0, NULL);
	}
}

static void own_competition_for_cpus_is_told_from_that_of_others(void **state)
{
	struct model model = healthy();
	const enum finding_kind kinds[] = {FINDING_OTHERS, FINDING_CPUS};
	struct what_if *what_if = vector_add(&model.what_ifs);

	what_if->kind = WHAT_IF_CPUS;
	what_if->gain_ns = 10 * MS;
	add_part(&model, PATH_READY, REASON_NONE, 40 * MS, 9);
	assert_int_equal(findings_find(&model), 0);
	assert_int_equal(model.findings.items[0].cost_ns, 30 * MS);
	assert_int_equal(model.findings.items[1].cost_ns, 10 * MS);
	model.findings.count = 0;
	assert_kinds(&model, 2, kinds);
}

static void who_waits_a_tenth_of_a_second_for_a_cpu_is_starved(void **state)
{
	struct model model = healthy();
	const enum finding_kind kinds[] = {FINDING_STARVED};

	model.end = model.begin + 900 * MS;
	model.threads.items[1].ready_max_ns = 99 * MS;
	assert_int_equal(findings_find(&model), 0);
	assert_int_equal(model.findings.count, 0);
	model.threads.items[1].ready_max_ns = 101 * MS;
	assert_kinds(&model, 1, kinds);
}

static void waits_for_the_network_in_series_are_found_and_sleeps_are_not(void **state)
{
	const enum finding_kind kinds[] = {FINDING_IO_IN_SERIES};
	struct model model = healthy();
	struct reason_total *beside;

	add_part(&model, PATH_WAITING, REASON_SOCKET, 80 * MS, 20);
	assert_int_equal(findings_find(&model), 0);
	assert_int_equal(model.findings.items[0].cost_ns, 76 * MS);
	model.findings.count = 0;
	assert_kinds(&model, 1, kinds);
	model = healthy();
	add_part(&model, PATH_WAITING, REASON_SLEEP, 80 * MS, 20);
	assert_kinds(&model, 0, NULL);
	model = healthy();
	add_part(&model, PATH_WAITING, REASON_SOCKET, 80 * MS, 1);
	assert_kinds(&model, 0, NULL);
	/* Another thread does the same beside it. */
	model = healthy();
	add_part(&model, PATH_WAITING, REASON_SOCKET, 80 * MS, 20);
	beside = vector_add(&model.threads.items[0].reasons);
	assert_non_null(beside);
	beside->reason = REASON_SOCKET;
	beside->total_ns = 70 * MS;
	assert_kinds(&model, 0, NULL);
}

static struct lock_user *add_user(struct lock *lock, uint32_t thread)
{
	struct lock_user *user = vector_add(&lock->users);

	assert_non_null(user);
	user->thread = thread;
	return user;
}

static struct pl_priority fifo(uint8_t priority)
{
	return (struct pl_priority){.policy = 1, .rt_priority = priority, .known = 1};
}

/* Thread 1 waits 60 ms for thread 0, which for 40 of them gets no CPU. */
static struct model inverted(uint8_t low, uint8_t high)
{
	struct model model = healthy();
	struct lock *lock = vector_add(&model.locks);
	struct lock_user *user;

	lock->reason = REASON_LOCK;
	lock->address = 0x1000;
	model.threads.items[0].priority_last = fifo(low);
	model.threads.items[1].priority_last = fifo(high);
	user = add_user(lock, 1);
	user->waits = 1;
	user->waited_ns = 60 * MS;
	user->kept_ns = 40 * MS;
	user = add_user(lock, 0);
	user->held_ns = 60 * MS;
	user->held_running_ns = 20 * MS;
	return model;
}

static void free_inverted(struct model *model)
{
	vector_free(&model->locks.items[0].users);
	give_back(model);
}

static void an_urgent_thread_that_waits_for_one_that_gets_no_cpu_is_an_inversion(void **state)
{
	struct model model = inverted(10, 30);

	assert_int_equal(findings_find(&model), 0);
	assert_int_equal(model.findings.count, 1);
	assert_int_equal(model.findings.items[0].kind, FINDING_INVERSION);
	assert_int_equal(model.findings.items[0].cost_ns, 40 * MS);
	assert_int_equal(model.findings.items[0].thread, 1);
	assert_int_equal(model.findings.items[0].other, 0);
	free_inverted(&model);
}

static void a_wait_for_an_equal_or_a_more_urgent_one_is_no_inversion(void **state)
{
	struct model model = inverted(30, 30);

	assert_int_equal(findings_find(&model), 0);
	assert_int_equal(model.findings.count, 0);
	free_inverted(&model);
	model = inverted(30, 10);
	assert_int_equal(findings_find(&model), 0);
	assert_int_equal(model.findings.count, 0);
	free_inverted(&model);
	/* While the holder runs, it is only a wait. */
	model = inverted(10, 30);
	model.locks.items[0].users.items[0].kept_ns = 4 * MS;
	assert_int_equal(findings_find(&model), 0);
	assert_int_equal(model.findings.count, 0);
	free_inverted(&model);
}

static void add_deadlock(struct model *model)
{
	struct deadlock *deadlock = vector_add(&model->deadlocks);
	struct deadlock_member *member;

	deadlock->begin = model->begin + 99 * MS;
	deadlock->end = model->end;
	for (uint32_t i = 0; i < 2; i++) {
		member = vector_add(&deadlock->members);
		*member = (struct deadlock_member){
			.thread = i, .holder = !i, .lock = NO_LOCK, .since = deadlock->begin};
	}
}

static void a_deadlock_comes_first_however_short_it_was(void **state)
{
	struct model model = healthy();

	add_lock(&model, REASON_LOCK, 30 * MS, 3);
	add_deadlock(&model);
	assert_int_equal(findings_find(&model), 0);
	assert_int_equal(model.findings.count, 2);
	assert_int_equal(model.findings.items[0].kind, FINDING_DEADLOCK);
	assert_int_equal(model.findings.items[0].count, 2);
	assert_int_equal(model.findings.items[1].kind, FINDING_SERIALISED);
	vector_free(&model.deadlocks.items[0].members);
	vector_free(&model.deadlocks);
	give_back(&model);
}

static void lost_updates_come_before_all(void **state)
{
	struct model model = healthy();
	struct watch_report watch = {0};
	struct watched *watched = vector_add(&watch.variables);

	model.watch = &watch;
	assert_int_equal(findings_find(&model), 0);
	assert_int_equal(model.findings.count, 0);
	watched->race.lost = 7;
	/* How many is not certain, but three are. */
	watched->race.named = 3;
	add_deadlock(&model);
	assert_int_equal(findings_find(&model), 0);
	assert_int_equal(model.findings.items[0].kind, FINDING_RACE);
	assert_int_equal(model.findings.items[0].count, 3);
	watched->race.exact = true;
	model.findings.count = 0;
	assert_int_equal(findings_find(&model), 0);
	assert_int_equal(model.findings.items[0].count, 7);
	vector_free(&model.deadlocks.items[0].members);
	vector_free(&model.deadlocks);
	vector_free(&watch.variables);
	give_back(&model);
}

static struct herd *add_herd(struct model *model, uint64_t woken, uint64_t idle)
{
	struct herd *herd = vector_add(&model->herds);

	assert_non_null(herd);
	*herd = (struct herd){.woken = woken,
			      .idle = idle,
			      .bursts = woken / 4,
			      .first = model->begin,
			      .last = model->end,
			      .waker = 0};
	model->wakeups = woken;
	return herd;
}

static size_t count_findings(struct model *model)
{
	size_t count;

	model->findings.count = 0;
	assert_int_equal(findings_find(model), 0);
	count = model->findings.count;
	return count;
}

static void a_herd_is_found_if_it_is_large_and_most_of_it_idle(void **state)
{
	struct model model = healthy();
	struct herd *herd = add_herd(&model, 400, 300);

	assert_int_equal(count_findings(&model), 1);
	assert_int_equal(model.findings.items[0].kind, FINDING_HERD);
	herd->idle = 99; /* too few */
	assert_int_equal(count_findings(&model), 0);
	herd->idle = 150; /* most had something to do */
	assert_int_equal(count_findings(&model), 0);
	herd->idle = 300;
	model.wakeups = 4000; /* most of the wake-ups are others */
	assert_int_equal(count_findings(&model), 0);
	model.wakeups = 400;
	model.herds.items[0].last = model.begin + 2000 * MS; /* and not often */
	assert_int_equal(count_findings(&model), 0);
	vector_free(&model.herds);
	give_back(&model);
}

static void polling_is_found_if_it_is_often_and_wakes_nobody(void **state)
{
	struct model model = healthy();
	struct polling *polling = vector_add(&model.pollings);
	struct wake *wake;

	*polling = (struct polling){.thread = 1,
				    .reason = REASON_SLEEP,
				    .count = 200,
				    .running_ns = MS,
				    .first = model.begin,
				    .last = model.end};
	model.wakeups = 300;
	assert_int_equal(count_findings(&model), 1);
	assert_int_equal(model.findings.items[0].kind, FINDING_FOR_NOTHING);
	assert_int_equal(model.findings.items[0].thread, 1);
	wake = vector_add(&model.wakes);
	*wake = (struct wake){.kind = WAKE_THREAD, .from = 1, .to = 0, .count = 100};
	assert_int_equal(count_findings(&model), 0);
	vector_free(&model.wakes);
	model.pollings.items[0].count = 40;
	assert_int_equal(count_findings(&model), 0);
	vector_free(&model.pollings);
	give_back(&model);
}

static void pythons_lock_costs_no_more_than_could_run_together(void **state)
{
	struct model model = healthy();
	struct what_if *what_if = add_lock(&model, REASON_GIL, 80 * MS, 20);

	what_if->waiter_count = 2;
	what_if->waiters[1] = 1;
	model.threads.items[0].state_ns[STATE_RUNNING] = 50 * MS;
	model.threads.items[1].state_ns[STATE_RUNNING] = 45 * MS;
	assert_int_equal(findings_find(&model), 0);
	assert_int_equal(model.findings.count, 1);
	assert_int_equal(model.findings.items[0].kind, FINDING_GIL);
	assert_int_equal(model.findings.items[0].cost_ns, 45 * MS);
	give_back(&model);
}

static void every_kind_has_a_name_of_its_own(void **state)
{
	for (int one = 0; one < FINDING_KINDS; one++) {
		assert_string_not_equal(finding_kind_name(one), "unknown");
		for (int two = 0; two < one; two++)
			assert_string_not_equal(finding_kind_name(one), finding_kind_name(two));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_found_where_nothing_is_wrong),
		cmocka_unit_test(what_costs_less_than_a_twentieth_is_not_worth_a_sentence),
		cmocka_unit_test(a_lock_is_found_with_whom_it_hit_and_because_of_whom),
		cmocka_unit_test(a_lock_that_goes_from_hand_to_hand_is_a_convoy),
		cmocka_unit_test(the_most_costly_comes_first_and_there_are_five_at_most),
		cmocka_unit_test(an_interpreters_lock_costs_no_more_than_could_run_together),
		cmocka_unit_test(a_condition_is_no_lock_unless_all_signs_of_one_are_there),
		cmocka_unit_test(own_competition_for_cpus_is_told_from_that_of_others),
		cmocka_unit_test(who_waits_a_tenth_of_a_second_for_a_cpu_is_starved),
		cmocka_unit_test(waits_for_the_network_in_series_are_found_and_sleeps_are_not),
		cmocka_unit_test(
			an_urgent_thread_that_waits_for_one_that_gets_no_cpu_is_an_inversion),
		cmocka_unit_test(a_wait_for_an_equal_or_a_more_urgent_one_is_no_inversion),
		cmocka_unit_test(a_deadlock_comes_first_however_short_it_was),
		cmocka_unit_test(lost_updates_come_before_all),
		cmocka_unit_test(a_herd_is_found_if_it_is_large_and_most_of_it_idle),
		cmocka_unit_test(polling_is_found_if_it_is_often_and_wakes_nobody),
		cmocka_unit_test(pythons_lock_costs_no_more_than_could_run_together),
		cmocka_unit_test(every_kind_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
