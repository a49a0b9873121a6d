// SPDX-License-Identifier: GPL-2.0-only
#include "capture/hang/hang.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/log.h"
#include "base/units.h"
#include "bpf/futex.h"
#include "capture/hang/pid_numbers.h"

#define NOBODY UINT32_MAX

struct waiter {
	struct hang_member told;
	uint32_t next; /* index of the one that it waits for, or NOBODY */
};

struct waiters {
	VECTOR(struct waiter) items; /* by tid */
};

static bool has_holder(uint8_t kind)
{
	return kind == PL_FUTEX_MUTEX || kind == PL_FUTEX_PI_MUTEX || kind == PL_FUTEX_RWLOCK ||
	       kind == PL_FUTEX_JOIN;
}

static bool read_word(uint32_t tgid, uint64_t address, uint32_t *ret)
{
	struct iovec here = {ret, sizeof(*ret)};
	struct iovec there = {(void *)address, sizeof(*ret)};

	return process_vm_readv((pid_t)tgid, &here, 1, &there, 1, 0) == sizeof(*ret);
}

/* Whether the words around the futex name the holder now. */
static bool is_held_by(const struct hang_member *member)
{
	uint32_t holder = (uint32_t)pid_number_inside((pid_t)member->holder);
	uint32_t word = 0, other = 0;

	if (!holder)
		return false;
	switch (member->kind) {
	case PL_FUTEX_MUTEX:
		return read_word(member->tgid, member->address + 8, &word) && word == holder;
	case PL_FUTEX_PI_MUTEX:
		return read_word(member->tgid, member->address, &word) &&
		       (word & FUTEX_TID) == holder;
	case PL_FUTEX_RWLOCK:
		return (read_word(member->tgid, member->address + 16, &word) && word == holder) ||
		       (read_word(member->tgid, member->address + 12, &other) && other == holder);
	case PL_FUTEX_JOIN:
		return read_word(member->tgid, member->address, &word) && word == holder;
	default:
		return false;
	}
}

/* A copy of the slot's wait, if it is one and did not change meanwhile. */
static bool read_wait(const struct pl_slot *slot, struct hang_member *ret)
{
	uint64_t last = __atomic_load_n(&slot->last, __ATOMIC_ACQUIRE);

	if (!slot->task || slot->state != PL_STATE_BLOCKED || slot->woken ||
	    !has_holder(slot->futex_kind) || !slot->holder)
		return false;
	*ret = (struct hang_member){
		.tid = slot->tid,
		.tgid = slot->tgid,
		.holder = slot->holder,
		.kind = slot->futex_kind,
		.address = slot->arg0,
		.since = last,
	};
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&slot->last, __ATOMIC_RELAXED) == last &&
	       slot->state == PL_STATE_BLOCKED && !slot->woken;
}

static int by_tid(const void *a, const void *b)
{
	const struct waiter *one = a, *two = b;

	return one->told.tid < two->told.tid ? -1 : one->told.tid > two->told.tid;
}

static uint32_t find_waiter(const struct waiters *waiters, uint32_t tid)
{
	struct waiter key = {.told.tid = tid}, *found;

	found = bsearch(&key, waiters->items.items, waiters->items.count, sizeof(key), by_tid);
	return found ? (uint32_t)(found - waiters->items.items) : NOBODY;
}

static int collect(struct kernel_side *side, uint64_t before, struct waiters *waiters)
{
	const struct pl_slot *slot;
	struct hang_member member;
	struct waiter *waiter;

	for (uint32_t i = 1; (slot = kernel_side_slot(side, i)); i++) {
		if (!read_wait(slot, &member) || member.since > before)
			continue;
		waiter = vector_add(&waiters->items);
		if (!waiter)
			return -ENOMEM;
		waiter->told = member;
	}
	if (!waiters->items.count)
		return 0;
	qsort(waiters->items.items, waiters->items.count, sizeof(*waiter), by_tid);
	vector_for_each (&waiters->items, waiter)
		waiter->next = find_waiter(waiters, waiter->told.holder);
	return 0;
}

/* How many lie on the way from `first` back to it; 0 if it does not lead back. */
static size_t way_back(const struct waiters *waiters, uint32_t first)
{
	uint32_t at = waiters->items.items[first].next;
	size_t steps = 1;

	while (at != NOBODY && at != first && steps <= waiters->items.count) {
		at = waiters->items.items[at].next;
		steps++;
	}
	return at == first ? steps : 0;
}

static int take_circle(const struct waiters *waiters, uint32_t first, size_t length,
		       struct hang *hang)
{
	uint32_t at = first;

	for (size_t i = 0; i < length; i++) {
		struct hang_member *member = vector_add(&hang->members);

		if (!member)
			return -ENOMEM;
		*member = waiters->items.items[at].told;
		at = waiters->items.items[at].next;
	}
	return 0;
}

static bool is_confirmed(const struct hang *hang)
{
	const struct hang_member *member;

	vector_for_each (&hang->members, member)
		if (!is_held_by(member))
			return false;
	return true;
}

int hang_find(struct kernel_side *side, uint64_t before, struct hang *ret)
{
	struct waiters waiters = {0};
	struct hang hang = {0};
	int error = collect(side, before, &waiters);

	for (uint32_t i = 0; !error && i < waiters.items.count; i++) {
		size_t length = way_back(&waiters, i);

		if (!length)
			continue;
		error = take_circle(&waiters, i, length, &hang);
		if (!error && is_confirmed(&hang) && hang_persists(side, &hang))
			break;
		hang_free(&hang);
	}
	vector_free(&waiters.items);
	if (error)
		hang_free(&hang);
	else
		*ret = hang;
	return error;
}

bool hang_persists(struct kernel_side *side, const struct hang *hang)
{
	const struct hang_member *member;
	const struct pl_slot *slot;
	size_t found = 0;

	for (uint32_t i = 1; (slot = kernel_side_slot(side, i)); i++) {
		struct hang_member now;

		if (!read_wait(slot, &now))
			continue;
		vector_for_each (&hang->members, member)
			found += member->tid == now.tid && member->since == now.since;
	}
	return found == hang->members.count && is_confirmed(hang);
}

struct hang_label hang_label(const struct hang_member *member, uint32_t tid)
{
	struct hang_label label;
	char path[64], name[64] = "", shown[64];
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%u/task/%u/comm", member->tgid, tid);
	in = fopen(path, "re");
	if (!in) { /* of another process */
		snprintf(path, sizeof(path), "/proc/%u/comm", tid);
		in = fopen(path, "re");
	}
	if (in) {
		if (fgets(name, sizeof(name), in))
			name[strcspn(name, "\n")] = '\0';
		fclose(in);
	}
	escape_text(shown, sizeof(shown), name);
	snprintf(label.text, sizeof(label.text), "%s (%u)", shown, tid);
	return label;
}

void hang_tell(const struct hang *hang, struct lock_names *names)
{
	size_t count = hang->members.count;
	const struct hang_member *member;

	if (count == 1)
		log_warning("deadlock: a thread waits for itself, and will for ever");
	else
		log_warning("deadlock: %zu threads wait for each other, and will for ever", count);
	vector_for_each (&hang->members, member) {
		struct hang_label waits = hang_label(member, member->tid);
		struct hang_label holds = hang_label(member, member->holder);
		const char *name =
			lock_names_find(names, member->tgid, member->kind, member->address);
		char shown[256];

		if (member->kind == PL_FUTEX_JOIN) {
			log_warning("  %s waits for the end of %s", waits.text, holds.text);
			continue;
		}
		if (name)
			escape_text(shown, sizeof(shown), name);
		else
			snprintf(shown, sizeof(shown), "0x%llx",
				 (unsigned long long)member->address);
		log_warning("  %s waits for %s, which %s holds", waits.text, shown, holds.text);
	}
}

void hang_free(struct hang *hang)
{
	vector_free(&hang->members);
}
