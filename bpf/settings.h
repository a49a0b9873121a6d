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
	PL_U32 reserved;
};

struct pl_control {
	PL_U32 armed;	  /* tid whose exec begins the capture (`run`), 0 after it */
	PL_U32 wanted;	  /* process whose threads the task iterator takes up (`attach`) */
	PL_U32 epoch;	  /* raised: every thread tells its blocking place anew */
	PL_U32 next_slot; /* the first that was never used; slot 0 means "none" */
	PL_U64 untracked; /* threads that found no slot */
	PL_U64 lost_life; /* life records that found no room */
	PL_U64 end;	  /* non-zero: the capture ended then; the programs do nothing any more */
};

#endif
