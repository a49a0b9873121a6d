/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * queue.h - stacks that are known, and still have to be named
 *
 * To name the first frame of a library can take longer than a program needs to start, as all of its
 * symbols are read. While new code is mapped, telling the kernel side where that lies comes first,
 * for until then it cannot follow the stacks there.
 */
#ifndef CAPTURE_STACK_QUEUE_H
#define CAPTURE_STACK_QUEUE_H

#include "base/vector.h"
#include "bpf/stacks.h"
#include "capture/stacks/code_maps.h"

struct waiting_frame {
	uint64_t address;
	bool is_code;
	struct mapped_code code; /* as it was mapped then */
};

struct waiting_stack {
	uint32_t id, stop, count;
	pid_t pid;
	bool python;
	struct waiting_frame *frames;
};

struct stack_queue {
	VECTOR(struct waiting_stack) list;
	uint64_t since; /* when the first one came, ns */
	bool urgent;
};

/* 0 or -ENOMEM. */
int stack_queue_add(struct stack_queue *queue, const struct pl_stack_frames *frames,
		    const struct code_space *space);
/* Whether it is time: no code was mapped for a while, or they have waited for long enough. */
bool stack_queue_is_due(const struct stack_queue *queue, uint64_t mapped);
void stack_queue_clear(struct stack_queue *queue);

#endif
