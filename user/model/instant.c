// SPDX-License-Identifier: GPL-2.0-only
#include "model/instant.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/population.h"
#include "model/timeline.h"
#include "recording/recording.h"

struct found {
	bool there;
	struct interval interval;
	uint64_t ran_ns;
};

struct search {
	uint64_t time;
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

static int collect(const struct search *search, const struct population *population,
		   struct instant *instant)
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
	}
	if (instant->threads.count)
		qsort(instant->threads.items, instant->threads.count,
		      sizeof(*instant->threads.items), by_process);
	return 0;
}

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

int instant_build(struct recording *recording, uint64_t at, struct instant *ret,
		  struct recording_error *ret_error)
{
	const char *arch = recording_note(recording, NOTE_ARCH);
	uint64_t begin =
		recording_note_number(recording, NOTE_BEGIN, recording_first_time(recording));
	struct timeline_options options = {.arch = arch ? arch : "", .begin = begin};
	struct search search = {.time = begin + at};
	struct timeline_visitor visitor = {.context = &search, .interval = visit};
	CLEANUP(timeline_free)
	struct timeline *timeline = NULL;
	struct instant instant = {.begin = begin, .time = begin + at};
	int error = timeline_new(&options, &timeline);

	ret_error->text[0] = '\0';
	if (!error)
		error = timeline_add_visitor(timeline, &visitor);
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
		error = collect(&search, timeline_population(timeline), &instant);
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
}
