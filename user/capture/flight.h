/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * flight.h - the flight recorder: the last part of a long watch, kept when it is worth it
 *
 * Everything is recorded into a ring in memory (recording/ring.h). A signal or a wait that is too
 * long has it written to a file of its own, by a thread beside the one that empties the kernel
 * side's buffers, so that the watch goes on meanwhile.
 */
#ifndef CAPTURE_FLIGHT_H
#define CAPTURE_FLIGHT_H

#include "capture/capture.h"
#include "capture/kernel_side.h"
#include "recording/recording.h"

struct flight;

int flight_new(const struct capture_options *options, struct flight **ret);
void flight_free(struct flight **flight);
/* Belongs to the flight recorder. */
struct recording_writer *flight_writer(struct flight *flight);
/* Everything is loaded, and nothing attached. `fetch` empties the kernel side's buffers, and
 * writes what waits. 0 or -errno, as all below. */
struct flight_begin {
	struct kernel_side *side;
	const struct stacks *stacks; /* or NULL */
	int (*fetch)(void *context);
	int (*picture)(void *context); /* a snapshot of the tasks, for a part's end */
	void *context;
};
int flight_begin(struct flight *flight, const struct flight_begin *begin);
/* What is due is done: a checkpoint, a part that was asked for. */
int flight_turn(struct flight *flight, uint64_t now);
/* How long that can wait. */
int flight_wait_ms(const struct flight *flight, uint64_t now, int most);
void flight_signal(struct flight *flight, int number);
void flight_bell(void *flight, const struct pl_trigger_bell *bell);
/* After the end: what is left becomes the recording. Takes over the fd. */
int flight_finish(struct flight *flight, int fd, uint64_t begin, uint64_t end);

#endif
