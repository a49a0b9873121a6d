/* SPDX-License-Identifier: GPL-2.0-only */
/* instant.h - what every thread was doing at one moment of a recording */
#ifndef MODEL_INSTANT_H
#define MODEL_INSTANT_H

#include "model/model.h"
#include "model/causes/wait_graph.h"

struct instant_thread {
	uint32_t tid, tgid;
	char name[PL_COMM_LEN + 1];
	struct interval interval; /* the one that the moment lies in */
	uint64_t ran_ns;	  /* up to the moment */
	/* Where it waits, as far as stacks were kept: the innermost function that is the program's
	 * own; "" if not known. The recording's. */
	const char *function, *file;
	uint32_t line;
};

/* What is waited for, with names. */
struct instant_lock {
	struct awaited awaited; /* but who holds it stands below */
	const char *name;	/* the recording's; NULL: not known */
	uint32_t tgid;
	char process[PL_COMM_LEN + 1];
	uint32_t holder; /* index into threads; NO_THREAD: not known, or it had ended */
};

struct instant_wait {
	uint32_t thread; /* index into threads */
	uint32_t lock;	 /* index into locks */
	uint32_t circle; /* from 1 on; 0: of none */
};

struct instant {
	uint64_t begin, time, end;	       /* of the capture, the moment, of the capture */
	VECTOR(struct instant_thread) threads; /* those that lived; by process and tid */
	VECTOR(struct instant_lock) locks;     /* that were waited for */
	VECTOR(struct instant_wait) waits;     /* by lock */
	uint32_t circles;
};

/* The last moment of the capture. */
#define INSTANT_END UINT64_MAX

/* `at` counts from the begin of the capture. 0, -ERANGE if the capture was not that long, or
 * another -errno with `ret_error` filled in. */
int instant_build(struct recording *recording, uint64_t at, struct instant *ret,
		  struct recording_error *ret_error);
void instant_free(struct instant *instant);

#endif
