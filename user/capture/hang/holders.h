/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * holders.h - which other processes hold what a process waits for
 *
 * A lock in shared memory may be held by a process that nobody asked us to follow, and the circle
 * of a deadlock leads through it. Before the capture begins, the threads of the target that wait
 * for a shared futex are looked at by /proc, and so are those of the processes that hold what they
 * wait for, and so on. Nothing is stopped, and nothing is written.
 */
#ifndef CAPTURE_HOLDERS_H
#define CAPTURE_HOLDERS_H

#include <sys/types.h>

#include "base/vector.h"

struct holder {
	pid_t pid;
	pid_t waiter; /* the process that waits for it */
};

struct holders {
	VECTOR(struct holder) items; /* without the first process */
};

/* Only locks that have been waited for since some moments. What cannot be told is said on standard
 * error. 0 or -ENOMEM. */
int holders_find(pid_t first, struct holders *ret);
/* One sentence for each. */
void holders_tell(const struct holders *holders);
void holders_free(struct holders *holders);

#endif
