// SPDX-License-Identifier: GPL-2.0-only
/* scan.c - the first pass over a recording: each block finds its place, the end mark is checked */
#include <errno.h>
#include <string.h>

#include "recording/reader.h"
#include "recording/stack_tables.h"

/* All blocks before this place are good, nothing behind it counts. */
static int scan_fault(struct recording *recording, uint64_t offset, int error, const char *fault)
{
	recording->fault = fault;
	recording->fault_offset = offset;
	recording->fault_error = error;
	return error;
}

static int scan_memory_fault(struct recording *recording, uint64_t offset)
{
	return scan_fault(recording, offset, -ENOMEM, strerror(ENOMEM));
}

static int add_block(struct source *source, const struct block_place *place)
{
	struct block_place *slot = vector_add(&source->blocks);

	if (!slot)
		return -ENOMEM;
	*slot = *place;
	return 0;
}

static bool follows(const struct source *source, const struct block_place *place)
{
	size_t count = source->blocks.count;

	return !count ||
	       place->header.first_time >= source->blocks.items[count - 1].header.last_time;
}

static int scan_lane(struct recording *recording, const struct block_place *place)
{
	uint32_t *index = &recording->lane_of_cpu[place->header.cpu];
	struct source *lane;

	if (!*index) {
		lane = vector_add(&recording->lanes);
		if (!lane)
			return scan_memory_fault(recording, place->offset);
		lane->cpu = place->header.cpu;
		*index = recording->lanes.count;
	}
	lane = &recording->lanes.items[*index - 1];
	if (!follows(lane, place))
		return scan_fault(recording, place->offset, -EBADMSG,
				  "the block is older than the one before it");
	if (add_block(lane, place))
		return scan_memory_fault(recording, place->offset);
	recording->seen.lane_records += place->header.count;
	return 0;
}

static int scan_life(struct recording *recording, const struct block_place *place)
{
	struct source *life;

	vector_for_each (&recording->lives, life) {
		if (follows(life, place))
			break;
	}
	if (life == recording->lives.items + recording->lives.count) {
		if (recording->lives.count == LIFE_OVERLAP_MAX)
			return scan_fault(recording, place->offset, -EBADMSG,
					  "its life records are out of all order");
		life = vector_add(&recording->lives);
		if (!life)
			return scan_memory_fault(recording, place->offset);
		life->is_life = true;
	}
	if (add_block(life, place))
		return scan_memory_fault(recording, place->offset);
	recording->seen.life_records += place->header.count;
	return 0;
}

static int scan_watch(struct recording *recording, const struct block_place *place)
{
	struct block_place *slot = vector_add(&recording->watches);

	if (!slot)
		return scan_memory_fault(recording, place->offset);
	*slot = *place;
	return 0;
}

static int read_notes(struct recording *recording, const struct block_place *place)
{
	const char *at = recording->raw, *end = at + place->header.raw_size;
	uint32_t count = 0;

	for (; at < end; count++) {
		const char *key_end = memchr(at, 0, end - at), *value_end;
		int r;

		value_end = key_end ? memchr(key_end + 1, 0, end - key_end - 1) : NULL;
		if (!value_end || key_end == at)
			return -EBADMSG;
		r = notes_set(&recording->notes, at, key_end + 1);
		if (r)
			return r;
		at = value_end + 1;
	}
	recording->seen.notes += count;
	return count == place->header.count ? 0 : -EBADMSG;
}

static int scan_notes(struct recording *recording, const struct block_place *place)
{
	const char *fault;
	int r;

	r = recording_load(recording, place, &fault);
	if (r)
		return scan_fault(recording, place->offset, r, fault);
	r = read_notes(recording, place);
	if (r == -ENOMEM)
		return scan_memory_fault(recording, place->offset);
	if (r)
		return scan_fault(recording, place->offset, -EBADMSG,
				  r == -E2BIG ? "it has more notes than a recording may have"
					      : "its notes do not fit together");
	return 0;
}

static int scan_stacks(struct recording *recording, const struct block_place *place)
{
	const char *fault = NULL;
	int r;

	r = recording_load(recording, place, &fault);
	if (!r)
		r = stack_store_add(recording->stacks, &place->header, recording->raw, &fault);
	if (r == -ENOMEM)
		return scan_memory_fault(recording, place->offset);
	return r ? scan_fault(recording, place->offset, r, fault) : 0;
}

static int scan_pcb(struct recording *recording, const struct block_place *place)
{
	size_t count = recording->pcbs.count;
	struct block_place *slot;

	if (count && place->header.first_time < recording->pcbs.items[count - 1].header.first_time)
		return scan_fault(recording, place->offset, -EBADMSG,
				  "the snapshot is older than the one before it");
	slot = vector_add(&recording->pcbs);
	if (!slot)
		return scan_memory_fault(recording, place->offset);
	*slot = *place;
	return 0;
}

static int scan_end(struct recording *recording, const struct block_place *place)
{
	uint64_t behind = place->offset + sizeof(place->header) + place->header.stored_size;
	const char *fault;
	int r;

	r = recording_load(recording, place, &fault);
	if (r)
		return scan_fault(recording, place->offset, r, fault);
	if (memcmp(recording->raw, &recording->seen, sizeof(recording->seen)))
		return scan_fault(recording, place->offset, -EBADMSG,
				  "blocks are missing before its end mark");
	if (behind != recording->size)
		return scan_fault(recording, behind, -EBADMSG, "it goes on behind its end mark");
	recording->complete = true;
	return 0;
}

static void note_times(struct recording *recording, const struct block_header *header)
{
	if (header->first_time < recording->first_time)
		recording->first_time = header->first_time;
	if (header->last_time > recording->last_time)
		recording->last_time = header->last_time;
}

/* After a loss of power a file may end in zeros: that is no more than not having ended. */
static bool is_cut(const struct block_header *header, uint64_t room)
{
	static const struct block_header zeros;

	if (!memcmp(header, &zeros, sizeof(zeros)))
		return true;
	return header->magic == BLOCK_MAGIC && header->stored_size > room &&
	       header->header_checksum ==
		       block_checksum(header, offsetof(struct block_header, header_checksum));
}

/* 1: there is a block, 0: the file ends here, with or without its end mark. */
static int scan_block(struct recording *recording, struct block_place *place)
{
	uint64_t room = recording->size - place->offset;
	const char *fault;
	int r;

	if (room < sizeof(place->header))
		return 0;
	room -= sizeof(place->header);
	r = recording_pread(recording, &place->header, sizeof(place->header), place->offset);
	if (r)
		return scan_fault(recording, place->offset, r,
				  r == -EBADMSG ? "the file became shorter" : strerror(-r));
	if (is_cut(&place->header, room))
		return 0;
	fault = block_header_fault(&place->header, room);
	if (fault)
		return scan_fault(recording, place->offset, -EBADMSG, fault);

	switch (place->header.type) {
	case BLOCK_NOTE:
		r = scan_notes(recording, place);
		break;
	case BLOCK_LANE:
		r = scan_lane(recording, place);
		break;
	case BLOCK_LIFE:
		r = scan_life(recording, place);
		break;
	case BLOCK_MODULE:
	case BLOCK_FRAME:
	case BLOCK_STACK:
		r = scan_stacks(recording, place);
		break;
	case BLOCK_PCB:
		r = scan_pcb(recording, place);
		break;
	case BLOCK_WATCH:
		r = scan_watch(recording, place);
		break;
	case BLOCK_END:
		r = scan_end(recording, place);
		return r;
	default: /* of a newer ptrace-lab: not for us */
		break;
	}
	if (r)
		return r;
	if (place->header.type == BLOCK_LANE || place->header.type == BLOCK_LIFE)
		note_times(recording, &place->header);
	recording->seen.blocks++;
	return 1;
}

void recording_scan(struct recording *recording)
{
	struct block_place place = {.offset = sizeof(struct file_header)};

	recording->first_time = UINT64_MAX;
	while (scan_block(recording, &place) == 1) {
		place.offset += sizeof(place.header) + place.header.stored_size;
		place.number++;
	}
	if (recording->first_time == UINT64_MAX && !recording->last_time)
		recording->first_time = 0;
}
