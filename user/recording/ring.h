/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ring.h - the last part of a capture that goes on for hours, in memory
 *
 * A writer without a file puts its blocks into a ring, where the oldest give way. LANE, LIFE, PCB
 * and WATCH blocks can be read on their own; what they need besides is kept at checkpoints: how
 * each thread stood at that moment, from the kernel side's accounts. So what begins at a checkpoint
 * is a whole recording. Notes are kept by key, and stacks as long as the capture lasts.
 *
 * A checkpoint takes a while, in which threads go on: it has the moment from which it holds, and
 * the one when the last account was read. Each account is as of the later of that first moment and
 * the thread's last switch: what a lane tells of the thread up to then is in its account already.
 * Blocks are cut at both moments, so that only small ones need a look at each record.
 */
#ifndef RECORDING_RING_H
#define RECORDING_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/checkpoint.h"
#include "recording/recording.h"

struct block_header;
struct recording_ring;

struct ring_limits {
	uint64_t duration; /* ns of which all is kept at least; 0: as much as there is room for */
	uint64_t bytes;	   /* there are never many more */
};

/* How many parts a ring has: at each begin of one is a checkpoint. */
#define RING_PARTS 8

struct ring_checkpoint {
	uint64_t time, until;
	const struct pl_base *bases; /* by process, its first thread first */
	size_t count;
	const void *facts; /* of the caller's, given back with the part that begins here */
	size_t facts_size;
};

int recording_ring_new(const struct ring_limits *limits, struct recording_ring **ret);
void recording_ring_free(struct recording_ring **ring);
/* Uses the ring for as long as it lives; it is abandoned, never finished. */
int recording_writer_new_ring(struct recording_ring *ring, struct recording_writer **ret);
/* Whether it is time for the next one. */
bool recording_ring_is_due(const struct recording_ring *ring, uint64_t now);
/* Everything before `time` must have been written, as far as it has come; copies what it is given.
 * The writer must be that of the ring. */
int recording_ring_checkpoint(struct recording_ring *ring, struct recording_writer *writer,
			      const struct ring_checkpoint *checkpoint);
/* Blocks and checkpoints that are kept now; stacks. */
uint64_t recording_ring_bytes(const struct recording_ring *ring);
uint64_t recording_ring_stack_bytes(const struct recording_ring *ring);

/* ---- a part that is to be kept ----------------------------------------------------------------
 */

/* Shares its blocks with the ring: may be written by another thread while the ring goes on. */
struct ring_part;

/* What is kept from a checkpoint that leaves `duration` (0: from the first) to the last checkpoint,
 * or to the end of all if `to_end`. All must have been written. -ENODATA: there is nothing yet. */
int recording_ring_take(struct recording_ring *ring, uint64_t duration, bool to_end,
			struct ring_part **ret);
void ring_part_free(struct ring_part **part);
uint64_t ring_part_begin(const struct ring_part *part);
uint64_t ring_part_end(const struct ring_part *part); /* 0: that of all */
/* Whether anything came before it. */
bool ring_part_is_cut(const struct ring_part *part);
const void *ring_part_facts(const struct ring_part *part, size_t *ret_size);
/* An ordinary recording. Takes over the fd. `note` adds further notes. */
int ring_part_write(const struct ring_part *part, int fd,
		    int (*note)(struct recording_writer *writer, void *context), void *context);

/* ---- for the writer ----------------------------------------------------------------------------
 */

int ring_add_block(struct recording_ring *ring, const struct block_header *header,
		   const void *bytes, size_t size);
int ring_note(struct recording_ring *ring, const char *key, const char *value);
int ring_hear(struct recording_ring *ring, const union pl_life *life);

#endif
