// SPDX-License-Identifier: GPL-2.0-only
#include "causes_oracle.h"
#include "model_simulator.h"

#define RUNS 1500

/* ---- against the oracle -------------------------------------------------------------------- */

static void assert_same_parts(const struct critical_path *path, const struct oracle_sums *sums)
{
	const struct path_part *mine, *other;

	assert_int_equal(path->parts.count, sums->parts.count);
	vector_for_each (&sums->parts, other) {
		bool found = false;

		vector_for_each (&path->parts, mine) {
			if (mine->thread != other->thread || mine->what != other->what ||
			    mine->reason != other->reason || mine->syscall != other->syscall)
				continue;
			assert_int_equal(mine->ns, other->ns);
			found = true;
		}
		assert_true(found);
	}
}

/* The segments say the same as the parts, as far as they are exact. */
static void assert_segments(const struct critical_path *path)
{
	const struct path_segment *segment;
	const struct path_part *part;

	vector_for_each (&path->parts, part) {
		uint64_t in_parts = 0, in_segments = 0;
		const struct path_part *other;

		vector_for_each (&path->parts, other) {
			if (other->thread == part->thread && other->what == part->what)
				in_parts += other->ns;
		}
		vector_for_each (&path->segments, segment) {
			if (segment->thread == part->thread && segment->what == part->what)
				in_segments += segment->main_ns;
		}
		if (path->segments_exact)
			assert_int_equal(in_segments, in_parts);
		else
			assert_true(in_segments <= in_parts);
	}
}

static void assert_same_path(const struct fed *fed)
{
	struct causes_oracle oracle = {
		.fed = fed, .items = fed->intervals.items, .count = fed->intervals.count};
	const struct critical_path *path = &fed->model.path;
	struct oracle_sums sums = {0};
	const struct interval *it;
	uint64_t begin, latest = 0, of_last = 0;

	vector_for_each (&fed->intervals, it) {
		if (it->state != STATE_RUNNING)
			continue;
		latest = it->end > latest ? it->end : latest;
		if (it->thread == path->last)
			of_last = it->end;
	}
	if (!path->known) {
		assert_int_equal(latest, 0);
		return;
	}
	assert_int_equal(of_last, latest);
	begin = oracle_walk(&oracle, path->last, &sums);
	assert_int_equal(begin, fed->figures->begin + path->before_ns);
	assert_int_equal(fed->population->threads.items[path->last].end,
			 fed->figures->end - path->after_ns);
	assert_same_parts(path, &sums);
	assert_segments(path);
	vector_free(&sums.parts);
}

static void against_the_backward_walk(uint32_t limit, bool exact)
{
	uint64_t handovers = 0, folded = 0;

	path_limit = limit;
	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		struct stream stream = {0};
		struct fed fed;
		/* Now and then a long one, with a long path. */
		uint64_t end = simulate(&stream, seed, seed % 20 ? 20 + seed % 400 : 3000, false);

		feed(&fed, &stream, end);
		assert_same_path(&fed);
		handovers += fed.model.path.handovers;
		folded += fed.causes->tree.folded;
		assert_true(!exact || fed.model.path.segments_exact);
		fed_free(&fed);
		vector_free(&stream.items);
	}
	path_limit = 0;
	/* There was something to get wrong. */
	assert_true(handovers > RUNS);
	assert_true(exact ? !folded : folded > RUNS / 4);
}

static void the_path_is_the_one_that_a_walk_backwards_finds(void **state)
{
	against_the_backward_walk(0, true);
}

static void what_is_summed_up_on_the_way_changes_nothing(void **state)
{
	against_the_backward_walk(PATH_SLACK * 2, false);
	against_the_backward_walk(PATH_SLACK * 5, false);
}

/* ---- the replay ---------------------------------------------------------------------------- */

struct announced {
	uint32_t thread;
	uint64_t time;
	uint16_t cpu;
};

struct announcements {
	VECTOR(struct announced) items;
};

static void keep_announced(void *context, const struct interval *interval)
{
	struct announcements *announcements = context;
	struct announced *it = vector_add(&announcements->items);

	assert_non_null(it);
	*it = (struct announced){interval->thread, interval->begin, interval->cpu};
}

static void keep_nothing(void *context, const struct interval *interval)
{
}

/* The CPU under which each running interval was announced. */
static uint16_t *announced_cpus(const struct stream *stream, uint64_t end, const struct fed *fed)
{
	struct announcements announcements = {0};
	struct timeline_options options = {.arch = "x86_64", .begin = stream_begin(stream)};
	struct timeline_visitor visitor = {
		.context = &announcements,
		.begins = keep_announced,
		.states_begun = 1u << STATE_RUNNING,
		.interval = keep_nothing,
	};
	uint16_t *cpus = calloc(fed->intervals.count + 1, sizeof(*cpus));
	const struct made_item *made;
	struct timeline *timeline;

	assert_non_null(cpus);
	assert_int_equal(timeline_new(&options, &timeline), 0);
	assert_int_equal(timeline_add_visitor(timeline, &visitor), 0);
	vector_for_each (&stream->items, made) {
		struct recording_item item = item_of(made);

		assert_int_equal(timeline_feed(timeline, &item), 0);
	}
	assert_int_equal(timeline_finish(timeline, end), 0);
	for (size_t i = 0; i < fed->intervals.count; i++) {
		const struct announced *it;

		vector_for_each (&announcements.items, it) {
			if (it->thread == fed->intervals.items[i].thread &&
			    it->time == fed->intervals.items[i].begin)
				cpus[i] = it->cpu;
		}
	}
	timeline_free(&timeline);
	vector_free(&announcements.items);
	return cpus;
}

static uint64_t first_wait_for(const struct fed *fed, const struct what_if *what_if)
{
	const struct interval *it;

	/* In the order in which they were learnt of. */
	vector_for_each (&fed->intervals, it) {
		uint64_t address = it->reason == REASON_LOCK ? it->address : it->address & ~7ull;

		if ((it->reason == REASON_LOCK || it->reason == REASON_RWLOCK) &&
		    it->begin < it->end && address == what_if->address &&
		    fed->population->threads.items[it->thread].process == what_if->process)
			return it->begin;
	}
	return UINT64_MAX;
}

/* Whether each idle time was kept, as the oracle keeps them. */
static bool remembers_all(const struct fed *fed)
{
	const struct replay_cpu *cpu;

	for (unsigned int world = 0; world < WORLDS; world++) {
		vector_for_each (&fed->causes->replay.seats[world], cpu) {
			if (cpu->forgotten)
				return false;
		}
	}
	return true;
}

static unsigned int assert_same_replay(const struct fed *fed, const uint16_t *announced)
{
	struct causes_oracle oracle = {
		.fed = fed,
		.items = fed->intervals.items,
		.count = fed->intervals.count,
		.times = calloc(fed->intervals.count + 1, sizeof(uint64_t)),
		.until = calloc(fed->intervals.count + 1, sizeof(uint64_t)),
		.ends = calloc(fed->intervals.count + 1, sizeof(uint64_t)),
		.seats = calloc(fed->intervals.count + 1, sizeof(uint16_t)),
		.clocks = calloc(fed->population->threads.count + 1, sizeof(uint64_t)),
		.next = calloc(fed->population->threads.count + 1, sizeof(size_t)),
	};
	struct oracle_world as_it_was = {0};
	const struct what_if *what_if;
	unsigned int locks = 0;
	uint64_t base;

	base = oracle_replay(&oracle, &as_it_was, fed->model.path.last, announced);
	assert_int_equal(fed->model.replay_ns, base - fed->figures->begin);
	vector_for_each (&fed->model.what_ifs, what_if) {
		struct oracle_world world = {.cpu_for_everybody = what_if->kind == WHAT_IF_CPUS};
		uint64_t then;

		if (what_if->kind == WHAT_IF_LOCK) {
			/* A world that took over another's place has not seen all. */
			if (what_if->from != first_wait_for(fed, what_if) ||
			    what_if->reason == REASON_CONDITION)
				continue;
			world.without = what_if->address;
			world.process = what_if->process;
			locks++;
		}
		then = oracle_replay(&oracle, &world, fed->model.path.last, announced);
		then = base > then ? base - then : 0;
		if (what_if->kind == WHAT_IF_LOCK && then > what_if->wait_ns)
			then = what_if->wait_ns;
		assert_int_equal(what_if->gain_ns, then);
	}
	free(oracle.times);
	free(oracle.until);
	free(oracle.ends);
	free(oracle.seats);
	free(oracle.clocks);
	free(oracle.next);
	return locks;
}

static void the_replay_is_the_one_that_looks_everything_up(void **state)
{
	uint64_t locks = 0, gains = 0;

	for (uint64_t seed = 1; seed <= RUNS / 3; seed++) {
		struct stream stream = {0};
		const struct what_if *what_if;
		uint16_t *announced;
		struct fed fed;
		uint64_t end = simulate(&stream, seed, 20 + seed % 120, false);

		path_limit = seed % 2 ? PATH_SLACK * 3 : 0;
		feed(&fed, &stream, end);
		announced = announced_cpus(&stream, end, &fed);
		if (fed.model.path.known && remembers_all(&fed))
			locks += assert_same_replay(&fed, announced);
		vector_for_each (&fed.model.what_ifs, what_if)
			gains += what_if->gain_ns > 0;
		free(announced);
		fed_free(&fed);
		vector_free(&stream.items);
	}
	path_limit = 0;
	assert_true(locks > RUNS / 3 && gains > RUNS / 10);
}

/* Somebody else has the CPU of 100 from 2,000 to 8,000; then it waits 100 ns for a lock that 101
 * has just taken. In a replay that knows nothing of the others it would wait from 2,100 on. */
static void what_was_not_waited_for_is_no_gain(void **state)
{
	struct stream stream = {0};
	const struct what_if *what_if;
	uint64_t gain = 0;
	struct fed fed;

	add_task(&stream, 1000, 100, 100, PL_TASK_RUNNING);
	add_task(&stream, 1000, 101, 100, PL_TASK_RUNNING);
	add_switch(&stream, 1000, 0, 0, 0, 0, 100);
	add_switch(&stream, 1000, 1, 0, 0, 0, 101);
	add_switch(&stream, 2000, 0, 100, 0, 0, 0);
	add_switch(&stream, 8000, 0, 0, 0, 0, 100);
	set_block(add_switch(&stream, 8100, 0, 100, OUT_BLOCKED, 1, 0), 202, PL_FUTEX_MUTEX, 0x1000,
		  101);
	set_woken(add_switch(&stream, 8200, 0, 0, 0, 0, 100), 0, 101, PL_WAKER_TASK);
	add_switch(&stream, 8300, 1, 101, OUT_BLOCKED, 0x80, 0);
	add_switch(&stream, 9200, 0, 100, OUT_BLOCKED, 0x80, 0);
	feed(&fed, &stream, 9200);
	vector_for_each (&fed.model.what_ifs, what_if) {
		if (what_if->kind == WHAT_IF_LOCK)
			gain = what_if->gain_ns;
	}
	assert_int_equal(gain, 100);
	fed_free(&fed);
	vector_free(&stream.items);
}

/* ---- births by who is not seen to run ------------------------------------------------------- */

static uint64_t part_ns(const struct fed *fed, uint32_t tid, enum path_what what)
{
	const struct path_part *part;
	uint64_t ns = 0;

	vector_for_each (&fed->model.path.parts, part) {
		if (part->what == what && fed->population->threads.items[part->thread].tid == tid)
			ns += part->ns;
	}
	return ns;
}

/* 100 slept from 1,200 on, got its CPU unseen, made 101 at 1,500, and was found running at 1,600
 * when it left. 101 runs from 1,700 to the end. */
static void a_thread_goes_on_from_where_its_maker_was_seen_last(void **state)
{
	struct stream stream = {0};
	struct fed fed;

	add_task(&stream, 1000, 100, 100, PL_TASK_RUNNING);
	add_switch(&stream, 1200, 0, 100, OUT_BLOCKED, 1, 0);
	add_fork(&stream, 1500, 101, 100, 100, "made");
	add_resume(&stream, 1600, 0, 100, 150, 1300, 0);
	add_switch(&stream, 1600, 0, 100, OUT_BLOCKED, 1, 0);
	add_switch(&stream, 1700, 0, 0, 0, 0, 101);
	add_switch(&stream, 2000, 0, 101, OUT_BLOCKED, 1, 0);
	feed(&fed, &stream, 2000);
	assert_int_equal(fed.model.path.before_ns, 0);
	assert_int_equal(part_ns(&fed, 100, PATH_RUNNING), 200);
	assert_int_equal(part_ns(&fed, 100, PATH_UNKNOWN), 300);
	assert_int_equal(part_ns(&fed, 101, PATH_READY), 200);
	assert_int_equal(part_ns(&fed, 101, PATH_RUNNING), 300);
	fed_free(&fed);
	vector_free(&stream.items);
}

/* 100 was asleep when the capture began, and made 101 before it was seen at all. */
static void a_maker_that_was_never_seen_is_unknown_from_its_beginning_on(void **state)
{
	struct stream stream = {0};
	struct fed fed;

	add_task(&stream, 1000, 100, 100, 0);
	add_fork(&stream, 1500, 101, 100, 100, "made");
	add_switch(&stream, 1700, 0, 0, 0, 0, 101);
	add_switch(&stream, 2000, 0, 101, OUT_BLOCKED, 1, 0);
	feed(&fed, &stream, 2000);
	assert_same_path(&fed);
	assert_int_equal(fed.model.path.before_ns, 0);
	assert_int_equal(part_ns(&fed, 100, PATH_UNKNOWN), 500);
	assert_int_equal(part_ns(&fed, 101, PATH_READY), 200);
	fed_free(&fed);
	vector_free(&stream.items);
}

/* ---- many threads -------------------------------------------------------------------------- */

#define MANY 20000u

/* Of even threads and of odd ones. */
static uint32_t first_of_two_kinds(void *context, uint32_t thread)
{
	return thread % 2;
}

static void those_that_are_too_many_to_tell_apart_are_told_by_their_kind(void **state)
{
	const struct path_setting setting = {
		.begin = 0, .end = 1000 * MANY, .first_of_kind = first_of_two_kinds};
	uint64_t alone = 0, kinds[2] = {0}, all = 0, now = 0, twice[2] = {0};
	struct path_fold fold = {0}, later = {0};

	for (uint32_t i = 0; i < MANY; i++, now += 10 + i % 3) {
		uint64_t key = path_key(i, PATH_RUNNING, REASON_LOCK, PL_NO_SYSCALL);

		assert_int_equal(path_fold_add(i < MANY / 2 ? &fold : &later, &setting, key, now,
					       now + 10 + i % 3),
				 0);
		all += 10 + i % 3;
		twice[i % 2] += 10 + i % 3;
	}
	assert_int_equal(path_fold_join(&fold, &setting, &later), 0);
	for (uint32_t i = 0; i < fold.sum_capacity; i++) {
		const struct path_sum *sum = &fold.sums[i];

		if (!sum->count)
			continue;
		assert_int_equal(path_key_what(sum->key), PATH_RUNNING);
		assert_int_equal(path_key_reason(sum->key), REASON_LOCK);
		if (path_key_is_crowd(sum->key)) {
			assert_in_range(path_key_thread(sum->key), 0, 1);
			kinds[path_key_thread(sum->key)] += sum->ns;
		} else {
			assert_int_equal(sum->count, 1);
			alone += sum->ns;
			twice[path_key_thread(sum->key) % 2] -= sum->ns;
		}
	}
	assert_int_equal(fold.sum_count, PATH_SUMS_MAX + 2);
	assert_int_equal(alone + kinds[0] + kinds[1], all);
	assert_int_equal(kinds[0], twice[0]);
	assert_int_equal(kinds[1], twice[1]);
	path_fold_clear(&fold);
}

/* Each is the only one of its kind. */
static uint32_t first_of_its_own(void *context, uint32_t thread)
{
	return thread;
}

static void and_if_there_are_too_many_kinds_as_one(void **state)
{
	const struct path_setting setting = {
		.begin = 0, .end = 1000 * MANY, .first_of_kind = first_of_its_own};
	struct path_fold fold = {0};
	uint64_t all = 0;

	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(path_fold_add(&fold, &setting,
					       path_key(i, PATH_READY, REASON_NONE, PL_NO_SYSCALL),
					       i * 10, i * 10 + 10),
				 0);
	for (uint32_t i = 0; i < fold.sum_capacity; i++)
		all += fold.sums[i].ns * !!fold.sums[i].count;
	assert_int_equal(fold.sum_count, PATH_SUMS_MAX + PATH_CROWDS_MAX + 1);
	assert_int_equal(all, MANY * 10);
	path_fold_clear(&fold);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_path_is_the_one_that_a_walk_backwards_finds),
		cmocka_unit_test(what_is_summed_up_on_the_way_changes_nothing),
		cmocka_unit_test(the_replay_is_the_one_that_looks_everything_up),
		cmocka_unit_test(what_was_not_waited_for_is_no_gain),
		cmocka_unit_test(a_thread_goes_on_from_where_its_maker_was_seen_last),
		cmocka_unit_test(a_maker_that_was_never_seen_is_unknown_from_its_beginning_on),
		cmocka_unit_test(those_that_are_too_many_to_tell_apart_are_told_by_their_kind),
		cmocka_unit_test(and_if_there_are_too_many_kinds_as_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
