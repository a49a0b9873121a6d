/* SPDX-License-Identifier: GPL-2.0-only */
/* totals.h - the kernel side's own account of each thread, against what the stream says */
#ifndef MODEL_TOTALS_H
#define MODEL_TOTALS_H

#include "model/tasks/population.h"

/*
 * Where both say the same the thread is marked so. Where they differ and records were lost, the
 * kernel side is right: its figures replace the stream's, and the reasons are made to add up to
 * the blocked time again (what is missing has no known reason; what is too much goes from the
 * longest). Returns the number of threads that differ although nothing was lost, whose figures
 * stay as they are. An account that does not add up, or reaches beyond the capture, is no account.
 */
struct totals_bounds {
	uint64_t begin, end; /* of the capture */
	bool lost;	     /* whether any records are known to be missing */
};

uint64_t totals_reconcile(struct population *population, const struct totals_bounds *bounds);

#endif
