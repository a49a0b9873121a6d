/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * events.h - what the kernel side tells user space, and the other way round
 *
 * The one contract between bpf/ and user/. It is also what a recording keeps: records are stored
 * as they came, so this file is append-only. A value never changes its meaning; new kinds and
 * fields take numbers and reserved space that were unused before. Sizes are asserted below, and
 * so on both sides, as both compile this file.
 *
 * Two ways lead out of the kernel:
 *
 *   lanes     one memory ring per CPU, written by the scheduler programs alone. These run with
 *             interrupts off, so a lane has one writer at a time and needs neither lock nor atomic
 *             operation. Records are 32 bytes and ordered by time.
 *   life      one BPF ring buffer for the rare things: tasks that begin, exec, end, change name.
 *
 * All times are CLOCK_MONOTONIC nanoseconds. Within a lane, and for one thread across lanes, they
 * never run backwards (the kernel side sees to it).
 */
#ifndef PTRACE_LAB_EVENTS_H
#define PTRACE_LAB_EVENTS_H

#ifndef __bpf__
#include <stdint.h>
#define PL_U8  uint8_t
#define PL_U16 uint16_t
#define PL_U32 uint32_t
#define PL_U64 uint64_t
#define PL_S32 int32_t
#define PL_S8  int8_t
#else
#include <linux/types.h>
#define PL_U8  __u8
#define PL_U16 __u16
#define PL_U32 __u32
#define PL_U64 __u64
#define PL_S32 __s32
#define PL_S8  __s8
#endif

#define PL_COMM_LEN 16
#define PL_PATH_LEN 128

/* ---- lanes --------------------------------------------------------------------------------- */

enum pl_record_kind {
	PL_PAD = 0, /* never written; marks memory that holds no record */
	PL_SWITCH = 1,
	PL_BLOCK = 2,
	PL_WAKE = 3,
	PL_GAP = 4,
	PL_RESUME = 5,
	PL_STACK = 6,
	PL_SAMPLE = 7,
};

enum pl_switch_flags {
	PL_PREV = 1 << 0,      /* prev is one of the target's threads: its half is valid */
	PL_NEXT = 1 << 1,      /* the same for next */
	PL_BLOCKED = 1 << 2,   /* prev blocks; without it prev stays ready to run */
	PL_VOLUNTARY = 1 << 3, /* the kernel counted this switch as voluntary */
	PL_IOWAIT = 1 << 4,    /* prev waits for a disk, by the kernel's own account */
	PL_WOKEN = 1 << 5,     /* next had been blocked: waker, waker_context, ready_ns are valid */
	PL_SAME = 1 << 6, /* prev blocks in the same place as the last time: no PL_BLOCK precedes */
	PL_SAME_STACK =
		1 << 7, /* and with the user stack of its last PL_STACK_USER: none precedes */
};

/* What the CPU was doing when the wake-up came. INTERRUPT: a timer, a device, the network; the
 * thread `waker` was merely the one that was interrupted. */
enum pl_waker_context {
	PL_WAKER_UNKNOWN = 0,
	PL_WAKER_TASK = 1,
	PL_WAKER_INTERRUPT = 2,
};

/*
 * A CPU goes over from one thread to another. The wake-up that made `next` ready is told here
 * rather than in a record of its own: it halves the stream, and pairs each wake-up with the right
 * wait in the one place where that is certain, under the scheduler's own locks.
 */
struct pl_switch {
	PL_U8 kind;	     /* PL_SWITCH */
	PL_U8 flags;	     /* enum pl_switch_flags */
	PL_U16 prev_state;   /* the kernel's task state, low 16 bits */
	PL_U32 prev;	     /* tid */
	PL_U32 next;	     /* tid */
	PL_U32 waker;	     /* tid, 0 if the CPU was idle */
	PL_U32 ready_ns;     /* how long before `time` next became ready */
	PL_U8 waker_context; /* enum pl_waker_context */
	PL_U8 reserved_8;
	PL_U16 waker_cpu;
	PL_U64 time;
};

/* What a futex word belongs to, as far as the words around it tell (bpf/futex.h). */
enum pl_futex_kind {
	PL_FUTEX_NONE = 0, /* not a futex wait */
	PL_FUTEX_OTHER = 1,
	PL_FUTEX_MUTEX = 2,
	PL_FUTEX_PI_MUTEX = 3,
	PL_FUTEX_CONDITION = 4,
	PL_FUTEX_SEMAPHORE = 5,
	PL_FUTEX_JOIN = 6,
	PL_FUTEX_RWLOCK = 7,
	PL_FUTEX_VECTOR = 8, /* futex_waitv: several at once */
	PL_FUTEX_BARRIER = 9,
	PL_FUTEX_REQUEUE_PI = 10, /* a condition, but not the C library's of today */
};

/* What a file descriptor that is waited on refers to. */
enum pl_file_kind {
	PL_FILE_NONE = 0, /* the call has no descriptor, or it was not open */
	PL_FILE_OTHER = 1,
	PL_FILE_REGULAR = 2,
	PL_FILE_DIRECTORY = 3,
	PL_FILE_PIPE = 4,
	PL_FILE_SOCKET = 5,
	PL_FILE_BLOCK = 6,
	PL_FILE_CHARACTER = 7,
	PL_FILE_TERMINAL = 8,
	PL_FILE_ANONYMOUS = 9, /* eventfd, timerfd, epoll, signalfd, ... */
};

/* PL_BLOCK's system call number for a thread that is in none: a page fault, a kernel thread */
#define PL_NO_SYSCALL 0xffff

/* Where prev of the PL_SWITCH that follows in the same lane blocks: directly, or after the PL_WAKE
 * that tells more of its next. */
struct pl_block {
	PL_U8 kind;	  /* PL_BLOCK */
	PL_U8 futex_kind; /* enum pl_futex_kind */
	PL_U8 file_kind;  /* enum pl_file_kind */
	PL_U8 reserved_3;
	PL_U16 syscall; /* number in the recording's architecture, or PL_NO_SYSCALL */
	PL_U16 reserved_6;
	PL_U32 tid;
	PL_U32 holder; /* futex: tid that holds the lock, or is waited for; 0 unknown */
	PL_U64 arg0;   /* first argument: futex address, descriptor, ... */
	PL_U64 arg1;   /* second argument: futex operation, ... */
};

/* A wake-up whose thread had not run again: the ready time did not fit into PL_SWITCH.ready_ns
 * (it precedes the switch directly), or the capture ended first. */
struct pl_wake {
	PL_U8 kind;	     /* PL_WAKE */
	PL_U8 waker_context; /* enum pl_waker_context */
	PL_U16 waker_cpu;
	PL_U32 tid;
	PL_U32 waker;
	PL_U32 reserved_12;
	PL_U64 woken; /* when it became ready */
	PL_U64 time;  /* when this was written: the lane's order */
};

/* `lost` records of this lane did not fit between the two times. */
struct pl_gap {
	PL_U8 kind; /* PL_GAP */
	PL_U8 reserved_1[3];
	PL_U32 lost;
	PL_U64 first;
	PL_U64 reserved_16;
	PL_U64 time; /* when there was room again: the lane's order */
};

/* `tid` was found running though nothing had told that it got the CPU: some kernels run no BPF
 * programs in the context of threads that they protect, and who follows such a thread begins
 * unseen. It has been running for the last `ran_ns`, by the kernel's account of its CPU time; what
 * it did before ended then. Precedes the PL_BLOCK and the PL_SWITCH of its leaving. */
struct pl_resume {
	PL_U8 kind;	     /* PL_RESUME */
	PL_U8 waker_context; /* enum pl_waker_context; UNKNOWN: it was not blocked, or unseen */
	PL_U16 waker_cpu;
	PL_U32 tid;
	PL_U32 waker;
	PL_U32 ran_ns;
	PL_U64 woken;
	PL_U64 time;
};

/* Whose stack, of the PL_SWITCH that it precedes. */
enum pl_stack_of {
	PL_STACK_USER = 0,   /* of prev, where it blocks */
	PL_STACK_KERNEL = 1, /* the same, inside the kernel */
	PL_STACK_WAKER = 2,  /* of who woke next, when it did; `tid` is next's */
};

/* A stack by its id, which the recording's STACK blocks explain. Precedes the PL_SWITCH that it
 * belongs to, beside the PL_BLOCK: a switch may have one of each kind, in any order. */
struct pl_stack {
	PL_U8 kind; /* PL_STACK */
	PL_U8 what; /* enum pl_stack_of */
	PL_U16 reserved_2;
	PL_U32 tid;
	PL_U32 stack; /* id, never 0 */
	PL_U32 reserved_12;
	PL_U64 reserved_16;
	PL_U64 reserved_24;
};

/* The thread that had the CPU when the sampling clock struck. */
struct pl_sample {
	PL_U8 kind; /* PL_SAMPLE */
	PL_U8 reserved_1;
	PL_U16 reserved_2;
	PL_U32 tid;
	PL_U32 stack;	     /* id of its user stack, 0 none */
	PL_U32 kernel_stack; /* id, 0: it was in user code, or kernel stacks were not asked for */
	PL_U64 period;	     /* ns of CPU time between two strokes */
	PL_U64 time;
};

union pl_record {
	PL_U8 kind;
	struct pl_switch sw;
	struct pl_block block;
	struct pl_wake wake;
	struct pl_gap gap;
	struct pl_resume resume;
	struct pl_stack stack;
	struct pl_sample sample;
};

#define PL_RECORD_SIZE 32

/* ---- life ---------------------------------------------------------------------------------- */

enum pl_life_kind {
	PL_LIFE_BELL = 0, /* not recorded: a lane filled up to a quarter, or a trigger: come */
	PL_LIFE_TASK = 1, /* a thread that was already there when it was first seen */
	PL_LIFE_FORK = 2, /* a thread or process was made */
	PL_LIFE_EXEC = 3,
	PL_LIFE_EXIT = 4,   /* it begins to end; it runs on until its last switch */
	PL_LIFE_TOTALS = 5, /* its account: at its last switch, or at the end of the capture */
	PL_LIFE_RENAME = 6,
	PL_LIFE_SIGNAL = 7, /* one or more signals on their way (struct pl_life_signal) */
	PL_LIFE_MARK = 8,   /* a program says something of itself: a USDT probe */
	PL_LIFE_MEMORY = 9, /* how much memory a process has at a moment */
	PL_LIFE_FUTEX = 16, /* where a futex that a thread blocks on lies; once for each */
	PL_LIFE_MOVED = 17, /* a thread that waits, waits on another futex than it began with */
};

enum pl_task_flags {
	PL_TASK_KERNEL = 1 << 0,  /* a kernel thread */
	PL_TASK_LEADER = 1 << 1,  /* the first thread of its process */
	PL_TASK_RUNNING = 1 << 2, /* TASK: it was on a CPU */
	PL_TASK_READY = 1 << 3,	  /* TASK: it was waiting for a CPU; neither flag: blocked */
	PL_TASK_LAST = 1 << 4,	  /* EXIT: the last thread of its process */
	PL_TASK_ALIVE = 1 << 5,	  /* TOTALS: taken at the end of the capture, the thread lives on */
	PL_TASK_FIRST = 1 << 6,	  /* TASK: `run` starts it, by the EXEC that follows */
	PL_TASK_WOKEN = 1 << 7,	  /* TASK, with READY: since a wake-up or its birth */
};

struct pl_life_head {
	PL_U64 time;
	PL_U32 tid;
	PL_U32 tgid; /* the process: the tid of its first thread */
	PL_U8 kind;  /* enum pl_life_kind */
	PL_U8 flags; /* enum pl_task_flags */
	PL_U16 cpu;
	PL_U32 size; /* of the whole record */
};

/* How a thread stands with the scheduler. */
struct pl_priority {
	PL_S8 nice;
	PL_U8 policy; /* SCHED_NORMAL, ... as sched_setscheduler(2) has them */
	PL_U8 rt_priority;
	PL_U8 known; /* 1; 0 in recordings of the first version */
};

/* TASK, FORK */
struct pl_life_task {
	struct pl_life_head head;
	char comm[PL_COMM_LEN];
	PL_U64 start_time; /* the kernel's: tid and start time name a thread for ever */
	PL_U32 parent;	   /* process that it is a child of */
	PL_U32 creator;	   /* FORK: the thread that made it */
	PL_U32 state;	   /* TASK: the kernel's task state */
	union {
		PL_U32 stack; /* TASK: id of the stack with which it was blocked, 0 unknown */
		PL_U32 space; /* FORK: the process whose memory it shares; 0: it has its own */
	};
	struct pl_block block; /* TASK: where it was blocked */
	/* Recordings of the first version end here. */
	struct pl_priority priority;
	PL_U32 ran_on; /* TASK: the CPU that it ran on last, and one; 0: not known */
};
#define PL_LIFE_TASK_LEAST 96

struct pl_life_exec {
	struct pl_life_head head;
	char comm[PL_COMM_LEN];
	PL_U32 old_tid; /* exec from a side thread takes over the tid of the first one */
	PL_U32 reserved;
	char path[PL_PATH_LEN]; /* cut short if longer */
};

/* What made a thread end. */
enum pl_end {
	PL_END_UNKNOWN = 0, /* the recording is older than this */
	PL_END_ITSELF = 1,  /* it returned, or called pthread_exit() */
	PL_END_EXITED = 2,  /* it ended the whole process: exit_group */
	PL_END_TAKEN = 3,   /* the process ended: another thread's exit_group, or a signal */
	PL_END_EXEC = 4,    /* another thread executes a new program */
};

struct pl_life_exit {
	struct pl_life_head head;
	PL_U32 code; /* as wait(2) gives it: exit status << 8, or the signal */
	PL_U8 how;   /* enum pl_end */
	PL_U8 reserved_29;
	PL_U16 syscall; /* in which it was when it ended, or PL_NO_SYSCALL; valid with `how` */
};

/* How far a signal has come. */
enum pl_signal_step {
	PL_SIGNAL_SENT = 1,
	PL_SIGNAL_DELIVERED = 2, /* the receiver acts on it: handler, death, stop */
};

/* What became of it when it was sent: the kernel's own numbers. */
enum pl_signal_result {
	PL_SIGNAL_QUEUED = 0,
	PL_SIGNAL_IGNORED = 1, /* nobody wants it; SIGCONT may have woken a stopped process */
	PL_SIGNAL_PENDING =
		2, /* one of that number was on its way already: one of the two is lost */
	PL_SIGNAL_OVERFLOW = 3, /* not sent: too many were queued */
	PL_SIGNAL_NO_INFO = 4,	/* queued without telling who sent it */
};

/* What the receiver wants done. */
enum pl_signal_action {
	PL_ACTION_DEFAULT = 0,
	PL_ACTION_IGNORE = 1,
	PL_ACTION_HANDLER = 2,
};

enum pl_signal_source {
	PL_SOURCE_THREAD = 1, /* `sender` sent it */
	PL_SOURCE_KERNEL = 2, /* a timer, a terminal, a child's end, ... */
	PL_SOURCE_FAULT = 3,  /* what the receiver itself did: `address` and `ip` tell */
};

enum pl_signal_flags {
	PL_SIGNAL_PROCESS = 1 << 0, /* to the process: any of its threads may take it */
	PL_SIGNAL_FATAL = 1 << 1,   /* this one ends the process */
};

/* The head names the receiver. A flood of alike signals is told in few records: each speaks of the
 * `count` since the one before. */
struct pl_life_signal {
	struct pl_life_head head;
	PL_U8 step; /* enum pl_signal_step */
	PL_U8 number;
	PL_U8 result; /* SENT: enum pl_signal_result */
	PL_U8 action; /* enum pl_signal_action */
	PL_U8 source; /* enum pl_signal_source */
	PL_U8 flags;  /* enum pl_signal_flags */
	PL_U16 reserved_30;
	PL_S32 code;   /* si_code */
	PL_U32 sender; /* SENT: tid, 0 if it is nobody's deed */
	PL_U32 sender_tgid;
	PL_U32 count;
	PL_U64 address;		/* FAULT: what it touched, or where it was */
	PL_U64 ip;		/* FAULT: the instruction */
	char comm[PL_COMM_LEN]; /* the receiver's name, as it need not be followed */
	char sender_comm[PL_COMM_LEN];
};

struct pl_life_rename {
	struct pl_life_head head;
	char comm[PL_COMM_LEN];
};

enum pl_area_flags {
	PL_AREA_SHARED = 1 << 0, /* with other processes that map the same file, or memory */
	PL_AREA_HEAP = 1 << 1,	 /* what brk() gives */
	PL_AREA_STACK = 1 << 2,	 /* of the process's first thread */
};

#define PL_AREA_NAME_LEN 32

/* FUTEX: the mapping in which it lies. With it a futex that processes share can be told from any
 * other, and a lock have a name even if its process is long gone. */
struct pl_life_futex {
	struct pl_life_head head; /* of the thread that blocks on it */
	PL_U64 address;
	PL_U64 start, end; /* the mapping */
	PL_U64 offset;	   /* of `start` in the file, in bytes; of what is no file it is nothing */
	PL_U64 inode;	   /* of the file, or of the shared memory; 0: of neither */
	PL_U64 program_inode;
	PL_U64 program_start; /* where the program's code lies */
	PL_U64 stack;	      /* the thread's stack pointer */
	PL_U32 device, program_device;
	PL_U32 flags;		     /* enum pl_area_flags */
	PL_U32 futex_kind;	     /* enum pl_futex_kind, when it was first waited for */
	char name[PL_AREA_NAME_LEN]; /* the file's, without folders, cut short if longer */
};

/* MOVED: of the wait in which the thread of the head is. It is told when the wait ends, by who ends
 * it: that is when it shows. */
struct pl_life_moved {
	struct pl_life_head head;
	PL_U64 address;	   /* the futex on which it was woken */
	PL_U64 since;	   /* 0: it has waited there (as well) since it began, by futex_waitv */
	PL_U32 mover;	   /* tid that moved it there (requeue), if `since` is not 0 */
	PL_U32 holder;	   /* tid; 0: not known */
	PL_U32 futex_kind; /* enum pl_futex_kind */
	PL_U32 reserved_52;
};

/* Kept in the kernel beside the stream, exact even where the stream has gaps. */
struct pl_totals {
	PL_U64 begin; /* first seen; begin..head.time is what the four times below add up to */
	PL_U64 running;
	PL_U64 ready_woken;	/* ready after a wake-up (or after birth) */
	PL_U64 ready_preempted; /* ready after losing the CPU */
	PL_U64 blocked;
	PL_U32 voluntary; /* switches, as the kernel counts them */
	PL_U32 involuntary;
	PL_U32 wakeups;
	PL_U32 migrations;
	/* The kernel's own account of the same thread, over the same time: the second source. */
	PL_U64 kernel_runtime;
	PL_U32 kernel_voluntary;
	PL_U32 kernel_involuntary;
	PL_U32 minor_faults;
	PL_U32 major_faults;
};

struct pl_life_totals {
	struct pl_life_head head;
	struct pl_totals totals;
	/* Recordings of the first version end here. */
	PL_U32 cow_faults;	     /* writes to a page that was there and must not be written */
	PL_U32 faults_known;	     /* 1: cow_faults were counted */
	struct pl_priority priority; /* at its end */
	PL_U32 reserved_116;
};
#define PL_LIFE_TOTALS_LEAST 104
#define PL_LIFE_TOTALS_COW   112 /* long enough for cow_faults */

enum pl_mark {
	PL_MARK_PHASE = 1, /* ptrace_lab:phase */
	PL_MARK_UTHREAD_SWITCH = 2,
	PL_MARK_UTHREAD_STATE = 3,
	PL_MARK_OTHER = 4, /* another probe: the note mark.DEFINITION has its name */
};

enum pl_uthread_state {
	PL_UTHREAD_READY = 0,
	PL_UTHREAD_BLOCKED = 1,
	PL_UTHREAD_ENDED = 2,
};

#define PL_MARK_TEXT 64
#define PL_MARK_NAME 16

/* The head names the kernel thread that runs it. Only a phase has room for PL_MARK_TEXT bytes, the
 * others end after PL_MARK_NAME. */
struct pl_life_mark {
	struct pl_life_head head;
	PL_U8 what;  /* enum pl_mark */
	PL_U8 state; /* UTHREAD_STATE: enum pl_uthread_state */
	PL_U8 count; /* OTHER: arguments that the probe has */
	PL_U8 reserved_27;
	union {
		PL_U32 uthread;	   /* UTHREAD_*: id within the process; 0: no user thread runs */
		PL_U32 definition; /* OTHER */
	};
	union {
		char text[PL_MARK_TEXT]; /* the phase; or the user thread's name, "" unknown */
		PL_U64 arguments[2];	 /* OTHER */
	};
};
#define PL_LIFE_MARK_LEAST 48

enum pl_memory_moment {
	PL_MEMORY_FOUND = 1, /* it was there already */
	PL_MEMORY_BORN = 2,  /* it was forked, with a copy of its parent's memory */
	PL_MEMORY_EXEC = 3,  /* it has a new program, and new memory */
	PL_MEMORY_EXIT = 4,  /* it ends */
	PL_MEMORY_END = 5,   /* the capture ends, it lives on */
};

/* By the kernel's own counters, in bytes. Those are kept for each CPU apart and added up now and
 * then: they lag by up to 32 pages or so a CPU. The head names a thread of the process. */
struct pl_life_memory {
	struct pl_life_head head;
	PL_U8 moment; /* enum pl_memory_moment */
	PL_U8 reserved_25[7];
	PL_U64 file, anonymous, swapped, shared; /* resident, but for `swapped` */
	PL_U64 peak; /* resident at most, ever; alone known in EXIT of some kernels */
};

union pl_life {
	struct pl_life_head head;
	struct pl_life_task task;
	struct pl_life_exec exec;
	struct pl_life_exit exit;
	struct pl_life_rename rename;
	struct pl_life_totals totals;
	struct pl_life_signal signal;
	struct pl_life_memory memory;
	struct pl_life_mark mark;
	struct pl_life_futex futex;
	struct pl_life_moved moved;
};

/* ---- shared memory ------------------------------------------------------------------------- */

/* One per CPU, mapped by user space. `head` is the kernel side's, `tail` is user space's; each in
 * a cache line that the other only reads. Both count bytes and never wrap. */
struct pl_lane {
	PL_U64 head;
	PL_U64 last_time; /* of the newest record */
	PL_U64 records;	  /* written */
	PL_U64 lost;	  /* not written, ever */
	PL_U64 gap_lost;  /* not written since the last record that was */
	PL_U64 gap_first; /* when that began */
	PL_U64 reserved_48[2];
	PL_U64 tail;
	PL_U64 reserved_72[7];
};

enum pl_thread_state {
	PL_STATE_NONE = 0, /* free */
	PL_STATE_RUNNING = 1,
	PL_STATE_WOKEN = 2, /* ready: just born (a woken thread stays BLOCKED until it runs) */
	PL_STATE_PREEMPTED = 3,
	PL_STATE_BLOCKED = 4,
	PL_STATE_DEAD = 5,
};

/* One per thread that is followed, mapped by user space, which only reads it. */
struct pl_slot {
	PL_U64 task; /* its task_struct: guards against a tid that changed hands */
	PL_U64 last; /* when it came into `state` */
	PL_U64 woken;
	PL_U32 waker;
	PL_U16 waker_cpu;
	PL_U8 waker_context;
	PL_U8 state; /* enum pl_thread_state */
	PL_U32 tid;
	PL_U32 tgid;
	PL_U32 block_epoch; /* in which the last PL_BLOCK was sent */
	PL_U16 cpu;
	PL_U16 syscall; /* of the last PL_BLOCK, as the fields below */
	PL_U64 arg0;
	PL_U64 arg1;
	PL_U64 inode; /* address of the inode behind the descriptor; or of the futex */
	PL_U32 holder;
	PL_U8 futex_kind;
	PL_U8 file_kind;
	PL_U8 begin_state; /* taken up in this enum pl_thread_state, and not announced yet */
	PL_U8 sequence;	   /* odd while the scheduler's program writes; with settings.checkpoints */
	PL_U64 nvcsw; /* the kernel's count at the last switch: tells which kind the next one is */
	PL_U64 runtime;		 /* the kernel's account of its CPU time at its last switch-out */
	PL_U64 scratch_of_waker; /* pointers that pass through memory come out as numbers */
	PL_U64 scratch;
	/* The wake-up that the one above took the place of: in between it ran unseen. */
	PL_U64 woken_before;
	PL_U32 waker_before;
	PL_U16 waker_cpu_before;
	PL_U8 waker_context_before;
	PL_U8 numbered_inside; /* in a pid namespace of its own, it has another number for itself */
	/* While the thread lives, the kernel's figures in here are those that we began with. */
	struct pl_totals totals;
};

#define PL_ASSERT(name, condition) _Static_assert(condition, name)
PL_ASSERT("a lane record is 32 bytes", sizeof(union pl_record) == PL_RECORD_SIZE);
PL_ASSERT("pl_switch", sizeof(struct pl_switch) == PL_RECORD_SIZE);
PL_ASSERT("pl_block", sizeof(struct pl_block) == PL_RECORD_SIZE);
PL_ASSERT("pl_wake", sizeof(struct pl_wake) == PL_RECORD_SIZE);
PL_ASSERT("pl_gap", sizeof(struct pl_gap) == PL_RECORD_SIZE);
PL_ASSERT("pl_resume", sizeof(struct pl_resume) == PL_RECORD_SIZE);
PL_ASSERT("pl_stack", sizeof(struct pl_stack) == PL_RECORD_SIZE);
PL_ASSERT("pl_sample", sizeof(struct pl_sample) == PL_RECORD_SIZE);
PL_ASSERT("pl_life_head", sizeof(struct pl_life_head) == 24);
PL_ASSERT("pl_life_task", sizeof(struct pl_life_task) == 104);
PL_ASSERT("pl_life_exec", sizeof(struct pl_life_exec) == 176);
PL_ASSERT("pl_life_exit", sizeof(struct pl_life_exit) == 32);
PL_ASSERT("pl_life_rename", sizeof(struct pl_life_rename) == 40);
PL_ASSERT("pl_life_signal", sizeof(struct pl_life_signal) == 96);
PL_ASSERT("pl_totals", sizeof(struct pl_totals) == 80);
PL_ASSERT("pl_life_totals", sizeof(struct pl_life_totals) == 120);
PL_ASSERT("pl_life_mark", sizeof(struct pl_life_mark) == 96);
PL_ASSERT("pl_life_memory", sizeof(struct pl_life_memory) == 72);
PL_ASSERT("pl_life_futex", sizeof(struct pl_life_futex) == 136);
PL_ASSERT("pl_life_moved", sizeof(struct pl_life_moved) == 56);
PL_ASSERT("pl_lane", sizeof(struct pl_lane) == 128);
PL_ASSERT("pl_slot", sizeof(struct pl_slot) == 208);

#endif
