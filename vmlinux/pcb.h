/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pcb.h - the many more members that a task's whole control block takes
 *
 * Apart from vmlinux.h, as only the iterators of bpf/pcb/ read them: there a task is a
 * `struct task_struct___whole`, which is the kernel's task_struct under a second name (what follows
 * three underscores is not part of a type's name for CO-RE).
 */
#ifndef PTRACE_LAB_VMLINUX_PCB_H
#define PTRACE_LAB_VMLINUX_PCB_H

#include "vmlinux/vmlinux.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	__u32 val;
} kuid_t;

typedef struct {
	__u32 val;
} kgid_t;

/* Two words of 32 bits before 6.3, one of 64 since: the same eight bytes. */
typedef struct {
	__u64 val;
} kernel_cap_t;

typedef struct {
	unsigned long sig[1];
} sigset_t;

typedef struct {
	__s64 counter;
} atomic_long_t;

struct mnt_namespace {
	struct ns_common ns;
};

struct net {
	struct ns_common ns;
};

struct ipc_namespace {
	struct ns_common ns;
};

struct uts_namespace {
	struct ns_common ns;
};

struct user_namespace {
	struct ns_common ns;
};

struct cgroup_namespace {
	struct ns_common ns;
};

struct time_namespace {
	struct ns_common ns;
};

struct nsproxy {
	struct uts_namespace *uts_ns;
	struct ipc_namespace *ipc_ns;
	struct mnt_namespace *mnt_ns;
	struct net *net_ns;
	struct time_namespace *time_ns;
	struct cgroup_namespace *cgroup_ns;
};

struct group_info {
	int ngroups;
	kgid_t gid[1];
};

struct cred {
	kuid_t uid, suid, euid, fsuid;
	kgid_t gid, sgid, egid, fsgid;
	unsigned int securebits;
	kernel_cap_t cap_inheritable, cap_permitted, cap_effective, cap_bset, cap_ambient;
	struct user_namespace *user_ns;
	struct group_info *group_info;
};

struct seccomp {
	int mode;
};

struct sched_info {
	unsigned long pcount;
	unsigned long long run_delay;
};

struct sched_entity___whole {
	__u64 sum_exec_runtime, vruntime, nr_migrations;
};

struct cpumask {
	unsigned long bits[1];
};

struct percpu_counter {
	__s64 count;
	__s32 *counters;
};

struct mm_struct___whole {
	atomic_t mm_users;
	unsigned long mmap_base;
	atomic_long_t pgtables_bytes;
	int map_count;
	unsigned long hiwater_rss, hiwater_vm, total_vm, locked_vm, data_vm, exec_vm, stack_vm;
	atomic_long_t pinned_vm;
	unsigned long start_code, end_code, start_data, end_data, start_brk, brk, start_stack;
	unsigned long arg_start, arg_end, env_start, env_end;
	struct percpu_counter rss_stat[4];
};

struct rlimit {
	unsigned long rlim_cur, rlim_max;
};

struct sigpending {
	sigset_t signal;
};

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

struct list_head {
	struct list_head *next;
};

struct tty_driver {
	int major, minor_start;
};

struct tty_struct {
	int index;
	struct tty_driver *driver;
};

struct signal_struct___whole {
	int nr_threads;
	struct sigpending shared_pending;
	struct pid *pids[4];
	struct tty_struct *tty;
	struct rlimit rlim[16];
	short oom_score_adj;
	struct hlist_head posix_timers;
};

struct task_io_accounting {
	__u64 rchar, wchar, syscr, syscw, read_bytes, write_bytes;
};

struct fdtable___whole {
	unsigned int max_fds;
	unsigned long *open_fds;
};

struct files_struct___whole {
	struct fdtable___whole *fdt;
};

struct kernfs_node {
	struct kernfs_node *__parent;
	const char *name;
	__u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct task_struct___whole {
	unsigned int __state;
	unsigned int flags, ptrace;
	int on_cpu, on_rq;
	int prio, static_prio, normal_prio;
	unsigned int rt_priority;
	struct sched_entity___whole se;
	unsigned int policy;
	int nr_cpus_allowed;
	const struct cpumask *cpus_ptr;
	struct sched_info sched_info;
	struct mm_struct___whole *mm;
	int exit_state, exit_code, exit_signal;
	unsigned in_iowait : 1;
	unsigned long atomic_flags;
	pid_t pid, tgid;
	struct task_struct___whole *real_parent, *parent, *group_leader;
	struct pid *thread_pid;
	unsigned long nvcsw, nivcsw;
	__u64 start_time, start_boottime;
	unsigned long min_flt, maj_flt;
	const struct cred *real_cred;
	char comm[16];
	void *fs;
	struct files_struct___whole *files;
	struct nsproxy *nsproxy;
	struct signal_struct___whole *signal;
	struct sighand_struct *sighand;
	sigset_t blocked;
	struct sigpending pending;
	kuid_t loginuid;
	struct seccomp seccomp;
	struct task_io_accounting ioac;
	struct css_set *cgroups;
};

struct inode___whole {
	unsigned short i_mode;
	unsigned int i_rdev;
	unsigned long i_ino;
	__s64 i_size;
	struct super_block *i_sb;
};

struct file___whole {
	struct path f_path;
	struct inode___whole *f_inode;
	unsigned int f_flags;
	__s64 f_pos;
	void *private_data;
};

struct in6_addr {
	__u8 bytes[16];
};

struct sock_common {
	__u32 skc_daddr, skc_rcv_saddr;
	__u16 skc_dport, skc_num;
	unsigned short skc_family;
	unsigned char skc_state;
	struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
};

struct socket {
	short type;
	struct sock *sk;
};

struct vm_area_struct___whole {
	unsigned long vm_start, vm_end, vm_flags, vm_pgoff;
	struct file___whole *vm_file;
};

struct bpf_array {
	void *pptrs[1];
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file___whole *file;
};

struct bpf_iter__task_vma {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	struct vm_area_struct___whole *vma;
};

#pragma clang attribute pop

#endif
