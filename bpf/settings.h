/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * settings.h - what user space tells the kernel side before it is loaded, and while it runs
 *
 * Settings lie in read-only data, so that the verifier knows their values and drops what they
 * switch off. The control block is shared memory.
 */
#ifndef PTRACE_LAB_SETTINGS_H
#define PTRACE_LAB_SETTINGS_H

#include "bpf/events.h"

struct pl_settings {
	PL_U32 lane_mask;     /* lane size in bytes, a power of two, less one record */
	PL_U32 slots;	      /* how many threads can be followed at once, and one more */
	PL_U32 tracer;	      /* our own process: it never appears */
	PL_U32 whole_machine; /* follow every thread there is */
	PL_U32 life_bytes;    /* size of the ring of life records */
	PL_U32 faults;	      /* count copy-on-write faults */
	PL_U32 no_locks; /* a futex wait is a system call like another: to measure what they cost */
	PL_U32 checkpoints; /* accounts are looked at while threads run (bpf/checkpoint.h) */
};

struct pl_control {
	PL_U32 armed;	   /* tid whose exec begins the capture (`run`), 0 after it */
	PL_U32 wanted;	   /* process whose threads the task iterator takes up (`attach`) */
	PL_U32 epoch;	   /* raised: every thread tells its blocking place anew */
	PL_U32 next_slot;  /* the first that was never used; slot 0 means "none" */
	PL_U64 untracked;  /* threads that found no slot */
	PL_U64 lost_life;  /* life records that found no room */
	PL_U64 end;	   /* non-zero: the capture ended then; the programs do nothing any more */
	PL_U64 lost_marks; /* marks that found no room */
	PL_U32 trigger_armed; /* the next wait that is too long rings the bell, and disarms */
	PL_U32 registers;     /* how far into its kernel stack a task's registers lie */
	PL_U64 trigger_hits;  /* waits that were too long, whether or not they rang */
};

/* Signals that are alike (bpf/signals.bpf.c). Each kind is told of in so many records, and then not
 * more often than every so many nanoseconds. */
#define PL_SIGNAL_FLOWS	   4096
#define PL_SIGNAL_RECORDS  16
#define PL_SIGNAL_PAUSE_NS 10000000ull

struct pl_signal_key {
	PL_U32 from; /* SENT: tid; DELIVERED: process */
	PL_U32 to;   /* SENT: process; DELIVERED: tid */
	PL_U8 step, number, result, action, source;
	PL_U8 reserved[3];
};

struct pl_signal_flow {
	PL_U64 told;	/* time of the last record */
	PL_U32 records; /* so far */
	PL_U32 waiting; /* signals that no record has spoken of yet */
};

#endif
