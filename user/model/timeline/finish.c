// SPDX-License-Identifier: GPL-2.0-only
/* finish.c - the end of the recording: the threads that live on get their last interval, and each
 * thread's times must add up to its life */
#include <assert.h>
#include <errno.h>

#include "base/cleanup.h"
#include "model/timeline/inside.h"

/* Until when a thread that lives on is accounted for. */
static uint64_t last_moment(const struct timeline *timeline, const struct track *track)
{
	if (track->ending_at && track->ending_at >= track->open.begin)
		return track->ending_at;
	return timeline->figures.end;
}

static int compare_last_moments(const void *a, const void *b, void *timeline)
{
	const struct track *one = *(struct track *const *)a, *two = *(struct track *const *)b;
	uint64_t time_one = last_moment(timeline, one), time_two = last_moment(timeline, two);

	if (time_one != time_two)
		return time_one < time_two ? -1 : 1;
	return one < two ? -1 : one > two;
}

/* What a thread was last seen to do it need not have done to the end, if records are missing. */
static void doubt_last(struct timeline *timeline, struct track *track, uint64_t end)
{
	track_doubt_wait(timeline, track, end, false);
	if (track_is(track, 1u << STATE_RUNNING) && !track->sure &&
	    gaps_between(&timeline->gaps, track->anywhere ? NO_CPU : track->open.cpu,
			 track->open.begin, end, NULL))
		track_doubt(timeline, track);
}

static void finish_track(struct timeline *timeline, struct track *track)
{
	struct thread *thread = &timeline->population.threads.items[track->open.thread];
	uint64_t end = last_moment(timeline, track);

	timeline->now = later(timeline->now, end);
	if (track->woken_told && track_is(track, STATES_WAITING | 1u << STATE_UNKNOWN)) {
		uint64_t woken = sooner(track->woken, end);

		if (!timeline->is_first_pass)
			track_doubt_wait(timeline, track, woken, true);
		track_wake(timeline, track, woken, track->woken_by, track->woken_context);
	} else if (!timeline->is_first_pass) {
		doubt_last(timeline, track, end);
	}
	track->open.open_end = true;
	track_close(timeline, track, end);
	track_open(track, STATE_UNKNOWN, end); /* nothing more, for visitors that ask */
	thread->end = end;
	thread->alive_at_end = true;
}

static int finish_living(struct timeline *timeline)
{
	CLEANUP_FREE struct track **living = NULL;
	struct track *track;
	size_t count = 0;

	if (!timeline->tracks.count)
		return 0;
	living = calloc(timeline->tracks.count, sizeof(struct track *));
	if (!living)
		return -ENOMEM;
	vector_for_each (&timeline->tracks, track) {
		if (track->ending && !track->dead)
			track_end_unseen(timeline, track);
		if (!track->dead)
			living[count++] = track;
	}
	/* In order of time, which the sweep over running threads needs. */
	qsort_r(living, count, sizeof(living[0]), compare_last_moments, timeline);
	for (size_t i = 0; i < count; i++)
		finish_track(timeline, living[i]);
	return 0;
}

static void fill_in(const struct track *track, struct thread *thread)
{
	uint64_t sum = 0;

	thread->switches_voluntary = track->voluntary;
	thread->switches_involuntary = track->involuntary;
	thread->migrations = track->migrations;
	thread->wakeups = track->wakers_known;
	thread->wakers_known = track->wakers_known;
	thread->wakers_unknown = track->wakers_unknown;
	/* The sweep may have counted running time that turned out doubtful later. */
	thread->both_ns = sooner(track->both_ns, track->state_ns[STATE_RUNNING]);
	for (unsigned int state = 0; state < STATE_COUNT; state++)
		sum += thread->state_ns[state] = track->state_ns[state];
	/* The conservation law. */
	assert(sum == thread->end - thread->begin);
}

/* Where a thread was started, before it was kept elsewhere, does not count. */
#define USED_SHARE 100

static unsigned int cpus_used(const struct timeline *timeline)
{
	const struct lane *lane;
	unsigned int used = 0;
	uint64_t all = 0;

	vector_for_each (&timeline->lanes, lane)
		all += lane->ran_ns;
	vector_for_each (&timeline->lanes, lane)
		used += lane->ran_ns && lane->ran_ns >= all / USED_SHARE;
	return used;
}

int timeline_finish(struct timeline *timeline, uint64_t end)
{
	int error;

	if (!timeline->began) {
		timeline->figures.begin = sooner(timeline->figures.begin, end);
		timeline->now = timeline->sweep.last = timeline->figures.begin;
	}
	timeline->figures.end = later(end, timeline->now);
	error = finish_living(timeline);
	if (error)
		return error;
	sweep_to(timeline, timeline->figures.end);
	for (size_t i = 0; i < timeline->tracks.count; i++)
		fill_in(&timeline->tracks.items[i], &timeline->population.threads.items[i]);
	population_settle(&timeline->population);
	timeline->figures.cpus_used = cpus_used(timeline);
	return 0;
}
