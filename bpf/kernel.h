/* SPDX-License-Identifier: GPL-2.0-only */
/* kernel.h - facts of the kernel that BTF does not tell, and what differs between kernels */
#ifndef PTRACE_LAB_KERNEL_H
#define PTRACE_LAB_KERNEL_H

#include "vmlinux/vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define inlined static __always_inline

#define TASK_DEAD	  0x80
#define TASK_WAKING	  0x200
#define PF_EXITING	  0x00000004
#define SIGNAL_GROUP_EXIT 0x00000004
#define PF_KTHREAD	  0x00200000

#define VM_MAYSHARE 0x00000080 /* VM_SHARED as well, but for what may only be read */

#define THREAD_SIZE 16384

#define READ_ONCE(x)	 (*(volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile typeof(x) *)&(x) = (v))

/* Since 6.2: a plain load where the helper for reading kernel memory takes 20 ns. Only the hot path
 * asks for it, as libbpf 1.1's linker cannot join two objects that both refer to a kernel function.
 */
#ifdef PTRACE_LAB_HOT_PATH
extern void *bpf_rdonly_cast(const void *object, __u32 type) __ksym __weak;
#define has_kernel_cast()	   (!!bpf_rdonly_cast)
#define kernel_cast(pointer, type) ((type *)bpf_rdonly_cast(pointer, bpf_core_type_id_kernel(type)))
#else
#define has_kernel_cast()	   false
#define kernel_cast(pointer, type) ((type *)(pointer))
#endif

/* Stores before it are seen before it by whoever reads the other side with acquire. BPF of the
 * kernels that we support has no store-release; x86 orders stores anyway. */
inlined void publish(__u64 *where, __u64 value)
{
#if defined(__TARGET_ARCH_x86)
	asm volatile("" ::: "memory");
	WRITE_ONCE(*where, value);
#else
	__sync_lock_test_and_set(where, value);
#endif
}

/* Registers of a task that is in the kernel. */
struct syscall_view {
	__s64 number; /* negative: in none */
	__u64 arg0, arg1, arg2, arg3;
};

inlined void syscall_of(struct task_struct *task, struct syscall_view *view)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

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
	struct pt_regs *regs __attribute__((unused));
	__u64 here = 0;

	if (!current->pid)
		return true; /* the idle task wakes nobody by itself */
	WRITE_ONCE(*scratch, (__u64)&here);
	if (READ_ONCE(*scratch) - (__u64)current->stack >= THREAD_SIZE)
		return true;
	if (current->flags & PF_KTHREAD)
		return serves_interrupts(current);
#if defined(__TARGET_ARCH_x86)
	regs = (struct pt_regs *)bpf_task_pt_regs(current);
	return (int)regs->orig_ax == -1 && !(current->flags & PF_EXITING) &&
	       !(current->signal->flags & SIGNAL_GROUP_EXIT);
#else
	return false;
#endif
}

#endif
