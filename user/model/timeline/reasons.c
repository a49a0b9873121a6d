// SPDX-License-Identifier: GPL-2.0-only
/* reasons.c - why a thread is blocked, from what the kernel side saw when it did */
#include <stdlib.h>
#include <string.h>

#include "model/timeline/reasons.h"

/* The kernel's task states and flags of system calls that tell cases apart; the same on all
 * architectures. */
#define TASK_UNINTERRUPTIBLE 0x2
#define TASK_WAKEKILL	     0x100 /* but a deadly signal wakes it */
#define TASK_STOPPED	     0x4
#define TASK_TRACED	     0x8
#define SETLKW		     7
#define OFD_SETLKW	     38
#define VFORK		     0x4000

/* What is known from the system call alone. */
enum call {
	CALL_OTHER = 0,
	CALL_CHILD,
	CALL_CLONE, /* waits for the child if it is a vfork */
	CALL_CLONE3,
	CALL_EVENT,
	CALL_EXIT,
	CALL_FCNTL,
	CALL_FILE_LOCK,
	CALL_FUTEX,
	CALL_FUTEX_VECTOR,
	CALL_MEMORY,
	CALL_PIPE, /* unless the descriptor says otherwise */
	CALL_POLL,
	CALL_POLL_COUNT0, /* a poll whose first argument is the number of descriptors */
	CALL_POLL_COUNT1, /* the second */
	CALL_SEMAPHORE,
	CALL_SIGNAL,
	CALL_SLEEP,
	CALL_SOCKET,
	CALL_STORAGE, /* waits for a disk if it cannot be interrupted */
};

struct call_rule {
	const char *name;
	enum call call;
};

/* By name, so that all architectures share them. Sorted: it is searched by halves. */
static const struct call_rule call_rules[] = {
	{"accept", CALL_SOCKET},
	{"accept4", CALL_SOCKET},
	{"access", CALL_STORAGE},
	{"brk", CALL_MEMORY},
	{"chdir", CALL_STORAGE},
	{"chmod", CALL_STORAGE},
	{"chown", CALL_STORAGE},
	{"clock_nanosleep", CALL_SLEEP},
	{"clone", CALL_CLONE},
	{"clone3", CALL_CLONE3},
	{"connect", CALL_SOCKET},
	{"creat", CALL_STORAGE},
	{"epoll_pwait", CALL_POLL},
	{"epoll_pwait2", CALL_POLL},
	{"epoll_wait", CALL_POLL},
	{"execve", CALL_STORAGE},
	{"execveat", CALL_STORAGE},
	{"exit", CALL_EXIT},
	{"exit_group", CALL_EXIT},
	{"faccessat", CALL_STORAGE},
	{"faccessat2", CALL_STORAGE},
	{"fallocate", CALL_STORAGE},
	{"fchmod", CALL_STORAGE},
	{"fchmodat", CALL_STORAGE},
	{"fchownat", CALL_STORAGE},
	{"fcntl", CALL_FCNTL},
	{"fdatasync", CALL_STORAGE},
	{"flock", CALL_FILE_LOCK},
	{"fstat", CALL_STORAGE},
	{"fsync", CALL_STORAGE},
	{"ftruncate", CALL_STORAGE},
	{"futex", CALL_FUTEX},
	{"futex_wait", CALL_FUTEX},
	{"futex_waitv", CALL_FUTEX_VECTOR},
	{"getdents", CALL_STORAGE},
	{"getdents64", CALL_STORAGE},
	{"io_getevents", CALL_EVENT},
	{"io_pgetevents", CALL_EVENT},
	{"io_uring_enter", CALL_EVENT},
	{"lchown", CALL_STORAGE},
	{"link", CALL_STORAGE},
	{"linkat", CALL_STORAGE},
	{"lstat", CALL_STORAGE},
	{"madvise", CALL_MEMORY},
	{"mkdir", CALL_STORAGE},
	{"mkdirat", CALL_STORAGE},
	{"mlock", CALL_MEMORY},
	{"mlock2", CALL_MEMORY},
	{"mlockall", CALL_MEMORY},
	{"mmap", CALL_MEMORY},
	{"mount", CALL_STORAGE},
	{"mprotect", CALL_MEMORY},
	{"mq_timedreceive", CALL_EVENT},
	{"mq_timedsend", CALL_EVENT},
	{"mremap", CALL_MEMORY},
	{"msgrcv", CALL_EVENT},
	{"msgsnd", CALL_EVENT},
	{"msync", CALL_STORAGE},
	{"munlock", CALL_MEMORY},
	{"munmap", CALL_MEMORY},
	{"nanosleep", CALL_SLEEP},
	{"newfstatat", CALL_STORAGE},
	{"open", CALL_STORAGE},
	{"openat", CALL_STORAGE},
	{"openat2", CALL_STORAGE},
	{"pause", CALL_SIGNAL},
	{"pkey_mprotect", CALL_MEMORY},
	{"poll", CALL_POLL_COUNT1},
	{"ppoll", CALL_POLL_COUNT1},
	{"pselect6", CALL_POLL_COUNT0},
	{"readlink", CALL_STORAGE},
	{"readlinkat", CALL_STORAGE},
	{"recvfrom", CALL_SOCKET},
	{"recvmmsg", CALL_SOCKET},
	{"recvmsg", CALL_SOCKET},
	{"rename", CALL_STORAGE},
	{"renameat", CALL_STORAGE},
	{"renameat2", CALL_STORAGE},
	{"rmdir", CALL_STORAGE},
	{"rt_sigsuspend", CALL_SIGNAL},
	{"rt_sigtimedwait", CALL_SIGNAL},
	{"select", CALL_POLL_COUNT0},
	{"semop", CALL_SEMAPHORE},
	{"semtimedop", CALL_SEMAPHORE},
	{"sendmmsg", CALL_SOCKET},
	{"sendmsg", CALL_SOCKET},
	{"sendto", CALL_SOCKET},
	{"splice", CALL_PIPE},
	{"stat", CALL_STORAGE},
	{"statfs", CALL_STORAGE},
	{"statx", CALL_STORAGE},
	{"symlink", CALL_STORAGE},
	{"symlinkat", CALL_STORAGE},
	{"sync", CALL_STORAGE},
	{"sync_file_range", CALL_STORAGE},
	{"syncfs", CALL_STORAGE},
	{"tee", CALL_PIPE},
	{"truncate", CALL_STORAGE},
	{"umount2", CALL_STORAGE},
	{"unlink", CALL_STORAGE},
	{"unlinkat", CALL_STORAGE},
	{"vfork", CALL_CHILD},
	{"vmsplice", CALL_PIPE},
	{"wait4", CALL_CHILD},
	{"waitid", CALL_CHILD},
};

static int compare_rules(const void *name, const void *rule)
{
	return strcmp(name, ((const struct call_rule *)rule)->name);
}

static enum call call_of(const char *name)
{
	const struct call_rule *rule;

	if (!name)
		return CALL_OTHER;
	rule = bsearch(name, call_rules, sizeof(call_rules) / sizeof(call_rules[0]),
		       sizeof(call_rules[0]), compare_rules);
	return rule ? rule->call : CALL_OTHER;
}

void reason_rules_init(struct reason_rules *rules, const char *arch)
{
	for (uint16_t number = 0; number < SYSCALL_NUMBERS; number++)
		rules->calls[number] = call_of(syscall_name(arch, number));
}

static enum reason reason_of_futex(uint8_t kind)
{
	switch (kind) {
	case PL_FUTEX_MUTEX:
	case PL_FUTEX_PI_MUTEX:
		return REASON_LOCK;
	case PL_FUTEX_CONDITION:
	case PL_FUTEX_REQUEUE_PI:
		return REASON_CONDITION;
	case PL_FUTEX_SEMAPHORE:
		return REASON_SEMAPHORE;
	case PL_FUTEX_JOIN:
		return REASON_JOIN;
	case PL_FUTEX_RWLOCK:
		return REASON_RWLOCK;
	case PL_FUTEX_BARRIER:
		return REASON_BARRIER;
	default:
		return REASON_FUTEX;
	}
}

static enum reason reason_of_file(uint8_t kind)
{
	switch (kind) {
	case PL_FILE_REGULAR:
	case PL_FILE_DIRECTORY:
	case PL_FILE_BLOCK:
		return REASON_DISK;
	case PL_FILE_PIPE:
		return REASON_PIPE;
	case PL_FILE_SOCKET:
		return REASON_SOCKET;
	case PL_FILE_TERMINAL:
		return REASON_TERMINAL;
	case PL_FILE_ANONYMOUS:
		return REASON_EVENT;
	default:
		return REASON_SYSCALL;
	}
}

/* What the call waits for whatever else is known; REASON_SYSCALL if that is open. */
static enum reason reason_of_call(enum call call, const struct pl_block *block, uint32_t state)
{
	uint32_t command = (uint32_t)block->arg1;

	switch (call) {
	case CALL_CHILD:
		return REASON_CHILD;
	case CALL_CLONE:
		/* Without the flag it waits for memory or a lock of the kernel. */
		return (state & TASK_UNINTERRUPTIBLE) && (block->arg0 & VFORK) ? REASON_CHILD
									       : REASON_SYSCALL;
	case CALL_CLONE3:
		/* The flags lie in memory; but only who waits for a child can be killed there. */
		return state & TASK_WAKEKILL ? REASON_CHILD : REASON_SYSCALL;
	case CALL_EVENT:
		return REASON_EVENT;
	case CALL_FCNTL:
		return command == SETLKW || command == OFD_SETLKW ? REASON_FILE_LOCK
								  : REASON_SYSCALL;
	case CALL_FILE_LOCK:
		return REASON_FILE_LOCK;
	case CALL_FUTEX:
	case CALL_FUTEX_VECTOR:
		return REASON_FUTEX;
	case CALL_POLL:
		return REASON_POLL;
	/* Waiting for one of no descriptors is how some programs spell sleeping. */
	case CALL_POLL_COUNT0:
		return (uint32_t)block->arg0 ? REASON_POLL : REASON_SLEEP;
	case CALL_POLL_COUNT1:
		return (uint32_t)block->arg1 ? REASON_POLL : REASON_SLEEP;
	case CALL_SEMAPHORE:
		return REASON_SEMAPHORE;
	case CALL_SIGNAL:
		return REASON_SIGNAL;
	case CALL_SLEEP:
		return REASON_SLEEP;
	case CALL_SOCKET:
		return REASON_SOCKET;
	default:
		return REASON_SYSCALL;
	}
}

static enum reason reason_of_block(enum call call, const struct pl_block *block, uint32_t state,
				   bool iowait)
{
	enum reason reason;

	if (block->syscall == PL_NO_SYSCALL)
		return REASON_PAGE_FAULT;
	if (block->futex_kind != PL_FUTEX_NONE)
		return reason_of_futex(block->futex_kind);
	reason = reason_of_call(call, block, state);
	if (reason != REASON_SYSCALL)
		return reason;
	if (iowait)
		return REASON_DISK;
	if (call == CALL_EXIT)
		return REASON_EXIT;
	if (call == CALL_MEMORY)
		return REASON_MEMORY;
	reason = reason_of_file(block->file_kind);
	if (reason != REASON_SYSCALL)
		return reason;
	if (call == CALL_PIPE)
		return REASON_PIPE;
	return call == CALL_STORAGE && (state & TASK_UNINTERRUPTIBLE) ? REASON_DISK
								      : REASON_SYSCALL;
}

static enum reason reason_from(enum call call, const struct pl_block *block, uint32_t prev_state,
			       bool iowait, bool kernel_thread)
{
	if (prev_state & (TASK_STOPPED | TASK_TRACED))
		return REASON_STOP;
	if (kernel_thread)
		return iowait ? REASON_DISK : REASON_IDLE;
	if (!block)
		return iowait ? REASON_DISK : REASON_UNKNOWN;
	return reason_of_block(call, block, prev_state, iowait);
}

static enum call call_by(const struct reason_rules *rules, const struct pl_block *block)
{
	return block->syscall < SYSCALL_NUMBERS ? rules->calls[block->syscall] : CALL_OTHER;
}

enum reason reason_by(const struct reason_rules *rules, const struct pl_block *block,
		      uint32_t prev_state, bool iowait, bool kernel_thread)
{
	return reason_from(block ? call_by(rules, block) : CALL_OTHER, block, prev_state, iowait,
			   kernel_thread);
}

enum reason reason_of(const char *arch, const struct pl_block *block, uint32_t prev_state,
		      bool iowait, bool kernel_thread)
{
	return reason_from(block ? call_of(syscall_name(arch, block->syscall)) : CALL_OTHER, block,
			   prev_state, iowait, kernel_thread);
}

uint64_t block_futex(const struct reason_rules *rules, const struct pl_block *block)
{
	if (block->syscall == PL_NO_SYSCALL || block->futex_kind == PL_FUTEX_VECTOR)
		return 0;
	if (block->futex_kind != PL_FUTEX_NONE || call_by(rules, block) == CALL_FUTEX)
		return block->arg0;
	return 0;
}

const char *reason_name(enum reason reason)
{
	static const char *const names[REASON_COUNT] = {
		[REASON_NONE] = "none",
		[REASON_LOCK] = "lock",
		[REASON_CONDITION] = "condition",
		[REASON_JOIN] = "join",
		[REASON_SEMAPHORE] = "semaphore",
		[REASON_RWLOCK] = "rwlock",
		[REASON_FUTEX] = "futex",
		[REASON_SLEEP] = "sleep",
		[REASON_PIPE] = "pipe",
		[REASON_SOCKET] = "socket",
		[REASON_POLL] = "poll",
		[REASON_DISK] = "disk",
		[REASON_TERMINAL] = "terminal",
		[REASON_CHILD] = "child",
		[REASON_SIGNAL] = "signal",
		[REASON_STOP] = "stop",
		[REASON_PAGE_FAULT] = "page fault",
		[REASON_FILE_LOCK] = "file lock",
		[REASON_IDLE] = "idle",
		[REASON_EXIT] = "exit",
		[REASON_EVENT] = "event",
		[REASON_SYSCALL] = "system call",
		[REASON_MEMORY] = "memory map",
		[REASON_UNKNOWN] = "unknown",
		[REASON_GIL] = "gil",
		[REASON_BARRIER] = "barrier",
	};

	return (unsigned int)reason < REASON_COUNT ? names[reason] : "unknown";
}
