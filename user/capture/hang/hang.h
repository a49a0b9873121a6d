/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hang.h - finding a deadlock while it is there
 *
 * The kernel side's accounts of the threads lie in shared memory, with the place where each is
 * blocked and the holder that was read then. That is enough to find a circle without having
 * captured anything before; each holder is then read again in the process's memory, as it may have
 * changed since. Nothing is stopped, and nothing is written.
 */
#ifndef CAPTURE_HANG_H
#define CAPTURE_HANG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vector.h"
#include "capture/kernel_side.h"
#include "capture/lock_names.h"

/* Waits for each other: the first for the second, and so on, the last for the first. */
struct hang_member {
	uint32_t tid, tgid;
	uint32_t holder; /* tid */
	uint8_t kind;	 /* enum pl_futex_kind */
	uint64_t address;
	uint64_t since; /* as far as we know */
};

struct hang {
	VECTOR(struct hang_member) members; /* none: no deadlock */
};

/* Looks for one among threads that have been blocked since `before` or longer. 0 or -ENOMEM. */
int hang_find(struct kernel_side *side, uint64_t before, struct hang *ret);
/* Whether all of it is still as it was. */
bool hang_persists(struct kernel_side *side, const struct hang *hang);
/* One sentence for each thread, on standard error. */
void hang_tell(const struct hang *hang, struct lock_names *names);
/* "left (123)", by the name that it has now. */
struct hang_label {
	char text[96];
};

struct hang_label hang_label(const struct hang_member *member, uint32_t tid);
void hang_free(struct hang *hang);

#endif
