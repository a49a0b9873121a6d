/* SPDX-License-Identifier: GPL-2.0-only */
/* reasons.h - why a thread is blocked, in a word */
#ifndef MODEL_REASONS_H
#define MODEL_REASONS_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/events.h"

/* Append-only: the numbers are in JSON reports. */
enum reason {
	REASON_NONE = 0, /* not blocked */
	REASON_LOCK = 1,
	REASON_CONDITION = 2,
	REASON_JOIN = 3,
	REASON_SEMAPHORE = 4,
	REASON_RWLOCK = 5,
	REASON_FUTEX = 6, /* a futex that is none of these */
	REASON_SLEEP = 7,
	REASON_PIPE = 8,
	REASON_SOCKET = 9,
	REASON_POLL = 10,
	REASON_DISK = 11,
	REASON_TERMINAL = 12,
	REASON_CHILD = 13,
	REASON_SIGNAL = 14, /* waits for one */
	REASON_STOP = 15,   /* stopped by one, or by a debugger */
	REASON_PAGE_FAULT = 16,
	REASON_FILE_LOCK = 17,
	REASON_IDLE = 18,    /* a kernel thread without work */
	REASON_EXIT = 19,    /* waits for other threads while it ends */
	REASON_EVENT = 20,   /* eventfd, timerfd, signalfd, io_uring, a message queue */
	REASON_SYSCALL = 21, /* something else: the system call says it */
	REASON_UNKNOWN = 22,
	REASON_MEMORY = 23,  /* the process's memory map, held by another of its threads */
	REASON_GIL = 24,     /* the lock of the Python interpreter */
	REASON_BARRIER = 25, /* waits until enough others have come */
	REASON_COUNT
};

/* "lock", "page fault", ... */
const char *reason_name(enum reason reason);

/* What the kernel side saw when the thread blocked -> the reason. `prev_state` and `iowait` come
 * from the PL_SWITCH; `block` is NULL if nothing is known; `arch` is uname's machine. */
enum reason reason_of(const char *arch, const struct pl_block *block, uint32_t prev_state,
		      bool iowait, bool kernel_thread);

/* The same for many events: what an architecture's system calls mean, looked up by name once, so
 * that each event takes constant time. */
#define SYSCALL_NUMBERS 512
struct reason_rules {
	uint8_t calls[SYSCALL_NUMBERS];
};

void reason_rules_init(struct reason_rules *rules, const char *arch);
enum reason reason_by(const struct reason_rules *rules, const struct pl_block *block,
		      uint32_t prev_state, bool iowait, bool kernel_thread);
/* The address of the one futex that is waited on, 0 if it is none or several. */
uint64_t block_futex(const struct reason_rules *rules, const struct pl_block *block);

/* "read", or NULL if the table of that architecture (x86_64, aarch64) has no such number. */
const char *syscall_name(const char *arch, uint16_t number);

#endif
