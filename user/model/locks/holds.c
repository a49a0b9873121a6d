// SPDX-License-Identifier: GPL-2.0-only
#include "model/locks/holds.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "recording/recording.h"

static uint32_t process_of(const struct model *model, uint32_t tgid)
{
	for (uint32_t i = 0; i < model->processes.count; i++)
		if (model->processes.items[i].tgid == tgid)
			return i;
	return NO_THREAD;
}

static struct lock_hold *hold_of(struct model *model, uint32_t process, uint64_t address)
{
	struct lock_hold *hold;

	vector_for_each (&model->holds, hold)
		if (hold->process == process && hold->address == address)
			return hold;
	hold = vector_add(&model->holds);
	if (hold)
		*hold = (struct lock_hold){.process = process, .address = address, .lock = NO_LOCK};
	return hold;
}

/* Condition variables are waited for by another word than the lock's; a lock is by its first, and a
 * read-write lock by one of its others. */
#define LOCK_SIZE 56

static void find_waits(const struct model *model, struct lock_hold *hold)
{
	for (uint32_t i = 0; i < model->locks.count; i++) {
		const struct lock *lock = &model->locks.items[i];
		bool is_it = lock->reason == REASON_RWLOCK
				     ? lock->address - hold->address < LOCK_SIZE
				     : lock->address == hold->address;

		if (lock->process == hold->process && is_it && lock->reason != REASON_CONDITION)
			hold->lock = i;
	}
}

static int read_sums(const struct recording *recording, struct model *model)
{
	const char *key, *value;

	for (size_t i = 0; recording_note_at(recording, NOTE_HOLDS, i, &key, &value); i++) {
		struct lock_hold read = {0}, *hold;
		uint64_t address;
		char name[96];
		uint32_t tgid;

		if (sscanf(key, NOTE_HOLDS "%" SCNu32 ".%" SCNx64, &tgid, &address) != 2 ||
		    sscanf(value, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, &read.taken,
			   &read.refused, &read.held_ns, &read.max_ns) != 4)
			continue;
		hold = hold_of(model, process_of(model, tgid), address);
		if (!hold)
			return -ENOMEM;
		hold->taken += read.taken;
		hold->refused += read.refused;
		hold->held_ns += read.held_ns;
		hold->max_ns = read.max_ns > hold->max_ns ? read.max_ns : hold->max_ns;
		snprintf(name, sizeof(name), NOTE_LOCK_NAME "%" PRIu32 ".%" PRIx64, tgid, address);
		hold->name = recording_note(recording, name);
	}
	return 0;
}

static uint32_t process_of_thread(const struct model *model, uint32_t tid)
{
	const struct thread *thread;

	vector_for_each (&model->threads, thread)
		if (thread->tid == tid && thread->alive_at_end)
			return thread->process;
	return NO_THREAD;
}

/* Those that lived on had it at the end; who ended with it does not have it any more. */
static int read_held(const struct recording *recording, struct model *model)
{
	const char *key, *value;

	for (size_t i = 0; recording_note_at(recording, NOTE_HELD, i, &key, &value); i++) {
		uint64_t address, since;
		struct lock_hold *hold;
		uint32_t tgid, tid, process;

		if (sscanf(key, NOTE_HELD "%" SCNu32 ".%" SCNx64 ".%" SCNu32, &tgid, &address,
			   &tid) != 3 ||
		    sscanf(value, "%" SCNu64, &since) != 1)
			continue;
		process = process_of_thread(model, tid);
		if (process == NO_THREAD)
			continue;
		hold = hold_of(model, process, address);
		if (!hold)
			return -ENOMEM;
		hold->open++;
		if (since < model->end) {
			uint64_t ns = model->end - since;

			hold->held_ns += ns;
			hold->max_ns = ns > hold->max_ns ? ns : hold->max_ns;
		}
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct lock_hold *one = a, *two = b;

	if (one->held_ns != two->held_ns)
		return one->held_ns > two->held_ns ? -1 : 1;
	return one->address < two->address ? -1 : one->address > two->address;
}

int holds_build(const struct recording *recording, struct model *model)
{
	const char *lost = recording_note(recording, NOTE_HOLDS_LOST);
	struct lock_hold *hold;
	int error;

	if (!lost)
		return 0;
	model->has_holds = true;
	model->holds_lost = strtoull(lost, NULL, 10);
	error = read_sums(recording, model);
	if (!error)
		error = read_held(recording, model);
	if (error)
		return error;
	vector_for_each (&model->holds, hold)
		find_waits(model, hold);
	if (model->holds.count)
		qsort(model->holds.items, model->holds.count, sizeof(*hold), compare);
	return 0;
}
