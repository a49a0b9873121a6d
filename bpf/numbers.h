/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * numbers.h - threads by the numbers that they have inside a pid namespace
 *
 * A thread writes into a lock by which number it knows itself. In a container that is not the one
 * by which the kernel, and everything else here, knows it.
 */
#ifndef PTRACE_LAB_NUMBERS_H
#define PTRACE_LAB_NUMBERS_H

#include "bpf/pid.h"
#include "bpf/slot.h"

inlined void number_inside(struct task_struct *task, struct inner_number *number)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	__u32 level = pid ? BPF_CORE_READ(pid, level) : 0;

	number->namespace = level ? (__u64)pid_namespace(pid, level) : 0;
	number->tid = level ? pid_number(pid, level) : 0;
}

/* When it begins to be followed. */
inlined void number_learn(struct pl_slot *slot, struct task_struct *task, __u32 index)
{
	struct inner_number number;

	number_inside(task, &number);
	slot->numbered_inside = number.namespace != 0;
	if (number.namespace)
		bpf_map_update_elem(&slot_of_number, &number, &index, BPF_ANY);
}

/* It may have taken over the number of its process (exec from a side thread). The one that it had
 * before leads to it until somebody else gets it. */
inlined void number_learn_again(struct pl_slot *slot, struct task_struct *task)
{
	__u64 address = (__u64)task;
	__u32 *index = slot->numbered_inside ? bpf_map_lookup_elem(&slot_of_task, &address) : 0;

	if (index)
		number_learn(slot, task, *index);
}

/* While it still has one: it gives it back before its last switch. */
inlined void number_forget(const struct pl_slot *slot, struct task_struct *task)
{
	struct inner_number number;

	if (!slot->numbered_inside)
		return;
	number_inside(task, &number);
	bpf_map_delete_elem(&slot_of_number, &number);
}

/* The namespace whose numbers that thread uses; 0: the first one. */
inlined __u64 numbers_of(const struct pl_slot *slot, struct task_struct *task)
{
	struct inner_number number = {};

	if (slot->numbered_inside)
		number_inside(task, &number);
	return number.namespace;
}

/* NULL: nobody whom we follow. */
inlined struct pl_slot *slot_of_number_in(__u32 tid, __u64 namespace)
{
	struct inner_number number = {namespace, tid};
	__u32 *index;

	if (namespace)
		index = bpf_map_lookup_elem(&slot_of_number, &number);
	else
		index = bpf_map_lookup_elem(&slot_of_tid, &tid);
	return index && *index ? slot_at(*index) : 0;
}

#endif
