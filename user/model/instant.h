/* SPDX-License-Identifier: GPL-2.0-only */
/* instant.h - what every thread was doing at one moment of a recording */
#ifndef MODEL_INSTANT_H
#define MODEL_INSTANT_H

#include "model/model.h"

struct instant_thread {
	uint32_t tid, tgid;
	char name[PL_COMM_LEN + 1];
	struct interval interval; /* the one that the moment lies in */
	uint64_t ran_ns;	  /* up to the moment */
};

struct instant {
	uint64_t begin, time, end;	       /* of the capture, the moment, of the capture */
	VECTOR(struct instant_thread) threads; /* those that lived; by process and tid */
};

/* `at` counts from the begin of the capture. 0, -ERANGE if the capture was not that long, or
 * another -errno with `ret_error` filled in. */
int instant_build(struct recording *recording, uint64_t at, struct instant *ret,
		  struct recording_error *ret_error);
void instant_free(struct instant *instant);

#endif
