/* SPDX-License-Identifier: GPL-2.0-only */
/* scheduling.h - how a task gets its CPU, and what it has had of it */
#ifndef PTRACE_LAB_PCB_SCHEDULING_H
#define PTRACE_LAB_PCB_SCHEDULING_H

#include "bpf/pcb/pieces.h"

#define CGROUP_DEPTH 8

inlined void cpus_of(struct pl_pcb_task *to, struct task_struct___whole *task)
{
	__u32 words = (pcb_settings.cpus + 63) / 64;

	if (words > PL_PCB_CPU_WORDS)
		words = PL_PCB_CPU_WORDS;
	for (__u32 i = 0; i < PL_PCB_CPU_WORDS; i++) {
		to->cpus[i] = 0;
		if (i < words)
			bpf_probe_read_kernel(&to->cpus[i], sizeof(to->cpus[i]),
					      (void *)task->cpus_ptr + i * sizeof(to->cpus[i]));
	}
	to->cpus_allowed = task->nr_cpus_allowed;
}

/* The names are met from the last to the first: a path of them is put together by user space. */
inlined void cgroup_of(struct pl_pcb_task *to, struct task_struct___whole *task)
{
	struct kernfs_node *node = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn);
	__u32 used = 0;

	to->cgroup = BPF_CORE_READ(node, id);
	for (int depth = 0; depth < CGROUP_DEPTH; depth++) {
		struct kernfs_node *above;
		long got;

		if (!node || used >= PL_PCB_CGROUP - 32)
			break;
		above = parent_of(node);
		if (!above) /* the root */
			break;
		got = bpf_probe_read_kernel_str(&to->cgroup_path[used & 63], 32,
						BPF_CORE_READ(node, name));
		if (got <= 0)
			break;
		used += got;
		node = above;
	}
}

inlined void scheduling_of(struct pl_pcb_task *to, struct task_struct___whole *task)
{
	to->policy = task->policy;
	to->prio = task->prio;
	to->static_prio = task->static_prio;
	to->normal_prio = task->normal_prio;
	to->rt_priority = task->rt_priority;
	to->cpu = cpu_of(task);
	cpus_of(to, task);
	to->vruntime = task->se.vruntime;
	to->runtime = task->se.sum_exec_runtime;
	to->migrations = task->se.nr_migrations;
	if (bpf_core_field_exists(task->sched_info.run_delay)) {
		to->wait = task->sched_info.run_delay;
		to->dispatches = task->sched_info.pcount;
	}
	to->voluntary = task->nvcsw;
	to->involuntary = task->nivcsw;
	cgroup_of(to, task);
}

#endif
