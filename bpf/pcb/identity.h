/* SPDX-License-Identifier: GPL-2.0-only */
/* identity.h - who a task is, and whose child */
#ifndef PTRACE_LAB_PCB_IDENTITY_H
#define PTRACE_LAB_PCB_IDENTITY_H

#include "bpf/pcb/pieces.h"
#include "bpf/pid.h"

#define PIDTYPE_PGID 2
#define PIDTYPE_SID  3

inlined void names_of(struct pl_pcb_task *to, struct task_struct___whole *task)
{
	struct pid *pid = task->thread_pid;

	BPF_CORE_READ_STR_INTO(&to->comm, task, comm);
	to->start_time = task->start_time;
	to->start_boottime = task->start_boottime;
	to->level = BPF_CORE_READ(pid, level);
	for (__u32 level = 0; level < PL_PCB_LEVELS; level++)
		to->pid_in[level] = level <= to->level ? pid_number(pid, level) : 0;
}

/* A task that has ended has none but the first and the user's. */
inlined void namespaces_of(struct pl_pcb_task *to, struct task_struct___whole *task)
{
	struct nsproxy *all = task->nsproxy;

	/* Read as a number: before 6.3 the verifier allows no reckoning with the pointer itself. */
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	struct pid_namespace *numbers = pid_namespace(pid, to->level);

	to->namespaces[PL_NS_PID] = BPF_CORE_READ(numbers, ns.inum);
	to->namespaces[PL_NS_MOUNT] = BPF_CORE_READ(all, mnt_ns, ns.inum);
	to->namespaces[PL_NS_NET] = BPF_CORE_READ(all, net_ns, ns.inum);
	to->namespaces[PL_NS_IPC] = BPF_CORE_READ(all, ipc_ns, ns.inum);
	to->namespaces[PL_NS_UTS] = BPF_CORE_READ(all, uts_ns, ns.inum);
	to->namespaces[PL_NS_USER] = BPF_CORE_READ(task, real_cred, user_ns, ns.inum);
	to->namespaces[PL_NS_CGROUP] = BPF_CORE_READ(all, cgroup_ns, ns.inum);
	to->namespaces[PL_NS_TIME] = BPF_CORE_READ(all, time_ns, ns.inum);
}

inlined void family_of(struct pl_pcb_task *to, struct task_struct___whole *task)
{
	struct signal_struct___whole *signal = task->signal;
	struct tty_struct *terminal = BPF_CORE_READ(signal, tty);

	to->parent = BPF_CORE_READ(task, parent, tgid);
	to->creator = BPF_CORE_READ(task, real_parent, tgid);
	to->tracer = task->ptrace ? BPF_CORE_READ(task, parent, pid) : 0;
	if (to->tracer)
		to->parent = to->creator;
	to->group = BPF_CORE_READ(signal, pids[PIDTYPE_PGID], numbers[0].nr);
	to->session = BPF_CORE_READ(signal, pids[PIDTYPE_SID], numbers[0].nr);
	to->threads = BPF_CORE_READ(signal, nr_threads);
	to->terminal = 0;
	if (terminal)
		to->terminal = BPF_CORE_READ(terminal, driver, major) << 20 |
			       (BPF_CORE_READ(terminal, driver, minor_start) +
				BPF_CORE_READ(terminal, index));
}

#endif
