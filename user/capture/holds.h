/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * holds.h - --locks=all: probes in the C library, for locks that nobody waits for too
 *
 * They are hit in every process that uses the same file, the tracer's own included; only the
 * target's threads are counted.
 */
#ifndef CAPTURE_HOLDS_H
#define CAPTURE_HOLDS_H

#include "capture/kernel_side.h"
#include "recording/recording.h"

struct holds;

struct holds_request {
	const char *program; /* that is to be run, NULL if none; or: */
	int program_fd;	     /* the same, -1: none */
	pid_t pid;	     /* that runs already, 0: none */
};

/* An exit status, after a sentence if it is not EXIT_OK. */
int holds_begin(const struct holds_request *request, struct kernel_side *side, struct holds **ret);
/* After the end of the capture: what was counted goes into the recording. */
void holds_note(const struct holds *holds, struct recording_writer *writer);
void holds_free(struct holds **holds);

#endif
