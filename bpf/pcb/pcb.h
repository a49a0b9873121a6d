/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pcb.h - what the kernel keeps of a task, as the iterators hand it over and recordings keep it
 *
 * Three kinds of records come out of three iterators: a task, an open file, an area of memory. Each
 * says its own size, so that a record may grow at its end; what a reader does not know it skips,
 * and what an older writer did not have reads as zero. Append-only, as bpf/events.h.
 *
 * What the threads of a process share (memory, limits, files, ...) stands in the record of its
 * first thread only.
 *
 * Objects of the kernel that tasks may share (address space, table of files, ...) are told by a
 * number: equal numbers, same object. It is an address until user space has put small numbers in
 * their place, and never leaves the machine as one.
 */
#ifndef PTRACE_LAB_PCB_H
#define PTRACE_LAB_PCB_H

#include "bpf/events.h"

enum pl_pcb_kind {
	PL_PCB_TASK = 1,
	PL_PCB_FILE = 2,
	PL_PCB_AREA = 3,
	PL_PCB_STACK = 4, /* only in a living kernel: its addresses mean nothing elsewhere */
};

enum pl_pcb_namespace {
	PL_NS_PID = 0, /* in which the task itself is numbered */
	PL_NS_MOUNT = 1,
	PL_NS_NET = 2,
	PL_NS_IPC = 3,
	PL_NS_UTS = 4,
	PL_NS_USER = 5,
	PL_NS_CGROUP = 6,
	PL_NS_TIME = 7,
	PL_NS_COUNT = 8
};

enum pl_pcb_flags {
	PL_PCB_KERNEL = 1 << 0,	  /* a kernel thread */
	PL_PCB_ON_CPU = 1 << 1,	  /* running at this moment */
	PL_PCB_ON_QUEUE = 1 << 2, /* running or ready */
	PL_PCB_IOWAIT = 1 << 3,	  /* waits for a disk, by the kernel's account */
	PL_PCB_NO_NEW_PRIVS = 1 << 4,
	PL_PCB_HAS_MEMORY = 1 << 5,    /* the memory part is filled in */
	PL_PCB_HAS_REGISTERS = 1 << 6, /* the user registers are those of a task in the kernel */
	PL_PCB_FILES_CUT = 1 << 7,     /* more descriptors than were counted */
};

/* User registers by the order of x86-64's own numbering, then the rest. On other machines only
 * ip, sp and bp mean anything. */
enum pl_pcb_register {
	PL_REG_AX = 0,
	PL_REG_CX,
	PL_REG_DX,
	PL_REG_BX,
	PL_REG_SP,
	PL_REG_BP,
	PL_REG_SI,
	PL_REG_DI,
	PL_REG_R8,
	PL_REG_R9,
	PL_REG_R10,
	PL_REG_R11,
	PL_REG_R12,
	PL_REG_R13,
	PL_REG_R14,
	PL_REG_R15,
	PL_REG_IP,
	PL_REG_FLAGS,
	PL_REG_COUNT
};

enum pl_pcb_resident { PL_RSS_FILE = 0, PL_RSS_ANON = 1, PL_RSS_SWAP = 2, PL_RSS_SHMEM = 3 };

#define PL_PCB_LIMITS	 16
#define PL_PCB_CPU_WORDS 16
#define PL_PCB_GROUPS	 16
#define PL_PCB_LEVELS	 4
#define PL_PCB_CGROUP	 96
#define PL_PCB_NAME	 200

struct pl_pcb_head {
	PL_U32 size; /* of the whole record */
	PL_U16 kind; /* enum pl_pcb_kind */
	PL_U16 reserved;
	PL_U64 time; /* when it was read */
	PL_U32 tid;
	PL_U32 tgid;
};

struct pl_pcb_task {
	struct pl_pcb_head head;
	/* identity */
	char comm[PL_COMM_LEN];
	PL_U64 start_time;		/* CLOCK_MONOTONIC */
	PL_U64 start_boottime;		/* CLOCK_BOOTTIME: with suspend, as /proc tells it */
	PL_U32 flags;			/* enum pl_pcb_flags */
	PL_U32 level;			/* of its PID namespace; 0 is the machine's */
	PL_U32 pid_in[PL_PCB_LEVELS];	/* its number in the namespace of each level */
	PL_U32 namespaces[PL_NS_COUNT]; /* inode numbers */
	/* state */
	PL_U32 state, exit_state; /* the kernel's */
	PL_U32 exit_code;	  /* as wait(2) gives it */
	PL_U32 exit_signal;
	struct pl_block block; /* where it is in the kernel */
	PL_U64 arguments[6];   /* of the system call */
	PL_U64 registers[PL_REG_COUNT];
	/* scheduling */
	PL_U32 policy;
	PL_S32 prio, static_prio, normal_prio;
	PL_U32 rt_priority;
	PL_U32 cpu; /* the last one */
	PL_U32 cpus_allowed;
	PL_U32 reserved_cpus;
	PL_U64 cpus[PL_PCB_CPU_WORDS]; /* the first 1024 */
	PL_U64 vruntime;
	PL_U64 runtime;	   /* on a CPU, ns; up to the last tick if it runs */
	PL_U64 wait;	   /* ready but without a CPU, ns; 0 where the kernel does not count */
	PL_U64 dispatches; /* times that it got a CPU; 0 where the kernel does not count */
	PL_U64 voluntary, involuntary, migrations;
	PL_U64 cgroup;
	char cgroup_path[PL_PCB_CGROUP]; /* its end, if it is longer */
	/* rights */
	PL_U32 uid, euid, suid, fsuid;
	PL_U32 gid, egid, sgid, fsgid;
	PL_U64 cap_inheritable, cap_permitted, cap_effective, cap_bounding, cap_ambient;
	PL_U32 securebits;
	PL_U32 seccomp; /* 0 off, 1 strict, 2 filter */
	PL_U32 groups_count;
	PL_U32 login_uid;
	PL_U32 groups[PL_PCB_GROUPS];
	/* family */
	PL_U32 parent;	/* tgid of who it is a child of (whose wait() gets its end) */
	PL_U32 creator; /* tgid of the one that made it, or of who took it over */
	PL_U32 tracer;	/* tid, 0 if none */
	PL_U32 group, session;
	PL_U32 threads;	 /* of its process */
	PL_U32 terminal; /* device number, 0 if none */
	PL_U32 reserved_family;
	/* memory, in bytes; the bounds are addresses */
	PL_U64 mm, files, fs, handlers; /* which objects: see above; 0 if it has none (any more) */
	PL_U64 code_begin, code_end, data_begin, data_end, heap_begin, heap_end;
	PL_U64 stack_begin; /* where the first thread's stack began, at its high end */
	PL_U64 arguments_begin, arguments_end, environment_begin, environment_end;
	PL_U64 mmap_base;
	PL_U64 total, locked, pinned, data_size, code_size, stack_size, page_tables;
	PL_U64 total_peak, resident_peak;
	PL_U64 resident[4];  /* enum pl_pcb_resident */
	PL_U32 areas, users; /* mappings, and tasks that share the memory */
	PL_U64 minor_faults, major_faults;
	/* resources */
	PL_U64 limits[PL_PCB_LIMITS][2]; /* soft, hard */
	PL_U32 open_files, file_slots;
	PL_U64 signals_pending, signals_pending_process, signals_blocked, signals_ignored,
		signals_handled; /* bit n - 1: signal n */
	PL_U32 posix_timers;
	PL_S32 oom_adjust;
	PL_U64 read_chars, written_chars, read_calls, write_calls, read_bytes, written_bytes;
};

struct pl_pcb_file {
	struct pl_pcb_head head;
	PL_U32 fd;
	PL_U32 flags;  /* as open(2) knows them */
	PL_U32 mode;   /* of the inode */
	PL_U32 device; /* of a device file */
	PL_U64 inode;
	PL_U64 position, size;
	PL_U16 family, protocol_type; /* of a socket: AF_INET ..., SOCK_STREAM ... */
	PL_U16 local_port, remote_port;
	PL_U32 socket_state; /* as the protocol numbers them: 1 established, 10 listening */
	PL_U32 reserved;
	PL_U8 local_address[16], remote_address[16]; /* IPv4: the first four bytes */
	char name[PL_PCB_NAME];
};

struct pl_pcb_area {
	struct pl_pcb_head head;
	PL_U64 begin, end;
	PL_U64 flags;  /* the kernel's VM_...; the low bits are r 1, w 2, x 4, shared 8 */
	PL_U64 offset; /* in the file, bytes */
	PL_U64 inode;
	PL_U32 device_major, device_minor;
	char name[PL_PCB_NAME]; /* "" for memory without a file */
};

#define PL_PCB_KERNEL_FRAMES 40

/* In the kernel, the innermost first. */
struct pl_pcb_stack {
	struct pl_pcb_head head;
	PL_U32 count;
	PL_U32 reserved;
	PL_U64 addresses[PL_PCB_KERNEL_FRAMES];
};

union pl_pcb {
	struct pl_pcb_head head;
	struct pl_pcb_task task;
	struct pl_pcb_file file;
	struct pl_pcb_area area;
	struct pl_pcb_stack stack;
};

PL_ASSERT("pl_pcb_head", sizeof(struct pl_pcb_head) == 24);
PL_ASSERT("pl_pcb_task", sizeof(struct pl_pcb_task) % 8 == 0);
PL_ASSERT("pl_pcb_file", sizeof(struct pl_pcb_file) % 8 == 0);
PL_ASSERT("pl_pcb_stack", sizeof(struct pl_pcb_stack) % 8 == 0);
PL_ASSERT("pl_pcb_area", sizeof(struct pl_pcb_area) % 8 == 0);

#endif
