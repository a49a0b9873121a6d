/* SPDX-License-Identifier: GPL-2.0-only */
/* recording_damage.h - spoiling recordings in ways that checksums do not catch */
#ifndef TESTS_RECORDING_DAMAGE_H
#define TESTS_RECORDING_DAMAGE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "recording/block.h"

static inline void sign_file(uint8_t *data, size_t size)
{
	struct file_header header;

	if (size < sizeof(header))
		return;
	memcpy(&header, data, sizeof(header));
	header.checksum = block_checksum(&header, offsetof(struct file_header, checksum));
	memcpy(data, &header, sizeof(header));
}

/* The block at `offset`, whose payload must lie within `size`, gets right checksums. */
static inline void sign_block(uint8_t *data, size_t size, size_t offset)
{
	struct block_header header;

	memcpy(&header, data + offset, sizeof(header));
	if (header.stored_size <= size - offset - sizeof(header))
		header.payload_checksum =
			block_checksum(data + offset + sizeof(header), header.stored_size);
	header.header_checksum =
		block_checksum(&header, offsetof(struct block_header, header_checksum));
	memcpy(data + offset, &header, sizeof(header));
}

/* Makes all checksums right, as far as the headers lead: what is wrong then must be found by
 * looking at it. */
static inline void sign_all(uint8_t *data, size_t size)
{
	size_t offset = sizeof(struct file_header);

	sign_file(data, size);
	while (offset < size && size - offset >= sizeof(struct block_header)) {
		struct block_header header;

		memcpy(&header, data + offset, sizeof(header));
		sign_block(data, size, offset);
		if (header.stored_size > size - offset - sizeof(header))
			break;
		offset += sizeof(header) + header.stored_size;
	}
}

#endif
