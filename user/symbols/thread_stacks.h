/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * thread_stacks.h - on whose stack an address lies
 *
 * The kernel tells where a thread's stack pointer is while it is blocked, one thread at a time. Of
 * a process with thousands of them that takes long, and is asked for lock after lock.
 */
#ifndef SYMBOLS_THREAD_STACKS_H
#define SYMBOLS_THREAD_STACKS_H

#include <stdint.h>
#include <sys/types.h>

#include "base/seldom.h"
#include "base/vector.h"

struct thread_stack {
	uint64_t pointer;
	pid_t tid;
};

/* All zero: nothing learnt. */
struct thread_stacks {
	pid_t pid; /* of which process */
	struct seldom seldom;
	VECTOR(struct thread_stack) items; /* by pointer */
};

/* The thread whose stack pointer is in [begin, end); 0: none, or not known. */
pid_t thread_stacks_find(struct thread_stacks *stacks, pid_t pid, uint64_t begin, uint64_t end);
void thread_stacks_free(struct thread_stacks *stacks);

#endif
