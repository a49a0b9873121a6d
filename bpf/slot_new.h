/* SPDX-License-Identifier: GPL-2.0-only */
/* slot_new.h - beginning to follow a thread */
#ifndef PTRACE_LAB_SLOT_NEW_H
#define PTRACE_LAB_SLOT_NEW_H

#include "bpf/numbers.h"
#include "bpf/slot.h"
#include "bpf/stack.h"

inlined __u32 slot_allocate(void)
{
	__u32 index;

	if (!bpf_map_pop_elem(&free_slots, &index))
		return index;
	if (READ_ONCE(control.next_slot) < settings.slots) {
		index = __sync_fetch_and_add(&control.next_slot, 1);
		if (index < settings.slots)
			return index;
	}
	__sync_fetch_and_add(&control.untracked, 1);
	return 0;
}

inlined void slot_fill(struct pl_slot *slot, struct task_struct *task, __u64 now, __u8 state)
{
	__builtin_memset(slot, 0, sizeof(*slot));
	slot->task = (__u64)task;
	slot->last = now;
	slot->state = state;
	slot->tid = task->pid;
	slot->tgid = task->tgid;
	slot->cpu = 0xffff;
	slot->nvcsw = task->nvcsw;
	slot->runtime = task->se.sum_exec_runtime;
	slot->totals.begin = now;
	slot->totals.kernel_runtime = task->se.sum_exec_runtime;
	slot->totals.kernel_voluntary = task->nvcsw;
	slot->totals.kernel_involuntary = task->nivcsw;
	slot->totals.minor_faults = task->min_flt;
	slot->totals.major_faults = task->maj_flt;
}

/* For who reads the registers of tasks without asking where they are (registers.h). */
inlined void learn_registers(struct pl_slot *slot, struct task_struct *task)
{
	WRITE_ONCE(slot->scratch, (__u64)bpf_task_pt_regs(task));
	control.registers = READ_ONCE(slot->scratch) - (__u64)task->stack;
}

/* Begins to follow a thread. From here on the scheduler's programs see it. */
static __noinline struct pl_slot *slot_new(struct task_struct *task, __u64 now, __u8 state)
{
	__u64 address = (__u64)task;
	__u32 index, tid = task->pid;
	struct pl_slot *slot;

	if (task->tgid == (int)settings.tracer)
		return 0;
	index = slot_allocate();
	slot = slot_at(index);
	if (!index || !slot)
		return 0;
	slot_fill(slot, task, now, state);
	if (!control.registers)
		learn_registers(slot, task);
	forget_told(index);
	if (settings.faults)
		bpf_map_update_elem(&cow_faults, &index, &(__u32){0}, BPF_ANY);
	if (bpf_map_update_elem(&slot_of_task, &address, &index, BPF_ANY) ||
	    bpf_map_update_elem(&slot_of_tid, &tid, &index, BPF_ANY)) {
		slot->task = 0;
		bpf_map_delete_elem(&slot_of_task, &address);
		bpf_map_push_elem(&free_slots, &index, BPF_ANY);
		__sync_fetch_and_add(&control.untracked, 1);
		return 0;
	}
	number_learn(slot, task, index);
	return slot;
}

#endif
