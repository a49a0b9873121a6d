/* SPDX-License-Identifier: GPL-2.0-only */
/* registers.h - what the registers with which a task came into the kernel tell of it */
#ifndef PTRACE_LAB_REGISTERS_H
#define PTRACE_LAB_REGISTERS_H

#include "bpf/kernel.h"

#ifdef PTRACE_LAB_HOT_PATH
#include "bpf/maps.h"
#endif

/* They lie at the same distance from the beginning of each task's kernel stack, and loads are plain
 * where the helper that finds them takes 25 ns: it is asked once (slot_new.h). */
inlined const struct pt_regs *task_registers(struct task_struct *task)
{
#ifdef PTRACE_LAB_HOT_PATH
	if (has_kernel_cast())
		return kernel_cast((void *)((__u64)task->stack + control.registers),
				   struct pt_regs);
#endif
	return (const struct pt_regs *)bpf_task_pt_regs(task);
}

/* Registers of a task that is in the kernel. */
struct syscall_view {
	__s64 number; /* negative: in none */
	__u64 arg0, arg1, arg2, arg3;
};

inlined void syscall_of(struct task_struct *task, struct syscall_view *view)
{
	const struct pt_regs *regs = task_registers(task);

#if defined(__TARGET_ARCH_x86)
	view->number = (int)regs->orig_ax;
	view->arg0 = regs->di;
	view->arg1 = regs->si;
	view->arg2 = regs->dx;
	view->arg3 = regs->r10;
#else
	view->number = regs->syscallno;
	view->arg0 = regs->orig_x0;
	view->arg1 = regs->regs[1];
	view->arg2 = regs->regs[2];
	view->arg3 = regs->regs[3];
#endif
}

inlined __u64 fifth_argument(const struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	return regs->r8;
#else
	return regs->regs[4];
#endif
}

/* If interrupts leave much to be done, threads of the kernel do it: ksoftirqd/0, ... */
inlined bool serves_interrupts(struct task_struct *thread)
{
	char name[8] = "";

	bpf_probe_read_kernel(name, sizeof(name), thread->comm);
	return name[0] == 'k' && name[1] == 's' && name[2] == 'o' && name[3] == 'f' &&
	       name[4] == 't' && name[5] == 'i' && name[6] == 'r' && name[7] == 'q';
}

/*
 * Whether an interrupt is being served on top of the current task. The preempt count would say it,
 * but BPF reaches it only on kernels with all symbols in kallsyms. Interrupts of the kernel run on
 * stacks of their own; on x86 those that come in user mode run on the task's, but then the task is
 * in no system call. Neither is one that a fault kills: it dies in the midst of the exception, and
 * wakes its siblings and its parent itself. `scratch` is memory to pass the stack pointer through:
 * from a map it comes back as a number. Only for functions whose own stack is below 64 bytes:
 * since 6.13 the kernel gives others a stack elsewhere.
 */
inlined bool in_interrupt(struct task_struct *current, __u64 *scratch)
{
	const struct pt_regs *regs __attribute__((unused));
	__u64 here = 0;

	if (!current->pid)
		return true; /* the idle task wakes nobody by itself */
	WRITE_ONCE(*scratch, (__u64)&here);
	if (READ_ONCE(*scratch) - (__u64)current->stack >= THREAD_SIZE)
		return true;
	if (current->flags & PF_KTHREAD)
		return serves_interrupts(current);
#if defined(__TARGET_ARCH_x86)
	regs = task_registers(current);
	return (int)regs->orig_ax == -1 && !(current->flags & PF_EXITING) &&
	       !(current->signal->flags & SIGNAL_GROUP_EXIT);
#else
	return false;
#endif
}

#endif
