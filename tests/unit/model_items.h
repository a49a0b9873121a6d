/* SPDX-License-Identifier: GPL-2.0-only */
/* model_items.h - made-up streams of records, and what a timeline makes of them */
#ifndef TESTS_MODEL_ITEMS_H
#define TESTS_MODEL_ITEMS_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/causes/inside.h"
#include "model/causes/deadlocks.h"
#include "model/causes/herds.h"
#include "model/locks/inside.h"
#include "model/tasks/population.h"
#include "model/summary.h"
#include "model/timeline/timeline.h"
#include "model/totals.h"
#include "recording/recording.h"
#include "sums_oracle.h"

struct made_item {
	uint64_t time;
	uint32_t cpu;
	bool is_life, has_block;
	union pl_record record, block;
	uint32_t stack, kernel_stack, waker_stack;
	union pl_life life;
};

struct stream {
	VECTOR(struct made_item) items;
};

static inline struct made_item *stream_add(struct stream *stream)
{
	struct made_item *item = vector_add(&stream->items);

	assert_non_null(item);
	return item;
}

static inline struct recording_item item_of(const struct made_item *made)
{
	return (struct recording_item){
		.time = made->time,
		.cpu = made->cpu,
		.record = made->is_life ? NULL : &made->record,
		.block = made->has_block ? &made->block : NULL,
		.life = made->is_life ? &made->life : NULL,
		.stack = made->stack,
		.kernel_stack = made->kernel_stack,
		.waker_stack = made->waker_stack,
	};
}

static inline union pl_life *add_life(struct stream *stream, uint64_t time, enum pl_life_kind kind,
				      uint32_t tid, uint32_t tgid, uint8_t flags)
{
	struct made_item *item = stream_add(stream);

	item->time = time;
	item->is_life = true;
	item->life.head = (struct pl_life_head){
		.time = time,
		.tid = tid,
		.tgid = tgid,
		.kind = kind,
		.flags = flags | (tid == tgid ? PL_TASK_LEADER : 0),
		.size = sizeof(item->life),
	};
	return &item->life;
}

static inline void add_fork(struct stream *stream, uint64_t time, uint32_t tid, uint32_t tgid,
			    uint32_t creator, const char *comm)
{
	union pl_life *life = add_life(stream, time, PL_LIFE_FORK, tid, tgid, 0);

	life->task.creator = creator;
	life->task.parent = 1;
	life->task.start_time = time;
	strncpy(life->task.comm, comm, PL_COMM_LEN);
}

/* PL_TASK_RUNNING, PL_TASK_READY, or 0: blocked. */
static inline union pl_life *add_task(struct stream *stream, uint64_t time, uint32_t tid,
				      uint32_t tgid, uint8_t flags)
{
	union pl_life *life = add_life(stream, time, PL_LIFE_TASK, tid, tgid, flags);

	life->task.start_time = 1;
	life->task.state = flags & (PL_TASK_RUNNING | PL_TASK_READY) ? 0 : 1;
	strncpy(life->task.comm, "task", PL_COMM_LEN);
	return life;
}

static inline struct made_item *add_switch(struct stream *stream, uint64_t time, uint32_t cpu,
					   uint32_t prev, uint8_t flags, uint16_t prev_state,
					   uint32_t next)
{
	struct made_item *item = stream_add(stream);

	item->time = time;
	item->cpu = cpu;
	item->record.sw = (struct pl_switch){
		.kind = PL_SWITCH,
		.flags = flags | (prev ? PL_PREV : 0) | (next ? PL_NEXT : 0),
		.prev_state = prev_state,
		.prev = prev,
		.next = next,
		.time = time,
	};
	return item;
}

#define OUT_BLOCKED (PL_BLOCKED | PL_VOLUNTARY)

static inline void set_block(struct made_item *item, uint16_t syscall, uint8_t futex_kind,
			     uint64_t arg0, uint32_t holder)
{
	item->has_block = true;
	item->block.block = (struct pl_block){
		.kind = PL_BLOCK,
		.futex_kind = futex_kind,
		.syscall = syscall,
		.tid = item->record.sw.prev,
		.holder = holder,
		.arg0 = arg0,
	};
}

static inline void set_woken(struct made_item *item, uint32_t ready_ns, uint32_t waker,
			     uint8_t context)
{
	item->record.sw.flags |= PL_WOKEN;
	item->record.sw.ready_ns = ready_ns;
	item->record.sw.waker = waker;
	item->record.sw.waker_context = context;
}

static inline void add_wake(struct stream *stream, uint64_t time, uint32_t cpu, uint32_t tid,
			    uint64_t woken, uint32_t waker)
{
	struct made_item *item = stream_add(stream);

	item->time = time;
	item->cpu = cpu;
	item->record.wake = (struct pl_wake){
		.kind = PL_WAKE,
		.waker_context = PL_WAKER_TASK,
		.tid = tid,
		.waker = waker,
		.woken = woken,
		.time = time,
	};
}

/* It ran since `ran_ns` ago, unseen; before that it was woken at `woken`. */
static inline void add_resume(struct stream *stream, uint64_t time, uint32_t cpu, uint32_t tid,
			      uint32_t ran_ns, uint64_t woken, uint32_t waker)
{
	struct made_item *item = stream_add(stream);

	item->time = time;
	item->cpu = cpu;
	item->record.resume = (struct pl_resume){
		.kind = PL_RESUME,
		.waker_context = waker ? PL_WAKER_TASK : PL_WAKER_UNKNOWN,
		.tid = tid,
		.waker = waker,
		.ran_ns = ran_ns,
		.woken = woken,
		.time = time,
	};
}

static inline void add_sample(struct stream *stream, uint64_t time, uint32_t cpu, uint32_t tid,
			      uint32_t stack, uint64_t period)
{
	struct made_item *item = stream_add(stream);

	item->time = time;
	item->cpu = cpu;
	item->record.sample = (struct pl_sample){
		.kind = PL_SAMPLE,
		.tid = tid,
		.stack = stack,
		.period = period,
		.time = time,
	};
}

static inline void add_gap(struct stream *stream, uint64_t first, uint64_t time, uint32_t cpu,
			   uint32_t lost)
{
	struct made_item *item = stream_add(stream);

	item->time = time;
	item->cpu = cpu;
	item->record.gap =
		(struct pl_gap){.kind = PL_GAP, .lost = lost, .first = first, .time = time};
}

/* ---- feeding ------------------------------------------------------------------------------- */

/* Everything that the model is made of, without a recording. */
struct fed {
	struct timeline *timeline;
	struct summary *summary;
	struct locks *locks;
	struct causes *causes;
	struct deadlocks *deadlocks;
	struct herds *herds;
	struct summary_result sums;
	struct model model; /* locks, causes and losses alone are filled in */
	VECTOR(struct interval) intervals;
	uint32_t samples, sampled_stack; /* how many, the last one's */
	const struct timeline_figures *figures;
	struct population *population;
	uint64_t totals_disagree;
};

static inline void keep_interval(void *context, const struct interval *interval)
{
	struct fed *fed = context;
	struct interval *kept = vector_add(&fed->intervals);

	assert_non_null(kept);
	*kept = *interval;
}

static inline void count_sample(void *context, uint32_t thread, const struct pl_sample *sample)
{
	struct fed *fed = context;

	fed->samples++;
	fed->sampled_stack = sample->stack;
}

static inline uint64_t stream_begin(const struct stream *stream)
{
	return stream->items.count ? stream->items.items[0].time : 0;
}

/* The conservation law, on what the visitors saw: each thread's life is tiled. */
static inline void assert_tiled(const struct fed *fed)
{
	size_t count = fed->population->threads.count;
	uint64_t *reached = calloc(count + 1, sizeof(*reached));
	const struct interval *interval;

	assert_non_null(reached);
	/* Totals may move a thread's begin, but they have not been looked at yet. */
	for (size_t i = 0; i < count; i++)
		reached[i] = fed->population->threads.items[i].begin;
	vector_for_each (&fed->intervals, interval) {
		assert_true(interval->thread < count);
		if (interval->state == STATE_BLOCKED || interval->state == STATE_STOPPED)
			assert_true(interval->begin <= interval->end);
		else
			assert_true(interval->begin < interval->end);
		assert_int_equal(interval->begin, reached[interval->thread]);
		reached[interval->thread] = interval->end;
	}
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(reached[i], fed->population->threads.items[i].end);
		assert_true(reached[i] <= fed->figures->end);
	}
	free(reached);
}

static inline uint64_t sum_of_states(const struct thread *thread)
{
	uint64_t sum = 0;

	for (int state = 0; state < STATE_COUNT; state++)
		sum += thread->state_ns[state];
	return sum;
}

static inline void assert_sums(const struct fed *fed)
{
	const struct thread *thread;
	uint64_t concurrency = 0;

	vector_for_each (&fed->population->threads, thread) {
		const struct reason_total *total;
		uint64_t blocked = 0;

		assert_int_equal(sum_of_states(thread), thread_life_ns(thread));
		vector_for_each (&thread->reasons, total)
			blocked += total->total_ns;
		assert_int_equal(blocked, thread_blocked_ns(thread));
		assert_true(thread->both_ns <= thread->state_ns[STATE_RUNNING]);
	}
	for (int n = 0; n < 65; n++)
		concurrency += fed->figures->concurrency[n];
	assert_int_equal(concurrency, fed->figures->end - fed->figures->begin);
}

/* How many nodes of paths there may be before they are tidied up; 0: as many as always. */
static uint32_t path_limit;

static inline void follow_causes(struct fed *fed, uint64_t begin, uint64_t end)
{
	struct causes_options options = {.begin = begin, .end = end, .cpus = 2};

	assert_int_equal(causes_new(fed->timeline, &options, &fed->causes), 0);
	if (path_limit) {
		fed->causes->tree.limit = path_limit;
		fed->causes->past_span = UINT64_MAX;
	}
}

/* Whatever happened, the path is as long as the capture. */
static inline void assert_path_adds_up(const struct fed *fed)
{
	const struct critical_path *path = &fed->model.path;
	uint64_t at = fed->figures->begin + path->before_ns, sum = path->before_ns;
	const struct path_segment *segment;
	const struct path_part *part;

	if (!path->known)
		return;
	vector_for_each (&path->parts, part)
		sum += part->ns;
	assert_int_equal(sum + path->after_ns, fed->figures->end - fed->figures->begin);
	vector_for_each (&path->segments, segment) {
		assert_int_equal(segment->begin, at);
		assert_true(segment->end > at);
		assert_true(segment->main_ns <= segment->end - segment->begin);
		at = segment->end;
	}
	assert_int_equal(at, fed->figures->end - path->after_ns);
}

#define LOCK_REASONS                                                                               \
	(1u << REASON_LOCK | 1u << REASON_CONDITION | 1u << REASON_SEMAPHORE |                     \
	 1u << REASON_RWLOCK | 1u << REASON_FUTEX | 1u << REASON_GIL | 1u << REASON_BARRIER)

static inline bool is_wait_for(const struct fed *fed, const struct interval *interval,
			       const struct lock *lock)
{
	const struct thread *thread = &fed->population->threads.items[interval->thread];

	return interval->state == STATE_BLOCKED && interval->address &&
	       1u << interval->reason & LOCK_REASONS && locks_address(interval) == lock->address &&
	       population_space(fed->population, thread->process) ==
		       population_space(fed->population, lock->process);
}

/* A lock's waiting is exactly that of the threads that waited for it; of locks that processes do
 * not share. */
static inline void assert_lock_sums(const struct fed *fed)
{
	const struct lock *lock;

	vector_for_each (&fed->model.locks, lock) {
		const struct interval *interval;
		const struct lock_user *user;
		uint64_t waited = 0, count = 0, total = 0, waits = 0, held = 0;
		struct histogram waiting = {0};

		vector_for_each (&fed->intervals, interval) {
			if (!is_wait_for(fed, interval, lock))
				continue;
			waited += interval->end - interval->begin;
			count++;
			count_duration(&waiting, interval->end - interval->begin);
		}
		vector_for_each (&lock->users, user) {
			total += user->waited_ns;
			waits += user->waits;
			held += user->held_ns;
			assert_true(user->kept_ns <= user->waited_ns);
			assert_true(user->held_running_ns <= user->held_ns);
		}
		assert_main_users(lock);
		assert_int_equal(total, lock->total_ns);
		assert_int_equal(waits, lock->waits);
		assert_true(held <= total);
		/* Where records are missing a wait may have been told in two pieces. */
		if (lock->shared || fed->figures->gap_lost || fed->figures->repaired)
			continue;
		assert_int_equal(waited, lock->total_ns);
		assert_int_equal(count, lock->waits);
		assert_int_equal(lock->max_ns, waiting.max_ns);
		assert_histogram(&lock->waiting, &waiting);
	}
}

static inline void feed_begin(struct fed *fed, uint64_t begin, uint64_t end)
{
	struct timeline_options options = {.arch = "x86_64", .begin = begin};
	struct timeline_visitor visitor = {
		.context = fed, .interval = keep_interval, .sample = count_sample};

	memset(fed, 0, sizeof(*fed));
	assert_int_equal(timeline_new(&options, &fed->timeline), 0);
	assert_int_equal(timeline_add_visitor(fed->timeline, &visitor), 0);
	assert_int_equal(summary_new(fed->timeline, begin, end, &fed->summary), 0);
	assert_int_equal(locks_new(fed->timeline, &fed->locks), 0);
	follow_causes(fed, begin, end);
	assert_int_equal(deadlocks_new(fed->timeline, &fed->deadlocks), 0);
	assert_int_equal(herds_new(fed->timeline, &fed->herds), 0);
}

static inline bool stream_has_gaps(const struct stream *stream)
{
	const struct made_item *made;

	vector_for_each (&stream->items, made)
		if (!made->is_life && made->record.kind == PL_GAP)
			return true;
	return false;
}

static inline void learn_first(struct fed *fed, const struct stream *stream, uint64_t end)
{
	struct timeline_options options = {
		.arch = "x86_64", .begin = stream_begin(stream), .is_first_pass = true};
	const struct made_item *made;
	struct timeline *first;

	assert_int_equal(timeline_new(&options, &first), 0);
	vector_for_each (&stream->items, made) {
		struct recording_item item = item_of(made);

		assert_int_equal(timeline_feed(first, &item), 0);
	}
	assert_int_equal(timeline_finish(first, end), 0);
	assert_int_equal(timeline_learn(fed->timeline, first), 0);
	timeline_free(&first);
}

/* Works a stream through to `end`, and checks what must be true of any stream whatever. */
static inline void feed(struct fed *fed, const struct stream *stream, uint64_t end)
{
	const struct made_item *made;
	struct totals_bounds bounds;

	feed_begin(fed, stream_begin(stream), end);
	if (stream_has_gaps(stream))
		learn_first(fed, stream, end);
	vector_for_each (&stream->items, made) {
		struct recording_item item = item_of(made);

		assert_int_equal(timeline_feed(fed->timeline, &item), 0);
	}
	assert_int_equal(timeline_finish(fed->timeline, end), 0);
	fed->figures = timeline_figures(fed->timeline);
	fed->population = timeline_population(fed->timeline);
	assert_tiled(fed);
	assert_int_equal(summary_finish(fed->summary, &fed->sums), 0);
	assert_int_equal(locks_finish(fed->locks, &fed->model), 0);
	assert_int_equal(causes_finish(fed->causes, &fed->model), 0);
	assert_path_adds_up(fed);
	assert_int_equal(deadlocks_finish(fed->deadlocks, &fed->model), 0);
	assert_int_equal(herds_finish(fed->herds, &fed->model), 0);
	assert_lock_sums(fed);
	assert_summary(fed->intervals.items, fed->intervals.count, fed->population, &fed->sums);
	assert_sums(fed);
	bounds = (struct totals_bounds){.begin = fed->figures->begin,
					.end = fed->figures->end,
					.lost = fed->figures->gap_lost > 0};
	fed->totals_disagree = totals_reconcile(fed->population, &bounds);
	assert_sums(fed);
}

static inline void fed_free(struct fed *fed)
{
	struct deadlock *deadlock;
	struct thread *thread;
	struct lock *lock;

	vector_for_each (&fed->model.deadlocks, deadlock)
		vector_free(&deadlock->members);
	vector_free(&fed->model.deadlocks);
	deadlocks_free(&fed->deadlocks);
	vector_free(&fed->model.herds);
	vector_free(&fed->model.pollings);
	herds_free(&fed->herds);
	vector_for_each (&fed->population->threads, thread) {
		vector_free(&thread->reasons);
		free(thread->bar.cells);
	}
	vector_free(&fed->intervals);
	vector_for_each (&fed->model.locks, lock)
		vector_free(&lock->users);
	vector_free(&fed->model.locks);
	vector_free(&fed->model.what_ifs);
	critical_path_clear(&fed->model.path);
	summary_free(&fed->summary);
	locks_free(&fed->locks);
	causes_free(&fed->causes);
	timeline_free(&fed->timeline);
}

#endif
