/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * glance.h - what timeline.h tells of a thread, without a call
 *
 * For visitors that ask for each interval. That they see the inside of the timeline by this is no
 * leave to use it.
 */
#ifndef MODEL_TIMELINE_GLANCE_H
#define MODEL_TIMELINE_GLANCE_H

#include "model/timeline/inside.h"

static inline struct population *glance_population(struct timeline *timeline)
{
	return &timeline->population;
}

static inline uint32_t glance_thread_of(const struct timeline *timeline, uint32_t tid)
{
	uint32_t thread = population_find(&timeline->population, tid);

	return thread != NO_THREAD && !timeline->tracks.items[thread].dead ? thread : NO_THREAD;
}

static inline uint64_t glance_running_ns(const struct timeline *timeline, uint32_t thread,
					 uint64_t time)
{
	const struct track *track = &timeline->tracks.items[thread];
	bool running = !track->dead && track->open.state == STATE_RUNNING;

	return track->state_ns[STATE_RUNNING] +
	       (running && time > track->open.begin ? time - track->open.begin : 0);
}

static inline uint64_t glance_ready_ns(const struct timeline *timeline, uint32_t thread)
{
	const uint64_t *ns = timeline->tracks.items[thread].state_ns;

	return ns[STATE_READY_WOKEN] + ns[STATE_READY_PREEMPTED];
}

static inline const struct interval *glance_open(const struct timeline *timeline, uint32_t thread)
{
	const struct track *track = &timeline->tracks.items[thread];

	return track->dead ? NULL : &track->open;
}

#endif
