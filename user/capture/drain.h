/* SPDX-License-Identifier: GPL-2.0-only */
/* drain.h - carrying records from the kernel side into the recording */
#ifndef CAPTURE_DRAIN_H
#define CAPTURE_DRAIN_H

#include <stdint.h>

#include "capture/kernel_side.h"
#include "recording/recording.h"

struct drain;
struct stacks;
struct lock_names;

/* Uses both for as long as it lives. 0 or -errno. */
int drain_new(struct kernel_side *side, struct recording_writer *writer, struct drain **ret);
/* Lanes are emptied and forgotten; life records are told and not kept. */
int drain_new_listener(struct kernel_side *side,
		       void (*heard)(void *context, const union pl_life *life), void *context,
		       struct drain **ret);
/* Whom to tell of programs and futexes from now on. */
void drain_name_locks(struct drain *drain, struct lock_names *names);
/* Whom to tell of waits that are too long. */
void drain_ring_bells(struct drain *drain,
		      void (*rung)(void *context, const struct pl_trigger_bell *bell),
		      void *context);
void drain_free(struct drain **drain);
/* Who is to be told of each life record as well. */
void drain_tell(struct drain *drain, struct stacks *stacks);

/* Readable when a ring has filled up to a quarter, so that it is time to fetch. */
int drain_fd(const struct drain *drain);
/* Fetches all there is. 0, or -errno of the recording: the target does not suffer from it, so that
 * the rings are emptied all the same. */
int drain_fetch(struct drain *drain);
/* After the end, and the last fetch of records: what was lost since the last one of each lane. */
int drain_pending_gaps(struct drain *drain, uint64_t end);
/* After the end: wake-ups of threads that have not run since. */
int drain_pending_wakes(struct drain *drain, uint64_t end);
/* After the end: signals that were counted, and not told of. */
int drain_pending_signals(struct drain *drain, uint64_t end);

/* Lane records so far, and lost ones; the time of the first life record (0 if none). */
uint64_t drain_records(const struct drain *drain);
uint64_t drain_lost(const struct drain *drain);
uint64_t drain_first_time(const struct drain *drain);

#endif
