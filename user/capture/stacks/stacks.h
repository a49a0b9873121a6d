/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stacks.h - user stacks from the kernel side into the recording
 *
 * The kernel side tells each stack once, as addresses; here they become places in modules, with
 * names, while the process lives. Where a table came too late, the kernel side sends a copy of the
 * memory, which is unwound here by the same rules.
 */
#ifndef CAPTURE_STACKS_H
#define CAPTURE_STACKS_H

#include <stdint.h>
#include <sys/types.h>

#include "capture/kernel_side.h"
#include "recording/recording.h"
#include "symbols/names.h"

struct ring_buffer;
struct stacks;

/* What the tests look at: a stack as the kernel side unwound it, beside a copy of its memory. */
typedef void stacks_observer(void *context, const struct pl_stack_copy *copy,
			     const struct pl_stack_frames *frames);

struct stacks_options {
	struct names_options names;
	stacks_observer *observer; /* with PL_STACKS_ORACLE; or NULL */
	void *observer_context;
};

/* Uses side and writer for as long as it lives. 0 or -errno. */
int stacks_new(struct kernel_side *side, struct recording_writer *writer,
	       const struct stacks_options *options, struct stacks **ret);
void stacks_free(struct stacks **stacks);
/* Is readable together with this set when there is something to fetch. 0 or -errno. */
int stacks_watch(struct stacks *stacks, int epoll_fd);

/* The target's program, if that is a file without a name; it stays open meanwhile. */
void stacks_know(struct stacks *stacks, int fd);
/* A file that the target will execute: its table is made before it does. */
void stacks_prepare(struct stacks *stacks, const char *program);
/* This process and its descendants are the target. */
void stacks_follow(struct stacks *stacks, pid_t pid);
/* Of every life record: processes begin with the memory of others. */
void stacks_life(struct stacks *stacks, const union pl_life *life);
/* Fetches all there is; names may follow later. 0, or the recording's -errno. */
int stacks_fetch(struct stacks *stacks);
/* The same, names included. */
int stacks_finish(struct stacks *stacks);

struct stacks_account {
	uint64_t written; /* different stacks */
	uint64_t copied;  /* of them unwound here */
	uint64_t lost;	  /* that found no room */
	uint64_t walked;  /* how often the kernel side went up frame by frame */
	uint64_t known;	  /* and how often it recognised a stack */
	uint64_t tables;  /* bytes */
};

void stacks_account(const struct stacks *stacks, struct stacks_account *ret);

#endif
