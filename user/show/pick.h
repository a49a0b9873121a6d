/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pick.h - which threads get a line of their own when there are more than fit
 *
 * Threads that are many of a kind (their names differ in digits only) are told by the two that
 * stand out, and one line for the others together. Nobody is left out: what has no line of its own
 * is in a line for several.
 */
#ifndef SHOW_PICK_H
#define SHOW_PICK_H

#include "show/derive.h"

struct pick {
	uint32_t thread;	       /* index, or NO_THREAD: several together */
	uint32_t process;	       /* index, or NO_THREAD: of several processes */
	char pattern[PL_COMM_LEN + 1]; /* several: their name with * for digits; "" if it differs */
	struct sums sums;
	uint32_t main_reason;	/* several: thread index with the longest single kind of waiting */
	uint64_t rank;		/* of the process, for the order */
	struct bar_cell *cells; /* several: BAR_CELLS of them, added up */
};

struct picks {
	VECTOR(struct pick) items; /* in the order to show */
};

/* 0 or -ENOMEM. */
int picks_of(const struct model *model, unsigned int limit, struct picks *ret);
void picks_free(struct picks *picks);

#endif
