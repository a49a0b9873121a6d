// SPDX-License-Identifier: GPL-2.0-only
/* life.c - threads and processes that begin, turn into another program, end */
#include <errno.h>

#include "model/timeline/inside.h"

#define TASK_EXIT_DEAD 0x10
#define TASK_DEAD      0x80

int timeline_add_thread(struct timeline *timeline, const struct newcomer *newcomer,
			struct track **ret)
{
	struct track *track;
	uint32_t thread;
	int error;

	error = population_add(&timeline->population, newcomer, &thread);
	if (error)
		return error;
	track = vector_add(&timeline->tracks);
	if (!track)
		return -ENOMEM;
	track->tid = newcomer->tid;
	track->tgid = newcomer->tgid;
	track->kernel = newcomer->kernel;
	track->introduced = newcomer->comm != NULL;
	track->open.thread = thread;
	track->steps.last = STATE_COUNT;
	track_open(track, STATE_UNKNOWN, newcomer->time);
	track->sure = track_is_sure(timeline, thread, newcomer->time);
	*ret = track;
	return 0;
}

/* A thread of which no life record told: it was lost. All that is known is its tid and, from life
 * records, its process. */
static int add_stranger(struct timeline *timeline, uint32_t tid, uint32_t tgid, struct track **ret)
{
	struct newcomer newcomer = {
		.tid = tid,
		.tgid = tgid,
		.creator = NO_THREAD,
		.began_before = true,
		.time = timeline->now,
	};

	timeline->figures.repaired++;
	return timeline_add_thread(timeline, &newcomer, ret);
}

int timeline_thread_slowly(struct timeline *timeline, uint32_t tid, uint32_t tgid,
			   struct track **ret)
{
	uint32_t thread = population_find(&timeline->population, tid);
	struct track *track;

	if (thread != NO_THREAD) {
		track = &timeline->tracks.items[thread];
		if (track->ending && !track->dead && track->ending_at < timeline->now)
			track_end_unseen(timeline, track);
		if (!track->dead) {
			*ret = track;
			return 0;
		}
	}
	if (!tid || tid >= TID_LIMIT) {
		timeline->figures.repaired++;
		*ret = NULL;
		return 0;
	}
	return add_stranger(timeline, tid, tgid, ret);
}

/* ---- births -------------------------------------------------------------------------------- */

/* Whether this is no news, as `track` is that same thread already. */
static bool is_known(const struct track *track, const struct pl_life_task *task)
{
	if (!track->introduced)
		return false;
	return track->start_time == task->start_time &&
	       (task->start_time || task->head.kind == PL_LIFE_TASK);
}

static void begin_life(struct timeline *timeline, struct track *track,
		       const struct pl_life_task *task)
{
	const struct pl_block *block = task->block.kind == PL_BLOCK ? &task->block : NULL;
	uint8_t flags = task->head.flags;

	/* Of a thread that does not wait, it is where it did last, and may do again. */
	if (block) {
		track->block = *block;
		track->block_time = timeline->now;
	}
	if (task->head.kind == PL_LIFE_TASK && task->head.size >= sizeof(*task) && task->ran_on &&
	    task->ran_on <= UINT16_MAX) {
		track->ran = true;
		track->last_cpu = (uint16_t)(task->ran_on - 1);
	}
	if (task->head.kind == PL_LIFE_TASK && task->stack) {
		track->stack = task->stack;
		track->stack_time = timeline->now;
	}
	if (task->head.kind == PL_LIFE_FORK) {
		track_open(track, STATE_READY_WOKEN, timeline->now);
		track->open.waker = task->creator;
		track->open.waker_context = PL_WAKER_TASK;
		track_announce(timeline, track);
		return;
	}
	if (flags & PL_TASK_RUNNING) {
		/* The record may come from another CPU than the one that it runs on. */
		track->anywhere = true;
		track_run(timeline, track, task->head.cpu);
	} else if (flags & PL_TASK_READY) {
		track_open(track, flags & PL_TASK_WOKEN ? STATE_READY_WOKEN : STATE_READY_PREEMPTED,
			   timeline->now);
		track_announce(timeline, track);
	} else if (task->state & (TASK_DEAD | TASK_EXIT_DEAD)) {
		track_die(timeline, track, timeline->now);
	} else {
		track_block(timeline, track, task->state, false, block,
			    &(struct stack_ids){.user = task->stack});
	}
	track->open.open_begin = !(flags & PL_TASK_FIRST);
}

static void keep_priority(struct timeline *timeline, const struct track *track,
			  const struct pl_life_task *task)
{
	struct thread *thread = &timeline->population.threads.items[track->open.thread];

	if (task->head.size >= sizeof(*task) && task->priority.known)
		thread->priority_first = thread->priority_last = task->priority;
}

static int feed_task(struct timeline *timeline, const struct pl_life_task *task)
{
	bool forked = task->head.kind == PL_LIFE_FORK;
	struct newcomer newcomer = {
		.tid = task->head.tid,
		.tgid = task->head.tgid,
		.parent = task->parent,
		.creator = forked ? timeline_thread_of(timeline, task->creator) : NO_THREAD,
		.comm = task->comm,
		.kernel = task->head.flags & PL_TASK_KERNEL,
		.began_before = !forked && !(task->head.flags & PL_TASK_FIRST),
		.makes_process = forked && task->head.tid == task->head.tgid,
		.time = timeline->now,
	};
	uint32_t thread = timeline_thread_of(timeline, newcomer.tid);
	struct track *track;
	int error;

	if (!newcomer.tid || newcomer.tid >= TID_LIMIT) {
		timeline->figures.repaired++;
		return 0;
	}
	if (thread != NO_THREAD) {
		track = &timeline->tracks.items[thread];
		if (is_known(track, task))
			return 0;
		if (!track->introduced && !forked) {
			track->introduced = true;
			track->tgid = newcomer.tgid;
			track->kernel = newcomer.kernel;
			track->start_time = task->start_time;
			keep_priority(timeline, track, task);
			return population_introduce(&timeline->population, thread, &newcomer);
		}
		track_end_unseen(timeline, track);
	}
	error = timeline_add_thread(timeline, &newcomer, &track);
	if (error)
		return error;
	track->start_time = task->start_time;
	keep_priority(timeline, track, task);
	if (forked && task->space && newcomer.makes_process)
		population_share_space(&timeline->population, track->open.thread, task->space);
	begin_life(timeline, track, task);
	return 0;
}

/* ---- exec ---------------------------------------------------------------------------------- */

/* An exec from a side thread goes on under the first thread's tid; should the first one not be
 * through with its end, it has the other's until then. */
static int swap_tids(struct timeline *timeline, struct track *side, uint32_t tid)
{
	uint32_t first = timeline_thread_of(timeline, tid), old = side->tid;
	struct thread *thread = &timeline->population.threads.items[side->open.thread];
	int error;

	error = population_bind(&timeline->population, tid, side->open.thread);
	if (!error)
		error = population_bind(&timeline->population, old, first);
	if (error)
		return error;
	if (first != NO_THREAD)
		timeline->tracks.items[first].tid = old;
	side->tid = tid;
	thread->tid = tid;
	thread->leader = tid == thread->tgid;
	return 0;
}

struct track *track_after_swap(struct timeline *timeline, struct track *occupant, uint32_t tid)
{
	uint32_t other = timeline_thread_of(timeline, tid);
	struct track *track = other == NO_THREAD ? NULL : &timeline->tracks.items[other];
	int error;

	/* A gap would explain it as well, and other than that only an exec does. */
	if (!tid || tid >= TID_LIMIT ||
	    gaps_between(&timeline->gaps, occupant->open.cpu, occupant->open.begin, timeline->now,
			 NULL))
		return NULL;
	if (tid == occupant->tgid && (!track || track->exiting))
		error = swap_tids(timeline, occupant, tid);
	else if (track && track->tgid == occupant->tgid && occupant->exiting &&
		 occupant->tid == occupant->tgid)
		error = swap_tids(timeline, track, occupant->tid);
	else
		return NULL;
	return error ? NULL : occupant;
}

static int feed_exec(struct timeline *timeline, const struct pl_life_exec *exec)
{
	uint32_t tid = exec->head.tid, old = exec->old_tid;
	struct track *track;
	uint32_t side;
	int error;

	if (old && old != tid) {
		side = timeline_thread_of(timeline, old);
		/* A switch may have told the swap already; then `old` is the first thread's, if
		 * anybody's. */
		if (side != NO_THREAD && tid && tid < TID_LIMIT &&
		    timeline->population.threads.items[side].tid == old) {
			error = swap_tids(timeline, &timeline->tracks.items[side], tid);
			if (error)
				return error;
		}
	}
	error = timeline_thread(timeline, tid, exec->head.tgid, &track);
	if (error || !track)
		return error;
	population_exec(&timeline->population, track->open.thread, exec->comm, exec->path);
	return 0;
}

/* ---- ends ---------------------------------------------------------------------------------- */

static int feed_exit(struct timeline *timeline, const struct pl_life_exit *exit)
{
	uint32_t thread = population_find(&timeline->population, exit->head.tid);
	struct track *track;
	int error;

	/* It may come after the last switch of a thread, and still be that thread's. */
	if (thread == NO_THREAD) {
		error = timeline_thread(timeline, exit->head.tid, exit->head.tgid, &track);
		if (error || !track)
			return error;
		thread = track->open.thread;
	}
	timeline->tracks.items[thread].exiting = true;
	population_exit_code(&timeline->population, exit->head.tid, thread, exit->code,
			     exit->head.flags & PL_TASK_LAST);
	return 0;
}

/* Whether these totals can be those of the thread: they begin where it does. */
static bool totals_fit(const struct timeline *timeline, uint32_t thread,
		       const struct pl_life_totals *life)
{
	const struct track *track = &timeline->tracks.items[thread];
	const struct thread *it = &timeline->population.threads.items[thread];

	if (it->has_totals && track->ending)
		return false;
	return track->introduced ? it->begin == life->totals.begin
				 : it->begin >= life->totals.begin;
}

/* During an exec from a side thread two threads' tids change places, so that totals may come under
 * a tid that is another's here; when the thread began tells whose they are. */
static uint32_t owner_of_totals(const struct timeline *timeline, const struct pl_life_totals *life)
{
	uint32_t owner = population_find(&timeline->population, life->head.tid);

	if (owner != NO_THREAD && totals_fit(timeline, owner, life))
		return owner;
	for (uint32_t i = timeline->tracks.count; i > 0; i--) {
		const struct track *track = &timeline->tracks.items[i - 1];

		if (track->introduced && track->tgid == life->head.tgid &&
		    totals_fit(timeline, i - 1, life))
			return i - 1;
	}
	return NO_THREAD;
}

static int feed_totals(struct timeline *timeline, const struct pl_life_totals *life)
{
	uint32_t owner = owner_of_totals(timeline, life);
	struct track *track;
	struct thread *thread;
	int error;

	if (owner == NO_THREAD) {
		if (!life->head.tid || life->head.tid >= TID_LIMIT) {
			timeline->figures.repaired++;
			return 0;
		}
		owner = timeline_thread_of(timeline, life->head.tid);
		if (owner != NO_THREAD)
			track_end_unseen(timeline, &timeline->tracks.items[owner]);
		error = timeline_thread(timeline, life->head.tid, life->head.tgid, &track);
		if (error || !track)
			return error;
		owner = track->open.thread;
	}
	track = &timeline->tracks.items[owner];
	thread = &timeline->population.threads.items[owner];
	thread->has_totals = true;
	thread->totals = life->totals;
	if (life->head.size >= sizeof(*life) && life->priority.known)
		thread->priority_last = life->priority;
	thread->has_cow = life->head.size >= PL_LIFE_TOTALS_COW && life->faults_known;
	thread->cow_faults = thread->has_cow ? life->cow_faults : 0;
	if (track->dead)
		return 0;
	track->ending_at = timeline->now;
	track->ending = !(life->head.flags & PL_TASK_ALIVE);
	return 0;
}

int timeline_feed_life(struct timeline *timeline, const union pl_life *life)
{
	uint32_t thread;

	switch (life->head.kind) {
	case PL_LIFE_TASK:
	case PL_LIFE_FORK:
		return feed_task(timeline, &life->task);
	case PL_LIFE_EXEC:
		return feed_exec(timeline, &life->exec);
	case PL_LIFE_EXIT:
		return feed_exit(timeline, &life->exit);
	case PL_LIFE_TOTALS:
		return feed_totals(timeline, &life->totals);
	case PL_LIFE_RENAME:
		thread = timeline_thread_of(timeline, life->head.tid);
		if (thread != NO_THREAD)
			population_rename(&timeline->population, thread, life->rename.comm);
		return 0;
	case PL_LIFE_MOVED:
		timeline_feed_moved(timeline, &life->moved);
		return 0;
	case PL_LIFE_FUTEX:
		return population_futex(&timeline->population, &life->futex);
	default:
		return 0; /* of a later version */
	}
}
