// SPDX-License-Identifier: GPL-2.0-only
#include "model/tasks/instant.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/first_pass.h"
#include "model/locks/gils.h"
#include "model/stacks/places.h"
#include "model/tasks/population.h"
#include "model/timeline/timeline.h"
#include "recording/recording.h"

struct found {
	bool there;
	struct interval interval;
	uint64_t ran_ns;
};

struct search {
	uint64_t begin, time;
	VECTOR(struct found) threads; /* by index */
	int error;
};

static void visit(void *context, const struct interval *interval)
{
	struct search *search = context;
	struct found *found;

	while (!search->error && search->threads.count <= interval->thread)
		if (!vector_add(&search->threads))
			search->error = -ENOMEM;
	if (search->error || interval->begin > search->time)
		return;
	found = &search->threads.items[interval->thread];
	if (interval->state == STATE_RUNNING)
		found->ran_ns += (interval->end < search->time ? interval->end : search->time) -
				 interval->begin;
	if (search->time < interval->end) {
		found->there = true;
		found->interval = *interval;
	}
}

static int by_process(const void *a, const void *b)
{
	const struct instant_thread *one = a, *other = b;

	if (one->tgid != other->tgid)
		return one->tgid < other->tgid ? -1 : 1;
	return (one->tid > other->tid) - (one->tid < other->tid);
}

/* The program's own function in which it waits. */
static void find_place(const struct recording *recording, struct instant_thread *thread)
{
	struct place place = {.frame_count = 0};

	thread->function = thread->file = "";
	if (thread->interval.stack)
		place_shorten(recording, thread->interval.stack, &place);
	if (place.own >= place.frame_count)
		return;
	thread->function = place.frames[place.own].function;
	thread->file = place.frames[place.own].file;
	thread->line = place.frames[place.own].line;
}

static int collect(const struct search *search, const struct recording *recording,
		   const struct population *population, struct instant *instant)
{
	for (size_t i = 0; i < search->threads.count && i < population->threads.count; i++) {
		const struct found *found = &search->threads.items[i];
		const struct thread *thread = &population->threads.items[i];
		struct instant_thread *entry;

		if (!found->there)
			continue;
		entry = vector_add(&instant->threads);
		if (!entry)
			return -ENOMEM;
		entry->tid = thread->tid;
		entry->tgid = thread->tgid;
		memcpy(entry->name, thread->name, sizeof(entry->name));
		entry->interval = found->interval;
		entry->ran_ns = found->ran_ns;
		find_place(recording, entry);
	}
	if (instant->threads.count)
		qsort(instant->threads.items, instant->threads.count,
		      sizeof(*instant->threads.items), by_process);
	return 0;
}

/* ---- who waits for whom -------------------------------------------------------------------- */

/* Names are kept for the process that waited first, which need not be the first at the moment. */
static const char *name_of(const struct recording *recording, const struct population *population,
			   const struct wait_graph *graph, uint32_t awaited)
{
	const struct wait_edge *edge;

	vector_for_each (&graph->edges, edge) {
		char key[64];
		const char *name;

		if (edge->awaited != awaited)
			continue;
		snprintf(key, sizeof(key), NOTE_LOCK_NAME "%" PRIu32 ".%" PRIx64,
			 population->threads.items[edge->thread].tgid,
			 graph->awaited.items[awaited].address);
		name = recording_note(recording, key);
		if (name)
			return name;
	}
	return NULL;
}

/* Where each thread of the timeline stands in the instant. */
struct positions {
	uint32_t *items;
	size_t count;
};

static int find_positions(const struct instant *instant, size_t count, struct positions *ret)
{
	uint32_t *items = calloc(count + 1, sizeof(*items));

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		items[i] = NO_THREAD;
	for (uint32_t i = 0; i < instant->threads.count; i++)
		items[instant->threads.items[i].interval.thread] = i;
	*ret = (struct positions){items, count};
	return 0;
}

static uint32_t position_of(const struct positions *positions, uint32_t thread)
{
	return thread < positions->count ? positions->items[thread] : NO_THREAD;
}

static int take_graph(const struct recording *recording, const struct population *population,
		      const struct wait_graph *graph, const struct positions *positions,
		      struct instant *instant)
{
	const struct awaited *awaited;
	const struct wait_edge *edge;

	instant->circles = graph->circles;
	vector_for_each (&graph->awaited, awaited) {
		const struct process *process = &population->processes.items[awaited->process];
		struct instant_lock *lock = vector_add(&instant->locks);

		if (!lock)
			return -ENOMEM;
		lock->awaited = *awaited;
		lock->tgid = process->tgid;
		memcpy(lock->process, process->name, sizeof(lock->process));
		lock->holder = position_of(positions, awaited->holder);
		lock->name = name_of(recording, population, graph, awaited - graph->awaited.items);
	}
	vector_for_each (&graph->edges, edge) {
		struct instant_wait *wait = vector_add(&instant->waits);

		if (!wait)
			return -ENOMEM;
		wait->thread = position_of(positions, edge->thread);
		wait->lock = edge->awaited;
		wait->circle = edge->circle;
	}
	return 0;
}

static int by_lock(const void *a, const void *b)
{
	const struct instant_wait *one = a, *other = b;

	if (one->lock != other->lock)
		return one->lock < other->lock ? -1 : 1;
	return (one->thread > other->thread) - (one->thread < other->thread);
}

static int add_graph(struct wait_search *waits, const struct recording *recording,
		     const struct population *population, struct instant *instant)
{
	CLEANUP(wait_graph_free)
	struct wait_graph graph = {0};
	struct positions positions = {0};
	int error = wait_search_finish(waits, &graph);

	if (!error)
		error = find_positions(instant, population->threads.count, &positions);
	if (!error)
		error = take_graph(recording, population, &graph, &positions, instant);
	free(positions.items);
	if (instant->waits.count)
		qsort(instant->waits.items, instant->waits.count, sizeof(*instant->waits.items),
		      by_lock);
	return error;
}

/* ---- all ----------------------------------------------------------------------------------- */

static int feed(struct timeline *timeline, struct recording *recording,
		struct recording_error *ret_error)
{
	struct recording_item item;
	int more, error;

	recording_rewind(recording);
	while ((more = recording_next(recording, &item, ret_error)) > 0) {
		error = timeline_feed(timeline, &item);
		if (error)
			return error;
	}
	/* Damaged further on: what came before is good. */
	return more == -ENOMEM ? more : 0;
}

static int open_timeline(struct recording *recording, struct search *search,
			 struct timeline **ret_timeline, struct wait_search **ret_waits)
{
	const char *arch = recording_note(recording, NOTE_ARCH);
	struct timeline_options options = {.arch = arch ? arch : "", .begin = search->begin};
	struct timeline_visitor visitor = {.context = search, .interval = visit};
	int error = timeline_new(&options, ret_timeline);

	if (!error)
		error = first_pass(recording, &options, *ret_timeline);
	if (!error)
		error = gils_know(timeline_population(*ret_timeline), recording);
	if (!error)
		error = timeline_add_visitor(*ret_timeline, &visitor);
	if (!error)
		error = wait_search_new(*ret_timeline, search->time, ret_waits);
	return error;
}

/* The last moment at which threads still were in what they were in at the end. */
static uint64_t last_moment(const struct recording *recording, uint64_t begin)
{
	uint64_t end = recording_note_number(recording, NOTE_END, 0);
	uint64_t last = recording_last_time(recording);

	end = end > last ? end : last;
	return end > begin ? end - 1 : begin;
}

int instant_build(struct recording *recording, uint64_t at, struct instant *ret,
		  struct recording_error *ret_error)
{
	uint64_t begin =
		recording_note_number(recording, NOTE_BEGIN, recording_first_time(recording));
	struct search search = {.begin = begin};
	CLEANUP(timeline_free)
	struct timeline *timeline = NULL;
	CLEANUP(wait_search_free)
	struct wait_search *waits = NULL;
	struct instant instant = {.begin = begin};
	int error;

	search.time = at == INSTANT_END ? last_moment(recording, begin) : begin + at;
	instant.time = search.time;
	ret_error->text[0] = '\0';
	error = open_timeline(recording, &search, &timeline, &waits);
	if (!error)
		error = feed(timeline, recording, ret_error);
	if (!error)
		error = timeline_finish(timeline, recording_note_number(recording, NOTE_END, 0));
	if (!error)
		error = search.error;
	if (!error) {
		instant.end = timeline_figures(timeline)->end;
		error = instant.time > instant.end ? -ERANGE : 0;
	}
	if (!error)
		error = collect(&search, recording, timeline_population(timeline), &instant);
	if (!error)
		error = add_graph(waits, recording, timeline_population(timeline), &instant);
	vector_free(&search.threads);
	if (error) {
		instant_free(&instant);
		if (error != -ERANGE)
			snprintf(ret_error->text, sizeof(ret_error->text), "%s", strerror(-error));
		return error;
	}
	*ret = instant;
	return 0;
}

void instant_free(struct instant *instant)
{
	vector_free(&instant->threads);
	vector_free(&instant->locks);
	vector_free(&instant->waits);
}
