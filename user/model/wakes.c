// SPDX-License-Identifier: GPL-2.0-only
#include "model/wakes.h"

#include <errno.h>

#include "model/lock_map.h"
#include "model/population.h"

/* Waits that nothing but their own timer ends from within an interrupt. */
#define REASONS_TIMED                                                                              \
	(1u << REASON_SLEEP | 1u << REASON_LOCK | 1u << REASON_CONDITION | 1u << REASON_JOIN |     \
	 1u << REASON_SEMAPHORE | 1u << REASON_RWLOCK | 1u << REASON_FUTEX | 1u << REASON_GIL |    \
	 1u << REASON_BARRIER)
/* Those that the end of a thread or process ends. */
#define REASONS_END (1u << REASON_JOIN | 1u << REASON_CHILD)

/* How a run of a thread came about. */
struct run {
	uint64_t begin; /* when it was woken for it */
	struct wake_chain chain;
};

struct wake_thread {
	struct run now,
		before; /* a wake-up is learnt when its waker may have gone to sleep again */
	/* Who woke it last mostly does so again: spares the look-up. */
	enum wake_kind kind;
	uint32_t from;
	uint32_t pair; /* index + 1; 0: none */
};

struct wakes {
	struct timeline *timeline;
	VECTOR(struct wake) pairs;
	VECTOR(struct wake_thread) threads;
	struct lock_map by_pair; /* (from, kind), to -> pair */
	struct wake_chain longest;
	int error;
};

static int reserve(struct wakes *wakes, uint32_t thread)
{
	while (wakes->threads.count <= thread)
		if (!vector_add(&wakes->threads))
			return -ENOMEM;
	return 0;
}

static enum wake_kind kind_of(const struct interval *interval)
{
	switch (interval->waker_context) {
	case PL_WAKER_TASK:
		return 1u << interval->reason & REASONS_END ? WAKE_EXIT : WAKE_THREAD;
	case PL_WAKER_INTERRUPT:
		return 1u << interval->reason & REASONS_TIMED ? WAKE_TIMER : WAKE_INTERRUPT;
	default:
		return WAKE_UNKNOWN;
	}
}

static int find_pair(struct wakes *wakes, struct wake_thread *thread, uint32_t from,
		     enum wake_kind kind, uint32_t to)
{
	uint32_t index;
	int error = lock_map_at(&wakes->by_pair, (uint64_t)kind << 32 | from, to,
				wakes->pairs.count, &index);

	if (error)
		return error;
	if (index == wakes->pairs.count) {
		struct wake *pair = vector_add(&wakes->pairs);

		if (!pair)
			return -ENOMEM;
		pair->from = from;
		pair->to = to;
		pair->kind = kind;
	}
	thread->from = from;
	thread->kind = kind;
	thread->pair = index + 1;
	return 0;
}

static int count_pair(struct wakes *wakes, struct wake_thread *thread, uint32_t from,
		      enum wake_kind kind, const struct interval *interval)
{
	struct wake *pair;
	int error = 0;

	if (!thread->pair || thread->from != from || thread->kind != kind)
		error = find_pair(wakes, thread, from, kind, interval->thread);
	if (error)
		return error;
	pair = &wakes->pairs.items[thread->pair - 1];
	pair->count++;
	pair->waited_ns += interval->end - interval->begin;
	return 0;
}

/* The chain that the waker stood in at that time. */
static struct wake_chain chain_at(const struct wakes *wakes, uint32_t waker, uint64_t time)
{
	const struct wake_thread *thread = &wakes->threads.items[waker];
	struct wake_chain none = {.first = waker, .last = waker, .begin = time, .end = time};

	if (thread->now.chain.length && time >= thread->now.begin)
		return thread->now.chain;
	if (thread->before.chain.length && time >= thread->before.begin)
		return thread->before.chain;
	return none;
}

static void take_over(struct wakes *wakes, struct wake_thread *thread, uint32_t from,
		      enum wake_kind kind, const struct interval *interval)
{
	struct wake_chain chain = {0};

	if (from != NO_THREAD && kind == WAKE_THREAD) {
		chain = chain_at(wakes, from, interval->end);
		chain.length++;
		chain.last = interval->thread;
		chain.end = interval->end;
		if (chain.length > wakes->longest.length)
			wakes->longest = chain;
	}
	thread->before = thread->now;
	thread->now = (struct run){interval->end, chain};
}

static void on_interval(void *context, const struct interval *interval)
{
	struct wakes *wakes = context;
	struct wake_thread *thread;
	enum wake_kind kind;
	uint32_t from = NO_THREAD;

	if (wakes->error || interval->open_end)
		return;
	kind = kind_of(interval);
	if (kind == WAKE_THREAD || kind == WAKE_EXIT)
		from = population_thread_at(timeline_population(wakes->timeline), interval->waker,
					    interval->end);
	wakes->error = reserve(
		wakes, from != NO_THREAD && from > interval->thread ? from : interval->thread);
	if (wakes->error)
		return;
	thread = &wakes->threads.items[interval->thread];
	wakes->error = count_pair(wakes, thread, from, kind, interval);
	if (!wakes->error)
		take_over(wakes, thread, from, kind, interval);
}

int wakes_new(struct timeline *timeline, struct wakes **ret)
{
	struct wakes *wakes = calloc(1, sizeof(*wakes));
	struct timeline_visitor visitor = {
		.context = wakes, .interval = on_interval, .states = 1u << STATE_BLOCKED};

	if (!wakes)
		return -ENOMEM;
	wakes->timeline = timeline;
	if (timeline_add_visitor(timeline, &visitor)) {
		free(wakes);
		return -ENOMEM;
	}
	*ret = wakes;
	return 0;
}

void wakes_free(struct wakes **wakes)
{
	if (!*wakes)
		return;
	vector_free(&(*wakes)->pairs);
	vector_free(&(*wakes)->threads);
	lock_map_free(&(*wakes)->by_pair);
	free(*wakes);
	*wakes = NULL;
}

static int compare(const void *a, const void *b)
{
	const struct wake *one = a, *two = b;

	if (one->count != two->count)
		return one->count > two->count ? -1 : 1;
	if (one->to != two->to)
		return one->to < two->to ? -1 : 1;
	return one->from < two->from ? -1 : one->from > two->from;
}

int wakes_finish(struct wakes *wakes, struct model *model)
{
	if (wakes->error)
		return wakes->error;
	if (wakes->pairs.count)
		qsort(wakes->pairs.items, wakes->pairs.count, sizeof(struct wake), compare);
	model->wakes.items = wakes->pairs.items;
	model->wakes.count = wakes->pairs.count;
	model->wakes.capacity = wakes->pairs.capacity;
	memset(&wakes->pairs, 0, sizeof(wakes->pairs));
	model->chain = wakes->longest;
	return 0;
}

const char *wake_kind_name(enum wake_kind kind)
{
	static const char *const names[] = {
		[WAKE_UNKNOWN] = "unknown", [WAKE_THREAD] = "thread",	    [WAKE_EXIT] = "exit",
		[WAKE_TIMER] = "timer",	    [WAKE_INTERRUPT] = "interrupt",
	};

	return (unsigned int)kind < WAKE_KINDS ? names[kind] : "unknown";
}
