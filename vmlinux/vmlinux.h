/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmlinux.h - the few kernel types that we touch
 *
 * Only the members that are read, in any order: preserve_access_index makes libbpf look each one up
 * in the running kernel's BTF when the program is loaded. The `___name` flavours are older or newer
 * shapes of a type; each says which kernel change made it necessary.
 */
#ifndef PTRACE_LAB_VMLINUX_H
#define PTRACE_LAB_VMLINUX_H
#define __VMLINUX_H__ /* bpf_tracing.h then expects kernel names in struct pt_regs */

#include <linux/types.h>
#include <linux/bpf.h>
#include <stdbool.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef int pid_t;

typedef struct {
	int counter;
} atomic_t;

struct pt_regs {
#if defined(__TARGET_ARCH_x86)
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di;
	unsigned long orig_ax, ip, sp, flags;
#elif defined(__TARGET_ARCH_arm64)
	unsigned long regs[31], sp, pc, orig_x0;
	int syscallno;
#else
#error "ptrace-lab knows the registers of x86-64 and arm64"
#endif
};

/* Since 6.9 (ee63291aa820, "x86/ptrace: Cleanup the definition of the pt_regs structure"). */
struct pt_regs___fred {
	__u64 ssx;
};

struct super_block {
	unsigned int s_dev;
};

struct inode {
	unsigned short i_mode;
	unsigned int i_rdev;
	unsigned long i_ino;
	struct super_block *i_sb;
};

struct qstr {
	const unsigned char *name;
};

struct dentry {
	struct qstr d_name;
};

struct path {
	struct dentry *dentry;
};

struct file {
	struct inode *f_inode;
	struct path f_path;
};

struct mm_struct {
	unsigned long start_code, start_brk, brk, start_stack;
	struct file *exe_file;
};

struct vm_area_struct {
	unsigned long vm_start, vm_end, vm_pgoff, vm_flags;
	struct file *vm_file;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct signal_struct {
	atomic_t live;
	unsigned int flags;
	unsigned long maxrss;
	struct task_struct *group_exec_task;
};

struct sigaction {
	void *sa_handler;
};

struct k_sigaction {
	struct sigaction sa;
};

struct sighand_struct {
	struct k_sigaction action[64];
};

struct kernel_siginfo {
};

struct sched_entity {
	__u64 sum_exec_runtime;
};

struct rss_counter {
	__s64 count;
};

/* Only what tells how much is resident; vmlinux/pcb.h has more of it. */
struct mm_struct___resident {
	struct rss_counter rss_stat[4];
	unsigned long hiwater_rss;
};

/* Before 6.2 (f1a7941243c1, "mm: convert mm's rss stats into percpu_counter"). */
struct rss_atomic {
	__s64 counter;
};

struct rss_atomics {
	struct rss_atomic count[4];
};

struct mm_struct___resident_before_6_2 {
	struct rss_atomics rss_stat;
};

struct mm_struct;

/* The first bytes of the kernel's spin locks, whatever is compiled into them. */
struct qspinlock {
	__u8 locked;
};

struct raw_spinlock {
	struct qspinlock raw_lock;
};

struct thread_struct {
#if defined(__TARGET_ARCH_x86)
	unsigned long fsbase;
#endif
};

struct ns_common {
	unsigned int inum;
};

struct pid_namespace {
	struct ns_common ns;
};

/* A number in each pid namespace, from the first one to its own. */
struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

struct task_struct {
	unsigned int __state;
	unsigned int flags;
	void *stack;
	int on_cpu;
	int on_rq;
	int exit_code;
	unsigned in_iowait : 1;
	unsigned in_execve : 1;
	int static_prio;
	unsigned int rt_priority;
	unsigned int policy;
	pid_t pid;
	pid_t tgid;
	struct pid *thread_pid;
	struct task_struct *real_parent;
	unsigned long nvcsw, nivcsw;
	unsigned long min_flt, maj_flt;
	__u64 start_time;
	char comm[16];
	struct files_struct *files;
	struct mm_struct *mm;
	__u64 self_exec_id;
	struct signal_struct *signal;
	struct thread_struct thread;
	struct sighand_struct *sighand;
	struct sched_entity se;
	struct raw_spinlock pi_lock;
};

struct linux_binprm {
	const char *filename;
};

struct seq_file {
};

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

#pragma clang attribute pop

#endif
