/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reader.h - a recording that is open for reading
 *
 * reader.c opens the file; scan.c looks through the headers of all blocks once and sorts the blocks
 * into sources; merge.c then reads these, one unpacked block of each at a time.
 */
#ifndef RECORDING_READER_H
#define RECORDING_READER_H

#include <stdbool.h>
#include <stdint.h>
#include <zstd.h>

#include "base/vector.h"
#include "recording/block.h"
#include "recording/notes.h"
#include "recording/recording.h"

struct stack_store;

struct block_place {
	uint64_t offset; /* of the header in the file */
	uint64_t number; /* among all blocks */
	struct block_header header;
};

/* Blocks that follow one another in time: those of a lane, or LIFE blocks that do not overlap. */
struct source {
	bool is_life;
	unsigned int cpu;
	VECTOR(struct block_place) blocks;
	size_t block;	/* the one that is being read */
	bool is_loaded; /* it is unpacked below, and the heap knows the time of its next item */
	void *unpacked; /* lane: union pl_record; life: as in the file */
	size_t capacity;
	size_t at, end; /* lane: records; life: bytes */
};

/* Ordered by time, then rank: life before lanes, in the order of the file; lanes by CPU. */
struct heap_entry {
	uint64_t time;
	uint64_t rank;
	struct source *source;
};

struct recording {
	int fd;
	char name[160]; /* for messages */
	uint64_t size;
	bool complete;
	uint64_t first_time, last_time;
	struct notes notes;
	struct stack_store *stacks;

	VECTOR(struct source) lanes;
	uint32_t *lane_of_cpu; /* index + 1 */
	VECTOR(struct source) lives;
	VECTOR(struct block_place) pcbs; /* in the order of the file, which is that of time */
	VECTOR(struct block_place) watches;
	struct block_end seen; /* to compare with what the END block says */

	/* Where the file cannot be understood any more: told when all before it has been read. */
	const char *fault;
	uint64_t fault_offset;
	int fault_error;

	ZSTD_DCtx *zstd;
	void *stored, *raw;
	size_t stored_capacity, raw_capacity;

	struct heap_entry *heap;
	size_t heap_count;
	bool delivered;	     /* the first of the heap has been given out: go on before the next */
	struct source *lane; /* whose record that was; NULL: nobody's */
	uint64_t others;     /* up to then only that lane has items */
	int error;	     /* of recording_next, until a rewind */
	struct recording_error error_text;
};

/* Fills in `ret` (may be NULL) and returns `error`. */
__attribute__((format(printf, 3, 4))) int recording_fail(struct recording_error *ret, int error,
							 const char *format, ...);
/* A fault at a place in the file, in words. */
int recording_fail_at(const struct recording *recording, struct recording_error *ret, int error,
		      uint64_t offset, const char *fault);

/* All of `size` bytes; -EBADMSG if the file ends before. */
int recording_pread(const struct recording *recording, void *data, size_t size, uint64_t offset);

/* Reads and checks one block. The payload is in recording->raw, aligned for any type, followed by
 * some zeros. On failure `ret_fault` says what is wrong. */
int recording_load(struct recording *recording, const struct block_place *place,
		   const char **ret_fault);

/* Sorts the blocks into sources, up to the end or to where the file cannot be understood, which
 * recording->fault then says. */
void recording_scan(struct recording *recording);

#endif
