/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * snapshots.h - the control blocks of tasks, as they were at some moments of a recording
 *
 * The records are those of bpf/pcb/pcb.h; what they mean is for the model to say.
 */
#ifndef RECORDING_SNAPSHOTS_H
#define RECORDING_SNAPSHOTS_H

#include <stddef.h>
#include <stdint.h>

struct pl_pcb_head;
struct recording;
struct recording_error;
struct recording_writer;

/* One record of the snapshot that began at `time`: all of one snapshot, then all of the next, each
 * later than the one before it. 0 or -errno. */
int recording_write_pcb(struct recording_writer *writer, uint64_t time,
			const struct pl_pcb_head *record);

/* How many snapshots there are, and when they were taken. */
size_t recording_snapshots(const struct recording *recording);
uint64_t recording_snapshot_time(const struct recording *recording, size_t index);
/* Hands over the records of one, until `take` returns other than 0. 0, what `take` returned, or
 * -errno with `ret_error` (may be NULL) filled in. */
int recording_read_snapshot(struct recording *recording, size_t index,
			    int (*take)(void *context, const void *record, size_t size),
			    void *context, struct recording_error *ret_error);

#endif
