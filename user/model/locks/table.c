// SPDX-License-Identifier: GPL-2.0-only
/* table.c - which lock a wait is for, and what becomes of them all in the model */
#include <errno.h>

#include "model/locks/inside.h"
#include "model/tasks/population.h"

/* Numbers of files, told from numbers of address spaces. */
#define OF_FILE 0x80000000u

struct locks_key locks_key(const struct population *population, const struct interval *interval)
{
	uint32_t process = population->threads.items[interval->thread].process;
	const struct futex_place *place =
		population_futex_place(population, process, interval->address);
	uint64_t address = locks_address(interval);
	struct locks_key key = {
		.place = address,
		.where = population_space(population, process),
		.process = process,
		.shared = place && place->shared,
	};

	if (key.shared) {
		key.place = place->offset - (interval->address - address);
		key.where = OF_FILE | place->file;
	}
	return key;
}

int locks_find(struct locks *locks, const struct interval *interval, uint32_t *ret)
{
	struct locks_key key = locks_key(timeline_population(locks->timeline), interval);
	struct lock_entry *entry;
	uint32_t index;
	int error = lock_map_at(&locks->by_place, key.place, key.where, locks->locks.count, &index);

	if (error)
		return error;
	if (index == locks->locks.count) {
		entry = vector_add(&locks->locks);
		if (!entry)
			return -ENOMEM;
		entry->owner = NO_THREAD;
		entry->lock = (struct lock){
			.process = key.process,
			.address = locks_address(interval),
			.reason = interval->reason,
			.shared = key.shared,
			.first_ns = interval->begin - timeline_figures(locks->timeline)->begin,
			.first_waiter = interval->thread,
			.first_stack = interval->stack,
			.first_function = "",
			.first_file = "",
			.main_holder = NO_THREAD,
			.main_waiter = NO_THREAD,
		};
	}
	*ret = index;
	return 0;
}

int locks_find_share(struct locks *locks, uint32_t lock, uint32_t thread, uint32_t *ret)
{
	struct lock_share *share;
	uint32_t index;
	int error;

	error = lock_map_at(&locks->by_thread, lock, thread, locks->shares.count, &index);
	if (error)
		return error;
	if (index == locks->shares.count) {
		share = vector_add(&locks->shares);
		if (!share)
			return -ENOMEM;
		share->lock = lock;
		share->user.thread = thread;
	}
	*ret = index;
	return 0;
}

static int compare_locks(const void *a, const void *b)
{
	const struct lock *one = a, *two = b;

	if (one->total_ns != two->total_ns)
		return one->total_ns > two->total_ns ? -1 : 1;
	if (one->process != two->process)
		return one->process < two->process ? -1 : 1;
	return one->address < two->address ? -1 : one->address > two->address;
}

static int compare_users(const void *a, const void *b)
{
	const struct lock_user *one = a, *two = b;
	uint64_t ns_one = one->waited_ns + one->held_ns, ns_two = two->waited_ns + two->held_ns;

	if (ns_one != ns_two)
		return ns_one > ns_two ? -1 : 1;
	return one->thread < two->thread ? -1 : one->thread > two->thread;
}

static void find_main(struct lock *lock, const struct lock_user *user)
{
	if (user->waited_ns > lock->main_waiter_ns) {
		lock->main_waiter = user->thread;
		lock->main_waiter_ns = user->waited_ns;
	}
	if (user->held_ns > lock->main_holder_ns) {
		lock->main_holder = user->thread;
		lock->main_holder_ns = user->held_ns;
		lock->main_holder_running_ns = user->held_running_ns;
	}
}

static int add_users(struct locks *locks)
{
	const struct lock_share *share;
	struct lock_entry *entry;

	vector_for_each (&locks->shares, share) {
		struct lock *lock = &locks->locks.items[share->lock].lock;
		struct lock_user *user;

		find_main(lock, &share->user);
		user = vector_add(&lock->users);
		if (!user)
			return -ENOMEM;
		*user = share->user;
	}
	vector_for_each (&locks->locks, entry)
		if (entry->lock.users.count)
			qsort(entry->lock.users.items, entry->lock.users.count,
			      sizeof(struct lock_user), compare_users);
	return 0;
}

/* The users go over to the model with it. */
static int hand_over(struct lock_entry *entry, struct model *model)
{
	struct lock *lock;

	if (!entry->lock.waits)
		return 0;
	lock = vector_add(&model->locks);
	if (!lock)
		return -ENOMEM;
	*lock = entry->lock;
	lock->waiters_max = entry->waiters.top;
	memset(&entry->lock.users, 0, sizeof(entry->lock.users));
	return 0;
}

int locks_finish(struct locks *locks, struct model *model)
{
	struct lock_entry *entry;
	int error = locks->error ? locks->error : locks_drop_waits(locks);

	if (!error)
		error = add_users(locks);
	for (entry = locks->locks.items; !error && entry < locks->locks.items + locks->locks.count;
	     entry++)
		error = hand_over(entry, model);
	if (error)
		return error;
	if (model->locks.count)
		qsort(model->locks.items, model->locks.count, sizeof(model->locks.items[0]),
		      compare_locks);
	return 0;
}
