// SPDX-License-Identifier: GPL-2.0-only
/* track.c - one thread's steps from state to state, the doubtful ones among them */
#include "model/timeline/inside.h"

#define TASK_STOPPED 0x4
#define TASK_TRACED  0x8

void sweep_to(struct timeline *timeline, uint64_t time)
{
	struct sweep *sweep = &timeline->sweep;
	uint64_t passed;

	if (time <= sweep->last)
		return;
	if (!timeline->past.off)
		past_keep(timeline, time);
	passed = time - sweep->last;
	timeline->figures.concurrency[sooner(sweep->running, CONCURRENCY_LAST)] += passed;
	if (sweep->running >= 2)
		sweep->together += passed;
	sweep->last = time;
}

static void stop_running(struct timeline *timeline, struct track *track, uint64_t end)
{
	/* In doubt `end` lies in the past, and the sweep may have gone further: then the time in
	 * between stays counted. */
	sweep_to(timeline, end);
	timeline->sweep.running--;
	timeline->sweep.sum_of_running -= track->open.thread;
	track->both_ns += timeline->sweep.together - track->together_before;
	if (!track->anywhere) {
		struct lane *lane = &timeline->lanes.items[track->open.cpu];

		lane->ran_ns += end - track->open.begin;
		if (lane->thread == track->open.thread)
			lane->thread = NO_THREAD;
	}
	track->anywhere = false;
}

static void count_step(struct timeline_steps *steps, enum state state)
{
	steps->counts[steps->last][state]++;
	steps->last = state;
}

static inline void tell(const listener_vector *listeners, const struct interval *interval)
{
	const struct listener *listener = listeners->items, *end = listener + listeners->count;

	for (; listener < end; listener++)
		listener->tell(listener->context, interval);
}

/* Those that are told of some intervals only. */
static RARELY void tell_some(const struct timeline *timeline, const struct track *track)
{
	const struct interval *interval = &track->open;

	if (interval->stack || interval->waker_stack)
		tell(&timeline->of_stack[interval->state], interval);
	if (track->watched)
		tell(&timeline->of_watched[interval->state], interval);
}

/* One for each state: much is known by it beforehand. */
static inline __attribute__((always_inline)) void
close_in(struct timeline *timeline, struct track *track, enum state state, uint64_t end)
{
	struct interval *interval = &track->open;

	interval->end = end;
	if (state == STATE_RUNNING)
		stop_running(timeline, track, end);
	/* A sleep whose wake-up came before it began has no length, and was a sleep all the same:
	 * the thread gave its CPU away. */
	if (end == interval->begin && !(1u << state & STATES_WAITING))
		return;
	track->state_ns[state] += end - interval->begin;
	count_step(&track->steps, state);
	tell(&timeline->of_interval[state], interval);
	if (interval->stack | interval->waker_stack | track->watched)
		tell_some(timeline, track);
}

void track_close(struct timeline *timeline, struct track *track, uint64_t end)
{
	switch (track->open.state) {
	case STATE_RUNNING:
		return close_in(timeline, track, STATE_RUNNING, end);
	case STATE_READY_WOKEN:
		return close_in(timeline, track, STATE_READY_WOKEN, end);
	case STATE_READY_PREEMPTED:
		return close_in(timeline, track, STATE_READY_PREEMPTED, end);
	case STATE_BLOCKED:
		return close_in(timeline, track, STATE_BLOCKED, end);
	default:
		return close_in(timeline, track, track->open.state, end);
	}
}

void track_open(struct track *track, enum state state, uint64_t begin)
{
	track->open = (struct interval){
		.thread = track->open.thread,
		.state = state,
		.syscall = PL_NO_SYSCALL,
		.begin = begin,
	};
}

void track_announce(struct timeline *timeline, const struct track *track)
{
	tell(&timeline->of_begin[track->open.state], &track->open);
}

void track_run(struct timeline *timeline, struct track *track, uint32_t cpu)
{
	track_open(track, STATE_RUNNING, timeline->now);
	track->open.cpu = cpu;
	sweep_to(timeline, timeline->now);
	timeline->sweep.running++;
	timeline->sweep.sum_of_running += track->open.thread;
	track->together_before = timeline->sweep.together;
	track_announce(timeline, track);
}

static void keep_wait(struct track *track, uint64_t end)
{
	track->wait_begin = track->open.begin;
	track->wait_end = end;
	track->wait_syscall = track->open.syscall;
	track->wait_reason = track->open.reason;
	track->wait_waker = track->open.waker;
	track->wait_context = track->open.waker_context;
}

void track_wake(struct timeline *timeline, struct track *track, uint64_t woken, uint32_t waker,
		uint8_t context)
{
	/* It may be older than the wait that it ends, having come while the thread went to sleep.
	 */
	woken = later(sooner(woken, timeline->now), track->open.begin);
	if (track_is(track, STATES_WAITING)) {
		if (waker || context != PL_WAKER_UNKNOWN)
			track->wakers_known++;
		else
			track->wakers_unknown++;
		track->open.waker = waker;
		track->open.waker_context = context;
		keep_wait(track, woken);
	}
	track->woken_told = false;
	track_close(timeline, track, woken);
	track_open(track, STATE_READY_WOKEN, woken);
	track->open.waker = waker;
	track->open.waker_context = context;
}

/* A condition for those that want it, one for the thread that gave it up and waits until it is
 * taken, and a mutex for each: struct _gil_runtime_state of CPython 3.2 and later. */
static uint8_t gil_part(uint64_t offset)
{
	if (offset >= 32 && offset < 80)
		return PL_FUTEX_CONDITION;
	return offset >= 120 && offset < 168 ? PL_FUTEX_OTHER : PL_FUTEX_MUTEX;
}

/* The interpreter's lock is made of two mutexes and two conditions, and is one lock. */
static void track_gil(struct timeline *timeline, struct track *track)
{
	const struct gil_range *gil =
		population_gil_at(&timeline->population, track->open.thread, track->open.address);

	if (!gil)
		return;
	track->open.reason = REASON_GIL;
	track->open.futex_kind = gil_part(track->open.address - gil->start);
	track->open.address = gil->start;
	track->open.holder = 0;
}

void track_block(struct timeline *timeline, struct track *track, uint32_t prev_state, bool iowait,
		 const struct pl_block *block, const struct stack_ids *stacks)
{
	bool stopped = prev_state & (TASK_STOPPED | TASK_TRACED);

	track_open(track, stopped ? STATE_STOPPED : STATE_BLOCKED, timeline->now);
	track->woken_told = false;
	track->open.reason = reason_by(&timeline->rules, block, prev_state, iowait, track->kernel);
	if (block && !stopped) {
		track->open.syscall = block->syscall;
		track->open.address = block_futex(&timeline->rules, block);
		track->open.holder = block->holder;
		track->open.futex_kind = block->futex_kind;
		if (timeline->population.gils.count && track->open.address)
			track_gil(timeline, track);
	}
	track->open.stack = stacks->user;
	track->open.kernel_stack = stacks->kernel;
	track_announce(timeline, track);
}

void track_die(struct timeline *timeline, struct track *track, uint64_t time)
{
	timeline->population.threads.items[track->open.thread].end = time;
	population_bury(&timeline->population, track->open.thread);
	track->dead = true;
}

/* ---- doubt --------------------------------------------------------------------------------- */

static void doubt_from(struct timeline *timeline, struct track *track, uint64_t first)
{
	uint64_t since = track->open.begin;
	bool open_begin = track->open.open_begin;

	first = later(first, since);
	if (track->ending)
		first = sooner(first, later(track->ending_at, since));
	track_close(timeline, track, first);
	track_open(track, STATE_UNKNOWN, first);
	track->open.open_begin = open_begin && first == since;
	track->woken_told = false;
	timeline->figures.repaired++;
}

void track_doubt(struct timeline *timeline, struct track *track)
{
	bool located = track->open.state == STATE_RUNNING && !track->anywhere;
	struct gap_span gap = {.first = track->open.begin};

	if (track->open.state == STATE_UNKNOWN)
		return;
	/* Who runs on a CPU can only have left it through that CPU's lane. */
	gaps_between(&timeline->gaps, located ? track->open.cpu : NO_CPU, track->open.begin,
		     timeline->now, &gap);
	doubt_from(timeline, track, gap.first);
}

RARELY void track_doubt_wait(struct timeline *timeline, struct track *track, uint64_t until,
			     bool certain)
{
	enum state state = track->open.state;
	struct gap_span gap;

	if (track->sure || !until || !track_is(track, STATES_WAITING | STATES_READY) ||
	    !gaps_between(&timeline->gaps, NO_CPU, track->open.begin, until - 1, &gap))
		return;
	doubt_from(timeline, track, gap.first);
	if (!certain || gap.time >= until || gap.time < track->open.begin)
		return;
	track_close(timeline, track, gap.time);
	track_open(track, state, gap.time);
	if (1u << state & STATES_WAITING)
		track->open.reason = REASON_UNKNOWN;
}

RARELY void track_doubt_run(struct timeline *timeline, struct track *track, uint32_t cpu)
{
	struct gap_span gap;

	if (track->sure || !gaps_between(&timeline->gaps, track->anywhere ? NO_CPU : cpu,
					 track->open.begin, timeline->now, &gap))
		return;
	doubt_from(timeline, track, gap.first);
	if (gap.time >= timeline->now || gap.time < track->open.begin)
		return;
	track_close(timeline, track, gap.time);
	track_run(timeline, track, cpu);
	track->open.begin = gap.time;
}

void track_end_unseen(struct timeline *timeline, struct track *track)
{
	uint64_t end = track->ending ? track->ending_at : timeline->now;
	uint64_t since = track->open.begin;

	/* A thread runs when it ends: only a gap can put in question that it ran all the time. */
	if (!track->ending || track->open.state != STATE_RUNNING ||
	    gaps_between(&timeline->gaps, track->anywhere ? NO_CPU : track->open.cpu, since, end,
			 NULL))
		track_doubt(timeline, track);
	else
		timeline->figures.repaired++;
	track_close(timeline, track, later(end, track->open.begin));
	track_die(timeline, track, later(end, track->open.begin));
}
