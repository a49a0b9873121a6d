/* SPDX-License-Identifier: GPL-2.0-only */
/* notes.h - what a capture writes into the recording beside the records */
#ifndef CAPTURE_NOTES_H
#define CAPTURE_NOTES_H

#include "capture/capture.h"
#include "capture/kernel_side.h"
#include "capture/stacks/stacks.h"
#include "recording/recording.h"

/* Failures are the writer's to keep. */
void notes_of_begin(struct recording_writer *writer, const struct capture_options *options,
		    pid_t target);

/* What a scenario said of its result; `prefix` goes before each name. */
void notes_of_facts(struct recording_writer *writer, const char *prefix, int fd);

struct notes_end {
	uint64_t begin, end;
	bool has_status;
	int status;
	int result_fd; /* a scenario's facts, or -1 */
	struct kernel_side *side;
	const struct stacks *stacks; /* or NULL */
	bool of_part;		     /* the rest is noted with the part (--ring) */
};

void notes_of_end(struct recording_writer *writer, const struct notes_end *end);

/* What the kernel side has counted so far. NULL: no memory. */
struct notes_counters;
struct notes_counters *notes_count(struct kernel_side *side, const struct stacks *stacks,
				   size_t *ret_size);
/* What of it came after `before`. */
void notes_since(struct notes_counters *now, const struct notes_counters *before);
/* CLOCK_REALTIME at a moment of CLOCK_MONOTONIC. */
uint64_t notes_realtime(uint64_t begin);

/* A part of a longer watch (capture/flight.h). */
struct notes_part {
	bool is_cut;
	uint64_t watch_begin, begin, end, realtime;
	const char *asked; /* --ring */
	char why[192];
	struct notes_counters *counters;
	size_t size;
};

int notes_of_part(struct recording_writer *writer, void *part);

#endif
