/* SPDX-License-Identifier: GPL-2.0-only */
/* gaps.h - when records are missing, of one CPU and of any */
#ifndef MODEL_GAPS_H
#define MODEL_GAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vector.h"

/* The first record that was lost, and when there was room again. */
struct gap_span {
	uint64_t first, time;
};

/* In order of time, apart from one another. */
typedef VECTOR(struct gap_span) span_vector;

struct gaps {
	span_vector any;
	VECTOR(span_vector) of_cpu;
};

#define NO_CPU UINT32_MAX

/* In the order of their `time`. 0 or -ENOMEM. */
int gaps_add(struct gaps *gaps, uint32_t cpu, uint64_t first, uint64_t time);
/* Whether records are missing that could have come from `since` to `until`, both included, on one
 * CPU or on any (NO_CPU); from the begin of the first such gap to the end of the last one (NULL:
 * that is of no interest). */
bool gaps_between(const struct gaps *gaps, uint32_t cpu, uint64_t since, uint64_t until,
		  struct gap_span *ret);
void gaps_free(struct gaps *gaps);

#endif
