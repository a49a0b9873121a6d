/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * life.h - the payload of a LIFE block: life records one after the other
 *
 * They come from all CPUs through one ring, so nearly in order of time. The writer sorts each
 * block; what lies across blocks is for the reader to merge.
 */
#ifndef RECORDING_LIFE_H
#define RECORDING_LIFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recording/block.h"

#define LIFE_COUNT_MAX (LIFE_PAYLOAD_MAX / sizeof(struct pl_life_head))

/* Whether this version knows the kind. */
bool life_kind_is_known(uint8_t kind);

/* Whether a record may have the length that it claims. A known kind may be longer than we know
 * it, not shorter; others only have to have a head. Lengths are multiples of 8, which keeps all
 * records aligned. */
bool life_size_is_valid(const struct pl_life_head *head);

/* Collects records for one block. */
struct life_buffer {
	struct life_place {
		uint64_t time;
		uint32_t offset, size;
	} places[LIFE_COUNT_MAX];
	size_t count;
	size_t size;
	uint64_t bytes[LIFE_PAYLOAD_MAX / sizeof(uint64_t)];
	uint64_t sorted[LIFE_PAYLOAD_MAX / sizeof(uint64_t)];
};

bool life_buffer_has_room(const struct life_buffer *buffer, size_t size);
void life_buffer_add(struct life_buffer *buffer, const struct pl_life_head *head);
/* The records in order of time, those of equal time in the order in which they came. */
const void *life_buffer_sort(struct life_buffer *buffer, uint64_t *ret_first, uint64_t *ret_last);
void life_buffer_clear(struct life_buffer *buffer);

/* Checks a whole unpacked payload against its header. What is wrong in words, or NULL. The payload
 * must be aligned to 8 bytes. */
const char *life_payload_fault(const struct block_header *header, const void *payload);

#endif
