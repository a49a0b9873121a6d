// SPDX-License-Identifier: GPL-2.0-only
/* snapshots.c - control blocks read from a recording */
#include "recording/snapshots.h"

#include <errno.h>
#include <string.h>

#include "bpf/pcb/pcb.h"
#include "recording/reader.h"

/* Blocks of one time belong together, and lie one behind the other. */
static bool begins_snapshot(const struct recording *recording, size_t block)
{
	const struct block_place *places = recording->pcbs.items;

	return !block || places[block].header.first_time != places[block - 1].header.first_time;
}

static size_t first_block(const struct recording *recording, size_t index)
{
	size_t block = 0;

	for (; block < recording->pcbs.count; block++)
		if (begins_snapshot(recording, block) && !index--)
			break;
	return block;
}

size_t recording_snapshots(const struct recording *recording)
{
	size_t count = 0;

	for (size_t block = 0; block < recording->pcbs.count; block++)
		count += begins_snapshot(recording, block);
	return count;
}

uint64_t recording_snapshot_time(const struct recording *recording, size_t index)
{
	size_t block = first_block(recording, index);

	return block < recording->pcbs.count ? recording->pcbs.items[block].header.first_time : 0;
}

/* -EBADMSG if the records do not fit together. */
static int read_records(const struct recording *recording, uint32_t raw_size,
			int (*take)(void *context, const void *record, size_t size), void *context)
{
	const char *at = recording->raw;
	int r = 0;

	for (uint32_t left = raw_size; left && !r;) {
		struct pl_pcb_head head;

		if (left < sizeof(head))
			return -EBADMSG;
		memcpy(&head, at, sizeof(head));
		if (head.size < sizeof(head) || head.size > left || head.size % 8)
			return -EBADMSG;
		r = take(context, at, head.size);
		at += head.size;
		left -= head.size;
	}
	return r;
}

int recording_read_snapshot(struct recording *recording, size_t index,
			    int (*take)(void *context, const void *record, size_t size),
			    void *context, struct recording_error *ret_error)
{
	size_t block = first_block(recording, index);
	bool first = true;

	for (; block < recording->pcbs.count; block++, first = false) {
		const struct block_place *place = &recording->pcbs.items[block];
		const char *fault;
		int r;

		if (!first && begins_snapshot(recording, block))
			break;
		r = recording_load(recording, place, &fault);
		if (r)
			return recording_fail_at(recording, ret_error, r, place->offset, fault);
		r = read_records(recording, place->header.raw_size, take, context);
		if (r == -EBADMSG)
			return recording_fail_at(recording, ret_error, r, place->offset,
						 "its control blocks do not fit together");
		if (r)
			return r;
	}
	return 0;
}
