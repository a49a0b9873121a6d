/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat.h - where kernels differ in what they keep of a task, and the change that made it so
 *
 * Which kernel it is shows in its own type information, not in its version: distributions take
 * changes back to older ones. The shapes that are the newest kernel's own are in vmlinux/pcb.h.
 * Nothing need be done about task_struct.state, which became __state in 5.14 (2f064a59a11f): task
 * iterators with all that is used here came later.
 */
#ifndef PTRACE_LAB_PCB_COMPAT_H
#define PTRACE_LAB_PCB_COMPAT_H

#include "bpf/kernel.h"
#include "vmlinux/pcb.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* 5.16, bcf9033e5449 "sched: move CPU field back into thread_info": before, a member of the task
 * itself. */
struct thread_info {
	unsigned int cpu;
};

struct task_struct___with_cpu {
	struct thread_info thread_info;
};

struct task_struct___before_5_16 {
	unsigned int cpu;
};

/* 6.2, f1a7941243c1 "mm: convert mm's rss stats into percpu_counter": plain atomics before. */
struct mm_rss_stat___before_6_2 {
	atomic_long_t count[4];
};

struct mm_struct___before_6_2 {
	struct mm_rss_stat___before_6_2 rss_stat;
};

/* 6.13, 5c2bf9a1dd84: a list in both directions, around its head, before. */
struct signal_struct___before_6_13 {
	struct list_head posix_timers;
};

/* 6.15, 633488947ef6 "kernfs: Use RCU to access kernfs_node::parent": it was called parent. */
struct kernfs_node___before_6_15 {
	struct kernfs_node___before_6_15 *parent;
};

#pragma clang attribute pop

inlined __u32 cpu_of(struct task_struct___whole *task)
{
	struct task_struct___before_5_16 *older = (void *)task;
	struct task_struct___with_cpu *newer = (void *)task;

	if (bpf_core_field_exists(older->cpu))
		return BPF_CORE_READ(older, cpu);
	return BPF_CORE_READ(newer, thread_info.cpu);
}

/* False: they are counters of each CPU. */
inlined bool resident_is_plain(struct mm_struct___whole *mm, __s64 pages[4])
{
	struct mm_struct___before_6_2 *older = (void *)mm;

	if (!bpf_core_field_exists(older->rss_stat.count))
		return false;
	bpf_core_read(pages, 4 * sizeof(pages[0]), &older->rss_stat.count);
	return true;
}

/* The first POSIX timer, and what follows the last one. */
inlined void *first_timer(struct signal_struct___whole *signal, void **ret_end)
{
	struct signal_struct___before_6_13 *older = (void *)signal;

	if (bpf_core_field_size(signal->posix_timers) == sizeof(struct hlist_head)) {
		*ret_end = 0;
		return BPF_CORE_READ(signal, posix_timers.first);
	}
	*ret_end = (void *)signal + bpf_core_field_offset(older->posix_timers);
	return BPF_CORE_READ(older, posix_timers.next);
}

inlined void *parent_of(struct kernfs_node *node)
{
	struct kernfs_node___before_6_15 *older = (void *)node;

	if (bpf_core_field_exists(node->__parent))
		return BPF_CORE_READ(node, __parent);
	return BPF_CORE_READ(older, parent);
}

#endif
