// SPDX-License-Identifier: GPL-2.0-only
#include "model/causes/wakes.h"

#include <errno.h>

#include "base/rarely.h"
#include "model/tasks/population.h"
#include "model/timeline/glance.h"

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

/* Wake-ups of one thread by another, or by what is none. */
struct pair {
	uint32_t from;
	enum wake_kind kind;
	uint64_t count, waited_ns; /* count 0: a free place */
};

/* Each thread's are kept together, in a hash table of its own: a program has many pairs, and one of
 * them is looked up for each wake-up. */
struct wake_thread {
	struct run now,
		before; /* a wake-up is learnt when its waker may have gone to sleep again */
	struct pair *pairs;
	uint32_t count, capacity; /* a power of two */
	uint32_t last; /* where the last one was found: often the next one's place, too */
};

struct wakes {
	struct timeline *timeline;
	VECTOR(struct wake_thread) threads;
	struct wake_chain longest;
	int error;
};

static RARELY int add_threads(struct wakes *wakes, uint32_t thread)
{
	while (wakes->threads.count <= thread)
		if (!vector_add(&wakes->threads))
			return -ENOMEM;
	return 0;
}

static inline int reserve(struct wakes *wakes, uint32_t thread)
{
	return thread < wakes->threads.count ? 0 : add_threads(wakes, thread);
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

static struct pair *place_of(const struct wake_thread *thread, uint32_t from, enum wake_kind kind)
{
	uint32_t at = (from ^ (uint32_t)kind << 28) * 0x9e3779b1u >> 7;

	for (;; at++) {
		struct pair *pair = &thread->pairs[at & (thread->capacity - 1)];

		if (!pair->count || (pair->from == from && pair->kind == kind))
			return pair;
	}
}

static int grow(struct wake_thread *thread)
{
	struct wake_thread grown = {.capacity = thread->capacity ? thread->capacity * 2 : 4};

	grown.pairs = calloc(grown.capacity, sizeof(*grown.pairs));
	if (!grown.pairs)
		return -ENOMEM;
	for (uint32_t i = 0; i < thread->capacity; i++) {
		const struct pair *pair = &thread->pairs[i];

		if (pair->count)
			*place_of(&grown, pair->from, pair->kind) = *pair;
	}
	free(thread->pairs);
	thread->pairs = grown.pairs;
	thread->capacity = grown.capacity;
	return 0;
}

/* NULL: memory is out. */
static RARELY struct pair *find_pair(struct wake_thread *thread, uint32_t from, enum wake_kind kind)
{
	struct pair *pair;

	if (thread->count * 4 >= thread->capacity * 3 && grow(thread))
		return NULL;
	pair = place_of(thread, from, kind);
	if (!pair->count) {
		pair->from = from;
		pair->kind = kind;
		thread->count++;
	}
	thread->last = pair - thread->pairs;
	return pair;
}

static inline int count_pair(struct wake_thread *thread, uint32_t from, enum wake_kind kind,
			     const struct interval *interval)
{
	struct pair *pair = thread->pairs + thread->last;

	if (!thread->capacity || pair->from != from || pair->kind != kind) {
		pair = find_pair(thread, from, kind);
		if (!pair)
			return -ENOMEM;
	}
	pair->count++;
	pair->waited_ns += interval->end - interval->begin;
	return 0;
}

/* The chain that the waker stood in at that time. */
static struct wake_chain chain_at(const struct wakes *wakes, uint32_t waker, uint64_t time)
{
	const struct wake_thread *thread = &wakes->threads.items[waker];
	struct wake_chain none = {.first = waker, .last = waker, .begin = time, .end = time};
	const struct run *run = time >= thread->now.begin ? &thread->now : &thread->before;

	return run->chain.length && time >= run->begin ? run->chain : none;
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
		from = population_thread_at(glance_population(wakes->timeline), interval->waker,
					    interval->end);
	wakes->error = reserve(
		wakes, from != NO_THREAD && from > interval->thread ? from : interval->thread);
	if (wakes->error)
		return;
	thread = &wakes->threads.items[interval->thread];
	wakes->error = count_pair(thread, from, kind, interval);
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
	struct wake_thread *thread;

	if (!*wakes)
		return;
	vector_for_each (&(*wakes)->threads, thread)
		free(thread->pairs);
	vector_free(&(*wakes)->threads);
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
	if (one->from != two->from)
		return one->from < two->from ? -1 : 1;
	return (int)one->kind - (int)two->kind;
}

static int hand_over(const struct wake_thread *thread, uint32_t to, struct model *model)
{
	for (uint32_t i = 0; i < thread->capacity; i++) {
		const struct pair *pair = &thread->pairs[i];
		struct wake *wake;

		if (!pair->count)
			continue;
		wake = vector_add(&model->wakes);
		if (!wake)
			return -ENOMEM;
		*wake = (struct wake){.kind = pair->kind,
				      .from = pair->from,
				      .to = to,
				      .count = pair->count,
				      .waited_ns = pair->waited_ns};
	}
	return 0;
}

int wakes_finish(struct wakes *wakes, struct model *model)
{
	int error = wakes->error;

	for (uint32_t i = 0; i < wakes->threads.count && !error; i++)
		error = hand_over(&wakes->threads.items[i], i, model);
	if (error)
		return error;
	if (model->wakes.count)
		qsort(model->wakes.items, model->wakes.count, sizeof(struct wake), compare);
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
