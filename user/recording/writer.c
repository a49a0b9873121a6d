// SPDX-License-Identifier: GPL-2.0-only
#include "recording/ring.h"
#include "recording/writer_inside.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "recording/codec.h"
#include "bpf/pcb/pcb.h"
#include "recording/snapshots.h"
#include "recording/stack_tables.h"

/* Notes are written out when this much has come together, though one alone may be longer. */
#define NOTES_ENOUGH (32u << 10)

int writer_fail(struct recording_writer *writer, int error)
{
	if (!writer->error)
		writer->error = error;
	return writer->error;
}

static int write_bytes(struct recording_writer *writer, const void *data, size_t size)
{
	const char *at = data;

	while (size) {
		ssize_t n = write(writer->fd, at, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return writer_fail(writer, n ? -errno : -EIO);
		at += n;
		size -= n;
		writer->bytes += n;
	}
	return 0;
}

static int put_block(struct recording_writer *writer, const struct block_header *header,
		     const void *bytes, size_t size)
{
	int r;

	if (writer->ring) {
		r = ring_add_block(writer->ring, header, bytes, size);
		if (r)
			return writer_fail(writer, r);
		writer->bytes += size;
	} else {
		r = write_bytes(writer, bytes, size);
		if (r)
			return r;
	}
	writer->end.blocks++;
	return 0;
}

int writer_block(struct recording_writer *writer, struct block_header *header,
		 const struct payload_piece *segments, size_t count)
{
	size_t size;
	int r;

	r = block_pack(&writer->packer, header, segments, count, &size);
	if (r)
		return writer_fail(writer, r);
	return put_block(writer, header, writer->packer.bytes, size);
}

static void count_records(struct recording_writer *writer, const struct block_header *header)
{
	if (header->type == BLOCK_LANE)
		writer->end.lane_records += header->count;
	else if (header->type == BLOCK_LIFE)
		writer->end.life_records += header->count;
	else if (header->type == BLOCK_NOTE)
		writer->end.notes += header->count;
}

int writer_block_as_it_is(struct recording_writer *writer, const struct block_header *header,
			  size_t size)
{
	int r = writer->error;

	if (!r && header->type == BLOCK_LANE)
		r = writer_lane_before(writer, header);
	if (!r)
		r = put_block(writer, header, header, size);
	if (!r)
		count_records(writer, header);
	return r;
}

/* ---- life ----------------------------------------------------------------------------------- */

static int write_life(struct recording_writer *writer)
{
	struct block_header header = {.type = BLOCK_LIFE, .count = writer->life.count};
	struct payload_piece segment = {.size = writer->life.size};
	int r;

	if (!writer->life.count)
		return 0;
	segment.data = life_buffer_sort(&writer->life, &header.first_time, &header.last_time);
	r = writer_block(writer, &header, &segment, 1);
	if (r)
		return r;
	writer->end.life_records += writer->life.count;
	life_buffer_clear(&writer->life);
	return 0;
}

int recording_write_life(struct recording_writer *writer, const union pl_life *life)
{
	if (writer->error)
		return writer->error;
	if (life->head.kind == PL_LIFE_BELL)
		return 0;
	if (!life_size_is_valid(&life->head))
		return writer_fail(writer, -EINVAL);
	if (!life_buffer_has_room(&writer->life, life->head.size)) {
		int r = write_life(writer);

		if (r)
			return r;
	}
	life_buffer_add(&writer->life, &life->head);
	if (writer->ring && ring_hear(writer->ring, life))
		return writer_fail(writer, -ENOMEM);
	return 0;
}

/* ---- watched variables ---------------------------------------------------------------------- */

static int write_accesses(struct recording_writer *writer)
{
	struct block_header header = {.type = BLOCK_WATCH};
	struct payload_piece segments[WATCH_SEGMENTS];
	int r;

	if (!writer->watch || !writer->watch->count)
		return 0;
	header.count = writer->watch->count;
	watch_encode(writer->watch, segments);
	r = writer_block(writer, &header, segments, WATCH_SEGMENTS);
	if (!r)
		writer->watch->count = 0;
	return r;
}

int recording_write_access(struct recording_writer *writer, const struct watch_access *access)
{
	if (writer->error)
		return writer->error;
	if (!writer->watch)
		writer->watch = calloc(1, sizeof(*writer->watch));
	if (!writer->watch)
		return writer_fail(writer, -ENOMEM);
	writer->watch->accesses[writer->watch->count++] = *access;
	return writer->watch->count < WATCH_ACCESSES_MAX ? 0 : write_accesses(writer);
}

/* ---- notes ---------------------------------------------------------------------------------- */

static int write_notes(struct recording_writer *writer)
{
	struct block_header header = {.type = BLOCK_NOTE, .count = writer->notes_count};
	struct payload_piece segment = {writer->notes, writer->notes_size};
	int r;

	if (!writer->notes_count)
		return 0;
	r = writer_block(writer, &header, &segment, 1);
	if (r)
		return r;
	writer->end.notes += writer->notes_count;
	writer->notes_count = 0;
	writer->notes_size = 0;
	return 0;
}

static int notes_reserve(struct recording_writer *writer, size_t size)
{
	size_t capacity = writer->notes_capacity ? writer->notes_capacity : 4096;
	char *grown;

	if (size <= writer->notes_capacity)
		return 0;
	while (capacity < size)
		capacity *= 2;
	grown = realloc(writer->notes, capacity);
	if (!grown)
		return -ENOMEM;
	writer->notes = grown;
	writer->notes_capacity = capacity;
	return 0;
}

static int notes_append(struct recording_writer *writer, const char *key, const char *value)
{
	size_t key_size = strlen(key) + 1, value_size = strlen(value) + 1;
	char *at;
	int r;

	if (key_size == 1)
		return -EINVAL;
	if (key_size > NOTE_PAYLOAD_MAX || value_size > NOTE_PAYLOAD_MAX - key_size)
		return -E2BIG;
	if (writer->notes_size && writer->notes_size + key_size + value_size > NOTES_ENOUGH) {
		r = write_notes(writer);
		if (r)
			return r;
	}
	r = notes_reserve(writer, writer->notes_size + key_size + value_size);
	if (r)
		return r;
	at = writer->notes + writer->notes_size;
	memcpy(at, key, key_size);
	memcpy(at + key_size, value, value_size);
	writer->notes_size += key_size + value_size;
	writer->notes_count++;
	return 0;
}

int recording_write_note(struct recording_writer *writer, const char *key, const char *format, ...)
{
	CLEANUP_FREE char *value = NULL;
	va_list args;
	int r;

	if (writer->error)
		return writer->error;
	va_start(args, format);
	r = vasprintf(&value, format, args);
	va_end(args);
	if (r < 0) {
		value = NULL; /* undefined after a failure */
		return writer_fail(writer, -ENOMEM);
	}
	r = writer->ring ? ring_note(writer->ring, key, value) : notes_append(writer, key, value);
	return r ? writer_fail(writer, r) : 0;
}

/* ---- stacks --------------------------------------------------------------------------------- */

static int write_stacks(struct recording_writer *writer)
{
	struct payload_piece segments[STACK_SEGMENTS];
	struct block_header header;
	size_t count;

	if (!writer->stacks)
		return 0;
	while ((count = stack_writer_block(writer->stacks, &header, segments))) {
		if (writer_block(writer, &header, segments, count))
			return writer->error;
	}
	return 0;
}

static int stacks_open(struct recording_writer *writer)
{
	int r;

	if (writer->error)
		return writer->error;
	if (!writer->stacks) {
		r = stack_writer_new(&writer->stacks);
		if (r)
			return writer_fail(writer, r);
	}
	return stack_writer_is_full(writer->stacks) ? write_stacks(writer) : 0;
}

int recording_write_module(struct recording_writer *writer, const struct recording_module *module,
			   uint32_t *ret_id)
{
	int r = stacks_open(writer);

	if (!r)
		r = stack_writer_module(writer->stacks, module, ret_id);
	return r ? writer_fail(writer, r) : 0;
}

int recording_write_frame(struct recording_writer *writer, const struct recording_frame *frame,
			  uint32_t *ret_id)
{
	int r = stacks_open(writer);

	if (!r)
		r = stack_writer_frame(writer->stacks, frame, ret_id);
	return r ? writer_fail(writer, r) : 0;
}

int recording_write_stack(struct recording_writer *writer, uint32_t id, const uint32_t *frames,
			  size_t count, enum stack_stop stop)
{
	int r = stacks_open(writer);

	if (!r)
		r = stack_writer_stack(writer->stacks, id, frames, count, stop);
	return r ? writer_fail(writer, r) : 0;
}

uint64_t recording_stacks_dropped(const struct recording_writer *writer)
{
	return writer->stacks ? stack_writer_dropped(writer->stacks) : 0;
}

/* ---- snapshots ------------------------------------------------------------------------------ */

static int write_pcbs(struct recording_writer *writer)
{
	struct block_header header = {
		.type = BLOCK_PCB,
		.count = writer->pcb_count,
		.first_time = writer->pcb_time,
		.last_time = writer->pcb_time,
	};
	struct payload_piece segment = {writer->pcbs, writer->pcb_size};

	if (!writer->pcb_count)
		return writer->error;
	writer->pcb_count = 0;
	writer->pcb_size = 0;
	return writer_block(writer, &header, &segment, 1);
}

int recording_write_pcb(struct recording_writer *writer, uint64_t time,
			const struct pl_pcb_head *record)
{
	if (writer->error)
		return writer->error;
	if (record->size > PCB_PAYLOAD_MAX || record->size % 8 || time < writer->pcb_time)
		return writer_fail(writer, -EINVAL);
	if ((time != writer->pcb_time || writer->pcb_size + record->size > PCB_PAYLOAD_MAX) &&
	    write_pcbs(writer))
		return writer->error;
	if (!writer->pcbs)
		writer->pcbs = malloc(PCB_PAYLOAD_MAX);
	if (!writer->pcbs)
		return writer_fail(writer, -ENOMEM);
	memcpy(writer->pcbs + writer->pcb_size, record, record->size);
	writer->pcb_size += record->size;
	writer->pcb_count++;
	writer->pcb_time = time;
	return 0;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static int write_file_header(struct recording_writer *writer)
{
	struct file_header header = {
		.magic = FILE_MAGIC,
		.major = FORMAT_MAJOR,
		.minor = FORMAT_MINOR,
	};

	header.checksum = block_checksum(&header, offsetof(struct file_header, checksum));
	return write_bytes(writer, &header, sizeof(header));
}

/* Takes over the fd, or uses the ring. */
static int writer_new(int fd, struct recording_ring *ring, struct recording_writer **ret)
{
	CLEANUP(recording_writer_abandon)
	struct recording_writer *writer = NULL;
	int r;

	writer = calloc(1, sizeof(*writer));
	if (!writer) {
		if (fd >= 0)
			close(fd);
		return -ENOMEM;
	}
	writer->fd = fd;
	writer->ring = ring;
	r = block_packer_init(&writer->packer);
	if (r)
		return r;
	writer->encoder = lane_encoder_new();
	if (!writer->encoder)
		return -ENOMEM;
	r = ring ? 0 : write_file_header(writer);
	if (r)
		return r;
	*ret = take_pointer(&writer);
	return 0;
}

int recording_writer_new(int fd, struct recording_writer **ret)
{
	return writer_new(fd, NULL, ret);
}

int recording_writer_new_ring(struct recording_ring *ring, struct recording_writer **ret)
{
	return writer_new(-1, ring, ret);
}

/* Life and stacks go before lanes: a reader of a file that is cut short then knows the threads, and
 * where they were. */
int recording_flush(struct recording_writer *writer)
{
	if (writer->error || write_notes(writer) || write_life(writer) || write_stacks(writer) ||
	    write_pcbs(writer) || write_accesses(writer))
		return writer->error;
	for (size_t cpu = 0; cpu < writer->lane_count; cpu++) {
		if (writer_lane(writer, cpu))
			return writer->error;
	}
	return 0;
}

int recording_flush_all(struct recording_writer *writer)
{
	if (recording_flush(writer))
		return writer->error;
	for (size_t cpu = 0; cpu < writer->lane_count; cpu++) {
		if (writer_lane_rest(writer, cpu))
			return writer->error;
	}
	return 0;
}

static int write_end(struct recording_writer *writer)
{
	struct block_header header = {.type = BLOCK_END};
	struct block_end end;
	struct payload_piece segment = {&end, sizeof(end)};

	if (recording_flush_all(writer))
		return writer->error;
	end = writer->end;
	return writer_block(writer, &header, &segment, 1);
}

int recording_writer_finish(struct recording_writer *writer)
{
	int r, fd;

	r = write_end(writer);
	/* Some file systems tell only now that there is no space. */
	fd = take_fd(&writer->fd);
	if (close(fd) && errno != EINTR && !r)
		r = -errno;
	recording_writer_abandon(&writer);
	return r;
}

void recording_writer_abandon(struct recording_writer **slot)
{
	struct recording_writer *writer = *slot;

	if (!writer)
		return;
	if (writer->fd >= 0)
		close(writer->fd);
	for (size_t cpu = 0; cpu < writer->lane_count; cpu++)
		free(writer->lanes[cpu]);
	free(writer->lanes);
	free(writer->watch);
	free(writer->notes);
	stack_writer_free(&writer->stacks);
	free(writer->pcbs);
	lane_encoder_free(&writer->encoder);
	block_packer_done(&writer->packer);
	free(writer);
	*slot = NULL;
}

uint64_t recording_bytes(const struct recording_writer *writer)
{
	return writer->bytes;
}
