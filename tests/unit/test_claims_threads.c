// SPDX-License-Identifier: GPL-2.0-only
/* Claims on models of user threads, on pools and on lists; see claims_changes.h. */
#include "claims_changes.h"

/* ---- chapter 6: user threads on kernel threads ---------------------------------------------- */

static void add_uthreads(struct model *model, unsigned int count, uint64_t standing)
{
	for (unsigned int i = 1; i <= count; i++) {
		struct uthread *uthread = vector_add(&model->uthreads);

		assert_non_null(uthread);
		*uthread = (struct uthread){.id = i,
					    .moves = 7,
					    .blocked_ns = i == 1 ? 51 * MS : 0,
					    .standing_ns = i == 1 ? 0 : standing};
		snprintf(uthread->name, sizeof(uthread->name), "user-%u", i);
	}
}

static struct model many_to_one(void)
{
	struct model model = model_whole();

	add_uthreads(&model, 4, 51 * MS);
	add_blocked(&model, "model-many-to-one", 55, 0, REASON_SLEEP, 51, 1);
	FACTS(&model, {"uthreads", "4"}, {"expected", "160"}, {"actual", "160"},
	      {"steps_left", "115"}, {"steps_during", "0"}, {"block_ns", "50000000"},
	      {"cpu_during_ns", "60000"}, {"elapsed_ns", "105000000"}, {"uthread_switches", "164"});
	return model;
}

static struct model one_to_one(void)
{
	struct model model = model_whole();

	add_uthreads(&model, 4, 0);
	add_blocked(&model, "model-one-to-one", 1, 0, REASON_JOIN, 60, 4);
	add_blocked(&model, "user-1", 15, 0, REASON_SLEEP, 51, 1);
	for (unsigned int i = 2; i <= 4; i++) {
		char name[16];

		snprintf(name, sizeof(name), "user-%u", i);
		model_add_thread(&model, name, 15 * MS, 20 * MS, 0);
	}
	FACTS(&model, {"uthreads", "4"}, {"expected", "160"}, {"actual", "160"},
	      {"steps_left", "115"}, {"steps_during", "90"}, {"block_ns", "50000000"},
	      {"cpu_during_ns", "35000000"}, {"elapsed_ns", "66000000"});
	return model;
}

static struct model many_to_many(void)
{
	struct model model = model_whole();

	add_uthreads(&model, 8, 0);
	add_blocked(&model, "carrier-1", 70, 0, REASON_CONDITION, 1, 3);
	add_blocked(&model, "carrier-2", 30, 0, REASON_SLEEP, 51, 1);
	model_add_thread(&model, "of1-1", 28 * MS, 0, 0);
	model_add_thread(&model, "of2-1", 14 * MS, 0, 0);
	model_add_thread(&model, "of4-1", 7 * MS, 0, 0);
	for (unsigned int i = 1; i <= 16; i++) {
		char name[16];

		snprintf(name, sizeof(name), "of16-%u", i);
		model_add_thread(&model, name, 2 * MS, 0, 0);
	}
	FACTS(&model, {"uthreads", "8"}, {"carriers", "2"}, {"expected", "320"}, {"actual", "320"},
	      {"steps_left", "115"}, {"steps_during", "180"}, {"block_ns", "50000000"},
	      {"carriers_during", "1"}, {"elapsed_ns", "80000000"}, {"moves", "60"},
	      {"uthread_switches", "328"});
	return model;
}

static void many_to_one_is_one_thread_that_stands_still(void **state)
{
	ASSERT_CLAIMS("model-many-to-one", many_to_one, {1, "user-2", "add", "0"},
		      {2, NULL, "actual", "159"}, {3, NULL, "steps_during", "1"},
		      {3, "model-many-to-one", "blocked", "40"},
		      {4, NULL, "cpu_during_ns", "30000000"}, {5, "", "standing", "0"},
		      {5, "", "standing", "20"}, {6, NULL, "elapsed_ns", "66000000"},
		      {7, "model-many-to-one", "voluntary", "164"});
}

static void one_to_one_is_a_thread_each_of_which_one_stands_still(void **state)
{
	ASSERT_CLAIMS("model-one-to-one", one_to_one, {1, "user-5", "add", "0"},
		      {2, NULL, "actual", "161"}, {3, "user-2", "add", "20"},
		      {3, "user-1", "blocked", "20"}, {4, "", "standing", "20"},
		      {5, NULL, "steps_during", "0"}, {6, NULL, "cpu_during_ns", "60000"});
}

static void many_to_many_goes_on_with_the_other_carriers(void **state)
{
	ASSERT_CLAIMS("model-many-to-many", many_to_many, {1, "carrier-3", "add", "0"},
		      {2, NULL, "actual", "319"}, {3, NULL, "steps_during", "0"},
		      {3, NULL, "carriers_during", "2"}, {3, NULL, "carriers_during", "0"},
		      {3, "carrier-2", "times", "2"}, {4, "", "standing", "40"},
		      {5, "", "moves", "0"}, {5, NULL, "moves", "0"},
		      {6, "of1-1", "involuntary", "60"});
}

/* ---- chapter 7: work for several threads ---------------------------------------------------- */

static struct model pool_serial(void)
{
	struct model model = model_whole();

	add_blocked(&model, "pool-serial", 5, 1, REASON_SOCKET, 424, 21);
	add_blocked(&model, "server", 3, 1, REASON_POLL, 426, 60);
	FACTS(&model, {"jobs", "21"}, {"delay_ns", "20000000"}, {"expected", "21"},
	      {"actual", "21"}, {"answered", "21"}, {"most_open", "1"},
	      {"elapsed_ns", "430000000"});
	return model;
}

static struct model pool_queue(void)
{
	struct model model = model_whole();

	add_blocked(&model, "server", 2, 1, REASON_POLL, 120, 15);
	for (unsigned int i = 1; i <= 4; i++) {
		char name[16];

		snprintf(name, sizeof(name), "worker-%u", i);
		add_blocked(&model, name, 1, 1, REASON_SOCKET, 106, 6);
	}
	FACTS(&model, {"jobs", "21"}, {"workers", "4"}, {"rounds", "6"}, {"delay_ns", "20000000"},
	      {"expected", "21"}, {"actual", "21"}, {"answered", "21"}, {"twice", "0"},
	      {"stops", "4"}, {"stops_left", "0"}, {"most_open", "4"}, {"elapsed_ns", "125000000"});
	return model;
}

/* Two takers that ran at once for 6 ms. */
static struct model two_takers(const char *name)
{
	struct model model = model_whole();

	model_add_thread(&model, name, 1 * MS, 0, 7 * MS);
	model_add_thread(&model, "list-1", 6 * MS, 0, 0);
	model_add_thread(&model, "list-2", 6 * MS, 0, 0);
	model.concurrency[1] = 1 * MS;
	model.concurrency[2] = 6 * MS;
	FACTS(&model, {"started_together", "1"}, {"expected", "2500"}, {"actual", "2500"},
	      {"once", "2500"}, {"twice", "0"}, {"lost", "0"}, {"elapsed_ns", "7000000"});
	return model;
}

/* In a run of 200 items, of its own. */
static void add_watch(struct model *model, uint64_t updates, uint64_t lost)
{
	struct watched *watched;

	model->watch = calloc(1, sizeof(*model->watch));
	assert_non_null(model->watch);
	model->watch->has_expected = true;
	model->watch->expected = 200;
	watched = vector_add(&model->watch->variables);
	assert_non_null(watched);
	watched->race.updates = updates;
	watched->race.lost = lost;
	watched->race.exact = true;
}

static struct model list_race(void)
{
	struct model model = two_takers("list-race");

	add_watch(&model, 233, 33);

	FACTS(&model, {"actual", "1900"}, {"once", "1500"}, {"twice", "400"}, {"lost", "600"},
	      {"first_gap_ns", "300"}, {"first_removed_after_ns", "2000"});
	return model;
}

static struct model list_safe(void)
{
	struct model model = two_takers("list-safe");

	model_add_lock(&model, REASON_LOCK, 3, 50000, 30000);
	FACTS(&model, {"taken_1", "1200"}, {"taken_2", "1300"}, {"stops", "2"});
	return model;
}

static struct model list_private(void)
{
	struct model model = two_takers("list-private");

	add_process(&model, "list-private");
	add_process(&model, "list-1");
	add_process(&model, "list-2");
	FACTS(&model, {"items", "1250"}, {"parent_items", "1250"}, {"parent_changed", "0"},
	      {"list_address", "0x5000"}, {"list_address_1", "0x5000"},
	      {"list_address_2", "0x5000"});
	return model;
}

static void a_serial_pool_waits_for_one_at_a_time(void **state)
{
	ASSERT_CLAIMS("pool-serial", pool_serial, {1, NULL, "actual", "20"},
		      {1, NULL, "answered", "22"}, {2, NULL, "most_open", "4"},
		      {3, NULL, "elapsed_ns", "125000000"}, {3, NULL, "elapsed_ns", "600000000"},
		      {4, "pool-serial", "blocked", "200"}, {4, "pool-serial", "reason", "7"},
		      {5, "pool-serial", "times", "20"});
}

static void a_pool_of_workers_waits_side_by_side(void **state)
{
	ASSERT_CLAIMS("pool-queue", pool_queue, {1, NULL, "twice", "1"}, {1, NULL, "actual", "20"},
		      {2, NULL, "stops", "3"}, {2, NULL, "stops_left", "1"},
		      {2, "worker-5", "add", "1"}, {3, NULL, "most_open", "1"},
		      {4, "worker-1", "blocked", "10"}, {4, "worker-1", "times", "1"},
		      {5, NULL, "elapsed_ns", "430000000"}, {5, NULL, "elapsed_ns", "100000000"});
}

static void a_list_that_nobody_guards_loses_items(void **state)
{
	ASSERT_CLAIMS("list-race", list_race, {1, NULL, "once", "2500"},
		      {2, NULL, "first_gap_ns", "2000"}, {3, "", "lock", ""},
		      {4, "", "watched", "9"}, {5, "", "overlap", "0"});
}

static void without_overlap_a_race_is_not_decided(void **state)
{
	struct model model = list_race();

	model.concurrency[2] = MS / 2;
	assert_int_equal(claims_evaluate(&model, scenario_text("list-race")), 0);
	assert_verdict(&model.claims.items[0], VERDICT_UNDECIDED, "list-race");
	assert_verdict(&model.claims.items[1], VERDICT_UNDECIDED, "list-race");
	model_clear(&model);
}

static void a_guarded_list_loses_none(void **state)
{
	ASSERT_CLAIMS("list-safe", list_safe, {1, NULL, "once", "2499"}, {1, NULL, "twice", "1"},
		      {1, NULL, "lost", "1"}, {2, NULL, "taken_2", "0"}, {2, NULL, "stops", "1"},
		      {3, "", "overlap", "0"}, {4, "", "lock", ""});
}

static void private_lists_need_no_lock(void **state)
{
	ASSERT_CLAIMS("list-private", list_private, {1, NULL, "lost", "1"},
		      {1, NULL, "once", "2499"}, {2, NULL, "parent_items", "0"},
		      {2, NULL, "parent_changed", "1"}, {3, NULL, "list_address_2", "0x6000"},
		      {3, "", "list-3", ""}, {4, "", "lock", ""}, {5, "", "overlap", "0"});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_to_one_is_one_thread_that_stands_still),
		cmocka_unit_test(one_to_one_is_a_thread_each_of_which_one_stands_still),
		cmocka_unit_test(many_to_many_goes_on_with_the_other_carriers),
		cmocka_unit_test(a_serial_pool_waits_for_one_at_a_time),
		cmocka_unit_test(a_pool_of_workers_waits_side_by_side),
		cmocka_unit_test(a_list_that_nobody_guards_loses_items),
		cmocka_unit_test(without_overlap_a_race_is_not_decided),
		cmocka_unit_test(a_guarded_list_loses_none),
		cmocka_unit_test(private_lists_need_no_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
