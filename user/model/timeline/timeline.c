// SPDX-License-Identifier: GPL-2.0-only
/* timeline.c - the state machine of each thread: switches and wake-ups; and who listens to it */
#include <errno.h>

#include "model/timeline/glance.h"

#define TASK_EXIT_DEAD 0x10
#define TASK_DEAD      0x80
#define CPUS_MAX       65536 /* interval.cpu has 16 bits */

static RARELY int lane_reserve(struct timeline *timeline, uint32_t cpu)
{
	while (timeline->lanes.count <= cpu) {
		struct lane *lane = vector_add(&timeline->lanes);

		if (!lane)
			return -ENOMEM;
		lane->thread = NO_THREAD;
	}
	return 0;
}

static struct track *occupant_of(struct timeline *timeline, uint32_t cpu)
{
	uint32_t thread = timeline->lanes.items[cpu].thread;

	return thread == NO_THREAD ? NULL : &timeline->tracks.items[thread];
}

/* What was told before, and could have been told anew in a gap that came since, counts no more. */
static void where_it_blocks(struct timeline *timeline, struct track *track,
			    const struct recording_item *item)
{
	const struct pl_switch *sw = &item->record->sw;
	struct stack_ids stacks = {.user = item->stack, .kernel = item->kernel_stack};
	const struct pl_block *block = NULL;

	if (item->block && item->block->block.tid == sw->prev) {
		track->block = item->block->block;
		track->block_time = timeline->now;
		block = &track->block;
	} else if ((sw->flags & PL_SAME) && track->block_time &&
		   track->block_time >= timeline->newest_gap_first) {
		block = &track->block;
	}
	if (item->stack) {
		track->stack = item->stack;
		track->stack_time = timeline->now;
	} else if ((sw->flags & PL_SAME_STACK) && track->stack_time &&
		   track->stack_time >= timeline->newest_gap_first) {
		stacks.user = track->stack;
	}
	track_block(timeline, track, sw->prev_state, sw->flags & PL_IOWAIT, block, &stacks);
}

/* Who leaves a CPU on which nobody was known to run. It need not be the thread that had the tid: in
 * an exec from a side thread the first one, should it have run since before the recording, ends
 * under the tid of the side thread, which runs elsewhere. */
static RARELY int find_leaver(struct timeline *timeline, uint32_t cpu, uint32_t tid,
			      struct track **ret)
{
	int error = timeline_thread(timeline, tid, 0, ret);
	struct track *track = *ret, *swapped;
	uint32_t first;

	if (error || !track || !track_is(track, 1u << STATE_RUNNING) || track->anywhere ||
	    track->open.cpu == cpu)
		return error;
	first = timeline_thread_of(timeline, track->tgid);
	if (first == NO_THREAD || !timeline->tracks.items[first].anywhere)
		return 0;
	swapped = track_after_swap(timeline, &timeline->tracks.items[first], tid);
	if (swapped)
		*ret = swapped;
	return 0;
}

/* The first pass finds out what there is to doubt. */
static inline bool may_doubt(const struct timeline *timeline)
{
	return timeline->gaps.any.count && !timeline->is_first_pass;
}

static int switch_out(struct timeline *timeline, uint32_t cpu, const struct recording_item *item)
{
	const struct pl_switch *sw = &item->record->sw;
	struct track *track = occupant_of(timeline, cpu);
	int error;

	if (track && track->tid != sw->prev) {
		struct track *swapped = track_after_swap(timeline, track, sw->prev);

		if (!swapped)
			track_doubt(timeline, track);
		track = swapped;
	}
	if (!track) {
		error = find_leaver(timeline, cpu, sw->prev, &track);
		if (error || !track)
			return error;
	}
	if (track->anywhere) {
		track->open.cpu = cpu;
	} else {
		track->ran = true;
		track->last_cpu = cpu;
	}
	if (track_is(track, STATES_READY | STATES_WAITING) ||
	    (track_is(track, 1u << STATE_RUNNING) && track->open.cpu != cpu))
		track_doubt(timeline, track);
	if (may_doubt(timeline) && track_is(track, 1u << STATE_RUNNING))
		track_doubt_run(timeline, track, cpu);

	track_close(timeline, track, timeline->now);
	if (sw->flags & PL_VOLUNTARY)
		track->voluntary++;
	else
		track->involuntary++;
	if (sw->prev_state & (TASK_DEAD | TASK_EXIT_DEAD)) {
		track_die(timeline, track, timeline->now);
		return 0;
	}
	if (!(sw->flags & PL_BLOCKED)) {
		track_open(track, STATE_READY_PREEMPTED, timeline->now);
		track->open.waker = sw->next;
		track->open.waker_context = sw->next ? PL_WAKER_TASK : PL_WAKER_UNKNOWN;
		/* It may have ended, and its tid be another's, when this is told. (NO_THREAD + 1 is
		 * 0, too.) */
		track->open.taker = sw->next ? glance_thread_of(timeline, sw->next) + 1 : 0;
		track_announce(timeline, track);
		return 0;
	}
	where_it_blocks(timeline, track, item);
	return 0;
}

/* Ends the wait of `track`, which now runs again, as far as the switch tells. */
static void end_wait(struct timeline *timeline, struct track *track,
		     const struct recording_item *item)
{
	const struct pl_switch *sw = &item->record->sw;
	uint64_t ready = sooner(sw->ready_ns, timeline->now);
	bool told = track->woken_told, waited;

	if (may_doubt(timeline)) {
		uint64_t woken = told ? sooner(track->woken, timeline->now) : timeline->now - ready;

		track_doubt_wait(timeline, track, woken, told || sw->flags & PL_WOKEN);
		track->woken_told = told;
	}
	waited = track_is(track, STATES_WAITING);
	if (waited)
		track->open.waker_stack = item->waker_stack;
	if (track->woken_told) {
		track_wake(timeline, track, track->woken, track->woken_by, track->woken_context);
	} else if (sw->flags & PL_WOKEN) {
		track_wake(timeline, track, timeline->now - ready, sw->waker, sw->waker_context);
	} else {
		track->wakers_unknown += waited;
	}
	track_close(timeline, track, timeline->now);
}

/* It was found on a CPU that it was just leaving, its last switch before the recording already
 * behind it, and announced as running: it has waited since. */
static void correct_beginning(struct timeline *timeline, struct track *track,
			      const struct pl_switch *sw)
{
	uint64_t begin = track->open.begin;

	if (!track->anywhere || !track_is(track, 1u << STATE_RUNNING) || !track->open.open_begin ||
	    gaps_between(&timeline->gaps, NO_CPU, begin, timeline->now, NULL))
		return;
	track_close(timeline, track, begin);
	track_open(track, sw->flags & PL_WOKEN ? STATE_BLOCKED : STATE_READY_PREEMPTED, begin);
	track->open.open_begin = true;
	if (track_is(track, STATES_WAITING))
		track->open.reason = REASON_UNKNOWN;
}

static int switch_in(struct timeline *timeline, uint32_t cpu, const struct recording_item *item)
{
	const struct pl_switch *sw = &item->record->sw;
	struct track *track;
	int error;

	error = timeline_thread(timeline, sw->next, 0, &track);
	if (error || !track)
		return error;
	correct_beginning(timeline, track, sw);
	if (track_is(track, 1u << STATE_RUNNING) ||
	    (track_is(track, STATES_READY) && (sw->flags & PL_WOKEN) &&
	     gaps_between(&timeline->gaps, NO_CPU, track->open.begin, timeline->now, NULL)))
		track_doubt(timeline, track);
	if (may_doubt(timeline) && track_is(track, STATES_READY))
		track_doubt_wait(timeline, track, timeline->now, true);
	if (track_is(track, STATES_READY))
		track_close(timeline, track, timeline->now);
	else
		end_wait(timeline, track, item);
	if (track->ran && track->last_cpu != cpu)
		track->migrations++;
	track->ran = true;
	track->last_cpu = cpu;
	track_run(timeline, track, cpu);
	timeline->lanes.items[cpu].thread = track->open.thread;
	return 0;
}

static int feed_switch(struct timeline *timeline, uint32_t cpu, const struct recording_item *item)
{
	const struct pl_switch *sw = &item->record->sw;
	struct track *occupant;
	int error = 0;

	timeline->figures.records += item->block != NULL;
	if (item->stack | item->kernel_stack | item->waker_stack)
		timeline->figures.records +=
			(item->stack != 0) + (item->kernel_stack != 0) + (item->waker_stack != 0);
	if (sw->flags & PL_PREV) {
		error = switch_out(timeline, cpu, item);
	} else {
		occupant = occupant_of(timeline, cpu);
		/* Of a thread whose account was taken while it lived on nothing more is told. */
		if (occupant && occupant->ending_at && !occupant->ending)
			timeline->lanes.items[cpu].thread = NO_THREAD;
		/* It has left, and that is not on record. */
		else if (occupant)
			track_doubt(timeline, occupant);
	}
	if (!error && sw->flags & PL_NEXT)
		error = switch_in(timeline, cpu, item);
	return error;
}

static void feed_wake(struct timeline *timeline, const struct pl_wake *wake)
{
	uint32_t thread = timeline_thread_of(timeline, wake->tid);
	struct track *track;

	if (thread == NO_THREAD)
		return;
	track = &timeline->tracks.items[thread];
	if (!track_is(track, STATES_WAITING | 1u << STATE_UNKNOWN))
		return;
	track->woken_told = true;
	track->woken = wake->woken;
	track->woken_by = wake->waker;
	track->woken_context = wake->waker_context;
}

static RARELY void doubt_resumed(struct timeline *timeline, struct track *track,
				 const struct pl_resume *resume, uint64_t since)
{
	bool told = resume->waker_context != PL_WAKER_UNKNOWN;

	if (track_is(track, STATES_READY))
		track_doubt_wait(timeline, track, since, true);
	else
		track_doubt_wait(timeline, track, told ? sooner(resume->woken, since) : since,
				 true);
}

/* The thread got its CPU unseen, and is about to leave it: what it did before ended `ran_ns` ago.
 */
static RARELY int feed_resume(struct timeline *timeline, uint32_t cpu,
			      const struct pl_resume *resume)
{
	struct track *track;
	uint64_t since;
	int error = timeline_thread(timeline, resume->tid, 0, &track);

	timeline->figures.unseen_switches++;
	if (error || !track || !track_is(track, STATES_READY | STATES_WAITING))
		return error;
	since = later(timeline->now - sooner(resume->ran_ns, timeline->now), track->open.begin);
	if (may_doubt(timeline))
		doubt_resumed(timeline, track, resume, since);
	if (track_is(track, STATES_WAITING | 1u << STATE_UNKNOWN)) {
		if (resume->waker_context != PL_WAKER_UNKNOWN)
			track_wake(timeline, track, sooner(resume->woken, since), resume->waker,
				   resume->waker_context);
		else
			track->wakers_unknown += track_is(track, STATES_WAITING);
	}
	track_close(timeline, track, since);
	if (track->ran && track->last_cpu != cpu)
		track->migrations++;
	track->ran = true;
	track->last_cpu = cpu;
	track_run(timeline, track, cpu);
	timeline->figures.unplaced_ns += past_count(timeline, track, since, timeline->now);
	track->open.begin = since;
	timeline->lanes.items[cpu].thread = track->open.thread;
	return 0;
}

static RARELY int feed_gap(struct timeline *timeline, uint32_t cpu, const struct pl_gap *record)
{
	uint64_t first = sooner(record->first, timeline->now);

	timeline->newest_gap_first = later(timeline->newest_gap_first, first);
	timeline->figures.gap_lost += record->lost;
	return timeline->gaps_known ? 0 : gaps_add(&timeline->gaps, cpu, first, timeline->now);
}

static RARELY void feed_sample(struct timeline *timeline, const struct pl_sample *sample)
{
	uint32_t thread = timeline_thread_of(timeline, sample->tid);
	const struct timeline_visitor *visitor;

	if (thread == NO_THREAD)
		return;
	vector_for_each (&timeline->visitors, visitor) {
		if (visitor->sample)
			visitor->sample(visitor->context, thread, sample);
	}
}

static int feed_record(struct timeline *timeline, const struct recording_item *item)
{
	uint32_t cpu = item->cpu;

	if (cpu >= timeline->lanes.count) {
		int error;

		if (cpu >= CPUS_MAX) {
			timeline->figures.repaired++;
			return 0;
		}
		error = lane_reserve(timeline, cpu);
		if (error)
			return error;
	}
	/* Nearly all are. */
	if (item->record->kind == PL_SWITCH)
		return feed_switch(timeline, cpu, item);
	switch (item->record->kind) {
	case PL_WAKE:
		feed_wake(timeline, &item->record->wake);
		return 0;
	case PL_GAP:
		return feed_gap(timeline, cpu, &item->record->gap);
	case PL_RESUME:
		return feed_resume(timeline, cpu, &item->record->resume);
	case PL_SAMPLE:
		feed_sample(timeline, &item->record->sample);
		return 0;
	default:
		return 0; /* of a later version, or nonsense: it says nothing about states */
	}
}

static RARELY int feed_life(struct timeline *timeline, const union pl_life *life)
{
	int error = timeline_feed_life(timeline, life);
	const struct timeline_visitor *visitor;

	if (error)
		return error;
	vector_for_each (&timeline->visitors, visitor) {
		if (visitor->life)
			visitor->life(visitor->context, life,
				      population_find(&timeline->population, life->head.tid));
	}
	return 0;
}

int timeline_feed(struct timeline *timeline, const struct recording_item *item)
{
	if (!timeline->began) {
		timeline->began = true;
		timeline->figures.begin = sooner(timeline->figures.begin, item->time);
		timeline->now = timeline->sweep.last = timeline->figures.begin;
	}
	if (item->time >= timeline->now)
		timeline->now = item->time;
	else
		timeline->figures
			.repaired++; /* a broken file: time stands still until it catches up */
	timeline->figures.records++;
	if (item->record)
		return feed_record(timeline, item);
	return item->life ? feed_life(timeline, item->life) : 0;
}

/* ---- the rest ------------------------------------------------------------------------------ */

int timeline_new(const struct timeline_options *options, struct timeline **ret)
{
	struct timeline *timeline = calloc(1, sizeof(*timeline));

	if (!timeline)
		return -ENOMEM;
	if (population_init(&timeline->population)) {
		free(timeline);
		return -ENOMEM;
	}
	reason_rules_init(&timeline->rules, options->arch);
	timeline->figures.begin = options->begin;
	timeline->is_first_pass = options->is_first_pass;
	*ret = timeline;
	return 0;
}

void timeline_free(struct timeline **timeline)
{
	struct timeline *it = *timeline;

	if (!it)
		return;
	population_free(&it->population);
	vector_free(&it->tracks);
	vector_free(&it->lanes);
	gaps_free(&it->gaps);
	vector_free(&it->past.pieces);
	vector_free(&it->lessons);
	vector_free(&it->visitors);
	for (int state = 0; state < STATE_COUNT; state++) {
		vector_free(&it->of_begin[state]);
		vector_free(&it->of_interval[state]);
		vector_free(&it->of_stack[state]);
		vector_free(&it->of_watched[state]);
	}
	free(it);
	*timeline = NULL;
}

static int add_listener(listener_vector *listeners, const struct listener *listener)
{
	struct listener *place = vector_add(listeners);

	if (!place)
		return -ENOMEM;
	*place = *listener;
	return 0;
}

static listener_vector *list_for(struct timeline *timeline, const struct timeline_visitor *visitor,
				 enum state state)
{
	return visitor->with_stack   ? &timeline->of_stack[state]
	       : visitor->of_watched ? &timeline->of_watched[state]
				     : &timeline->of_interval[state];
}

int timeline_add_visitor(struct timeline *timeline, const struct timeline_visitor *visitor)
{
	struct timeline_visitor *place = vector_add(&timeline->visitors);
	struct listener begins = {visitor->begins, visitor->context};
	struct listener intervals = {visitor->interval, visitor->context};
	unsigned int states = visitor->states ? visitor->states : ~0u;
	int error = place ? 0 : -ENOMEM;

	if (place)
		*place = *visitor;
	for (int state = 0; state < STATE_COUNT; state++) {
		if (!error && begins.tell && visitor->states_begun & 1u << state)
			error = add_listener(&timeline->of_begin[state], &begins);
		if (!error && intervals.tell && states & 1u << state)
			error = add_listener(list_for(timeline, visitor, state), &intervals);
	}
	return error;
}

int timeline_listen(struct timeline *timeline,
		    void (*interval)(void *context, const struct interval *interval), void *context)
{
	struct listener listener = {interval, context};
	int error = 0;

	for (int state = 0; state < STATE_COUNT && !error; state++)
		error = add_listener(&timeline->of_interval[state], &listener);
	return error;
}

struct population *timeline_population(struct timeline *timeline)
{
	return glance_population(timeline);
}

uint32_t timeline_thread_of(const struct timeline *timeline, uint32_t tid)
{
	return glance_thread_of(timeline, tid);
}

uint64_t timeline_running_ns(const struct timeline *timeline, uint32_t thread, uint64_t time)
{
	return glance_running_ns(timeline, thread, time);
}

uint64_t timeline_ready_ns(const struct timeline *timeline, uint32_t thread)
{
	return glance_ready_ns(timeline, thread);
}

const struct interval *timeline_open(const struct timeline *timeline, uint32_t thread)
{
	return glance_open(timeline, thread);
}

void timeline_watch(struct timeline *timeline, uint32_t thread, bool watched)
{
	timeline->tracks.items[thread].watched = watched;
}

const struct timeline_steps *timeline_steps(const struct timeline *timeline, uint32_t thread)
{
	return &timeline->tracks.items[thread].steps;
}

bool timeline_last_wait(const struct timeline *timeline, uint32_t thread, struct interval *ret)
{
	const struct track *track = &timeline->tracks.items[thread];

	if (track->wait_reason == REASON_NONE)
		return false;
	*ret = (struct interval){
		.thread = thread,
		.state = track->wait_reason == REASON_STOP ? STATE_STOPPED : STATE_BLOCKED,
		.reason = track->wait_reason,
		.syscall = track->wait_syscall,
		.begin = track->wait_begin,
		.end = track->wait_end,
		.waker = track->wait_waker,
		.waker_context = track->wait_context,
	};
	return true;
}

const struct timeline_figures *timeline_figures(const struct timeline *timeline)
{
	return &timeline->figures;
}
