// SPDX-License-Identifier: GPL-2.0-only
/* critical_path.c - follows causes through the timeline: the path, and the clocks of the replay */
#include <errno.h>

#include "base/rarely.h"
#include "model/causes/inside.h"
#include "model/tasks/population.h"
#include "model/timeline/glance.h"

/* How many running intervals of the past are kept, all threads together, and of one thread. A
 * wake-up lies further back only if a woken thread had to wait for a CPU while its waker came and
 * went that often. */
#define PAST_ALL   32768u
#define PAST_MOST  128u
#define PAST_LEAST 8u
/* Kernel records tell of a wake-up that was at most 2^32 ns ago, unless by PL_WAKE. */
#define PAST_SPAN (1ull << 32)

static uint32_t past_limit(size_t threads)
{
	uint32_t limit = PAST_ALL / (threads + 1);

	return limit > PAST_MOST ? PAST_MOST : limit < PAST_LEAST ? PAST_LEAST : limit;
}

/* ---- threads ------------------------------------------------------------------------------- */

static int reserve_thread(struct causes *causes, uint32_t thread)
{
	const struct population *population = glance_population(causes->timeline);

	while (causes->threads.count <= thread) {
		uint32_t index = causes->threads.count;
		struct cause_thread *it = vector_add(&causes->threads);

		if (!it)
			return -ENOMEM;
		causes->past_limit = past_limit(causes->threads.count);
		it->node = NO_PATH;
		it->process = population->threads.items[index].process;
		while (causes->seen.count <= it->process) {
			if (!vector_add(&causes->seen))
				return -ENOMEM;
		}
		it->is_target =
			causes->target && population->threads.items[index].tgid == causes->target;
	}
	return 0;
}

/* The first that is heard of it: its path begins here. */
static void begin_path(struct causes *causes, struct cause_thread *it, uint64_t time)
{
	it->node = path_tree_add(&causes->tree, NO_PATH, 0, 0, time);
	it->ready = it->ran = 0;
	for (unsigned int i = 0; i < WORLDS; i++)
		it->clocks.now[i] = time;
}

static uint64_t run_key(uint32_t thread, enum reason reason)
{
	return path_key(thread, PATH_RUNNING, reason, PL_NO_SYSCALL);
}

/* Running is put down as a node only when the path goes on from there: mostly the thread blocks
 * next, and takes over another path. */
static void put_down(struct causes *causes, struct cause_thread *it, uint32_t thread)
{
	uint64_t time = causes->tree.nodes[it->node].time + it->ready + it->ran;

	if (it->ran)
		it->node = path_tree_add(&causes->tree, it->node, run_key(thread, REASON_NONE),
					 it->ready, time);
	else if (it->ready)
		it->node = path_tree_add(&causes->tree, it->node,
					 path_key(thread, PATH_READY, REASON_NONE, PL_NO_SYSCALL),
					 0, time);
	it->ready = it->ran = 0;
}

static void go_on(struct causes *causes, struct cause_thread *it, const struct interval *interval,
		  enum path_what what, enum reason reason)
{
	uint16_t syscall = reason == REASON_SYSCALL ? interval->syscall : PL_NO_SYSCALL;

	put_down(causes, it, interval->thread);
	it->node =
		path_tree_add(&causes->tree, it->node,
			      path_key(interval->thread, what, reason, syscall), 0, interval->end);
}

/* ---- what happened at another thread's moment ---------------------------------------------- */

/* Where a thread was at a moment of the past. */
struct moment {
	uint32_t thread;
	uint64_t run_begin;	     /* it was running since then */
	uint64_t ready;		     /* after it had waited so long for a CPU */
	uint32_t node;		     /* its path up to that wait */
	const struct clocks *clocks; /* when it began to run */
};

/* Finds the thread `tid` that was running at `time`. */
static bool find_moment(struct causes *causes, uint32_t tid, uint64_t time, struct moment *ret)
{
	uint32_t thread = population_find(glance_population(causes->timeline), tid);
	const struct cause_thread *it;
	const struct interval *open;
	const struct past_run *run;

	if (thread == NO_THREAD || thread >= causes->threads.count)
		return false;
	it = &causes->threads.items[thread];
	ret->thread = thread;
	open = glance_open(causes->timeline, thread);
	if (open && open->state == STATE_RUNNING && open->begin <= time) {
		ret->run_begin = open->begin - it->ran;
		ret->ready = it->ready;
		ret->node = it->node;
		ret->clocks = &it->clocks;
		return true;
	}
	run = past_find(&it->past, time);
	if (!run)
		return false;
	ret->run_begin = run->begin;
	ret->ready = run->ready;
	ret->node = run->node;
	ret->clocks = &run->clocks;
	return true;
}

/* `it` goes on from where the other one was at `time`; `reason`: for what it had waited. */
static void take_over(struct causes *causes, struct cause_thread *it, const struct moment *moment,
		      enum reason reason, uint64_t time)
{
	it->node = path_tree_add(&causes->tree, moment->node, run_key(moment->thread, reason),
				 moment->ready, time);
	it->ready = it->ran = 0;
}

void causes_put_down(struct causes *causes, uint32_t thread)
{
	put_down(causes, &causes->threads.items[thread], thread);
}

/* ---- intervals ----------------------------------------------------------------------------- */

static inline void note_last(struct last_run *last, const struct interval *interval)
{
	if (interval->end >= last->end)
		*last = (struct last_run){interval->thread, interval->end};
}

static int end_run(struct causes *causes, struct cause_thread *it, const struct interval *interval)
{
	struct past_run *run = past_add(&it->past, causes->past_limit);

	if (!run)
		return -ENOMEM;
	if (it->ran)
		put_down(causes, it, interval->thread);
	run->begin = interval->begin;
	run->end = interval->end;
	run->ready = it->ready;
	run->node = it->node;
	run->clocks = it->clocks;
	replay_leave(&causes->replay, &it->clocks, &it->seats, interval->end - interval->begin,
		     interval->end);
	it->ran = interval->end - interval->begin;
	note_last(&causes->last_of_all, interval);
	if (it->is_target)
		note_last(&causes->last_of_target, interval);
	return 0;
}

static int end_wait(struct causes *causes, struct cause_thread *it, const struct interval *interval)
{
	uint64_t ns = interval->end - interval->begin;
	struct moment moment;
	struct replay_lock *lock;
	unsigned int world;
	uint64_t spared;
	int error;

	/* Its wake-up had come before it slept: it waited for nobody. */
	if (!ns)
		return 0;
	error = causes_lock(causes, interval, &lock);
	if (error)
		return error;
	world = lock ? lock->world : 0;
	if (interval->waker_context == PL_WAKER_TASK && interval->waker) {
		if (find_moment(causes, interval->waker, interval->end, &moment) &&
		    moment.thread != interval->thread) {
			clocks_meet(&causes->replay, &it->clocks, moment.clocks,
				    interval->end - moment.run_begin, world);
			take_over(causes, it, &moment, interval->reason, interval->end);
			if (lock)
				lock->inside += replay_lock_has_waiter(lock, moment.thread);
			return 0;
		}
		causes->forgotten +=
			glance_thread_of(causes->timeline, interval->waker) != NO_THREAD;
	}
	if (lock)
		lock->timeouts += interval->waker_context == PL_WAKER_INTERRUPT;
	spared = it->clocks.now[world];
	clocks_pass(&causes->replay, &it->clocks, ns);
	if (world)
		it->clocks.now[world] = spared;
	go_on(causes, it, interval, PATH_WAITING, interval->reason);
	return 0;
}

/* In the replay it runs when it is its turn there. */
static void end_ready(struct causes *causes, struct cause_thread *it,
		      const struct interval *interval)
{
	if (it->ran)
		put_down(causes, it, interval->thread);
	it->ready += interval->end - interval->begin;
}

static void end_unknown(struct causes *causes, struct cause_thread *it,
			const struct interval *interval)
{
	clocks_pass(&causes->replay, &it->clocks, interval->end - interval->begin);
	go_on(causes, it, interval, PATH_UNKNOWN, REASON_NONE);
}

/* ---- keeping it small ---------------------------------------------------------------------- */

static void visit_roots(void *context, struct path_tree *tree, path_visit visit)
{
	struct causes *causes = context;
	struct cause_thread *it;

	vector_for_each (&causes->threads, it) {
		visit(tree, &it->node);
		for (uint32_t i = 0; i < it->past.count; i++)
			visit(tree,
			      &it->past.runs[(it->past.first + i) & (it->past.capacity - 1)].node);
	}
}

static int tidy(struct causes *causes)
{
	uint64_t before = causes->now > causes->past_span ? causes->now - causes->past_span : 0;

	for (uint32_t i = 0; i < causes->threads.count; i++) {
		struct cause_thread *it = &causes->threads.items[i];

		past_forget(&it->past, before);
		/* Of the dead, only who may turn out to have been the last is of interest. */
		if (!glance_open(causes->timeline, i) && i != causes->last_of_all.thread &&
		    i != causes->last_of_target.thread)
			it->node = NO_PATH;
	}
	return path_tree_tidy(&causes->tree, visit_roots, causes);
}

static RARELY struct cause_thread *prepare(struct causes *causes, const struct interval *interval)
{
	struct cause_thread *it;

	if (!causes->error && interval->thread >= causes->threads.count)
		causes->error = reserve_thread(causes, interval->thread);
	if (!causes->error && path_tree_is_full(&causes->tree))
		causes->error = tidy(causes);
	if (causes->error)
		return NULL;
	it = &causes->threads.items[interval->thread];
	if (it->node == NO_PATH)
		begin_path(causes, it, interval->begin);
	return it;
}

/* The thread of an interval; NULL if memory is out. Before anything else: the numbers of nodes may
 * change here. */
static inline struct cause_thread *thread_of(struct causes *causes, const struct interval *interval)
{
	struct cause_thread *it;

	if (interval->thread >= causes->threads.count || path_tree_is_full(&causes->tree) ||
	    causes->error)
		return prepare(causes, interval);
	it = &causes->threads.items[interval->thread];
	return it->node != NO_PATH ? it : prepare(causes, interval);
}

/* ---- births -------------------------------------------------------------------------------- */

/* Who makes a thread runs; but some kernels hide that a thread got its CPU, and it shows only when
 * it leaves it. Until then what it did since it was seen last is not known. */
static int take_over_unseen(struct causes *causes, const struct interval *born)
{
	uint32_t thread = population_find(glance_population(causes->timeline), born->waker);
	const struct interval *open =
		thread == NO_THREAD ? NULL : glance_open(causes->timeline, thread);
	struct cause_thread *it, *maker;

	if (!open || thread == born->thread || open->begin > born->begin)
		return 0;
	maker = thread_of(causes, open);
	if (!maker)
		return causes->error;
	it = &causes->threads.items[born->thread];
	put_down(causes, maker, thread);
	it->node = path_tree_add(&causes->tree, maker->node,
				 path_key(thread, PATH_UNKNOWN, REASON_NONE, PL_NO_SYSCALL), 0,
				 born->begin);
	it->ready = it->ran = 0;
	it->clocks = maker->clocks;
	clocks_pass(&causes->replay, &it->clocks, born->begin - open->begin);
	return 0;
}

static int take_over_maker(struct causes *causes, const struct interval *born)
{
	struct cause_thread *it = &causes->threads.items[born->thread];
	struct moment moment;

	if (!born->waker)
		return 0;
	if (!find_moment(causes, born->waker, born->begin, &moment) ||
	    moment.thread == born->thread)
		return take_over_unseen(causes, born);
	it->clocks = *moment.clocks;
	clocks_pass(&causes->replay, &it->clocks, born->begin - moment.run_begin);
	take_over(causes, it, &moment, REASON_NONE, born->begin);
	return 0;
}

/* ---- visiting ------------------------------------------------------------------------------ */

static void on_born(void *context, const struct interval *interval)
{
	struct causes *causes = context;

	if (thread_of(causes, interval))
		causes->error = take_over_maker(causes, interval);
}

/* Returns where its process may run, as far as is known. */
static inline uint64_t see_on(struct seen_cpus *seen, uint16_t cpu)
{
	uint64_t bit = 1ull << (cpu & 63);

	seen->now |= bit;
	if (++seen->runs % SEEN_RUNS == 0) {
		seen->before = seen->now;
		seen->now = bit;
	}
	return seen->before | seen->now;
}

static void on_dispatch(void *context, const struct interval *interval)
{
	struct causes *causes = context;
	struct cause_thread *it = thread_of(causes, interval);
	uint64_t allowed;

	if (!it)
		return;
	allowed = see_on(&causes->seen.items[it->process], interval->cpu);
	causes->error =
		replay_run(&causes->replay, interval->cpu, allowed, &it->clocks, &it->seats);
}

/* The thread of an interval that is complete. */
static inline struct cause_thread *end_of(struct causes *causes, const struct interval *interval)
{
	struct cause_thread *it = thread_of(causes, interval);

	if (interval->end > causes->now)
		causes->now = interval->end;
	return it;
}

/* One for each kind of state: they have little in common, and this is done for each interval. */
static void on_run(void *context, const struct interval *interval)
{
	struct cause_thread *it = end_of(context, interval);
	struct causes *causes = context;

	if (it)
		causes->error = end_run(causes, it, interval);
}

static void on_ready(void *context, const struct interval *interval)
{
	struct cause_thread *it = end_of(context, interval);

	if (it)
		end_ready(context, it, interval);
}

static void on_wait(void *context, const struct interval *interval)
{
	struct cause_thread *it = end_of(context, interval);
	struct causes *causes = context;

	if (it)
		causes->error = end_wait(causes, it, interval);
}

static void on_unknown(void *context, const struct interval *interval)
{
	struct cause_thread *it = end_of(context, interval);

	if (it)
		end_unknown(context, it, interval);
}

static int listen(struct causes *causes, struct timeline *timeline)
{
	const struct timeline_visitor visitors[] = {
		{.begins = on_born, .states_begun = 1u << STATE_READY_WOKEN},
		{.begins = on_dispatch,
		 .states_begun = 1u << STATE_RUNNING,
		 .interval = on_run,
		 .states = 1u << STATE_RUNNING},
		{.interval = on_ready,
		 .states = 1u << STATE_READY_WOKEN | 1u << STATE_READY_PREEMPTED},
		{.interval = on_wait, .states = 1u << STATE_BLOCKED | 1u << STATE_STOPPED},
		{.interval = on_unknown, .states = 1u << STATE_UNKNOWN},
	};
	int error = 0;

	for (size_t i = 0; i < sizeof(visitors) / sizeof(visitors[0]) && !error; i++) {
		struct timeline_visitor visitor = visitors[i];

		visitor.context = causes;
		error = timeline_add_visitor(timeline, &visitor);
	}
	return error;
}

int causes_new(struct timeline *timeline, const struct causes_options *options, struct causes **ret)
{
	struct causes *causes = calloc(1, sizeof(*causes));
	struct path_setting setting = {.begin = options->begin,
				       .end = options->end,
				       .first_of_kind = causes_first_of_kind};
	int error;

	if (!causes)
		return -ENOMEM;
	setting.context = causes;
	causes->timeline = timeline;
	causes->target = options->target;
	causes->past_span = PAST_SPAN;
	causes->last_of_all.thread = causes->last_of_target.thread = NO_THREAD;
	error = path_tree_init(&causes->tree, &setting);
	if (!error)
		error = replay_init(&causes->replay, options->cpus);
	if (!error)
		error = listen(causes, timeline);
	if (error) {
		causes_free(&causes);
		return error;
	}
	*ret = causes;
	return 0;
}

void causes_free(struct causes **causes)
{
	struct causes *it = *causes;
	struct cause_thread *thread;

	if (!it)
		return;
	vector_for_each (&it->threads, thread)
		free(thread->past.runs);
	vector_free(&it->threads);
	vector_free(&it->locks);
	vector_free(&it->seen);
	lock_map_free(&it->by_address);
	lock_map_free(&it->by_kind);
	path_tree_free(&it->tree);
	replay_free(&it->replay);
	free(it);
	*causes = NULL;
}
