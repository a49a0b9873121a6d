/* SPDX-License-Identifier: GPL-2.0-only */
/* ring_inside.h - what the files of the ring share, and nobody else */
#ifndef RECORDING_RING_INSIDE_H
#define RECORDING_RING_INSIDE_H

#include <stdatomic.h>

#include "base/vector.h"
#include "recording/block.h"
#include "recording/ring.h"

/* As in the file, header and payload. Shared with parts that are being written. */
struct ring_block {
	atomic_uint users;
	size_t size;
	uint64_t bytes[]; /* aligned for the header */
};

typedef VECTOR(struct ring_block *) block_vector;

static inline const struct block_header *ring_block_header(const struct ring_block *block)
{
	return (const struct block_header *)block->bytes;
}

void ring_block_drop(struct ring_block **block);
void ring_blocks_drop(block_vector *blocks);

struct checkpoint {
	uint64_t time, until;
	struct ring_block *packed; /* bases and facts */
	size_t count, facts_size, raw_size;
};

struct ring_note_pair {
	char *key, *value;
};

typedef VECTOR(struct ring_note_pair) note_vector;
void ring_notes_free(note_vector *notes);

/* Where the futexes of a process lie is told once for each. */
struct futex_home {
	uint32_t tgid;
	uint64_t ended; /* 0: not yet */
	VECTOR(struct pl_life_futex) futexes;
};

struct recording_ring {
	struct ring_limits limits;
	block_vector blocks; /* what can be read from any checkpoint on, in the order of coming */
	block_vector tables; /* stacks */
	uint64_t bytes, table_bytes;
	uint64_t bytes_since; /* since the last checkpoint */
	VECTOR(struct checkpoint) checkpoints;
	bool cut; /* something has given way */
	note_vector notes;
	VECTOR(struct futex_home) homes;
};

/* A checkpoint, unpacked. */
struct bases {
	uint64_t time, until;
	struct pl_base *items; /* by tid */
	size_t count;
	void *facts;
	size_t facts_size;
};

struct ring_part {
	struct bases begin, end;
	bool has_end, cut;
	block_vector blocks, tables;
	note_vector notes;
	VECTOR(struct pl_life_futex) futexes;
};

/* As of when the account of a thread is. */
static inline uint64_t base_time(const struct bases *bases, const struct pl_base *base)
{
	uint64_t last = base->task.head.time;

	return last > bases->time ? last : bases->time;
}

const struct pl_base *bases_find(const struct bases *bases, uint32_t tid);
/* The account as of base_time(). */
struct pl_totals base_totals(const struct bases *bases, const struct pl_base *base);

struct birth {
	uint32_t tid;
	uint64_t time;
};

typedef VECTOR(struct birth) birth_vector;

/* What of the records in the small blocks beside a checkpoint belongs to the part. */
struct ring_filter {
	const struct bases *begin; /* NULL: everything */
	const struct bases *end;
	birth_vector born;   /* beside `begin`, by tid */
	birth_vector unborn; /* beside `end`: they are no part of it */
};

void births_sort(birth_vector *births);
bool filter_keeps(const struct ring_filter *filter, uint32_t tid, uint64_t time);
/* Takes out of `records` what does not; how many are left. */
size_t filter_lane(const struct ring_filter *filter, union pl_record *records, size_t count);

#endif
