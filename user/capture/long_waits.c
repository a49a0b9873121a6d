// SPDX-License-Identifier: GPL-2.0-only
#include "capture/long_waits.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "bpf/long_wait.h"

/* What is needed of an account, if it did not change meanwhile. */
static bool read_account(const struct pl_slot *slot, struct pl_slot *ret)
{
	uint8_t sequence = __atomic_load_n(&slot->sequence, __ATOMIC_ACQUIRE);

	if (!__atomic_load_n(&slot->task, __ATOMIC_RELAXED) || sequence & 1)
		return false;
	ret->last = slot->last;
	ret->woken = __atomic_load_n(&slot->woken, __ATOMIC_RELAXED);
	ret->state = slot->state;
	ret->tid = slot->tid;
	ret->tgid = slot->tgid;
	ret->syscall = slot->syscall;
	ret->futex_kind = slot->futex_kind;
	ret->runtime = slot->runtime;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&slot->sequence, __ATOMIC_RELAXED) == sequence;
}

static FILE *open_of(const struct pl_slot *account, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/task/%" PRIu32 "/%s", account->tgid,
		 account->tid, name);
	return fopen(path, "re");
}

/* Some kernels let threads run unseen (struct pl_resume): it has used the CPU since we saw it
 * leave. */
static bool ran_unseen(const struct pl_slot *account)
{
	CLEANUP_FCLOSE FILE *file = open_of(account, "schedstat");
	uint64_t ran;

	return file && fscanf(file, "%" SCNu64, &ran) == 1 && ran != account->runtime;
}

static void read_name(const struct pl_slot *account, char comm[PL_COMM_LEN])
{
	CLEANUP_FCLOSE FILE *file = open_of(account, "comm");
	size_t length = file ? fread(comm, 1, PL_COMM_LEN, file) : 0;

	while (length && (length == PL_COMM_LEN || comm[length - 1] == '\n'))
		length--;
	memset(comm + length, 0, PL_COMM_LEN - length);
}

/* The triggers by which the wait is too long, a bit for each. */
static uint32_t too_long(const struct pl_trigger *triggers, const struct pl_wait *wait)
{
	uint32_t found = 0;

	for (unsigned int i = 0; i < PL_TRIGGERS && triggers[i].kind; i++)
		if (wait_is_too_long(&triggers[i], wait))
			found |= 1u << i;
	return found;
}

static uint32_t too_long_now(const struct pl_slot *slot, const struct pl_trigger *triggers,
			     uint64_t now, struct pl_slot *account, struct pl_wait *wait)
{
	*wait = (struct pl_wait){0};
	if (!read_account(slot, account))
		return 0;
	wait_of(wait, account, now);
	return too_long(triggers, wait);
}

static uint32_t already_told(struct kernel_side *side, uint32_t slot, uint64_t since)
{
	const struct pl_wait_told *told = kernel_side_wait_told(side, slot);

	return told && told->since == since ? told->triggers : 0;
}

bool long_waits_find(struct kernel_side *side, const struct pl_trigger triggers[PL_TRIGGERS],
		     uint64_t now, struct pl_trigger_bell *ret)
{
	struct pl_trigger_bell bell = {.lasts = 1};
	const struct pl_slot *slot;
	struct pl_slot account, longest = {0};
	struct pl_wait wait;

	for (uint32_t i = 1; (slot = kernel_side_slot(side, i)); i++) {
		uint32_t found = too_long_now(slot, triggers, now, &account, &wait), index;

		found &= found ? ~already_told(side, i, account.last) : 0;
		if (!found)
			continue;
		index = (uint32_t)__builtin_ctz(found);
		if (wait_for(&triggers[index], &wait) <= bell.waited || ran_unseen(&account))
			continue;
		bell.waited = wait_for(&triggers[index], &wait);
		bell.index = index;
		longest = account;
	}
	if (!bell.waited)
		return false;
	bell.head.time = now;
	bell.head.tid = longest.tid;
	bell.head.tgid = longest.tgid;
	read_name(&longest, bell.comm);
	*ret = bell;
	return true;
}

void long_waits_told(struct kernel_side *side, const struct pl_trigger triggers[PL_TRIGGERS],
		     uint64_t now)
{
	const struct pl_slot *slot;
	struct pl_slot account;
	struct pl_wait wait;

	for (uint32_t i = 1; (slot = kernel_side_slot(side, i)); i++) {
		uint32_t found = too_long_now(slot, triggers, now, &account, &wait);
		struct pl_wait_told *told = kernel_side_wait_told(side, i);

		if (!found || !told)
			continue;
		if (told->since != account.last)
			told->triggers = 0;
		told->triggers |= found;
		__atomic_store_n(&told->since, account.last, __ATOMIC_RELEASE);
	}
}
