/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * model_oracle.h - what a stream means, worked out the slow way
 *
 * An independent account to compare the model with. It has no states that change: it looks at all
 * records of one thread at once, and at all intervals at once, over and over. For streams in which
 * nothing is lost.
 */
#ifndef TESTS_MODEL_ORACLE_H
#define TESTS_MODEL_ORACLE_H

#include "model_items.h"

struct oracle {
	VECTOR(struct interval) intervals;
	const struct stream *stream;
	uint64_t end;
};

static inline bool oracle_is_birth(const struct made_item *item)
{
	return item->is_life &&
	       (item->life.head.kind == PL_LIFE_FORK || item->life.head.kind == PL_LIFE_TASK);
}

static inline bool oracle_leaves(const struct made_item *item, uint32_t tid)
{
	return !item->is_life && item->record.kind == PL_SWITCH &&
	       item->record.sw.flags & PL_PREV && item->record.sw.prev == tid;
}

static inline bool oracle_enters(const struct made_item *item, uint32_t tid)
{
	if (!item->is_life && item->record.kind == PL_RESUME)
		return item->record.resume.tid == tid;
	return !item->is_life && item->record.kind == PL_SWITCH &&
	       item->record.sw.flags & PL_NEXT && item->record.sw.next == tid;
}

/* When the thread came or went. */
static inline uint64_t oracle_time(const struct made_item *item)
{
	bool resume = !item->is_life && item->record.kind == PL_RESUME;

	return resume ? item->time - item->record.resume.ran_ns : item->time;
}

/* The index of the next item that moves the thread on, after `from`; the count if none does. */
static inline size_t oracle_next_move(const struct stream *stream, size_t from, uint32_t tid)
{
	size_t i = from + 1;

	while (i < stream->items.count && !oracle_leaves(&stream->items.items[i], tid) &&
	       !oracle_enters(&stream->items.items[i], tid))
		i++;
	return i;
}

static inline void oracle_keep(struct oracle *oracle, const struct interval *interval)
{
	struct interval *kept;

	if (interval->begin == interval->end && interval->state != STATE_BLOCKED &&
	    interval->state != STATE_STOPPED)
		return;
	kept = vector_add(&oracle->intervals);
	assert_non_null(kept);
	*kept = *interval;
}

/* Where the thread blocked at item `at`: its own words, or the last it said before. */
static inline const struct pl_block *oracle_block(const struct stream *stream, size_t at,
						  uint32_t tid)
{
	const struct made_item *item = &stream->items.items[at];

	if (item->is_life)
		return item->life.task.block.kind ? &item->life.task.block : NULL;
	if (item->has_block)
		return &item->block.block;
	if (!(item->record.sw.flags & PL_SAME))
		return NULL;
	while (at-- > 0) {
		item = &stream->items.items[at];
		if (oracle_leaves(item, tid) && item->has_block)
			return &item->block.block;
		if (oracle_is_birth(item) && item->life.head.tid == tid)
			return item->life.task.block.kind ? &item->life.task.block : NULL;
	}
	return NULL;
}

static inline void oracle_wait(struct oracle *oracle, struct interval interval, size_t from,
			       size_t to, uint32_t tid, uint32_t state)
{
	const struct pl_block *block = oracle_block(oracle->stream, from, tid);
	const struct made_item *items = oracle->stream->items.items;
	bool ended = to < oracle->stream->items.count, woken = false;
	uint64_t ready = interval.end;

	interval.state = state & 12 ? STATE_STOPPED : STATE_BLOCKED;
	interval.reason = reason_of("x86_64", block, state, false, false);
	interval.open_end = !ended;
	if (block && interval.state == STATE_BLOCKED) {
		interval.syscall = block->syscall;
		interval.address =
			block->futex_kind && block->futex_kind != PL_FUTEX_VECTOR ? block->arg0 : 0;
		interval.holder = block->holder;
	}
	if (ended && items[to].record.kind == PL_RESUME) {
		const struct pl_resume *resume = &items[to].record.resume;

		woken = resume->waker_context != PL_WAKER_UNKNOWN;
		if (woken) {
			ready = resume->woken < interval.end ? resume->woken : interval.end;
			interval.waker = resume->waker;
			interval.waker_context = resume->waker_context;
		}
	} else if (ended && items[to].record.sw.flags & PL_WOKEN) {
		woken = true;
		ready = interval.end - items[to].record.sw.ready_ns;
		interval.waker = items[to].record.sw.waker;
		interval.waker_context = items[to].record.sw.waker_context;
	}
	for (size_t i = from + 1; i < to; i++) {
		if (!items[i].is_life && items[i].record.kind == PL_WAKE &&
		    items[i].record.wake.tid == tid) {
			woken = true;
			ready = items[i].record.wake.woken;
			interval.waker = items[i].record.wake.waker;
			interval.waker_context = items[i].record.wake.waker_context;
		}
	}
	if (woken) {
		struct interval rest = {
			.thread = interval.thread,
			.state = STATE_READY_WOKEN,
			.syscall = PL_NO_SYSCALL,
			.begin = ready < interval.begin ? interval.begin : ready,
			.end = interval.end,
			.waker = interval.waker,
			.waker_context = interval.waker_context,
			.open_end = !ended,
		};

		interval.end = rest.begin;
		interval.open_end = false;
		oracle_keep(oracle, &interval);
		oracle_keep(oracle, &rest);
		return;
	}
	oracle_keep(oracle, &interval);
}

/* From one move of the thread to the next. */
static inline void oracle_stretch(struct oracle *oracle, uint32_t thread, size_t from, size_t to,
				  uint32_t tid)
{
	const struct made_item *items = oracle->stream->items.items, *item = &items[from];
	bool ended = to < oracle->stream->items.count;
	uint8_t flags = item->is_life ? item->life.head.flags : item->record.sw.flags;
	struct interval interval = {
		.thread = thread,
		.syscall = PL_NO_SYSCALL,
		.begin = oracle_time(item),
		.end = ended ? oracle_time(&items[to]) : oracle->end,
		.open_begin = item->is_life && item->life.head.kind == PL_LIFE_TASK,
		.open_end = !ended,
	};

	if (item->is_life && item->life.head.kind == PL_LIFE_FORK) {
		interval.state = STATE_READY_WOKEN;
		interval.waker = item->life.task.creator;
		interval.waker_context = PL_WAKER_TASK;
	} else if (oracle_enters(item, tid) ||
		   (item->is_life && item->life.head.flags & PL_TASK_RUNNING)) {
		interval.state = STATE_RUNNING;
		interval.cpu = ended || !item->is_life ? items[item->is_life ? to : from].cpu
						       : item->life.head.cpu;
	} else if (item->is_life ? flags & PL_TASK_READY : !(flags & PL_BLOCKED)) {
		interval.state = STATE_READY_PREEMPTED;
		if (!item->is_life && item->record.sw.next) {
			interval.waker = item->record.sw.next;
			interval.waker_context = PL_WAKER_TASK;
		}
	} else {
		oracle_wait(oracle, interval, from, to, tid,
			    item->is_life ? item->life.task.state : item->record.sw.prev_state);
		return;
	}
	oracle_keep(oracle, &interval);
}

static inline void oracle_life(struct oracle *oracle, uint32_t thread, size_t birth)
{
	const struct stream *stream = oracle->stream;
	uint32_t tid = stream->items.items[birth].life.head.tid;
	size_t from = birth, to;

	for (;;) {
		to = oracle_next_move(stream, from, tid);
		oracle_stretch(oracle, thread, from, to, tid);
		if (to == stream->items.count ||
		    (oracle_leaves(&stream->items.items[to], tid) &&
		     stream->items.items[to].record.sw.prev_state & 0x80))
			return;
		from = to;
	}
}

static inline void oracle_work(struct oracle *oracle, const struct stream *stream, uint64_t end)
{
	uint32_t thread = 0;

	memset(oracle, 0, sizeof(*oracle));
	oracle->stream = stream;
	oracle->end = end;
	for (size_t i = 0; i < stream->items.count; i++) {
		if (oracle_is_birth(&stream->items.items[i]))
			oracle_life(oracle, thread++, i);
	}
}

/* ---- what follows from the intervals ------------------------------------------------------- */

/* How long a thread ran within a span of time. */
static inline uint64_t oracle_running(const struct oracle *oracle, uint32_t thread, uint64_t begin,
				      uint64_t end)
{
	const struct interval *it;
	uint64_t sum = 0;

	vector_for_each (&oracle->intervals, it) {
		uint64_t from = it->begin > begin ? it->begin : begin;
		uint64_t to = it->end < end ? it->end : end;

		if (it->thread == thread && it->state == STATE_RUNNING && from < to)
			sum += to - from;
	}
	return sum;
}

static inline int oracle_compare_times(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a, two = *(const uint64_t *)b;

	return one < two ? -1 : one > two;
}

/* Cuts time at every boundary, and counts in each piece who runs. */
static inline void oracle_concurrency(const struct oracle *oracle, uint64_t begin,
				      uint64_t concurrency[65], uint64_t *both_ns)
{
	VECTOR(uint64_t) cuts = {0};
	const struct interval *it;

	*(uint64_t *)vector_add(&cuts) = begin;
	*(uint64_t *)vector_add(&cuts) = oracle->end;
	vector_for_each (&oracle->intervals, it) {
		*(uint64_t *)vector_add(&cuts) = it->begin;
		*(uint64_t *)vector_add(&cuts) = it->end;
	}
	qsort(cuts.items, cuts.count, sizeof(cuts.items[0]), oracle_compare_times);
	for (size_t i = 0; i + 1 < cuts.count; i++) {
		uint64_t from = cuts.items[i], to = cuts.items[i + 1];
		uint32_t running = 0;

		if (from == to)
			continue;
		vector_for_each (&oracle->intervals, it)
			running += it->state == STATE_RUNNING && it->begin <= from && it->end >= to;
		concurrency[running] += to - from;
		vector_for_each (&oracle->intervals, it) {
			if (running >= 2 && it->state == STATE_RUNNING && it->begin <= from &&
			    it->end >= to)
				both_ns[it->thread] += to - from;
		}
	}
	vector_free(&cuts);
}

#endif
