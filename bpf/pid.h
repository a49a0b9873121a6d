/* SPDX-License-Identifier: GPL-2.0-only */
/* pid.h - the numbers that a thread has in the pid namespaces around it */
#ifndef PTRACE_LAB_PID_H
#define PTRACE_LAB_PID_H

#include "bpf/kernel.h"

#define PID_LEVELS 33 /* the kernel's MAX_PID_NS_LEVEL, and the first one */

/* The array is as long as the thread is deep. */
inlined const void *pid_at(struct pid *pid, __u32 level)
{
	return (void *)pid + bpf_core_field_offset(pid->numbers) +
	       level * bpf_core_type_size(struct upid);
}

/* 0: none. */
inlined __u32 pid_number(struct pid *pid, __u32 level)
{
	int number = 0;

	if (!pid || level >= PID_LEVELS)
		return 0;
	bpf_core_read(&number, sizeof(number),
		      pid_at(pid, level) + bpf_core_field_offset(struct upid, nr));
	return number;
}

inlined struct pid_namespace *pid_namespace(struct pid *pid, __u32 level)
{
	struct pid_namespace *namespace = 0;

	if (!pid || level >= PID_LEVELS)
		return 0;
	bpf_core_read(&namespace, sizeof(namespace),
		      pid_at(pid, level) + bpf_core_field_offset(struct upid, ns));
	return namespace;
}

#endif
