/* SPDX-License-Identifier: GPL-2.0-only */
/* stack_send.h - what the records of stacks have in common, whoever sends them */
#ifndef PTRACE_LAB_STACK_SEND_H
#define PTRACE_LAB_STACK_SEND_H

#include "bpf/stack.h"
#include <asm/unistd.h>

#define ID_BITS 24
#define ID_MASK ((1u << ID_BITS) - 1)

inlined __u64 ring_flags(void)
{
	return bpf_ringbuf_query(&stack_ring, BPF_RB_AVAIL_DATA) > stack_settings.ring_bytes / 4
		       ? BPF_RB_FORCE_WAKEUP
		       : BPF_RB_NO_WAKEUP;
}

inlined __u32 new_id(void)
{
	__u32 id = __sync_fetch_and_add(&stack_control.next_id, 1) + 1;

	return id <= ID_MASK ? id : 0;
}

inlined void head_fill(struct pl_stack_head *head, __u32 tgid, __u32 tid, __u32 space, __u8 kind,
		       __u32 id)
{
	head->kind = kind;
	head->stop = 0;
	head->count = 0;
	head->id = id;
	head->tgid = tgid;
	head->tid = tid;
	head->space = space;
	head->reserved = 0;
	head->time = bpf_ktime_get_ns();
}

/* A system call leaves the address behind it in rcx as well. Where the two differ, the thread will
 * go on somewhere else: in a signal handler's first instruction, in a new program's, or at the call
 * again. On processors with FRED, which fill the bits above ss, rcx is the program's own. */
inlined __u32 how_of(struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	struct pt_regs___fred *fred = (void *)regs;

	if ((__s32)regs->orig_ax < 0 || regs->orig_ax == __NR_execve ||
	    regs->orig_ax == __NR_execveat)
		return PL_HOW_INTERRUPTED;
	if (regs->cx == regs->ip)
		return PL_HOW_RETURNING;
	return bpf_core_field_exists(fred->ssx) && fred->ssx >> 16 ? PL_HOW_RETURNING
								   : PL_HOW_INTERRUPTED;
#else
	return regs->syscallno < 0 ? PL_HOW_INTERRUPTED : PL_HOW_RETURNING;
#endif
}

/* What the segment register of a thread's own data stands for. */
inlined __u64 thread_pointer(struct task_struct *task)
{
#if defined(__TARGET_ARCH_x86)
	return task->thread.fsbase;
#else
	return 0;
#endif
}

/* In DWARF's order. */
inlined void copy_registers(__u64 *to, const struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	to[0] = regs->ax;
	to[1] = regs->dx;
	to[2] = regs->cx;
	to[3] = regs->bx;
	to[4] = regs->si;
	to[5] = regs->di;
	to[6] = regs->bp;
	to[7] = regs->sp;
	to[8] = regs->r8;
	to[9] = regs->r9;
	to[10] = regs->r10;
	to[11] = regs->r11;
	to[12] = regs->r12;
	to[13] = regs->r13;
	to[14] = regs->r14;
	to[15] = regs->r15;
	to[16] = regs->ip;
#else
	__builtin_memset(to, 0, PL_REGISTERS * sizeof(*to));
#endif
}

#endif
