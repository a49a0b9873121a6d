// SPDX-License-Identifier: GPL-2.0-only
/* locks.c - locks and deadlocks in the report for programs */
#include <inttypes.h>

#include "model/hang_place.h"
#include "show/json/sections.h"
#include "show/lock_names.h"

static void put_lock_thread(struct json *json, const struct model *model, const char *name,
			    uint32_t index, uint64_t ns, uint64_t running_ns, bool holder)
{
	if (index >= model->threads.count) {
		json_null(json, name);
		return;
	}
	json_object(json, name);
	json_unsigned(json, "thread", index);
	json_unsigned(json, "tid", model->threads.items[index].tid);
	json_string(json, "name", model->threads.items[index].name);
	json_unsigned(json, "total_ns", ns);
	if (holder)
		json_unsigned(json, "running_ns", running_ns);
	json_object_end(json);
}

static void put_users(struct json *json, const struct model *model, const struct lock *lock)
{
	const struct lock_user *user;

	json_array(json, "threads");
	vector_for_each (&lock->users, user) {
		json_object(json, NULL);
		json_unsigned(json, "thread", user->thread);
		json_unsigned(json, "tid", model->threads.items[user->thread].tid);
		json_string(json, "name", model->threads.items[user->thread].name);
		json_unsigned(json, "waits", user->waits);
		json_unsigned(json, "waited_ns", user->waited_ns);
		json_unsigned(json, "held_ns", user->held_ns);
		json_unsigned(json, "held_running_ns", user->held_running_ns);
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_lock_details(struct json *json, const struct model *model, const struct lock *lock)
{
	json_string(json, "kind", lock_kind_name(lock));
	json_bool(json, "shared", lock->shared);
	json_unsigned(json, "first_ns", lock->first_ns);
	json_unsigned(json, "first_waiter", lock->first_waiter);
	json_string(json, "first_function",
		    lock->first_function && *lock->first_function ? lock->first_function : NULL);
	json_string(json, "first_file",
		    lock->first_file && *lock->first_file ? lock->first_file : NULL);
	json_unsigned(json, "first_line", lock->first_line);
	json_unsigned(json, "mean_ns", lock->waits ? lock->total_ns / lock->waits : 0);
	json_unsigned(json, "p50_ns", histogram_quantile(&lock->waiting, 0.50));
	json_unsigned(json, "p99_ns", histogram_quantile(&lock->waiting, 0.99));
	json_unsigned(json, "waits_begun_before", lock->waits_open_begin);
	json_unsigned(json, "waits_not_ended", lock->waits_open_end);
	json_unsigned(json, "timed_out", lock->timed_out);
	json_unsigned(json, "holder_known", lock->holder_known);
	json_unsigned(json, "holder_confirmed", lock->holder_confirmed);
	json_unsigned(json, "holder_by_wake", lock->holder_by_wake);
	json_unsigned(json, "handovers", lock->handovers);
	json_unsigned(json, "handover_ns", lock->handover_ns);
	json_unsigned(json, "handover_max_ns", lock->handover_max_ns);
	put_users(json, model, lock);
}

void json_put_locks(struct json *json, const struct model *model)
{
	const struct lock *lock;
	char address[24];

	json_array(json, "locks");
	vector_for_each (&model->locks, lock) {
		snprintf(address, sizeof(address), "0x%" PRIx64, lock->address);
		json_object(json, NULL);
		if (lock->process < model->processes.count)
			json_unsigned(json, "pid", model->processes.items[lock->process].tgid);
		else
			json_null(json, "pid");
		json_string(json, "address", address);
		json_string(json, "name", lock->name);
		json_string(json, "reason", reason_name(lock->reason));
		json_unsigned(json, "waits", lock->waits);
		json_unsigned(json, "total_ns", lock->total_ns);
		json_unsigned(json, "max_ns", lock->max_ns);
		json_unsigned(json, "waiters_max", lock->waiters_max);
		put_lock_thread(json, model, "main_holder", lock->main_holder, lock->main_holder_ns,
				lock->main_holder_running_ns, true);
		put_lock_thread(json, model, "main_waiter", lock->main_waiter, lock->main_waiter_ns,
				0, false);
		put_lock_details(json, model, lock);
		json_object_end(json);
	}
	json_array_end(json);
}

static const char *const deadlock_ends[] = {
	[DEADLOCK_GOES_ON] = "goes on",
	[DEADLOCK_TIMED_OUT] = "timed out",
	[DEADLOCK_KILLED] = "killed",
};

static void put_way(struct json *json, const char *way)
{
	struct hang_frame frame;
	char address[24];

	json_array(json, "frames");
	while (way && hang_frame_next(&way, &frame)) {
		snprintf(address, sizeof(address), "0x%" PRIx64, frame.address);
		json_object(json, NULL);
		json_string(json, "address", address);
		json_string(json, "function", *frame.function ? frame.function : NULL);
		json_string(json, "file", *frame.file ? frame.file : NULL);
		json_unsigned(json, "line", frame.line);
		json_string(json, "module", *frame.module ? frame.module : NULL);
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_member(struct json *json, const struct model *model,
		       const struct deadlock_member *member)
{
	char address[24];

	snprintf(address, sizeof(address), "0x%" PRIx64, member->address);
	json_object(json, NULL);
	json_unsigned(json, "thread", member->thread);
	json_unsigned(json, "tid", model->threads.items[member->thread].tid);
	json_string(json, "name", model->threads.items[member->thread].name);
	json_string(json, "reason", reason_name(member->reason));
	json_string(json, "address", address);
	if (member->lock < model->locks.count) {
		json_unsigned(json, "lock", member->lock);
		json_string(json, "lock_name", model->locks.items[member->lock].name);
	} else {
		json_null(json, "lock");
		json_null(json, "lock_name");
	}
	json_unsigned(json, "holder", member->holder);
	if (member->open_begin)
		json_null(json, "since_ns");
	else
		json_unsigned(json, "since_ns", member->since - model->begin);
	put_way(json, member->way);
	json_object_end(json);
}

void json_put_deadlocks(struct json *json, const struct model *model)
{
	const struct deadlock *deadlock;
	const struct deadlock_member *member;

	json_array(json, "deadlocks");
	vector_for_each (&model->deadlocks, deadlock) {
		json_object(json, NULL);
		json_unsigned(json, "begin_ns", deadlock->begin - model->begin);
		json_unsigned(json, "end_ns", deadlock->end - model->begin);
		json_string(json, "ended", deadlock_ends[deadlock->ended]);
		json_array(json, "threads");
		vector_for_each (&deadlock->members, member)
			put_member(json, model, member);
		json_array_end(json);
		json_object_end(json);
	}
	json_array_end(json);
}
