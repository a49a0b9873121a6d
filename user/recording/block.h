/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * block.h - what a recording is made of: a header, then blocks (FORMAT.md)
 *
 * Everything in the file is little-endian, as are all the machines that we run on; the structs
 * below are the bytes of the file.
 */
#ifndef RECORDING_BLOCK_H
#define RECORDING_BLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <zstd.h>

#include "bpf/events.h"

PL_ASSERT("a recording is little-endian", __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

/* Like PNG's: not ASCII, and with line ends of both kinds, so that a transfer as text shows. */
#define FILE_MAGIC	"\x89PTL\r\n\x1a\n"
#define FILE_MAGIC_SIZE 8
#define FORMAT_MAJOR	1 /* a reader refuses a newer one */
#define FORMAT_MINOR	0 /* newer: block types that an older reader may skip */

struct file_header {
	uint8_t magic[FILE_MAGIC_SIZE];
	uint16_t major;
	uint16_t minor;
	uint32_t checksum; /* of the bytes before it */
};

#define BLOCK_MAGIC 0xb14c5450u /* "PTL\xb1" */

/* Append-only. */
enum block_type {
	BLOCK_NOTE = 1,
	BLOCK_LANE = 2,
	BLOCK_LIFE = 3,
	BLOCK_END = 4,
	BLOCK_MODULE = 5,
	BLOCK_FRAME = 6,
	BLOCK_STACK = 7,
	BLOCK_PCB = 8,
	BLOCK_WATCH = 9, /* accesses to watched variables (recording/watch.h) */
};

enum block_codec {
	CODEC_RAW = 0,
	CODEC_ZSTD = 1,
};

struct block_header {
	uint32_t magic;
	uint8_t type;  /* enum block_type */
	uint8_t codec; /* enum block_codec */
	uint16_t reserved;
	uint32_t cpu;	      /* LANE: which; else 0 */
	uint32_t count;	      /* of records, or notes */
	uint32_t raw_size;    /* of the payload when unpacked */
	uint32_t stored_size; /* of the payload in the file */
	uint64_t first_time;  /* LANE, LIFE: of its first record; else 0 */
	uint64_t last_time;
	uint32_t payload_checksum; /* of the payload as stored */
	uint32_t header_checksum;  /* of the bytes before it */
};

/* The payload of the END block: what must have come before it. */
struct block_end {
	uint64_t blocks; /* of any type, without END */
	uint64_t lane_records;
	uint64_t life_records;
	uint64_t notes;
};

PL_ASSERT("file_header", sizeof(struct file_header) == 16);
PL_ASSERT("block_header", sizeof(struct block_header) == 48);
PL_ASSERT("block_end", sizeof(struct block_end) == 32);

/*
 * Bounds that the writer keeps and the reader insists on, so that a small file cannot make it take
 * much memory. 4096 records a block: 256 busy CPUs then take 32 MB in the writer, and blocks of
 * four times the size are packed only 3 % better.
 */
#define LANE_RECORDS_MAX 4096u
#define LANE_CPU_MAX	 8192u /* the most that Linux can be built for */
#define LIFE_PAYLOAD_MAX (64u << 10)
#define LIFE_RECORD_MAX	 4096u
#define LIFE_OVERLAP_MAX 256u /* LIFE blocks that share an instant */
#define PCB_PAYLOAD_MAX	 (256u << 10)
#define NOTE_PAYLOAD_MAX (1u << 20)
#define NOTE_COUNT_MAX	 65536u	     /* different keys in one file */
#define NOTE_TOTAL_MAX	 (64u << 20) /* bytes of keys and newest values in one file */

/* Low half of XXH3-64, seed 0. */
uint32_t block_checksum(const void *data, size_t size);

/* A piece of a payload. */
struct payload_piece {
	const void *data;
	size_t size;
};

/* Makes blocks, reusing its memory. */
struct block_packer {
	ZSTD_CCtx *zstd;
	uint8_t *bytes; /* header and payload */
	size_t capacity;
};

int block_packer_init(struct block_packer *packer);
void block_packer_done(struct block_packer *packer);

/* Fills in what is missing in `header` (all but type, cpu, count and times) and puts the whole
 * block, ready to be written, into packer->bytes. 0 or -errno. */
int block_pack(struct block_packer *packer, struct block_header *header,
	       const struct payload_piece *segments, size_t count, size_t *ret_size);

/* What is wrong with a header in words, or NULL if nothing is. `room` is what the file has left
 * after it. Of a type that is not known only the lengths are checked. */
const char *block_header_fault(const struct block_header *header, uint64_t room);

/* Checks and unpacks a payload into `raw`, which has header->raw_size bytes. What is wrong in
 * words, or NULL. */
const char *block_unpack(ZSTD_DCtx *zstd, const struct block_header *header, const void *stored,
			 void *raw);

#endif
