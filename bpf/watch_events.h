/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * watch_events.h - what the kernel side tells of accesses to watched variables
 *
 * A processor's watchpoint traps after the instruction that touched the variable. What is told is
 * what can be known at that moment; which value an instruction wrote is worked out of it in user
 * space (symbols/instruction.h).
 */
#ifndef PTRACE_LAB_WATCH_EVENTS_H
#define PTRACE_LAB_WATCH_EVENTS_H

#include "bpf/events.h"

#define PL_WATCHES	  4 /* what the processor has */
#define PL_WATCH_LOCKS	  8 /* locks whose owner is looked at on each access */
#define PL_WATCH_REGISTER 16
#define PL_WATCH_UNKNOWN  0xffffffffu

enum pl_watch_flags {
	PL_WATCH_FULL = 1 << 0,	  /* a struct pl_watch_full */
	PL_WATCH_KERNEL = 1 << 1, /* a system call touched it */
	PL_WATCH_BLIND = 1 << 2,  /* `seen` could not be read */
	PL_WATCH_ZERO = 1 << 3,	  /* the zero flag: whether a compare-and-exchange exchanged */
};

struct pl_watch_hit {
	PL_U64 time; /* after the access had reached all CPUs, and before `seen` was read */
	PL_U32 tid;
	PL_U32 tgid;
	PL_U16 cpu;
	PL_U8 watch; /* index */
	PL_U8 flags; /* enum pl_watch_flags */
	PL_U8 locks; /* bit n: the thread was lock n's owner */
	PL_U8 reserved_21;
	PL_U16 seen_ns; /* `seen` was read within so many ns after `time`; 0xffff: or later */
	PL_U32 ran_ns;	/* the thread had had this CPU for so long, or PL_WATCH_UNKNOWN */
	PL_U32 stack;	/* id; 0: none was asked for, or it found no room */
	PL_U64 ip;	/* of the instruction that follows */
	PL_U64 seen;
	PL_U64 operand; /* the register that the instruction at `ip` is known to need; or 0 */
};

/* The registers in the order of their numbers in machine code: ax cx dx bx sp bp si di r8... */
struct pl_watch_full {
	struct pl_watch_hit hit;
	PL_U64 registers[PL_WATCH_REGISTER];
};

/* Shared memory. */
struct pl_watch_control {
	PL_U64 start_stack; /* which address space: the kernel puts it elsewhere at each exec */
	PL_U64 limit;	    /* accesses to be told */
	PL_U64 hits;	    /* accesses so far, those beyond the limit included */
	PL_U64 foreign;	    /* of other address spaces that use the same address */
	PL_U64 lost;	    /* within the limit, but there was no room */
	PL_U32 hold;	    /* tid that is to be stopped as soon as it has executed a program */
	PL_U32 lock_count;
	PL_U32 reads; /* bit n: of watch n reads trap as well, and so would our own */
	PL_U32 reserved;
	PL_U64 addresses[PL_WATCHES];
	PL_U32 sizes[PL_WATCHES];
	PL_U64 owners[PL_WATCH_LOCKS]; /* addresses of words that hold the owner's tid */
};

PL_ASSERT("pl_watch_hit", sizeof(struct pl_watch_hit) == 56);
PL_ASSERT("pl_watch_full", sizeof(struct pl_watch_full) == 184);

#endif
