// SPDX-License-Identifier: GPL-2.0-only
/* locks.c - which locks have a world of their own in which nobody waits for them */
#include <errno.h>

#include "model/causes/inside.h"
#include "model/tasks/population.h"
#include "model/timeline/glance.h"

/* The two words of a read-write lock or a condition on which threads wait belong together. */
static uint64_t address_of(const struct interval *interval)
{
	if (interval->reason == REASON_CONDITION || interval->reason == REASON_RWLOCK)
		return interval->address & ~7ull;
	return interval->address;
}

bool replay_lock_has_waiter(const struct replay_lock *lock, uint32_t thread)
{
	for (uint32_t i = 0; i < lock->waiter_count; i++) {
		if (lock->waiters[i] == thread)
			return true;
	}
	return false;
}

static void add_waiter(struct replay_lock *lock, uint32_t thread)
{
	if (lock->waiter_count < WHAT_IF_WAITERS && !replay_lock_has_waiter(lock, thread))
		lock->waiters[lock->waiter_count++] = thread;
}

/* Conditions that lie as near to each other as in one structure are parts of one thing: of a lock
 * that is made of them. Looked for among the newest only. */
#define NEAR	   128
#define NEAR_AMONG 64

static uint32_t near_condition(const struct causes *causes, uint32_t process, uint64_t address)
{
	size_t count = causes->locks.count;

	for (size_t i = count; i > 0 && i + NEAR_AMONG > count; i--) {
		const struct replay_lock *lock = &causes->locks.items[i - 1];

		if (lock->reason == REASON_CONDITION && lock->process == process &&
		    lock->address + NEAR > address && address + NEAR > lock->address)
			return i - 1;
	}
	return count;
}

static int find_lock(struct causes *causes, const struct interval *interval,
		     struct replay_lock **ret)
{
	const struct population *population = glance_population(causes->timeline);
	uint32_t process = population->threads.items[interval->thread].process;
	struct cause_thread *it = &causes->threads.items[interval->thread];
	bool condition = interval->reason == REASON_CONDITION;
	uint64_t address = address_of(interval);
	struct replay_lock *lock;
	uint32_t fresh, index;
	int error;

	if (it->lock && it->lock_address == address &&
	    causes->locks.items[it->lock - 1].process == process &&
	    (causes->locks.items[it->lock - 1].reason == REASON_CONDITION) == condition) {
		*ret = &causes->locks.items[it->lock - 1];
		return 0;
	}
	/* What is a condition here may be a mutex there: they are not mixed up. */
	fresh = condition ? near_condition(causes, process, address) : causes->locks.count;
	error = lock_map_at(&causes->by_address, address, process | (uint32_t)condition << 31,
			    fresh, &index);
	if (error)
		return error;
	if (index == causes->locks.count) {
		lock = vector_add(&causes->locks);
		if (!lock)
			return -ENOMEM;
		lock->process = process;
		lock->address = address;
		lock->reason = interval->reason;
		lock->first = interval->begin;
	}
	add_waiter(&causes->locks.items[index], interval->thread);
	it->lock_address = address;
	it->lock = index + 1;
	*ret = &causes->locks.items[index];
	return 0;
}

/* The world begins as the one that is as it was, the past that is still known included. */
static int found_world(struct causes *causes, unsigned int world, struct replay_lock *lock,
		       uint64_t now)
{
	struct cause_thread *thread;
	int error = replay_copy_world(&causes->replay, world);

	if (error)
		return error;
	vector_for_each (&causes->threads, thread) {
		thread->clocks.now[world] = thread->clocks.now[WORLD_AS_IT_WAS];
		thread->seats.cpu[world] = thread->seats.cpu[WORLD_AS_IT_WAS];
		thread->seats.until[world] = thread->seats.until[WORLD_AS_IT_WAS];
		for (uint32_t i = 0; i < thread->past.capacity; i++) {
			struct clocks *clocks = &thread->past.runs[i].clocks;

			clocks->now[world] = clocks->now[WORLD_AS_IT_WAS];
		}
	}
	causes->replay.used |= 1u << world;
	if (world >= causes->replay.worlds)
		causes->replay.worlds = world + 1;
	causes->replay.locks[world] = lock - causes->locks.items;
	lock->world = world;
	lock->from = now;
	return 0;
}

/* A world that nobody has, or that of the lock with the least waiting, if this one has twice as
 * much: else they would take turns. 0: none. */
static unsigned int find_world(struct causes *causes, const struct replay_lock *lock)
{
	bool condition = lock->reason == REASON_CONDITION;
	unsigned int world = condition ? WORLD_CONDITIONS : WORLD_LOCKS;
	unsigned int end = condition ? WORLDS : WORLD_CONDITIONS, weakest = world;
	struct replay_lock *weak;

	for (; world < end; world++) {
		const uint32_t *locks = causes->replay.locks;

		if (!(causes->replay.used & 1u << world))
			return world;
		if (causes->locks.items[locks[world]].total_ns <
		    causes->locks.items[locks[weakest]].total_ns)
			weakest = world;
	}
	weak = &causes->locks.items[causes->replay.locks[weakest]];
	if (weak->total_ns > lock->total_ns / 2)
		return 0;
	weak->world = 0;
	return weakest;
}

int causes_know_lock(struct causes *causes, const struct interval *interval,
		     struct replay_lock **ret)
{
	struct replay_lock *lock;
	unsigned int world;
	int error;

	error = find_lock(causes, interval, &lock);
	if (error)
		return error;
	lock->total_ns += interval->end - interval->begin;
	lock->waits++;
	lock->last = interval->end;
	if (interval->begin < lock->first)
		lock->first = interval->begin;
	if (!lock->world) {
		world = find_world(causes, lock);
		if (world)
			error = found_world(causes, world, lock, interval->begin);
	}
	*ret = lock;
	return error;
}
