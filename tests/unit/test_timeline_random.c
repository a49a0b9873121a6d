// SPDX-License-Identifier: GPL-2.0-only
/* test_timeline_random.c - the timeline against a simulated machine and an independent account */
#include "model_oracle.h"
#include "model_simulator.h"

#define RUNS	     1500
#define GARBAGE_RUNS 3000

static bool same_interval(const struct interval *a, const struct interval *b)
{
	return a->thread == b->thread && a->state == b->state && a->reason == b->reason &&
	       a->syscall == b->syscall && a->cpu == b->cpu && a->begin == b->begin &&
	       a->end == b->end && a->address == b->address && a->holder == b->holder &&
	       a->waker == b->waker && a->waker_context == b->waker_context &&
	       a->open_begin == b->open_begin && a->open_end == b->open_end;
}

static int compare_intervals(const void *a, const void *b)
{
	const struct interval *one = a, *two = b;

	if (one->thread != two->thread)
		return one->thread < two->thread ? -1 : 1;
	return one->begin < two->begin ? -1 : one->begin > two->begin;
}

static void assert_same_intervals(const struct fed *fed, const struct oracle *oracle)
{
	assert_int_equal(fed->intervals.count, oracle->intervals.count);
	qsort(fed->intervals.items, fed->intervals.count, sizeof(struct interval),
	      compare_intervals);
	qsort(oracle->intervals.items, oracle->intervals.count, sizeof(struct interval),
	      compare_intervals);
	for (size_t i = 0; i < fed->intervals.count; i++)
		assert_true(same_interval(&fed->intervals.items[i], &oracle->intervals.items[i]));
}

static void assert_same_concurrency(const struct fed *fed, const struct oracle *oracle)
{
	uint64_t concurrency[65] = {0};
	uint64_t *both_ns = calloc(fed->population->threads.count + 1, sizeof(*both_ns));

	assert_non_null(both_ns);
	oracle_concurrency(oracle, fed->figures->begin, concurrency, both_ns);
	assert_memory_equal(concurrency, fed->figures->concurrency, sizeof(concurrency));
	for (size_t i = 0; i < fed->population->threads.count; i++)
		assert_int_equal(both_ns[i], fed->population->threads.items[i].both_ns);
	free(both_ns);
}

/* ---- locks --------------------------------------------------------------------------------- */

static bool waits_for(const struct fed *fed, const struct interval *it, const struct lock *lock)
{
	bool pair = it->reason == REASON_CONDITION || it->reason == REASON_RWLOCK;
	uint64_t address = pair ? it->address & ~7ull : it->address;

	return it->state == STATE_BLOCKED && it->address && it->reason != REASON_JOIN &&
	       fed->population->threads.items[it->thread].process == lock->process &&
	       address == lock->address;
}

static uint32_t thread_at(const struct fed *fed, uint32_t tid, uint64_t time)
{
	for (size_t i = 0; i < fed->population->threads.count; i++) {
		const struct thread *thread = &fed->population->threads.items[i];

		if (thread->tid == tid && thread->begin <= time &&
		    (time < thread->end || thread->alive_at_end))
			return i;
	}
	return NO_THREAD;
}

/* A holder may be announced later than its waiter where both were there before. */
static uint32_t holder_of(const struct fed *fed, const struct interval *wait)
{
	uint32_t holder = wait->holder ? thread_at(fed, wait->holder, wait->begin) : NO_THREAD;

	if (holder != NO_THREAD || !wait->holder || !wait->open_begin)
		return holder;
	holder = thread_at(fed, wait->holder, wait->end);
	return holder != NO_THREAD && fed->population->threads.items[holder].began_before
		       ? holder
		       : NO_THREAD;
}

static uint32_t waiters_at(const struct fed *fed, const struct lock *lock, uint64_t time)
{
	const struct interval *it;
	uint32_t count = 0;

	vector_for_each (&fed->intervals, it)
		count += waits_for(fed, it, lock) && it->begin <= time && time < it->end;
	return count;
}

/* Who ended a wait for something that one thread has at a time, had it. */
static uint32_t holder_by_wake(const struct fed *fed, const struct interval *wait)
{
	bool owned = wait->reason == REASON_LOCK || wait->reason == REASON_RWLOCK;
	uint32_t waker = NO_THREAD;

	if (!owned || wait->waker_context != PL_WAKER_TASK || wait->open_end)
		return NO_THREAD;
	for (size_t i = 0; i < fed->population->threads.count; i++) {
		const struct thread *thread = &fed->population->threads.items[i];

		if (thread->tid == wait->waker && thread->begin <= wait->end &&
		    wait->end <= thread->end)
			waker = i;
	}
	return waker == wait->thread ? NO_THREAD : waker;
}

struct held {
	uint64_t ns, running_ns;
};

/* Whether a wait for it, of no length perhaps, began in the midst of another one. */
static bool is_contested(const struct fed *fed, const struct lock *lock)
{
	const struct interval *one, *two;

	vector_for_each (&fed->intervals, one) {
		if (!waits_for(fed, one, lock))
			continue;
		vector_for_each (&fed->intervals, two)
			if (two != one && waits_for(fed, two, lock) && two->begin >= one->begin &&
			    two->begin < one->end)
				return true;
	}
	return false;
}

static void assert_lock(const struct fed *fed, const struct oracle *oracle, const struct lock *lock)
{
	size_t count = fed->population->threads.count;
	struct held *held = calloc(count, sizeof(*held));
	uint64_t *waited = calloc(count, sizeof(*waited));
	uint64_t total = 0, longest = 0, most_held = 0, most_waited = 0;
	uint32_t waits = 0, at_once = 0, holder;
	const struct interval *it;
	bool unseen = false, contested = is_contested(fed, lock);

	assert_true(held && waited);
	vector_for_each (&fed->intervals, it) {
		uint64_t ns = it->end - it->begin;
		uint32_t now;

		if (!waits_for(fed, it, lock))
			continue;
		waits++;
		total += ns;
		longest = ns > longest ? ns : longest;
		now = waiters_at(fed, lock, it->begin);
		at_once = now > at_once ? now : at_once;
		waited[it->thread] += ns;
		holder = holder_of(fed, it);
		if (holder == NO_THREAD) {
			unseen = true;
			holder = holder_by_wake(fed, it);
			if (holder != NO_THREAD)
				held[holder].ns += ns;
			continue;
		}
		held[holder].ns += ns;
		held[holder].running_ns += oracle_running(oracle, holder, it->begin, it->end);
	}
	for (size_t i = 0; i < count; i++) {
		most_held = held[i].ns > most_held ? held[i].ns : most_held;
		most_waited = waited[i] > most_waited ? waited[i] : most_waited;
	}
	assert_int_equal(lock->waits, waits);
	assert_int_equal(lock->total_ns, total);
	assert_int_equal(lock->max_ns, longest);
	assert_int_equal(lock->waiters_max, at_once);
	assert_int_equal(lock->main_waiter_ns, most_waited);
	assert_int_equal(lock->main_waiter == NO_THREAD, most_waited == 0);
	if (most_waited)
		assert_int_equal(waited[lock->main_waiter], most_waited);
	/* While several wait, or nobody was seen to have it, what other waits tell counts as well
	 * (test_locks_terms). */
	if (!contested && !unseen) {
		assert_int_equal(lock->main_holder_ns, most_held);
		assert_int_equal(lock->main_holder == NO_THREAD, most_held == 0);
	}
	if (!contested && !unseen && most_held) {
		assert_int_equal(held[lock->main_holder].ns, most_held);
		assert_int_equal(held[lock->main_holder].running_ns, lock->main_holder_running_ns);
	}
	free(held);
	free(waited);
}

static void assert_locks(const struct fed *fed, const struct oracle *oracle)
{
	uint64_t total = 0, of_threads = 0, last = UINT64_MAX;
	const struct thread *thread;
	const struct lock *lock;

	vector_for_each (&fed->model.locks, lock) {
		assert_true(lock->total_ns <= last);
		last = lock->total_ns;
		total += lock->total_ns;
		assert_lock(fed, oracle, lock);
	}
	vector_for_each (&fed->population->threads, thread) {
		const struct reason_total *it;

		vector_for_each (&thread->reasons, it) {
			if (it->reason == REASON_LOCK || it->reason == REASON_CONDITION ||
			    it->reason == REASON_RWLOCK || it->reason == REASON_FUTEX)
				of_threads += it->total_ns;
		}
	}
	assert_int_equal(total, of_threads);
}

/* ---- sums ---------------------------------------------------------------------------------- */

static void assert_pictures(const struct fed *fed)
{
	double life = 0, drawn = 0;
	const struct thread *thread;
	uint64_t ready = 0, blocked = 0;

	vector_for_each (&fed->population->threads, thread) {
		life += (double)thread_life_ns(thread);
		ready += thread_ready_ns(thread);
		blocked += thread_blocked_ns(thread);
		assert_true(thread->bar.first + thread->bar.count <= BAR_CELLS);
	}
	for (int i = 0; i < BAR_CELLS; i++) {
		for (int state = 0; state < STATE_COUNT; state++)
			drawn += (double)fed->sums.strip[i].ns[state];
	}
	assert_true(drawn > life * 0.9999 - 1 && drawn < life * 1.0001 + 1);
	assert_int_equal(fed->sums.ready.total_ns, ready);
	assert_int_equal(fed->sums.blocked.total_ns, blocked);
}

static void when_nothing_is_lost_the_model_equals_the_oracle_and_the_kernel_s_totals(void **state)
{
	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		struct stream stream = {0};
		struct oracle oracle;
		struct fed fed;
		const struct thread *thread;
		uint64_t end = simulate(&stream, seed, 20 + seed % 300, false);

		feed(&fed, &stream, end);
		oracle_work(&oracle, &stream, end);
		assert_int_equal(fed.figures->repaired, 0);
		assert_int_equal(fed.totals_disagree, 0);
		vector_for_each (&fed.population->threads, thread) {
			assert_true(thread->has_totals);
			assert_true(thread->totals_agree);
			assert_int_equal(thread->state_ns[STATE_UNKNOWN], 0);
		}
		assert_same_intervals(&fed, &oracle);
		assert_same_concurrency(&fed, &oracle);
		assert_locks(&fed, &oracle);
		assert_pictures(&fed);
		vector_free(&oracle.intervals);
		fed_free(&fed);
		vector_free(&stream.items);
	}
}

static void who_ran_unseen_counts_among_those_that_ran_at_once(void **state)
{
	uint64_t unseen = 0;

	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		struct stream stream = {0};
		struct oracle oracle;
		struct fed fed;
		const struct thread *thread;
		uint64_t end = simulate_with(&stream, seed, 20 + seed % 300, false, true);

		feed(&fed, &stream, end);
		oracle_work(&oracle, &stream, end);
		unseen += fed.figures->unseen_switches;
		assert_int_equal(fed.figures->repaired, 0);
		assert_int_equal(fed.figures->unplaced_ns, 0);
		vector_for_each (&fed.population->threads, thread)
			assert_true(thread->totals_agree);
		assert_same_intervals(&fed, &oracle);
		assert_same_concurrency(&fed, &oracle);
		vector_free(&oracle.intervals);
		fed_free(&fed);
		vector_free(&stream.items);
	}
	assert_true(unseen > RUNS);
}

static void when_records_are_lost_lives_are_still_tiled_and_sums_are_the_kernel_s(void **state)
{
	uint64_t repaired = 0, disagreed = 0;

	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		struct stream stream = {0};
		struct fed fed;
		const struct thread *thread;
		uint64_t end = simulate(&stream, seed, 20 + seed % 300, true);

		feed(&fed, &stream, end);
		repaired += fed.figures->repaired;
		vector_for_each (&fed.population->threads, thread) {
			const struct pl_totals *totals = &thread->totals;

			disagreed += !thread->totals_agree;
			if (!thread->has_totals || !fed.figures->gap_lost)
				continue;
			assert_int_equal(thread->state_ns[STATE_RUNNING], totals->running);
			assert_int_equal(thread->state_ns[STATE_READY_WOKEN], totals->ready_woken);
			assert_int_equal(thread->state_ns[STATE_READY_PREEMPTED],
					 totals->ready_preempted);
			assert_int_equal(thread_blocked_ns(thread), totals->blocked);
			assert_int_equal(thread->begin, totals->begin);
		}
		fed_free(&fed);
		vector_free(&stream.items);
	}
	/* The simulation really made trouble. */
	assert_true(repaired > RUNS && disagreed > RUNS);
}

/* What `check` says of all intervals of runs in which records were lost, beside what really ran. */
struct lossy_check {
	void (*check)(struct lossy_check *check, const struct interval *it, uint32_t tid,
		      const sim_runs *truth);
	uint64_t checked, unknown;
};

static void check_lossy_runs(struct lossy_check *check)
{
	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		struct stream stream = {0};
		sim_runs truth = {0};
		const struct interval *it;
		struct fed fed;
		uint64_t end;

		sim_truth = &truth;
		end = simulate(&stream, seed, 20 + seed % 300, true);
		sim_truth = NULL;
		feed(&fed, &stream, end);
		vector_for_each (&fed.intervals, it)
			check->check(check, it, fed.population->threads.items[it->thread].tid,
				     &truth);
		fed_free(&fed);
		vector_free(&stream.items);
		vector_free(&truth);
	}
}

static void check_wait(struct lossy_check *check, const struct interval *it, uint32_t tid,
		       const sim_runs *truth)
{
	const struct sim_run *run;

	if (it->state == STATE_RUNNING || it->state == STATE_UNKNOWN)
		return;
	check->checked++;
	vector_for_each (truth, run)
		assert_false(run->tid == tid && run->end > it->begin && run->begin < it->end);
}

/* Whoever told of the gap, and when: also of waits that had not ended at the end. */
static void where_records_are_lost_no_thread_is_said_to_wait_while_it_runs(void **state)
{
	struct lossy_check check = {.check = check_wait};

	check_lossy_runs(&check);
	assert_true(check.checked > RUNS);
}

static bool really_ran(const sim_runs *truth, uint32_t tid, const struct interval *it)
{
	const struct sim_run *run;

	vector_for_each (truth, run)
		if (run->tid == tid && run->begin <= it->begin && run->end >= it->end)
			return true;
	return false;
}

static void check_run(struct lossy_check *check, const struct interval *it, uint32_t tid,
		      const sim_runs *truth)
{
	check->unknown += it->state == STATE_UNKNOWN;
	if (it->state != STATE_RUNNING)
		return;
	check->checked++;
	assert_true(really_ran(truth, tid, it));
}

static void nor_to_run_while_it_waits(void **state)
{
	struct lossy_check check = {.check = check_run};

	check_lossy_runs(&check);
	/* Most of it is known all the same. */
	assert_true(check.checked > RUNS && check.unknown < check.checked);
}

/* ---- nonsense ------------------------------------------------------------------------------ */

static void make_nonsense(struct sim *sim, struct made_item *item)
{
	static const uint64_t times[] = {0, 1, 1000, UINT32_MAX, UINT64_MAX};
	unsigned char *bytes = (unsigned char *)item;
	uint32_t small = 100 + sim_random(sim, 8);

	for (size_t i = 0; i < sizeof(*item); i++)
		bytes[i] = sim_random(sim, 256);
	item->is_life = sim_chance(sim, 25);
	item->has_block = sim_chance(sim, 30);
	sim->now += sim_random(sim, 40);
	item->time = sim_chance(sim, 97) ? sim->now : sim_random(sim, sim->now * 2);
	if (sim_chance(sim, 1) && sim_chance(sim, 5))
		item->time = times[sim_random(sim, 5)];
	item->cpu = sim_chance(sim, 98) ? sim_random(sim, 4) : item->cpu;
	if (item->is_life) {
		item->life.head.kind = sim_random(sim, 8);
		if (sim_chance(sim, 95))
			item->life.head.tid = small;
		if (sim_chance(sim, 90))
			item->life.head.tgid = 100 + sim_random(sim, 8);
		if (sim_chance(sim, 70))
			item->life.exec.old_tid = 100 + sim_random(sim, 8);
		return;
	}
	item->record.kind = sim_chance(sim, 90) ? PL_SWITCH : sim_random(sim, 7);
	if (sim_chance(sim, 95)) {
		item->record.sw.prev = 100 + sim_random(sim, 8);
		item->record.sw.next = 100 + sim_random(sim, 8);
		item->block.block.tid = item->record.sw.prev;
		item->block.block.holder = 100 + sim_random(sim, 8);
		item->block.block.arg0 = sim_random(sim, 4);
	}
	if (sim_chance(sim, 80))
		item->record.sw.prev_state = sim_random(sim, 3);
}

static void nonsense_neither_crashes_nor_breaks_the_conservation_law(void **state)
{
	for (uint64_t seed = 1; seed <= GARBAGE_RUNS; seed++) {
		struct stream stream = {0};
		struct sim sim = {.random = seed * 0x9e3779b97f4a7c15ull + 1, .now = 1000};
		struct fed fed;

		for (unsigned int i = 0; i < seed % 200; i++)
			make_nonsense(&sim, stream_add(&stream));
		feed(&fed, &stream, sim_chance(&sim, 90) ? sim.now : sim_random(&sim, 2000));
		fed_free(&fed);
		vector_free(&stream.items);
	}
}

/* A good stream in which single items are missing, doubled or out of place, without any notice. */
static void a_broken_stream_keeps_the_conservation_law(void **state)
{
	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		struct stream stream = {0}, broken = {0};
		struct sim sim = {.random = seed * 0x9e3779b97f4a7c15ull + 1};
		struct fed fed;
		uint64_t end = simulate(&stream, seed, 20 + seed % 200, seed % 2);
		const struct made_item *item;

		vector_for_each (&stream.items, item) {
			unsigned int what = sim_random(&sim, 60);

			if (what == 0)
				continue;
			*stream_add(&broken) = *item;
			if (what == 1)
				*stream_add(&broken) = *item;
			if (what == 2 && broken.items.count > 3) {
				struct made_item again = broken.items.items[broken.items.count - 3];

				*stream_add(&broken) = again;
			}
		}
		feed(&fed, &broken, end);
		fed_free(&fed);
		vector_free(&stream.items);
		vector_free(&broken.items);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			when_nothing_is_lost_the_model_equals_the_oracle_and_the_kernel_s_totals),
		cmocka_unit_test(who_ran_unseen_counts_among_those_that_ran_at_once),
		cmocka_unit_test(
			when_records_are_lost_lives_are_still_tiled_and_sums_are_the_kernel_s),
		cmocka_unit_test(where_records_are_lost_no_thread_is_said_to_wait_while_it_runs),
		cmocka_unit_test(nor_to_run_while_it_waits),
		cmocka_unit_test(nonsense_neither_crashes_nor_breaks_the_conservation_law),
		cmocka_unit_test(a_broken_stream_keeps_the_conservation_law),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
