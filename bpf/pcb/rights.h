/* SPDX-License-Identifier: GPL-2.0-only */
/* rights.h - what a task may do */
#ifndef PTRACE_LAB_PCB_RIGHTS_H
#define PTRACE_LAB_PCB_RIGHTS_H

#include "bpf/pcb/pieces.h"

inlined void groups_of(struct pl_pcb_task *to, struct group_info *info)
{
	__u32 count = BPF_CORE_READ(info, ngroups);

	to->groups_count = count;
	if (count > PL_PCB_GROUPS)
		count = PL_PCB_GROUPS;
	if (info && count)
		bpf_core_read(to->groups, count * sizeof(__u32), &info->gid);
}

inlined void rights_of(struct pl_pcb_task *to, struct task_struct___whole *task)
{
	const struct cred *cred = task->real_cred;

	if (!cred)
		return;
	to->uid = BPF_CORE_READ(cred, uid.val);
	to->euid = BPF_CORE_READ(cred, euid.val);
	to->suid = BPF_CORE_READ(cred, suid.val);
	to->fsuid = BPF_CORE_READ(cred, fsuid.val);
	to->gid = BPF_CORE_READ(cred, gid.val);
	to->egid = BPF_CORE_READ(cred, egid.val);
	to->sgid = BPF_CORE_READ(cred, sgid.val);
	to->fsgid = BPF_CORE_READ(cred, fsgid.val);
	bpf_core_read(&to->cap_inheritable, sizeof(__u64), &cred->cap_inheritable);
	bpf_core_read(&to->cap_permitted, sizeof(__u64), &cred->cap_permitted);
	bpf_core_read(&to->cap_effective, sizeof(__u64), &cred->cap_effective);
	bpf_core_read(&to->cap_bounding, sizeof(__u64), &cred->cap_bset);
	bpf_core_read(&to->cap_ambient, sizeof(__u64), &cred->cap_ambient);
	to->securebits = BPF_CORE_READ(cred, securebits);
	groups_of(to, BPF_CORE_READ(cred, group_info));
	if (bpf_core_field_exists(task->seccomp.mode))
		to->seccomp = task->seccomp.mode;
	to->login_uid = bpf_core_field_exists(task->loginuid) ? task->loginuid.val : (__u32)-1;
}

#endif
