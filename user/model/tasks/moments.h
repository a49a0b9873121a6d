/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * moments.h - the snapshots of a recording, one after another
 *
 * What the kernel kept of the target's tasks at some moments, beside the timeline, which says what
 * they did between those.
 */
#ifndef MODEL_MOMENTS_H
#define MODEL_MOMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vector.h"

struct model;
struct recording;
struct recording_error;
struct snapshot;

/* One snapshot, over the tasks that the recording follows. */
struct moment {
	uint64_t at; /* ns from the begin of the capture */
	unsigned int processes, tasks;
	unsigned int running, ready, blocked, stopped, zombies;
	uint64_t resident, open_files;
	uint64_t ran_ns, minor_faults, major_faults; /* of those that live then */
	uint64_t voluntary, involuntary;
};

struct moments {
	VECTOR(struct moment) items; /* in order of time */
	struct snapshot *last;	     /* the tasks that the recording does not follow are hidden */
};

/* NULL with 0 if there are none. 0 or -errno. */
int moments_build(struct recording *recording, const struct model *model, struct moments **ret,
		  struct recording_error *ret_error);
void moments_free(struct moments **moments);

#endif
