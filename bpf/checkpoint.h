/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * checkpoint.h - how every thread stands, in the midst of a capture; and waits that are too long
 *
 * For the flight recorder: what it keeps can begin at a checkpoint, as a capture can begin with
 * threads that are there already. None of it is loaded without --ring.
 */
#ifndef PTRACE_LAB_CHECKPOINT_H
#define PTRACE_LAB_CHECKPOINT_H

#include "bpf/events.h"

/* One thread, as of `task.head.time`: its last change of state. */
struct pl_base {
	struct pl_life_task task; /* with the place where it blocks, or blocked last */
	struct pl_totals totals;  /* up to that moment; kernel_runtime: at its last switch-out */
	PL_U64 woken;		  /* BLOCKED: when it was woken, 0: not yet */
	PL_U32 cow_faults;
	PL_U8 state;  /* enum pl_thread_state */
	PL_U8 unsure; /* it changed while it was looked at */
	PL_U16 cpu;   /* where it ran last, 0xffff: nowhere yet */
	PL_U32 waker; /* with `woken` */
	PL_U16 waker_cpu;
	PL_U8 waker_context;
	PL_U8 reserved;
};

enum pl_trigger_kind {
	PL_TRIGGER_READY = 1,	/* waited for a CPU */
	PL_TRIGGER_LOCK = 2,	/* waited for a lock */
	PL_TRIGGER_SYSCALL = 3, /* was blocked in a system call */
};

#define PL_TRIGGERS 8

struct pl_trigger {
	PL_U64 at_least; /* ns */
	PL_U32 kind;	 /* enum pl_trigger_kind; 0: none */
	PL_U32 syscall;	 /* SYSCALL: its number */
};

struct pl_trigger_settings {
	struct pl_trigger triggers[PL_TRIGGERS];
};

/* Of a slot's thread: a part has been written since the wait that began then was too long. */
struct pl_wait_told {
	PL_U64 since;	 /* pl_slot.last */
	PL_U32 triggers; /* a bit for each by which it was */
	PL_U32 reserved;
};

/* A BELL that says why. */
struct pl_trigger_bell {
	struct pl_life_head head; /* the thread, and when its wait was over or seen to last */
	PL_U64 waited;
	PL_U32 index; /* of the trigger */
	PL_U32 lasts; /* 1: the wait is not over */
	char comm[PL_COMM_LEN];
};

PL_ASSERT("pl_wait_told", sizeof(struct pl_wait_told) == 16);
PL_ASSERT("pl_base", sizeof(struct pl_base) == 208);
PL_ASSERT("pl_trigger_bell", sizeof(struct pl_trigger_bell) == 56);

#endif
