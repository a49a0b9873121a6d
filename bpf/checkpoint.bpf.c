// SPDX-License-Identifier: GPL-2.0-only
/*
 * checkpoint.bpf.c - the account of every thread while it goes on
 *
 * Threads switch on other CPUs meanwhile: the scheduler's program counts slot->sequence up before
 * and after it writes, and what changed in between is read again. (On x86 stores are seen in their
 * order. Elsewhere a half-written account may be taken for a whole one, once in a great while.)
 */
#include "bpf/checkpoint.h"
#include "bpf/life.h"
#include "bpf/long_wait.h"
#include "bpf/stack.h"
#include <bpf/bpf_tracing.h>

#define TRIES 64

/* Filled in by one program that runs once at a time. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pl_base);
} base_scratch SEC(".maps");

const volatile struct pl_trigger_settings trigger_settings;

inlined void copy_place(struct pl_block *block, const struct pl_slot *slot)
{
	if (!slot->block_epoch && !slot->syscall)
		return;
	block->kind = PL_BLOCK;
	block->futex_kind = slot->futex_kind;
	block->file_kind = slot->file_kind;
	block->syscall = slot->syscall;
	block->tid = slot->tid;
	block->holder = slot->holder;
	block->arg0 = slot->arg0;
	block->arg1 = slot->arg1;
}

inlined void copy_account(struct pl_base *base, const struct pl_slot *slot,
			  const struct task_struct *task)
{
	base->totals = slot->totals;
	base->task.head.time = slot->last;
	base->task.state = task->__state;
	base->woken = slot->woken;
	base->waker = slot->waker;
	base->waker_cpu = slot->waker_cpu;
	base->waker_context = slot->waker_context;
	base->state = slot->state;
	base->cpu = slot->cpu;
	base->totals.kernel_runtime = slot->runtime - slot->totals.kernel_runtime;
	base->totals.kernel_voluntary = slot->nvcsw - slot->totals.kernel_voluntary;
	base->totals.kernel_involuntary = task->nivcsw - slot->totals.kernel_involuntary;
	base->totals.minor_faults = task->min_flt - slot->totals.minor_faults;
	base->totals.major_faults = task->maj_flt - slot->totals.major_faults;
	copy_place(&base->task.block, slot);
}

/* Whether it did not change meanwhile. */
inlined bool copy_whole(struct pl_base *base, struct pl_slot *slot, struct task_struct *task)
{
	for (__u32 i = 0; i < TRIES; i++) {
		__u8 sequence = READ_ONCE(slot->sequence);

		barrier();
		copy_account(base, slot, task);
		barrier();
		if (!(sequence & 1) && READ_ONCE(slot->sequence) == sequence)
			return true;
	}
	return false;
}

inlined void describe(struct pl_life_task *record, struct task_struct *task)
{
	__u64 last = record->head.time;
	struct pl_told *told;

	life_head(&record->head, task, PL_LIFE_TASK, sizeof(*record), last);
	life_comm(record->comm, task);
	record->start_time = task->start_time;
	record->parent = BPF_CORE_READ(task, real_parent, tgid);
	record->priority = priority_of(task);
	if (!(stack_settings.kinds & PL_STACKS_BLOCKED))
		return;
	told = told_of(task->pid);
	if (told)
		record->stack = told->stack;
}

SEC("iter/task")
int checkpoint(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task;
	struct pl_base *base;
	struct pl_slot *slot;
	__u32 zero = 0;

	if (!task || !task->pid)
		return 0;
	slot = slot_find(task);
	base = bpf_map_lookup_elem(&base_scratch, &zero);
	if (!slot || !base)
		return 0;
	__builtin_memset(base, 0, sizeof(*base));
	base->unsure = !copy_whole(base, slot, task);
	describe(&base->task, task);
	if (settings.faults)
		base->cow_faults = cow_faults_of(task);
	bpf_seq_write(context->meta->seq, base, sizeof(*base));
	return 0;
}

/* ---- waits that are too long ----------------------------------------------------------------- */

/* Parts have been written that tell of these. Mapped by user space, which alone writes it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* set by the loader */
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct pl_wait_told);
} waits_told SEC(".maps");

inlined bool was_told(struct task_struct *task, const struct pl_slot *slot, __u32 trigger)
{
	__u32 tid = task->pid, *index = bpf_map_lookup_elem(&slot_of_tid, &tid);
	struct pl_wait_told *told = index ? bpf_map_lookup_elem(&waits_told, index) : 0;

	return told && told->since == slot->last && told->triggers & 1u << trigger;
}

inlined void ring_bell(struct task_struct *task, __u32 index, __u64 waited, __u64 now)
{
	struct pl_trigger_bell *bell;

	__sync_fetch_and_add(&control.trigger_hits, 1);
	if (!__sync_val_compare_and_swap(&control.trigger_armed, 1, 0))
		return;
	bell = bpf_ringbuf_reserve(&life, sizeof(*bell), 0);
	if (!bell) {
		control.trigger_armed = 1;
		return;
	}
	life_head(&bell->head, task, PL_LIFE_BELL, sizeof(*bell), now);
	life_comm(bell->comm, task);
	bell->waited = waited;
	bell->index = index;
	bell->lasts = 0;
	bpf_ringbuf_submit(bell, BPF_RB_FORCE_WAKEUP);
}

/* Runs before the account of switches, in which the wait is over. */
SEC("tp_btf/sched_switch")
int BPF_PROG(on_long_wait, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	struct pl_slot *slot = slot_find(next);
	struct pl_wait wait = {};
	__u64 now;

	if (!slot || control.end)
		return 0;
	now = bpf_ktime_get_ns();
	wait_of(&wait, slot, now);
	for (__u32 i = 0; i < PL_TRIGGERS; i++) {
		const volatile struct pl_trigger *trigger = &trigger_settings.triggers[i];

		if (!trigger->kind)
			break;
		if (!wait_is_too_long(trigger, &wait) || was_told(next, slot, i))
			continue;
		ring_bell(next, i, wait_for(trigger, &wait), now);
		break;
	}
	return 0;
}
