// SPDX-License-Identifier: GPL-2.0-only
#include "model/causes/wait_graph.h"

#include <errno.h>

#include "model/locks/map.h"
#include "model/locks/inside.h"
#include "model/tasks/population.h"

#define REASONS_OWNED (1u << REASON_LOCK | 1u << REASON_RWLOCK | 1u << REASON_GIL)
#define REASONS_AWAITED                                                                            \
	(REASONS_OWNED | 1u << REASON_CONDITION | 1u << REASON_SEMAPHORE | 1u << REASON_FUTEX |    \
	 1u << REASON_BARRIER)

/* What is known of one lock, nearest to the moment on either side. */
struct lock_then {
	struct awaited awaited;
	bool is_awaited, holder_waits;
	uint32_t index;	 /* in the graph */
	uint64_t before; /* when it was last seen with `holder`; 0: never */
	uint32_t holder;
	enum holder_source source;
	uint64_t after; /* when it was given up first, by `giver`; 0: never */
	uint32_t giver;
};

struct wait_search {
	struct timeline *timeline;
	uint64_t time;
	VECTOR(struct lock_then) locks;
	VECTOR(struct wait_edge) edges;
	VECTOR(uint64_t) ran; /* by thread: when it began to run the last time before the moment */
	struct lock_map by_place;
	int error;
};

static int find_lock(struct wait_search *search, const struct interval *wait,
		     struct lock_then **ret)
{
	struct locks_key key = locks_key(timeline_population(search->timeline), wait);
	struct lock_then *lock;
	uint32_t index;
	int error =
		lock_map_at(&search->by_place, key.place, key.where, search->locks.count, &index);

	if (error)
		return error;
	if (index == search->locks.count) {
		lock = vector_add(&search->locks);
		if (!lock)
			return -ENOMEM;
		lock->holder = lock->giver = NO_THREAD;
		lock->awaited = (struct awaited){
			.process = key.process,
			.address = locks_address(wait),
			.reason = wait->reason,
			.shared = key.shared,
			.holder = NO_THREAD,
		};
	}
	*ret = &search->locks.items[index];
	if ((*ret)->awaited.reason == REASON_FUTEX)
		(*ret)->awaited.reason = wait->reason;
	(*ret)->awaited.inherits |= wait->futex_kind == PL_FUTEX_PI_MUTEX;
	return 0;
}

static void saw(struct lock_then *lock, uint64_t time, uint32_t holder, enum holder_source source)
{
	if (holder == NO_THREAD || time < lock->before)
		return;
	lock->before = time;
	lock->holder = holder;
	lock->source = source;
}

/* Threads that were there before the capture are announced one after the other: a holder may come
 * a moment later than its waiter. */
static uint32_t holder_of(const struct wait_search *search, const struct interval *wait)
{
	const struct population *population = timeline_population(search->timeline);
	uint32_t holder = population_thread_at(population, wait->holder, wait->begin);

	if (holder == NO_THREAD && wait->open_begin)
		holder = population_thread_at(population, wait->holder, wait->end);
	return holder;
}

/* Somebody began to wait, and its word named nobody: who had it before has given it up, and who has
 * taken it has not written that down yet. */
static void saw_nobody(struct lock_then *lock, uint64_t time)
{
	if (time < lock->before)
		return;
	lock->before = time;
	lock->holder = NO_THREAD;
	lock->source = HOLDER_UNKNOWN;
}

/* What a wait for a lock tells of who had it. */
static void learn(const struct wait_search *search, struct lock_then *lock,
		  const struct interval *wait)
{
	const struct population *population = timeline_population(search->timeline);
	bool handed = wait->waker_context == PL_WAKER_TASK && !wait->open_end;
	uint32_t giver;

	if (!(1u << wait->reason & REASONS_OWNED))
		return;
	if (wait->begin <= search->time && wait->holder)
		saw(lock, wait->begin, holder_of(search, wait), HOLDER_SEEN);
	else if (wait->begin <= search->time && wait->reason == REASON_LOCK && !wait->open_begin)
		saw_nobody(lock, wait->begin);
	if (!handed)
		return;
	if (wait->end <= search->time) {
		saw(lock, wait->end, wait->thread, HOLDER_HANDED);
		return;
	}
	giver = population_thread_at(population, wait->waker, wait->end);
	if (giver != NO_THREAD && giver != wait->thread &&
	    (!lock->after || wait->end < lock->after)) {
		lock->after = wait->end;
		lock->giver = giver;
	}
}

static int add_edge(struct wait_search *search, const struct interval *wait, uint32_t awaited)
{
	struct wait_edge *edge = vector_add(&search->edges);

	if (!edge)
		return -ENOMEM;
	edge->thread = wait->thread;
	edge->awaited = awaited;
	return 0;
}

/* The end of a thread is waited for: it "holds" that. */
static int add_join(struct wait_search *search, const struct interval *wait)
{
	const struct population *population = timeline_population(search->timeline);
	struct lock_then *lock = vector_add(&search->locks);

	if (!lock)
		return -ENOMEM;
	lock->giver = NO_THREAD;
	lock->holder = holder_of(search, wait);
	lock->before = wait->begin;
	lock->source = HOLDER_SEEN;
	lock->awaited = (struct awaited){
		.process = population->threads.items[wait->thread].process,
		.address = wait->address,
		.reason = REASON_JOIN,
		.holder = NO_THREAD,
	};
	return add_edge(search, wait, search->locks.count - 1);
}

static int take_wait(struct wait_search *search, const struct interval *wait)
{
	bool then = wait->begin <= search->time && search->time < wait->end;
	struct lock_then *lock;
	int error;

	if (wait->reason == REASON_JOIN)
		return then && wait->holder ? add_join(search, wait) : 0;
	if (!wait->address || !(1u << wait->reason & REASONS_AWAITED))
		return 0;
	error = find_lock(search, wait, &lock);
	if (error)
		return error;
	learn(search, lock, wait);
	return then ? add_edge(search, wait, lock - search->locks.items) : 0;
}

static int take_run(struct wait_search *search, const struct interval *run)
{
	if (run->begin > search->time)
		return 0;
	while (search->ran.count <= run->thread) {
		if (!vector_add(&search->ran))
			return -ENOMEM;
	}
	search->ran.items[run->thread] = run->begin;
	return 0;
}

static void on_interval(void *context, const struct interval *interval)
{
	struct wait_search *search = context;

	if (search->error)
		return;
	search->error = interval->state == STATE_RUNNING ? take_run(search, interval)
							 : take_wait(search, interval);
}

int wait_search_new(struct timeline *timeline, uint64_t time, struct wait_search **ret)
{
	struct wait_search *search = calloc(1, sizeof(*search));
	struct timeline_visitor visitor = {
		.context = search,
		.interval = on_interval,
		.states = 1u << STATE_BLOCKED | 1u << STATE_RUNNING,
	};

	if (!search)
		return -ENOMEM;
	search->timeline = timeline;
	search->time = time;
	if (timeline_add_visitor(timeline, &visitor)) {
		free(search);
		return -ENOMEM;
	}
	*ret = search;
	return 0;
}

void wait_search_free(struct wait_search **search)
{
	if (!*search)
		return;
	vector_free(&(*search)->locks);
	vector_free(&(*search)->edges);
	vector_free(&(*search)->ran);
	lock_map_free(&(*search)->by_place);
	free(*search);
	*search = NULL;
}

/* ---- the graph ----------------------------------------------------------------------------- */

/* Whether it was woken to have the lock, and has not even run: meanwhile another may have taken it,
 * and given it back, and nobody looked. Only a lock that the kernel itself hands over has it. */
static bool is_on_its_way(const struct wait_search *search, const struct lock_then *lock)
{
	uint32_t holder = lock->holder;

	return lock->source == HOLDER_HANDED && holder != NO_THREAD && !lock->awaited.inherits &&
	       (holder >= search->ran.count || search->ran.items[holder] < lock->before);
}

/* Who had it. What was seen before counts, unless that one was woken to have it and waited for it
 * again at the moment: somebody else had been quicker. */
static void settle_holder(const struct wait_search *search, struct lock_then *lock)
{
	bool lost = lock->source == HOLDER_HANDED && lock->holder_waits;

	if (!lost && is_on_its_way(search, lock))
		return;
	if (lock->holder != NO_THREAD && !lost) {
		lock->awaited.holder = lock->holder;
		lock->awaited.source = lock->source;
		lock->awaited.since = lock->before;
	} else if (lock->giver != NO_THREAD) {
		lock->awaited.holder = lock->giver;
		lock->awaited.source = HOLDER_GAVE_UP;
	}
}

static int compare_edges(const void *a, const void *b)
{
	const struct wait_edge *one = a, *two = b;

	return one->thread < two->thread ? -1 : one->thread > two->thread;
}

static uint32_t edge_of(const struct wait_graph *graph, uint32_t thread)
{
	struct wait_edge key = {.thread = thread};
	const struct wait_edge *found =
		bsearch(&key, graph->edges.items, graph->edges.count, sizeof(key), compare_edges);

	return found ? (uint32_t)(found - graph->edges.items) : UINT32_MAX;
}

/* The wait of who has what this one waits for; UINT32_MAX if that one does not wait. */
static uint32_t next_edge(const struct wait_graph *graph, uint32_t edge)
{
	uint32_t holder = graph->awaited.items[graph->edges.items[edge].awaited].holder;

	return holder == NO_THREAD ? UINT32_MAX : edge_of(graph, holder);
}

static void find_circles(struct wait_graph *graph)
{
	for (uint32_t i = 0; i < graph->edges.count; i++) {
		uint32_t at = next_edge(graph, i);

		if (graph->edges.items[i].circle)
			continue;
		for (size_t steps = 0; at != UINT32_MAX && at != i && steps < graph->edges.count;
		     steps++)
			at = next_edge(graph, at);
		if (at != i)
			continue;
		graph->circles++;
		do {
			graph->edges.items[at].circle = graph->circles;
			at = next_edge(graph, at);
		} while (at != i);
	}
}

/* Only what somebody waits for is told. */
static int take_awaited(struct wait_search *search, struct wait_graph *graph)
{
	const struct wait_edge *edge;
	struct lock_then *lock;

	vector_for_each (&search->edges, edge) {
		lock = &search->locks.items[edge->awaited];
		lock->is_awaited = true;
		lock->holder_waits |= edge->thread == lock->holder;
	}
	vector_for_each (&search->locks, lock) {
		struct awaited *awaited;

		if (!lock->is_awaited)
			continue;
		settle_holder(search, lock);
		awaited = vector_add(&graph->awaited);
		if (!awaited)
			return -ENOMEM;
		*awaited = lock->awaited;
		lock->index = graph->awaited.count - 1;
	}
	vector_for_each (&search->edges, edge) {
		struct wait_edge *copy = vector_add(&graph->edges);

		if (!copy)
			return -ENOMEM;
		copy->thread = edge->thread;
		copy->awaited = search->locks.items[edge->awaited].index;
	}
	return 0;
}

int wait_search_finish(struct wait_search *search, struct wait_graph *ret)
{
	struct wait_graph graph = {0};
	int error = search->error ? search->error : take_awaited(search, &graph);

	if (error) {
		wait_graph_free(&graph);
		return error;
	}
	if (graph.edges.count)
		qsort(graph.edges.items, graph.edges.count, sizeof(graph.edges.items[0]),
		      compare_edges);
	find_circles(&graph);
	*ret = graph;
	return 0;
}

void wait_graph_free(struct wait_graph *graph)
{
	vector_free(&graph->awaited);
	vector_free(&graph->edges);
}
