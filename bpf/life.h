/* SPDX-License-Identifier: GPL-2.0-only */
/* life.h - sending the rare records: tasks that begin, exec, end, change their name */
#ifndef PTRACE_LAB_LIFE_H
#define PTRACE_LAB_LIFE_H

#include "bpf/place.h"

/* Room for a record in the ring, or NULL after counting the loss. */
#define life_reserve(type)                                                                         \
	({                                                                                         \
		type *record_ = bpf_ringbuf_reserve(&life, sizeof(type), 0);                       \
		if (!record_)                                                                      \
			__sync_fetch_and_add(&control.lost_life, 1);                               \
		record_;                                                                           \
	})

/* User space looks in now and then; it is woken only when a quarter of the ring is waiting. */
inlined __u64 life_wakeup(void)
{
	__u64 waiting = bpf_ringbuf_query(&life, BPF_RB_AVAIL_DATA);

	return waiting > settings.life_bytes / 4 ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

inlined void life_submit(void *record)
{
	bpf_ringbuf_submit(record, life_wakeup());
}

inlined void life_head(struct pl_life_head *head, struct task_struct *task, __u8 kind, __u32 size,
		       __u64 now)
{
	head->time = now;
	head->tid = task->pid;
	head->tgid = task->tgid;
	head->kind = kind;
	head->flags = 0;
	if (task->flags & PF_KTHREAD)
		head->flags |= PL_TASK_KERNEL;
	if (task->pid == task->tgid)
		head->flags |= PL_TASK_LEADER;
	head->cpu = bpf_get_smp_processor_id();
	head->size = size;
}

inlined void life_comm(char comm[PL_COMM_LEN], struct task_struct *task)
{
	BPF_CORE_READ_INTO((char(*)[PL_COMM_LEN])comm, task, comm);
}

#define PRIORITY_OF_NICE_0 120

inlined struct pl_priority priority_of(struct task_struct *task)
{
	struct pl_priority priority = {
		.nice = task->static_prio - PRIORITY_OF_NICE_0,
		.policy = task->policy,
		.rt_priority = task->rt_priority,
		.known = 1,
	};

	return priority;
}

/* The process of the thread that makes it, if that is another one and both have one memory (vfork,
 * posix_spawn). */
inlined __u32 shares_memory_with(struct task_struct *child)
{
	struct task_struct *parent = bpf_get_current_task_btf();

	return parent->tgid != child->tgid && child->mm && parent->mm == child->mm ? parent->tgid
										   : 0;
}

/* FORK and TASK. `place` is where a TASK was blocked, or NULL. */
inlined void life_task(struct task_struct *task, __u8 kind, __u8 flags, __u32 creator,
		       const struct place *place, __u64 now)
{
	struct pl_life_task *record = life_reserve(struct pl_life_task);

	if (!record)
		return;
	__builtin_memset(record, 0, sizeof(*record));
	life_head(&record->head, task, kind, sizeof(*record), now);
	record->head.flags |= flags;
	life_comm(record->comm, task);
	record->start_time = task->start_time;
	record->parent = BPF_CORE_READ(task, real_parent, tgid);
	record->creator = creator;
	record->state = task->__state;
	record->priority = priority_of(task);
	if (kind == PL_LIFE_FORK)
		record->space = shares_memory_with(task);
	if (place) {
		place_tell(place, task->pid, &record->block);
		record->stack = place->stack;
	}
	life_submit(record);
}

/* `path`: in the kernel's memory, or in ours. */
inlined void life_exec(struct task_struct *task, __u32 old_tid, const void *path, __u64 now)
{
	struct pl_life_exec *record = life_reserve(struct pl_life_exec);

	if (!record)
		return;
	__builtin_memset(record, 0, sizeof(*record));
	life_head(&record->head, task, PL_LIFE_EXEC, sizeof(*record), now);
	life_comm(record->comm, task);
	record->old_tid = old_tid;
	bpf_probe_read_kernel_str(record->path, sizeof(record->path), path);
	life_submit(record);
}

inlined __u32 cow_faults_of(struct task_struct *task)
{
	__u32 tid = task->pid, *index = bpf_map_lookup_elem(&slot_of_tid, &tid), *count;

	count = index ? bpf_map_lookup_elem(&cow_faults, index) : 0;
	return count ? *count : 0;
}

/* A thread's account: at its last switch, or at the end of the capture. */
inlined void life_totals(const struct pl_slot *slot, struct task_struct *task, __u8 flags,
			 __u64 now)
{
	struct pl_life_totals *record = life_reserve(struct pl_life_totals);
	struct pl_totals *totals;

	if (!record)
		return;
	totals = &record->totals;
	life_head(&record->head, task, PL_LIFE_TOTALS, sizeof(*record), now);
	record->head.flags |= flags;
	*totals = slot->totals;
	totals->kernel_runtime = task->se.sum_exec_runtime - slot->totals.kernel_runtime;
	totals->kernel_voluntary = task->nvcsw - slot->totals.kernel_voluntary;
	totals->kernel_involuntary = task->nivcsw - slot->totals.kernel_involuntary;
	totals->minor_faults = task->min_flt - slot->totals.minor_faults;
	totals->major_faults = task->maj_flt - slot->totals.major_faults;
	record->priority = priority_of(task);
	record->reserved_116 = 0;
	record->faults_known = settings.faults;
	record->cow_faults = settings.faults ? cow_faults_of(task) : 0;
	life_submit(record);
}

#endif
