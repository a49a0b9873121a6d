// SPDX-License-Identifier: GPL-2.0-only
#include "model/transitions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/population.h"

/* The states of the textbooks: one "ready", however it came about. */
enum stage { UNBORN = 0, READY, RUNNING, BLOCKED, STOPPED, ENDED, UNKNOWN };

struct counts {
	uint8_t place; /* enum stage: where it is */
	uint32_t arrows[ARROW_COUNT];
};

struct transitions {
	struct timeline *timeline;
	VECTOR(struct counts) threads;
	int error;
};

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

static void go(struct counts *counts, enum stage to)
{
	enum stage at = counts->place;

	counts->place = to;
	if (at == UNKNOWN || to == UNKNOWN) {
		counts->arrows[ARROW_UNSEEN]++;
		return;
	}
	/* One wait follows the other: in between it ran. */
	if (at == to && to == BLOCKED)
		counts->arrows[arrow_towards(at, to, &at)]++;
	while (at != to)
		counts->arrows[arrow_towards(at, to, &at)]++;
}

static void visit(void *context, const struct interval *interval)
{
	struct transitions *transitions = context;
	const struct population *population = timeline_population(transitions->timeline);
	enum stage place = stage_of(interval->state);
	struct counts *counts;

	while (!transitions->error && transitions->threads.count <= interval->thread)
		if (!vector_add(&transitions->threads))
			transitions->error = -ENOMEM;
	if (transitions->error)
		return;
	counts = &transitions->threads.items[interval->thread];
	/* Where it was found it came to before. */
	if (counts->place == UNBORN && population->threads.items[interval->thread].began_before)
		counts->place = place;
	else
		go(counts, place);
}

int transitions_new(struct timeline *timeline, struct transitions **ret)
{
	CLEANUP(transitions_free)
	struct transitions *transitions = calloc(1, sizeof(*transitions));
	struct timeline_visitor visitor = {.context = transitions, .interval = visit};
	int error;

	if (!transitions)
		return -ENOMEM;
	transitions->timeline = timeline;
	error = timeline_add_visitor(timeline, &visitor);
	if (error)
		return error;
	*ret = take_pointer(&transitions);
	return 0;
}

void transitions_free(struct transitions **transitions)
{
	if (!*transitions)
		return;
	vector_free(&(*transitions)->threads);
	free(*transitions);
	*transitions = NULL;
}

int transitions_finish(struct transitions *transitions, struct population *population)
{
	for (size_t i = 0; i < transitions->threads.count && i < population->threads.count; i++) {
		struct thread *thread = &population->threads.items[i];
		struct counts *counts = &transitions->threads.items[i];

		if (!thread->alive_at_end && counts->place != UNBORN)
			go(counts, ENDED);
		memcpy(thread->arrows, counts->arrows, sizeof(thread->arrows));
	}
	return transitions->error;
}

const char *arrow_name(enum arrow arrow)
{
	static const char *const names[ARROW_COUNT] = {
		"born",	   "dispatched", "preempted", "blocked", "woken",
		"stopped", "continued",	 "ended",     "unseen",
	};

	return arrow < ARROW_COUNT ? names[arrow] : "?";
}

uint64_t model_arrows(const struct model *model, enum arrow arrow)
{
	const struct thread *thread;
	uint64_t sum = 0;

	vector_for_each (&model->threads, thread)
		sum += thread->arrows[arrow];
	return sum;
}
