/* SPDX-License-Identifier: GPL-2.0-only */
/* notes.h - what a capture writes into the recording beside the records */
#ifndef CAPTURE_NOTES_H
#define CAPTURE_NOTES_H

#include "capture/capture.h"
#include "capture/kernel_side.h"
#include "capture/stacks.h"
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
};

void notes_of_end(struct recording_writer *writer, const struct notes_end *end);

#endif
