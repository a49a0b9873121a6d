/* SPDX-License-Identifier: GPL-2.0-only */
/* slot.h - the kernel side's account of one thread */
#ifndef PTRACE_LAB_SLOT_H
#define PTRACE_LAB_SLOT_H

#include "bpf/kernel.h"
#include "bpf/maps.h"

inlined struct pl_slot *slot_at(__u32 index)
{
	return bpf_map_lookup_elem(&slots, &index);
}

/* The tid names somebody else's slot: the thread may have taken the tid over (exec from a side
 * thread), or the slot's thread may have ended long ago. */
static __noinline struct pl_slot *slot_find_slowly(struct task_struct *task)
{
	__u64 address = (__u64)task;
	__u32 *index = bpf_map_lookup_elem(&slot_of_task, &address);
	__u32 tid = task->pid;
	struct pl_slot *slot;

	if (!index)
		return 0;
	slot = slot_at(*index);
	if (!slot || slot->task != address)
		return 0;
	slot->tid = tid;
	bpf_map_update_elem(&slot_of_tid, &tid, index, BPF_ANY);
	return slot;
}

inlined struct pl_slot *slot_of_its_tid(struct task_struct *task)
{
	__u32 tid = task->pid;
	__u32 *index = bpf_map_lookup_elem(&slot_of_tid, &tid);

	return index && *index ? slot_at(*index) : 0;
}

/* NULL: a thread that is not followed. */
inlined struct pl_slot *slot_find(struct task_struct *task)
{
	struct pl_slot *slot = slot_of_its_tid(task);

	if (!slot || slot->task == (__u64)task)
		return slot;
	return slot_find_slowly(task);
}

/* Adds the time since the last change to what the thread has been doing. A blocked thread that was
 * woken (0: not seen) has been ready from then on: returns for how long. */
inlined __u64 account_woken(struct pl_slot *slot, __u64 woken, __u64 now)
{
	__u64 spent = now - slot->last, ready = 0;

	if (slot->state == PL_STATE_RUNNING) {
		slot->totals.running += spent;
	} else if (slot->state == PL_STATE_WOKEN) {
		slot->totals.ready_woken += spent;
	} else if (slot->state == PL_STATE_PREEMPTED) {
		slot->totals.ready_preempted += spent;
	} else {
		if (woken)
			ready = woken < slot->last ? spent : woken < now ? now - woken : 0;
		slot->totals.ready_woken += ready;
		slot->totals.blocked += spent - ready;
	}
	slot->last = now;
	return ready;
}

inlined __u64 account(struct pl_slot *slot, __u64 now)
{
	return account_woken(slot, slot->woken, now);
}

/* Its last switch is behind it. The entry in slot_of_tid stays: the tid may be another's already,
 * and the guard in slot_find makes a stale one harmless. */
inlined void slot_release(struct pl_slot *slot, struct task_struct *task)
{
	__u64 address = (__u64)task;
	__u32 *index = bpf_map_lookup_elem(&slot_of_task, &address);
	__u32 freed;

	slot->state = PL_STATE_DEAD;
	slot->task = 0;
	if (!index)
		return;
	freed = *index;
	/* Its memory may become another thread's. */
	if (bpf_map_delete_elem(&slot_of_task, &address))
		return;
	bpf_map_push_elem(&free_slots, &freed, BPF_ANY);
}

#endif
