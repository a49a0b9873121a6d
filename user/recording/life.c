// SPDX-License-Identifier: GPL-2.0-only
#include "recording/life.h"

#include <stdlib.h>
#include <string.h>

static const size_t known_sizes[] = {
	[PL_LIFE_TASK] = PL_LIFE_TASK_LEAST,
	[PL_LIFE_FORK] = PL_LIFE_TASK_LEAST,
	[PL_LIFE_EXEC] = sizeof(struct pl_life_exec),
	[PL_LIFE_EXIT] = sizeof(struct pl_life_exit),
	[PL_LIFE_TOTALS] = PL_LIFE_TOTALS_LEAST,
	[PL_LIFE_RENAME] = sizeof(struct pl_life_rename),
	[PL_LIFE_SIGNAL] = sizeof(struct pl_life_signal),
	[PL_LIFE_MARK] = PL_LIFE_MARK_LEAST,
	[PL_LIFE_MEMORY] = sizeof(struct pl_life_memory),
	[PL_LIFE_FUTEX] = sizeof(struct pl_life_futex),
	[PL_LIFE_MOVED] = sizeof(struct pl_life_moved),
};

bool life_kind_is_known(uint8_t kind)
{
	return kind < sizeof(known_sizes) / sizeof(known_sizes[0]) && known_sizes[kind];
}

bool life_size_is_valid(const struct pl_life_head *head)
{
	size_t least = life_kind_is_known(head->kind) ? known_sizes[head->kind] : sizeof(*head);

	return head->size >= least && head->size <= LIFE_RECORD_MAX && head->size % 8 == 0;
}

bool life_buffer_has_room(const struct life_buffer *buffer, size_t size)
{
	return size <= sizeof(buffer->bytes) - buffer->size;
}

void life_buffer_add(struct life_buffer *buffer, const struct pl_life_head *head)
{
	buffer->places[buffer->count++] = (struct life_place){head->time, buffer->size, head->size};
	memcpy((uint8_t *)buffer->bytes + buffer->size, head, head->size);
	buffer->size += head->size;
}

void life_buffer_clear(struct life_buffer *buffer)
{
	buffer->count = 0;
	buffer->size = 0;
}

static int by_time(const void *left, const void *right)
{
	const struct life_place *a = left, *b = right;

	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

const void *life_buffer_sort(struct life_buffer *buffer, uint64_t *ret_first, uint64_t *ret_last)
{
	uint8_t *at = (uint8_t *)buffer->sorted;

	qsort(buffer->places, buffer->count, sizeof(buffer->places[0]), by_time);
	for (size_t i = 0; i < buffer->count; i++) {
		const struct life_place *place = &buffer->places[i];

		memcpy(at, (const uint8_t *)buffer->bytes + place->offset, place->size);
		at += place->size;
	}
	*ret_first = buffer->places[0].time;
	*ret_last = buffer->places[buffer->count - 1].time;
	return buffer->sorted;
}

const char *life_payload_fault(const struct block_header *header, const void *payload)
{
	const uint8_t *at = payload, *end = at + header->raw_size;
	uint64_t time = header->first_time;
	uint32_t count = 0;

	for (; at < end; count++) {
		const struct pl_life_head *head = (const void *)at;

		if ((size_t)(end - at) < sizeof(*head) || !life_size_is_valid(head) ||
		    head->size > (size_t)(end - at))
			return "a life record in it has a wrong length";
		if (head->time < time)
			return "its life records are not in order";
		time = head->time;
		at += head->size;
	}
	if (count != header->count || time != header->last_time)
		return "its life records are not those that it announces";
	return NULL;
}
