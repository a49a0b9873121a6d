/* SPDX-License-Identifier: GPL-2.0-only */
/* comparison.h - what is kept of a run that is compared with others; its model need not be kept */
#ifndef SHOW_COMPARISON_H
#define SHOW_COMPARISON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct model;
struct subjects;

/* One run. */
struct comparison_sample {
	bool has_status;
	uint32_t status;
	bool has_result, exact;
	int64_t expected, actual;
	uint64_t difference;
	uint64_t wall_ns;
	uint64_t elapsed_ns; /* of the part that the scenario is about, by its own clock; 0: not
				told */
	uint64_t cpu_ns;
	double parallelism;
	uint64_t switches_voluntary, switches_involuntary;
	uint64_t lock_waits, lock_wait_ns;
	size_t claims, claims_held, claims_undecided;
	uint64_t lost_records; /* of lanes and lives */
	bool lossless, complete;
	uint64_t others_ns;	   /* for which other programs kept it off the CPUs */
	char cause[240];	   /* why it took as long as it did, from the trace */
	struct subjects *subjects; /* what it is about: its tables of figures; or NULL */
};

/* Takes over what the model has to show besides. */
struct comparison_sample comparison_sample_of(struct model *model);
void comparison_sample_free(struct comparison_sample *sample);

/* A sentence without a full stop. */
void comparison_cause(const struct model *model, char *ret, size_t size);

uint64_t comparison_others_ns(const struct model *model);

#endif
