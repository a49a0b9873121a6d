/* SPDX-License-Identifier: GPL-2.0-only */
/* state.h - what a task is doing, and where in user space and kernel it is */
#ifndef PTRACE_LAB_PCB_STATE_H
#define PTRACE_LAB_PCB_STATE_H

#include "bpf/files.h"
#include "bpf/futex.h"
#include "bpf/pcb/pieces.h"
#include "bpf/syscalls.h"

#define PFA_NO_NEW_PRIVS 0

inlined void registers_of(struct pl_pcb_task *to, struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	to->arguments[0] = regs->di;
	to->arguments[1] = regs->si;
	to->arguments[2] = regs->dx;
	to->arguments[3] = regs->r10;
	to->arguments[4] = regs->r8;
	to->arguments[5] = regs->r9;
	to->registers[PL_REG_AX] = regs->ax;
	to->registers[PL_REG_CX] = regs->cx;
	to->registers[PL_REG_DX] = regs->dx;
	to->registers[PL_REG_BX] = regs->bx;
	to->registers[PL_REG_SP] = regs->sp;
	to->registers[PL_REG_BP] = regs->bp;
	to->registers[PL_REG_SI] = regs->si;
	to->registers[PL_REG_DI] = regs->di;
	to->registers[PL_REG_R8] = regs->r8;
	to->registers[PL_REG_R9] = regs->r9;
	to->registers[PL_REG_R10] = regs->r10;
	to->registers[PL_REG_R11] = regs->r11;
	to->registers[PL_REG_R12] = regs->r12;
	to->registers[PL_REG_R13] = regs->r13;
	to->registers[PL_REG_R14] = regs->r14;
	to->registers[PL_REG_R15] = regs->r15;
	to->registers[PL_REG_IP] = regs->ip;
	to->registers[PL_REG_FLAGS] = regs->flags;
#else
	to->arguments[0] = regs->orig_x0;
	for (int i = 1; i < 6; i++)
		to->arguments[i] = regs->regs[i];
	to->registers[PL_REG_SP] = regs->sp;
	to->registers[PL_REG_BP] = regs->regs[29];
	to->registers[PL_REG_IP] = regs->pc;
#endif
}

inlined void read_futex(struct pl_pcb_task *to, struct task_struct *task)
{
	void *address = (void *)to->arguments[0];
	struct futex_view view = {};
	struct futex_finding found;

	if (bpf_copy_from_user_task(&view, sizeof(view), address - FUTEX_VIEW_BEFORE, task, 0))
		bpf_copy_from_user_task(&view.after, sizeof(view.after), address, task, 0);
	found = futex_classify(to->arguments[0], to->arguments[1], to->arguments[2], &view);
	to->block.futex_kind = found.kind;
	/* User space sees all tasks, and so whether that is one of them. */
	to->block.holder = found.holder;
}

inlined void read_descriptor(struct pl_pcb_task *to, struct task_struct *task)
{
	struct files_struct *files = task->files;
	__u32 fd = to->arguments[0];
	struct inode *inode;

	if (!files || fd >= BPF_CORE_READ(files, fdt, max_fds))
		return;
	inode = inode_of(BPF_CORE_READ(files, fdt, fd), fd);
	if (inode)
		to->block.file_kind = file_kind_at((__u64)inode);
}

inlined void place_in(struct pl_pcb_task *to, struct task_struct *task)
{
	struct syscall_view call;

	to->block.kind = PL_BLOCK;
	to->block.tid = task->pid;
	to->block.syscall = PL_NO_SYSCALL;
	if (task->flags & PF_KTHREAD)
		return;
	syscall_of(task, &call);
	registers_of(to, (struct pt_regs *)bpf_task_pt_regs(task));
	to->flags |= PL_PCB_HAS_REGISTERS;
	if (call.number < 0 || call.number >= PL_NO_SYSCALL)
		return;
	to->block.syscall = call.number;
	to->block.arg0 = call.arg0;
	to->block.arg1 = call.arg1;
	if (syscall_takes_file(call.number))
		read_descriptor(to, task);
	if (call.number == __NR_futex)
		read_futex(to, task);
}

inlined void state_in(struct pl_pcb_task *to, struct task_struct___whole *task)
{
	to->state = READ_ONCE(task->__state);
	to->exit_state = task->exit_state;
	to->exit_code = task->exit_code;
	to->exit_signal = task->exit_signal;
	to->flags |= (task->flags & PF_KTHREAD ? PL_PCB_KERNEL : 0) |
		     (READ_ONCE(task->on_cpu) ? PL_PCB_ON_CPU : 0) |
		     (READ_ONCE(task->on_rq) ? PL_PCB_ON_QUEUE : 0) |
		     (BPF_CORE_READ_BITFIELD_PROBED(task, in_iowait) ? PL_PCB_IOWAIT : 0) |
		     (task->atomic_flags >> PFA_NO_NEW_PRIVS & 1 ? PL_PCB_NO_NEW_PRIVS : 0);
}

#endif
