/* SPDX-License-Identifier: GPL-2.0-only */
/* writer_inside.h - what the files of the writer share, and nobody else */
#ifndef RECORDING_WRITER_INSIDE_H
#define RECORDING_WRITER_INSIDE_H

#include "recording/block.h"
#include "recording/codec.h"
#include "recording/life.h"
#include "recording/recording.h"
#include "recording/watch.h"

struct lane_buffer {
	size_t count;
	uint64_t time;	       /* of the last record */
	unsigned int attached; /* records in a row that wait for their switch */
	uint64_t written_time; /* of the last record that is in the file */
	uint64_t cuts;	       /* of the writer's that it has come past */
	union pl_record records[LANE_RECORDS_MAX];
};

/* A lane that has been silent for longer needs none of the older ones. */
#define CUTS_KEPT 8u

struct recording_writer {
	int fd;
	struct recording_ring *ring; /* where blocks go in place of a file, or NULL */
	uint64_t cuts[CUTS_KEPT];    /* times at which blocks end, the newest */
	uint64_t cut_count;
	int error; /* the first one, for ever */
	uint64_t bytes;
	struct block_end end;
	struct block_packer packer;
	struct lane_encoder *encoder;
	struct lane_buffer **lanes; /* by CPU, NULL until first used */
	size_t lane_count;
	struct life_buffer life;
	struct watch_buffer *watch; /* NULL until first used */
	char *notes;
	size_t notes_size, notes_capacity;
	uint32_t notes_count;
	struct stack_writer *stacks; /* NULL until first used */
	uint8_t *pcbs;		     /* of one snapshot, NULL until first used */
	size_t pcb_size;
	uint32_t pcb_count;
	uint64_t pcb_time;
};

/* Keeps the first error. */
int writer_fail(struct recording_writer *writer, int error);
int writer_block(struct recording_writer *writer, struct block_header *header,
		 const struct payload_piece *segments, size_t count);
/* With header and payload in one piece, from another writer. */
int writer_block_as_it_is(struct recording_writer *writer, const struct block_header *header,
			  size_t size);
/* A block of that lane follows which is complete. */
int writer_lane_before(struct recording_writer *writer, const struct block_header *header);
/* No block of a lane goes beyond this time from before it. Times do not run backwards. */
void writer_cut(struct recording_writer *writer, uint64_t time);
/* Writes out what a lane keeps: all but what waits for its switch. */
int writer_lane(struct recording_writer *writer, unsigned int cpu);
/* At the end: what waits for a switch that never came is left out. */
int writer_lane_rest(struct recording_writer *writer, unsigned int cpu);

#endif
