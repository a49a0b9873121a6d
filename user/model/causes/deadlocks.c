// SPDX-License-Identifier: GPL-2.0-only
#include "model/causes/deadlocks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/units.h"
#include "model/tasks/population.h"
#include "recording/recording.h"
#include "model/timeline/glance.h"

#define REASONS_HELD (1u << REASON_LOCK | 1u << REASON_RWLOCK | 1u << REASON_JOIN)
#define NO_CIRCLE    UINT32_MAX

/* What ends a process ends the waits of all its threads within a moment. */
#define TOGETHER_NS (100 * NS_PER_MS)

struct wait {
	bool active;
	uint32_t holder; /* thread index, or NO_THREAD */
	uint32_t holder_tid;
	uint32_t circle; /* that it is part of, or NO_CIRCLE */
	uint32_t member; /* which of its members */
	bool pending;	 /* it was woken, and what became of it will tell about the circle */
	enum reason reason;
	uint64_t address, begin;
};

struct member {
	struct deadlock_member told;
	uint64_t end;
	uint32_t waker;
	uint8_t waker_context;
	bool open_end;
};

struct circle {
	bool refuted; /* one of its threads got what it waited for */
	uint64_t begin;
	VECTOR(struct member) members;
};

struct deadlocks {
	struct timeline *timeline;
	VECTOR(struct wait) waits; /* by thread */
	VECTOR(struct circle) circles;
	size_t refuted; /* of these */
	int error;
};

static int reserve(struct deadlocks *deadlocks, uint32_t thread)
{
	while (deadlocks->waits.count <= thread) {
		struct wait *wait = vector_add(&deadlocks->waits);

		if (!wait)
			return -ENOMEM;
		wait->holder = NO_THREAD;
		wait->circle = NO_CIRCLE;
	}
	return 0;
}

/* ---- a circle closes ----------------------------------------------------------------------- */

/* Whom the thread waits for; NO_THREAD if it does not wait. Threads that were there before are
 * announced one after the other, so that a holder may come after its waiter. */
static uint32_t next_of(struct deadlocks *deadlocks, uint32_t thread)
{
	struct wait *wait;

	if (thread >= deadlocks->waits.count)
		return NO_THREAD;
	wait = &deadlocks->waits.items[thread];
	if (wait->active && wait->holder == NO_THREAD)
		wait->holder = glance_thread_of(deadlocks->timeline, wait->holder_tid);
	return wait->active ? wait->holder : NO_THREAD;
}

/* How many threads lie on the way from `first` back to it; 0 if it does not lead back. It may run
 * into a circle that `first` is not on: a second walk at half the speed is met there. */
static size_t way_back(struct deadlocks *deadlocks, uint32_t first)
{
	uint32_t at = next_of(deadlocks, first), slow = first;
	size_t steps = 1;

	while (at != NO_THREAD && at != first) {
		at = next_of(deadlocks, at);
		if (steps++ % 2 == 0)
			slow = next_of(deadlocks, slow);
		if (at == slow)
			return at == first ? steps : 0;
	}
	return at == first ? steps : 0;
}

/* Of a circle that was none nothing is kept: in a long recording there may be many. */
static void leave_circle(struct deadlocks *deadlocks, struct wait *left)
{
	uint32_t index = left->circle;
	struct circle *circle;
	const struct member *member;

	left->pending = false;
	if (index == NO_CIRCLE)
		return;
	circle = &deadlocks->circles.items[index];
	vector_for_each (&circle->members, member) {
		struct wait *wait = &deadlocks->waits.items[member->told.thread];

		if (wait->circle == index) {
			wait->circle = NO_CIRCLE;
			wait->pending = false;
		}
	}
	circle->refuted = true;
	vector_free(&circle->members);
	deadlocks->refuted++;
}

#define TIDY_AT 64

/* Closes up the places of those that were none. */
static void tidy_up(struct deadlocks *deadlocks)
{
	size_t kept = 0;

	if (deadlocks->circles.count < TIDY_AT || deadlocks->refuted < deadlocks->circles.count / 2)
		return;
	for (size_t i = 0; i < deadlocks->circles.count; i++) {
		const struct circle *circle = &deadlocks->circles.items[i];
		const struct member *member;

		if (circle->refuted)
			continue;
		vector_for_each (&circle->members, member) {
			struct wait *wait = &deadlocks->waits.items[member->told.thread];

			if (wait->circle == i)
				wait->circle = kept;
		}
		deadlocks->circles.items[kept++] = *circle;
	}
	deadlocks->circles.count = kept;
	deadlocks->refuted = 0;
}

static int add_circle(struct deadlocks *deadlocks, uint32_t first, size_t length, uint64_t now)
{
	struct circle *circle;
	uint32_t at = first;

	tidy_up(deadlocks);
	circle = vector_add(&deadlocks->circles);
	if (!circle)
		return -ENOMEM;
	circle->begin = now;
	for (size_t i = 0; i < length; i++) {
		struct wait *wait = &deadlocks->waits.items[at];
		struct member *member = vector_add(&circle->members);

		if (!member)
			return -ENOMEM;
		leave_circle(deadlocks, wait);
		wait->circle = circle - deadlocks->circles.items;
		wait->member = i;
		member->told = (struct deadlock_member){
			.thread = at,
			.holder = wait->holder,
			.reason = wait->reason,
			.address = wait->address,
			.since = wait->begin,
			.lock = NO_LOCK,
		};
		at = wait->holder;
	}
	return 0;
}

/* A signal may have woken it, or another thread have been quicker: it waits on as before. */
static bool waits_on(struct deadlocks *deadlocks, const struct wait *wait,
		     const struct interval *interval, uint32_t holder)
{
	const struct member *member;

	if (!wait->pending || wait->circle == NO_CIRCLE)
		return false;
	member = &deadlocks->circles.items[wait->circle].members.items[wait->member];
	return interval->address == member->told.address &&
	       (holder == NO_THREAD || holder == member->told.holder);
}

static int begin_wait(struct deadlocks *deadlocks, const struct interval *interval)
{
	bool held = 1u << interval->reason & REASONS_HELD;
	uint32_t holder =
		held ? glance_thread_of(deadlocks->timeline, interval->holder) : NO_THREAD;
	struct wait *wait;
	size_t length;
	int error = reserve(deadlocks, interval->thread);

	if (error)
		return error;
	wait = &deadlocks->waits.items[interval->thread];
	if (waits_on(deadlocks, wait, interval, holder)) {
		wait->pending = false;
		wait->active = true;
		return 0;
	}
	/* On its way out of a process that ends. */
	if (interval->reason == REASON_EXIT)
		return 0;
	leave_circle(deadlocks, wait);
	wait->active = held;
	if (!wait->active)
		return 0;
	wait->holder = holder;
	wait->holder_tid = interval->holder;
	wait->reason = interval->reason;
	wait->address = interval->address;
	wait->begin = interval->begin;
	length = way_back(deadlocks, interval->thread);
	return length ? add_circle(deadlocks, interval->thread, length, interval->begin) : 0;
}

static void end_wait(struct deadlocks *deadlocks, const struct interval *interval)
{
	struct wait *wait = &deadlocks->waits.items[interval->thread];
	struct circle *circle;
	struct member *member;

	wait->active = false;
	if (wait->circle == NO_CIRCLE)
		return;
	circle = &deadlocks->circles.items[wait->circle];
	member = &circle->members.items[wait->member];
	member->end = interval->end;
	member->waker = interval->waker;
	member->waker_context = interval->waker_context;
	member->open_end = interval->open_end;
	member->told.open_begin = interval->open_begin;
	/* It had been woken before the circle closed, which was only learnt now. */
	if (interval->end <= circle->begin && !interval->open_end)
		leave_circle(deadlocks, wait);
	else
		wait->pending = true;
}

static void on_begin(void *context, const struct interval *interval)
{
	struct deadlocks *deadlocks = context;
	int error = deadlocks->error ? 0 : begin_wait(deadlocks, interval);

	if (error)
		deadlocks->error = error;
}

static void on_interval(void *context, const struct interval *interval)
{
	struct deadlocks *deadlocks = context;

	if (deadlocks->error || interval->thread >= deadlocks->waits.count)
		return;
	if (interval->state == STATE_BLOCKED && deadlocks->waits.items[interval->thread].active)
		end_wait(deadlocks, interval);
}

/* ---- the whole ----------------------------------------------------------------------------- */

int deadlocks_new(struct timeline *timeline, struct deadlocks **ret)
{
	struct deadlocks *deadlocks = calloc(1, sizeof(*deadlocks));
	struct timeline_visitor visitor = {
		.context = deadlocks,
		.begins = on_begin,
		.states_begun = 1u << STATE_BLOCKED,
		.interval = on_interval,
		.states = 1u << STATE_BLOCKED,
	};

	if (!deadlocks)
		return -ENOMEM;
	deadlocks->timeline = timeline;
	if (timeline_add_visitor(timeline, &visitor)) {
		free(deadlocks);
		return -ENOMEM;
	}
	*ret = deadlocks;
	return 0;
}

void deadlocks_free(struct deadlocks **deadlocks)
{
	struct circle *circle;

	if (!*deadlocks)
		return;
	vector_for_each (&(*deadlocks)->circles, circle)
		vector_free(&circle->members);
	vector_free(&(*deadlocks)->waits);
	vector_free(&(*deadlocks)->circles);
	free(*deadlocks);
	*deadlocks = NULL;
}

/* Where a thread of the circle was woken by another one, it did not get the lock only if that
 * was the end of them all: one thread, or a signal, ended the process. */
static bool ended_by_death(const struct circle *circle, const struct population *population)
{
	const struct member *first = &circle->members.items[0], *member;

	vector_for_each (&circle->members, member) {
		const struct thread *thread = &population->threads.items[member->told.thread];
		const struct process *process = &population->processes.items[thread->process];
		uint64_t apart = member->end > first->end ? member->end - first->end
							  : first->end - member->end;
		bool by_signal = process->has_code && process->code & 0x7f;

		if (thread->alive_at_end || member->open_end || apart > TOGETHER_NS)
			return false;
		if (!by_signal && member->waker != first->waker)
			return false;
	}
	return true;
}

static bool judge(const struct circle *circle, const struct population *population,
		  struct deadlock *deadlock)
{
	const struct member *member, *first = NULL;

	if (circle->refuted)
		return false;
	vector_for_each (&circle->members, member)
		if (!first || member->end < first->end)
			first = member;
	deadlock->begin = circle->begin;
	deadlock->end = first->end;
	if (first->open_end) {
		deadlock->ended = DEADLOCK_GOES_ON;
		return true;
	}
	if (first->waker_context == PL_WAKER_INTERRUPT) {
		deadlock->ended = DEADLOCK_TIMED_OUT;
		return true;
	}
	deadlock->ended = DEADLOCK_KILLED;
	return ended_by_death(circle, population);
}

static uint32_t find_lock(const struct model *model, const struct population *population,
			  const struct deadlock_member *member)
{
	uint32_t process = population->threads.items[member->thread].process;
	const struct lock *lock;

	vector_for_each (&model->locks, lock)
		if (lock->process == process && lock->reason == member->reason &&
		    (lock->address == member->address ||
		     (lock->reason == REASON_RWLOCK && lock->address == (member->address & ~7ull))))
			return lock - model->locks.items;
	return NO_LOCK;
}

int deadlocks_finish(struct deadlocks *deadlocks, struct model *model)
{
	const struct population *population = glance_population(deadlocks->timeline);
	const struct circle *circle;
	const struct member *member;

	if (deadlocks->error)
		return deadlocks->error;
	vector_for_each (&deadlocks->circles, circle) {
		struct deadlock found = {0}, *deadlock;

		if (!judge(circle, population, &found))
			continue;
		deadlock = vector_add(&model->deadlocks);
		if (!deadlock)
			return -ENOMEM;
		*deadlock = found;
		vector_for_each (&circle->members, member) {
			struct deadlock_member *told = vector_add(&deadlock->members);

			if (!told)
				return -ENOMEM;
			*told = member->told;
			told->lock = find_lock(model, population, told);
		}
	}
	return 0;
}

void deadlocks_find_ways(const struct recording *recording, struct model *model)
{
	struct deadlock *deadlock;
	struct deadlock_member *member;
	char key[64];

	vector_for_each (&model->deadlocks, deadlock) {
		vector_for_each (&deadlock->members, member) {
			snprintf(key, sizeof(key), NOTE_HANG_PLACE "%" PRIu32 ".%" PRIx64,
				 model->threads.items[member->thread].tid, member->address);
			member->way = recording_note(recording, key);
		}
	}
}
