// SPDX-License-Identifier: GPL-2.0-only
/* writer_lanes.c - the records of each CPU, kept until there are enough for a block */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "recording/writer_inside.h"

/* How many of the records may end a block: what is attached to a PL_SWITCH waits for it, with a
 * PL_WAKE between or without, so that a reader finds them together. */
static size_t lane_closed(const struct lane_buffer *lane)
{
	size_t closed = lane->count, at = lane->count;
	bool wake = false;

	for (; at > 0; at--) {
		const union pl_record *record = &lane->records[at - 1];

		if (record_is_attached(record))
			closed = at - 1;
		else if (record->kind != PL_WAKE || wake)
			break;
		else
			wake = true;
	}
	return closed;
}

static void lane_times(const struct lane_buffer *lane, size_t count, struct block_header *header)
{
	header->first_time = header->last_time = lane->written_time;
	for (size_t i = 0; i < count; i++) {
		if (record_has_time(&lane->records[i])) {
			header->first_time = record_time(&lane->records[i]);
			break;
		}
	}
	for (size_t i = count; i-- > 0;) {
		if (record_has_time(&lane->records[i])) {
			header->last_time = record_time(&lane->records[i]);
			break;
		}
	}
}

int writer_lane(struct recording_writer *writer, unsigned int cpu)
{
	struct lane_buffer *lane = writer->lanes[cpu];
	size_t count = lane ? lane_closed(lane) : 0;
	struct block_header header = {.type = BLOCK_LANE, .cpu = cpu, .count = count};
	struct payload_piece segments[LANE_SEGMENTS];
	int r;

	if (!count)
		return 0;
	lane_times(lane, count, &header);
	lane_encode(writer->encoder, lane->records, count, header.first_time, segments);
	r = writer_block(writer, &header, segments, LANE_SEGMENTS);
	if (r)
		return r;
	writer->end.lane_records += count;
	lane->written_time = header.last_time;
	lane->count -= count;
	memmove(lane->records, lane->records + count, lane->count * sizeof(lane->records[0]));
	return 0;
}

/* What is attached to a switch that never came tells of nothing that happened. */
int writer_lane_rest(struct recording_writer *writer, unsigned int cpu)
{
	struct lane_buffer *lane;
	size_t kept = 0;
	int r;

	r = writer_lane(writer, cpu);
	lane = writer->lanes[cpu];
	if (r || !lane)
		return r;
	for (size_t i = 0; i < lane->count; i++) {
		if (!record_is_attached(&lane->records[i]))
			lane->records[kept++] = lane->records[i];
	}
	lane->count = kept;
	return writer_lane(writer, cpu);
}

static struct lane_buffer *lane_of(struct recording_writer *writer, unsigned int cpu)
{
	if (cpu >= writer->lane_count) {
		size_t wanted = cpu + 1;
		struct lane_buffer **lanes;

		lanes = reallocarray(writer->lanes, wanted, sizeof(*lanes));
		if (!lanes)
			return NULL;
		memset(lanes + writer->lane_count, 0,
		       (wanted - writer->lane_count) * sizeof(*lanes));
		writer->lanes = lanes;
		writer->lane_count = wanted;
	}
	/* The pages behind it are only taken when records come: an idle CPU costs little. */
	if (!writer->lanes[cpu])
		writer->lanes[cpu] = calloc(1, sizeof(struct lane_buffer));
	return writer->lanes[cpu];
}

/* Takes as many as fit; -EINVAL if time runs backwards, or if more is attached than belongs to any
 * switch: no reader would accept it. */
static int lane_append(struct lane_buffer *lane, const union pl_record *records, size_t count,
		       size_t *ret_taken)
{
	size_t room = LANE_RECORDS_MAX - lane->count;
	unsigned int attached = lane->attached;
	uint64_t time = lane->time;

	if (count > room)
		count = room;
	for (size_t i = 0; i < count; i++) {
		if (record_is_attached(&records[i])) {
			if (++attached > ATTACHED_MAX)
				return -EINVAL;
			continue;
		}
		attached = 0;
		if (!record_has_time(&records[i]))
			continue;
		if (record_time(&records[i]) < time)
			return -EINVAL;
		time = record_time(&records[i]);
	}
	memcpy(lane->records + lane->count, records, count * sizeof(*records));
	lane->count += count;
	lane->time = time;
	lane->attached = attached;
	*ret_taken = count;
	return 0;
}

void writer_cut(struct recording_writer *writer, uint64_t time)
{
	writer->cuts[writer->cut_count++ % CUTS_KEPT] = time;
}

/* The next time at which a block of this lane ends. */
static bool next_cut(const struct recording_writer *writer, struct lane_buffer *lane,
		     uint64_t *ret_time)
{
	if (writer->cut_count - lane->cuts > CUTS_KEPT)
		lane->cuts = writer->cut_count - CUTS_KEPT;
	if (lane->cuts == writer->cut_count)
		return false;
	*ret_time = writer->cuts[lane->cuts % CUTS_KEPT];
	return true;
}

/* Whether the record, with what is attached in front of it, is the first behind a cut. */
static bool is_at_cut(const struct recording_writer *writer, struct lane_buffer *lane,
		      const union pl_record *record)
{
	uint64_t cut;

	return next_cut(writer, lane, &cut) && record_has_time(record) && record_time(record) > cut;
}

/* How many of the records may be appended before a block must end, at least one. */
static size_t count_until_cut(const struct recording_writer *writer, struct lane_buffer *lane,
			      const union pl_record *records, size_t count)
{
	uint64_t cut;

	if (!next_cut(writer, lane, &cut))
		return count;
	for (size_t i = 1; i < count; i++)
		if (record_has_time(&records[i]) && record_time(&records[i]) > cut)
			return i;
	return count;
}

/* Ends the block if the record is behind a cut. */
static int pass_cuts(struct recording_writer *writer, unsigned int cpu,
		     const union pl_record *record)
{
	struct lane_buffer *lane = writer->lanes[cpu];
	int r;

	if (!is_at_cut(writer, lane, record))
		return 0;
	r = writer_lane(writer, cpu);
	while (is_at_cut(writer, lane, record))
		lane->cuts++;
	return r;
}

int writer_lane_before(struct recording_writer *writer, const struct block_header *header)
{
	struct lane_buffer *lane = lane_of(writer, header->cpu);
	int r;

	if (!lane)
		return writer_fail(writer, -ENOMEM);
	r = writer_lane(writer, header->cpu);
	if (r)
		return r;
	lane->time = lane->written_time = header->last_time;
	return 0;
}

int recording_write_lane(struct recording_writer *writer, unsigned int cpu,
			 const union pl_record *records, size_t count)
{
	struct lane_buffer *lane;

	if (writer->error)
		return writer->error;
	if (cpu >= LANE_CPU_MAX)
		return writer_fail(writer, -EINVAL);
	lane = lane_of(writer, cpu);
	if (!lane)
		return writer_fail(writer, -ENOMEM);

	while (count) {
		size_t taken;
		int r;

		r = pass_cuts(writer, cpu, records);
		if (r)
			return r;
		r = lane_append(lane, records, count_until_cut(writer, lane, records, count),
				&taken);
		if (r)
			return writer_fail(writer, r);
		records += taken;
		count -= taken;
		if (lane->count < LANE_RECORDS_MAX)
			continue;
		r = writer_lane(writer, cpu);
		if (r)
			return r;
	}
	return 0;
}
