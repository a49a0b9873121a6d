/* SPDX-License-Identifier: GPL-2.0-only */
/* stack.h - stacks for the scheduler's programs */
#ifndef PTRACE_LAB_STACK_H
#define PTRACE_LAB_STACK_H

#include "bpf/maps.h"
#include "bpf/stacks.h"

SHARED const volatile struct pl_stack_settings stack_settings;

/* Which list of mappings a process has: tgid -> number in `spaces`. */
SHARED struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} space_of_process SEC(".maps");

/* By slot. */
SHARED struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* settings.slots */
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct pl_told));
} stacks_told SEC(".maps");

SHARED struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} stack_ring SEC(".maps");

SHARED struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* PL_SPACES */
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct pl_space));
} spaces SEC(".maps");

/* Stacks that were sent: 40 bits of the hash and the id. That two stacks are taken for one takes 56
 * equal bits: a chance of 1 in 10^7 among 100,000 stacks. */
SHARED struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* PL_STACK_IDS */
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u64));
} stack_ids SEC(".maps");

/* One per CPU. */
SHARED struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct pl_stack_frames));
} kernel_scratches SEC(".maps");

SHARED struct pl_stack_control stack_control;

#ifndef PTRACE_LAB_DEFINE_MAPS
#include "bpf/lane.h"

/* The id of the current thread's user stack; 0 if it has none, or there was no room to tell it. */
__u32 stack_of_current(__u32 recognise);
/* The same where a watchpoint has just stopped it, behind the instruction that touched something.
 */
__u32 stack_of_trapped(void);

inlined struct pl_told *told_of(__u32 tid)
{
	__u32 *index = bpf_map_lookup_elem(&slot_of_tid, &tid);

	return index ? bpf_map_lookup_elem(&stacks_told, index) : 0;
}

/* Another thread has that slot now, of which nothing was told yet. */
inlined void forget_told(__u32 slot)
{
	struct pl_told *told;

	if (!stack_settings.kinds)
		return;
	told = bpf_map_lookup_elem(&stacks_told, &slot);
	if (told)
		__builtin_memset(told, 0, sizeof(*told));
}

inlined void put_stack(struct lane_cursor *lane, __u8 what, __u32 tid, __u32 id)
{
	struct pl_stack *stack = &lane_next(lane)->stack;

	__builtin_memset(stack, 0, sizeof(*stack));
	stack->kind = PL_STACK;
	stack->what = what;
	stack->tid = tid;
	stack->stack = id;
}

/* Where in its program prev, the current thread, blocks. Returns the flags for its switch. */
inlined __u8 tell_blocking_stack(struct lane_cursor *lane, struct task_struct *prev, bool room)
{
	__u32 epoch = READ_ONCE(control.epoch), id;
	struct pl_told *told;

	if (!(stack_settings.kinds & PL_STACKS_BLOCKED) || prev->flags & PF_KTHREAD)
		return 0;
	told = told_of(prev->pid);
	if (!told)
		return 0;
	id = stack_of_current(1);
	if (id && told->stack == id && told->epoch == epoch)
		return PL_SAME_STACK;
	told->stack = 0;
	if (id && room) {
		put_stack(lane, PL_STACK_USER, prev->pid, id);
		told->stack = id;
		told->epoch = epoch;
	}
	return 0;
}

inlined void tell_kernel_stack(struct lane_cursor *lane, struct task_struct *prev, __u32 id)
{
	if (id)
		put_stack(lane, PL_STACK_KERNEL, prev->pid, id);
}

/* The current thread wakes `task`. */
inlined void keep_waking_stack(struct task_struct *task, bool is_task)
{
	struct pl_told *told;

	if (!(stack_settings.kinds & PL_STACKS_WAKERS))
		return;
	told = told_of(task->pid);
	if (told)
		told->waker = is_task ? stack_of_current(1) : 0;
}

inlined void tell_waking_stack(struct lane_cursor *lane, __u32 tid, bool was_blocked, bool room)
{
	struct pl_told *told;

	if (!(stack_settings.kinds & PL_STACKS_WAKERS))
		return;
	told = told_of(tid);
	if (!told || !told->waker)
		return;
	if (was_blocked && room)
		put_stack(lane, PL_STACK_WAKER, tid, told->waker);
	told->waker = 0;
}

/* A new process begins with its parent's memory. */
inlined void inherit_space(__u32 parent, __u32 child)
{
	__u32 *space;

	if (!stack_settings.kinds || parent == child)
		return;
	space = bpf_map_lookup_elem(&space_of_process, &parent);
	if (space)
		bpf_map_update_elem(&space_of_process, &child, space, BPF_ANY);
	else
		bpf_map_delete_elem(&space_of_process, &child);
}

/* Another program, or none any more. */
inlined void forget_space(__u32 tgid)
{
	if (stack_settings.kinds)
		bpf_map_delete_elem(&space_of_process, &tgid);
}

#endif
#endif
