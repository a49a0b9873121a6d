/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * codec.h - the records of one lane as columns
 *
 * Records are taken apart into a shape (what repeats: kind, flags, state) and numbers, each
 * written as its difference from what the lane, or the thread concerned, did before. Numbers of
 * one meaning lie together, so that zstd finds little but zeros and noise. FORMAT.md describes it
 * byte by byte.
 */
#ifndef RECORDING_CODEC_H
#define RECORDING_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "recording/block.h"

/* The columns of numbers, in the order in which they lie in the payload. */
enum lane_column {
	COLUMN_TIME,   /* SWITCH, WAKE, GAP, SAMPLE */
	COLUMN_TID,    /* SWITCH: prev; BLOCK, WAKE, STACK, SAMPLE: tid */
	COLUMN_NEXT,   /* SWITCH */
	COLUMN_WAKER,  /* SWITCH, WAKE */
	COLUMN_CPU,    /* SWITCH, WAKE: waker_cpu */
	COLUMN_READY,  /* SWITCH: ready_ns */
	COLUMN_HOLDER, /* BLOCK: holder; GAP: lost */
	COLUMN_FIRST,  /* BLOCK: arg0; WAKE: woken; GAP: first */
	COLUMN_SECOND, /* BLOCK: arg1; SAMPLE: period */
	COLUMN_STACK,  /* STACK: stack; SAMPLE: stack, kernel_stack */
	LANE_COLUMNS
};

/* Lanes without stacks have no more columns than these. */
#define LANE_COLUMNS_PLAIN COLUMN_STACK

/* The payload begins with this. */
struct lane_directory {
	uint16_t shapes;
	uint16_t columns; /* beyond the plain ones: 0, or 1 where there are stacks */
	uint32_t raw_records;
	uint32_t tails[LANE_COLUMNS]; /* bytes; as many as there are columns */
};

#define LANE_DIRECTORY_SIZE(columns)                                                               \
	(offsetof(struct lane_directory, tails) + (LANE_COLUMNS_PLAIN + (columns)) * 4u)

PL_ASSERT("lane_directory", LANE_DIRECTORY_SIZE(0) == 44);
PL_ASSERT("lane_directory with stacks", sizeof(struct lane_directory) == LANE_DIRECTORY_SIZE(1));

#define SHAPE_RAW	255u /* in the list of shapes: the record stands with the raw ones */
#define SHAPES_MAX	255u
#define NUMBER_TAIL_MAX 9u /* bytes beyond the first */
#define LANE_SEGMENTS	(3 + 2 * LANE_COLUMNS + 1)
/* No record takes more than its shape and itself, or its shape and five numbers. */
#define LANE_PAYLOAD_MAX                                                                           \
	(sizeof(struct lane_directory) + SHAPES_MAX * sizeof(uint64_t) + LANE_RECORDS_MAX * 40u)

struct lane_encoder;

struct lane_encoder *lane_encoder_new(void);
void lane_encoder_free(struct lane_encoder **encoder);

/* Encodes up to LANE_RECORDS_MAX records whose times do not run backwards, the first of them at
 * or after `first_time`. The segments belong to the encoder and hold until the next call. */
void lane_encode(struct lane_encoder *encoder, const union pl_record *records, size_t count,
		 uint64_t first_time, struct payload_piece ret_segments[LANE_SEGMENTS]);

/* Decodes into `records`, which has room for header->count of them. What is wrong with the payload
 * in words, or NULL. */
const char *lane_decode(const struct block_header *header, const void *payload,
			union pl_record *records);

/* The time of a record of a lane, which its order goes by. Returns 0 for a kind that has none or
 * is not known. */
static inline int record_has_time(const union pl_record *record)
{
	const unsigned int kinds =
		1u << PL_SWITCH | 1u << PL_WAKE | 1u << PL_GAP | 1u << PL_RESUME | 1u << PL_SAMPLE;

	return record->kind < 32 && kinds >> record->kind & 1;
}

/* What has no time of its own, but tells more of the PL_SWITCH that follows. */
static inline int record_is_attached(const union pl_record *record)
{
	return record->kind == PL_BLOCK || record->kind == PL_STACK;
}

/* So many at most belong to one PL_SWITCH: more in a row are refused by the writer. */
#define ATTACHED_MAX 8u

/* All kinds that have a time have it in the same place. */
static inline uint64_t record_time(const union pl_record *record)
{
	return record->sw.time;
}

PL_ASSERT("time, switch and wake",
	  offsetof(struct pl_switch, time) == offsetof(struct pl_wake, time));
PL_ASSERT("time, switch and resume",
	  offsetof(struct pl_switch, time) == offsetof(struct pl_resume, time));
PL_ASSERT("time, switch and gap",
	  offsetof(struct pl_switch, time) == offsetof(struct pl_gap, time));
PL_ASSERT("time, switch and sample",
	  offsetof(struct pl_switch, time) == offsetof(struct pl_sample, time));

#endif
