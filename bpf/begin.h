/* SPDX-License-Identifier: GPL-2.0-only */
/* begin.h - where `run` begins: what its child did before was not yet the target's doing */
#ifndef PTRACE_LAB_BEGIN_H
#define PTRACE_LAB_BEGIN_H

#include "bpf/life.h"
#include "bpf/slot_new.h"

inlined bool is_armed(const struct task_struct *task)
{
	return control.armed && control.armed == (__u32)task->pid;
}

/* Whether it is followed now. */
inlined bool begin_capture(struct task_struct *task, __u64 now)
{
	control.armed = 0;
	if (!slot_new(task, now, PL_STATE_RUNNING))
		return false;
	life_task(task, PL_LIFE_TASK, PL_TASK_RUNNING | PL_TASK_FIRST, 0, 0, now);
	return true;
}

#endif
