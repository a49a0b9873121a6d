// SPDX-License-Identifier: GPL-2.0-only
#include "recording/block.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "recording/codec.h"
#include "recording/stack_tables.h"
#include "recording/watch.h"

/* Level 1 packs the same columns no smaller and a third slower, level 3 neither better. */
#define ZSTD_LEVEL 2

/* zstd describes the bytes of each of its own blocks by one table. A column of some size gets one
 * to itself: what is noise in one column must not blur another. */
#define SEGMENT_OF_ITS_OWN 512u

uint32_t block_checksum(const void *data, size_t size)
{
	return XXH3_64bits(data, size);
}

int block_packer_init(struct block_packer *packer)
{
	packer->bytes = NULL;
	packer->capacity = 0;
	packer->zstd = ZSTD_createCCtx();
	if (!packer->zstd)
		return -ENOMEM;
	if (ZSTD_isError(
		    ZSTD_CCtx_setParameter(packer->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL))) {
		ZSTD_freeCCtx(packer->zstd);
		packer->zstd = NULL;
		return -EINVAL;
	}
	return 0;
}

void block_packer_done(struct block_packer *packer)
{
	ZSTD_freeCCtx(packer->zstd);
	free(packer->bytes);
	memset(packer, 0, sizeof(*packer));
}

static int packer_reserve(struct block_packer *packer, size_t size)
{
	uint8_t *bytes;

	if (size <= packer->capacity)
		return 0;
	bytes = realloc(packer->bytes, size);
	if (!bytes)
		return -ENOMEM;
	packer->bytes = bytes;
	packer->capacity = size;
	return 0;
}

/* Below, packing would hide what a hex dump shows and gain next to nothing. */
#define WORTH_PACKING 64u

/* The packed size, or 0 if zstd cannot or there is nothing to gain. */
static size_t pack_zstd(struct block_packer *packer, const struct payload_piece *segments,
			size_t count, size_t raw_size)
{
	ZSTD_outBuffer out = {packer->bytes + sizeof(struct block_header), raw_size, 0};

	ZSTD_CCtx_reset(packer->zstd, ZSTD_reset_session_only);
	if (ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(packer->zstd, raw_size)))
		return 0;
	for (size_t i = 0; i < count; i++) {
		bool last = i + 1 == count;
		ZSTD_EndDirective then = last ? ZSTD_e_end
					 : segments[i].size >= SEGMENT_OF_ITS_OWN ||
							 segments[i + 1].size >= SEGMENT_OF_ITS_OWN
						 ? ZSTD_e_flush
						 : ZSTD_e_continue;
		ZSTD_inBuffer in = {segments[i].data, segments[i].size, 0};
		size_t left = ZSTD_compressStream2(packer->zstd, &out, &in, then);

		/* No room for what is left: it would be longer than raw. */
		if (ZSTD_isError(left) || in.pos < in.size || (then != ZSTD_e_continue && left))
			return 0;
	}
	return out.pos < raw_size ? out.pos : 0;
}

int block_pack(struct block_packer *packer, struct block_header *header,
	       const struct payload_piece *segments, size_t count, size_t *ret_size)
{
	size_t raw_size = 0, packed;
	uint8_t *payload;
	int r;

	for (size_t i = 0; i < count; i++)
		raw_size += segments[i].size;
	r = packer_reserve(packer, sizeof(*header) + raw_size);
	if (r)
		return r;

	payload = packer->bytes + sizeof(*header);
	packed = raw_size < WORTH_PACKING ? 0 : pack_zstd(packer, segments, count, raw_size);
	if (!packed) {
		uint8_t *at = payload;

		for (size_t i = 0; i < count; i++) {
			if (segments[i].size)
				memcpy(at, segments[i].data, segments[i].size);
			at += segments[i].size;
		}
	}
	header->magic = BLOCK_MAGIC;
	header->codec = packed ? CODEC_ZSTD : CODEC_RAW;
	header->reserved = 0;
	header->raw_size = raw_size;
	header->stored_size = packed ? packed : raw_size;
	header->payload_checksum = block_checksum(payload, header->stored_size);
	header->header_checksum =
		block_checksum(header, offsetof(struct block_header, header_checksum));
	memcpy(packer->bytes, header, sizeof(*header));
	*ret_size = sizeof(*header) + header->stored_size;
	return 0;
}

static const char *type_fault(const struct block_header *header)
{
	switch (header->type) {
	case BLOCK_NOTE:
		if (header->raw_size > NOTE_PAYLOAD_MAX)
			return "its notes are too long";
		break;
	case BLOCK_LANE:
		if (!header->count || header->count > LANE_RECORDS_MAX ||
		    header->raw_size > LANE_PAYLOAD_MAX)
			return "it claims to have too many records";
		if (header->cpu >= LANE_CPU_MAX)
			return "it claims to be from a CPU that cannot be";
		break;
	case BLOCK_LIFE:
		if (!header->count || header->raw_size > LIFE_PAYLOAD_MAX)
			return "it claims to have too many records";
		break;
	case BLOCK_MODULE:
	case BLOCK_FRAME:
	case BLOCK_STACK:
		if (header->raw_size > TABLE_PAYLOAD_MAX || header->count > TABLE_PAYLOAD_MAX)
			return "it claims to have too many rows";
		break;
	case BLOCK_PCB:
		if (!header->count || header->raw_size > PCB_PAYLOAD_MAX)
			return "it claims to have too many control blocks";
		break;
	case BLOCK_WATCH:
		if (!header->count || header->count > WATCH_ACCESSES_MAX ||
		    header->raw_size > WATCH_PAYLOAD_MAX)
			return "it claims to have too many records";
		break;
	case BLOCK_END:
		if (header->raw_size != sizeof(struct block_end))
			return "the end mark has a wrong length";
		break;
	default:
		return NULL;
	}
	if (header->codec != CODEC_RAW && header->codec != CODEC_ZSTD)
		return "it is packed in an unknown way";
	if (header->codec == CODEC_RAW ? header->stored_size != header->raw_size
				       : header->stored_size >= header->raw_size)
		return "its lengths do not fit together";
	if (header->first_time > header->last_time)
		return "its times run backwards";
	return NULL;
}

const char *block_header_fault(const struct block_header *header, uint64_t room)
{
	if (header->magic != BLOCK_MAGIC)
		return "no block begins here";
	if (header->header_checksum !=
	    block_checksum(header, offsetof(struct block_header, header_checksum)))
		return "the checksum of the block's header is wrong";
	if (header->stored_size > room)
		return "the block is longer than the file";
	return type_fault(header);
}

/* One frame, in the format of today: zstd itself would also take several, and those of its early
 * versions, whose readers nobody has looked after for long. */
static bool is_one_frame(const void *stored, size_t size)
{
	uint32_t magic;

	if (size < sizeof(magic))
		return false;
	memcpy(&magic, stored, sizeof(magic));
	return magic == ZSTD_MAGICNUMBER && ZSTD_findFrameCompressedSize(stored, size) == size;
}

const char *block_unpack(ZSTD_DCtx *zstd, const struct block_header *header, const void *stored,
			 void *raw)
{
	size_t size;

	if (block_checksum(stored, header->stored_size) != header->payload_checksum)
		return "the checksum of the block is wrong";
	if (header->codec == CODEC_RAW) {
		if (header->raw_size)
			memcpy(raw, stored, header->raw_size);
		return NULL;
	}
	if (!is_one_frame(stored, header->stored_size))
		return "the block is not packed as it should be";
	size = ZSTD_decompressDCtx(zstd, raw, header->raw_size, stored, header->stored_size);
	if (ZSTD_isError(size) || size != header->raw_size)
		return "the block cannot be unpacked";
	return NULL;
}
