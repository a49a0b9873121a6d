// SPDX-License-Identifier: GPL-2.0-only
/* moved.c - a wait that turns out to have been for another futex, from some moment on */
#include "model/timeline/inside.h"

static void wait_for(struct timeline *timeline, struct track *track,
		     const struct pl_life_moved *moved)
{
	const struct pl_block block = {
		.syscall = track->open.syscall,
		.futex_kind =
			moved->futex_kind < PL_FUTEX_VECTOR || moved->futex_kind == PL_FUTEX_BARRIER
				? (uint8_t)moved->futex_kind
				: PL_FUTEX_OTHER,
		.arg0 = moved->address,
		.holder = moved->holder,
	};

	track->open.reason = reason_by(&timeline->rules, &block, 0, false, track->kernel);
	track->open.futex_kind = block.futex_kind;
	track->open.address = block.arg0;
	track->open.holder = block.holder;
	track_announce(timeline, track);
}

/* It was moved at `since`, which ended its wait for the first futex: by the deed of who moved it.
 */
static void split(struct timeline *timeline, struct track *track, const struct pl_life_moved *moved)
{
	/* It has come into this state only once. */
	const struct timeline_steps steps = track->steps;
	const struct interval first = track->open;

	track->open.waker = moved->mover;
	track->open.waker_context = PL_WAKER_TASK;
	track->wakers_known++;
	track_close(timeline, track, moved->since);
	track->steps = steps;
	track_open(track, STATE_BLOCKED, moved->since);
	track->open.syscall = first.syscall;
	track->open.stack = first.stack;
	track->open.kernel_stack = first.kernel_stack;
	wait_for(timeline, track, moved);
}

void timeline_feed_moved(struct timeline *timeline, const struct pl_life_moved *moved)
{
	uint32_t thread = timeline_thread_of(timeline, moved->head.tid);
	struct track *track;

	if (thread == NO_THREAD || !moved->address)
		return;
	track = &timeline->tracks.items[thread];
	if (track->open.state != STATE_BLOCKED || track->open.futex_kind == PL_FUTEX_NONE)
		return;
	/* Told by a clock of another CPU; and only what lies within the wait makes two of it. */
	if (!moved->since)
		wait_for(timeline, track, moved);
	else if (moved->since >= track->open.begin && moved->since <= timeline->now)
		split(timeline, track, moved);
}
