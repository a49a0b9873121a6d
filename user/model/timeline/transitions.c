// SPDX-License-Identifier: GPL-2.0-only
#include "model/timeline/transitions.h"

#include "model/tasks/population.h"

/* The states of the textbooks: one "ready", however it came about. */
enum stage { UNBORN = 0, READY, RUNNING, BLOCKED, STOPPED, ENDED, UNKNOWN };

static enum stage stage_of(enum state state)
{
	static const uint8_t places[STATE_COUNT] = {
		[STATE_RUNNING] = RUNNING,	 [STATE_READY_WOKEN] = READY,
		[STATE_READY_PREEMPTED] = READY, [STATE_BLOCKED] = BLOCKED,
		[STATE_STOPPED] = STOPPED,	 [STATE_UNKNOWN] = UNKNOWN,
	};

	return places[state];
}

/* The one arrow by which a place is left on the way to another. Intervals of no length are not
 * told, but nobody gets to the CPU without having been ready, or is blocked without having run. */
static enum arrow arrow_towards(enum stage from, enum stage to, enum stage *ret_next)
{
	switch (from) {
	case READY:
		*ret_next = RUNNING;
		return ARROW_DISPATCHED;
	case RUNNING:
		*ret_next = to == RUNNING ? READY : to;
		return to == BLOCKED   ? ARROW_BLOCKED
		       : to == STOPPED ? ARROW_STOPPED
		       : to == ENDED   ? ARROW_ENDED
				       : ARROW_PREEMPTED;
	case BLOCKED:
		*ret_next = READY;
		return ARROW_WOKEN;
	case STOPPED:
		*ret_next = READY;
		return ARROW_CONTINUED;
	default:
		*ret_next = READY;
		return ARROW_BORN;
	}
}

/* So many times it went from one place to another. */
static void go(struct thread *thread, enum stage from, enum stage to, uint32_t times)
{
	if (from == UNKNOWN || to == UNKNOWN) {
		thread->arrows[ARROW_UNSEEN] += times;
		return;
	}
	/* One wait follows the other: in between it ran. */
	if (from == to && to == BLOCKED)
		thread->arrows[arrow_towards(from, to, &from)] += times;
	while (from != to)
		thread->arrows[arrow_towards(from, to, &from)] += times;
}

static void fill_in(const struct timeline_steps *steps, struct thread *thread)
{
	if (steps->last >= STATE_COUNT)
		return;
	/* Where it was found it came to before. */
	for (unsigned int first = 0; first < STATE_COUNT && !thread->began_before; first++)
		if (steps->counts[STATE_COUNT][first])
			go(thread, UNBORN, stage_of(first), 1);
	for (unsigned int from = 0; from < STATE_COUNT; from++)
		for (unsigned int to = 0; to < STATE_COUNT; to++)
			if (steps->counts[from][to])
				go(thread, stage_of(from), stage_of(to), steps->counts[from][to]);
	if (!thread->alive_at_end)
		go(thread, stage_of(steps->last), ENDED, 1);
}

void transitions_fill_in(struct timeline *timeline)
{
	struct population *population = timeline_population(timeline);

	for (uint32_t i = 0; i < population->threads.count; i++)
		fill_in(timeline_steps(timeline, i), &population->threads.items[i]);
}

const char *arrow_name(enum arrow arrow)
{
	static const char *const names[ARROW_COUNT] = {
		"born",	   "dispatched", "preempted", "blocked", "woken",
		"stopped", "continued",	 "ended",     "unseen",
	};

	return arrow < ARROW_COUNT ? names[arrow] : "?";
}
