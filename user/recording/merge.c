// SPDX-License-Identifier: GPL-2.0-only
/*
 * merge.c - one stream in order of time out of all lanes and life records
 *
 * A heap of sources, by the time of their next item. A block is loaded only when its time has
 * come: so what is in memory is one block of each source, and damage shows after the last item
 * that came before it and no earlier.
 */
#include "recording/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/rarely.h"
#include "recording/codec.h"
#include "recording/life.h"

#define RANK_LANE (1ull << 48) /* above the number of any block */

/* ---- the heap ------------------------------------------------------------------------------- */

static inline bool is_before(const struct heap_entry *a, const struct heap_entry *b)
{
	return a->time < b->time || (a->time == b->time && a->rank < b->rank);
}

/* Puts the entry at `at` where it belongs, if that is further down. */
static inline void heap_sift(struct recording *recording, size_t at)
{
	struct heap_entry *heap = recording->heap, entry = heap[at];
	size_t count = recording->heap_count;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= count)
			break;
		if (child + 1 < count && is_before(&heap[child + 1], &heap[child]))
			child++;
		if (!is_before(&heap[child], &entry))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = entry;
}

/* A source starts with a block, or goes on with the next one: not loaded, its time as announced. */
static struct heap_entry entry_of_block(struct source *source)
{
	const struct block_place *place = &source->blocks.items[source->block];

	return (struct heap_entry){
		.time = place->header.first_time,
		.rank = source->is_life ? place->number : RANK_LANE + source->cpu,
		.source = source,
	};
}

static void release(struct source *source)
{
	free(source->unpacked);
	source->unpacked = NULL;
	source->capacity = 0;
	source->is_loaded = false;
}

static void start_source(struct recording *recording, struct source *source)
{
	if (!source->blocks.count)
		return;
	release(source);
	source->block = 0;
	recording->heap[recording->heap_count++] = entry_of_block(source);
}

void recording_rewind(struct recording *recording)
{
	struct source *source;

	recording->heap_count = 0;
	recording->delivered = false;
	recording->lane = NULL;
	recording->error = 0;
	vector_for_each (&recording->lives, source)
		start_source(recording, source);
	vector_for_each (&recording->lanes, source)
		start_source(recording, source);
	for (size_t i = recording->heap_count / 2; i-- > 0;)
		heap_sift(recording, i);
}

/* ---- items ---------------------------------------------------------------------------------- */

/* Moves on to the next record from `at` that is an item, and tells its time; false at the end of
 * the block. PL_BLOCK and PL_STACK come with their switch; kinds of newer versions are passed over.
 */
static inline bool lane_seek(struct source *lane, uint64_t *ret_time)
{
	const union pl_record *records = lane->unpacked;

	for (; lane->at < lane->end; lane->at++) {
		if (record_has_time(&records[lane->at])) {
			*ret_time = record_time(&records[lane->at]);
			return true;
		}
	}
	return false;
}

static const struct pl_life_head *life_head(const struct source *life)
{
	return (const void *)((const uint8_t *)life->unpacked + life->at);
}

static bool life_seek(struct source *life, uint64_t *ret_time)
{
	for (; life->at < life->end; life->at += life_head(life)->size) {
		if (life_kind_is_known(life_head(life)->kind)) {
			*ret_time = life_head(life)->time;
			return true;
		}
	}
	return false;
}

static inline bool source_seek(struct source *source, uint64_t *ret_time)
{
	return source->is_life ? life_seek(source, ret_time) : lane_seek(source, ret_time);
}

static inline void source_step(struct source *source)
{
	source->at += source->is_life ? life_head(source)->size : 1;
}

static void attach_stack(const struct pl_stack *stack, const struct pl_switch *sw,
			 struct recording_item *ret)
{
	if (stack->what == PL_STACK_USER && stack->tid == sw->prev && !ret->stack)
		ret->stack = stack->stack;
	else if (stack->what == PL_STACK_KERNEL && stack->tid == sw->prev && !ret->kernel_stack)
		ret->kernel_stack = stack->stack;
	else if (stack->what == PL_STACK_WAKER && stack->tid == sw->next && !ret->waker_stack)
		ret->waker_stack = stack->stack;
}

/* What tells more of the switch at `at`: in front of it, with at most a wake-up between. Of two of
 * the same kind the nearer one counts. */
static void attach(const union pl_record *records, size_t at, struct recording_item *ret)
{
	size_t end = at > ATTACHED_MAX + 1 ? at - ATTACHED_MAX - 1 : 0;
	bool wake = false;

	for (size_t i = at; i > end; i--) {
		const union pl_record *record = &records[i - 1];

		if (record->kind == PL_BLOCK) {
			if (!ret->block)
				ret->block = record;
		} else if (record->kind == PL_STACK) {
			attach_stack(&record->stack, &ret->record->sw, ret);
		} else if (record->kind != PL_WAKE || wake) {
			break;
		} else {
			wake = true;
		}
	}
}

static inline void deliver_record(const struct source *lane, uint64_t time,
				  struct recording_item *ret)
{
	const union pl_record *records = lane->unpacked;
	size_t at = lane->at;

	*ret = (struct recording_item){.time = time, .cpu = lane->cpu, .record = &records[at]};
	/* Mostly nothing but another switch comes before it. */
	if (records[at].kind == PL_SWITCH && at && records[at - 1].kind != PL_SWITCH)
		attach(records, at, ret);
}

static inline void deliver(const struct heap_entry *entry, struct recording_item *ret)
{
	const struct source *source = entry->source;

	if (!source->is_life) {
		deliver_record(source, entry->time, ret);
		return;
	}
	*ret = (struct recording_item){.time = entry->time,
				       .life = (const void *)life_head(source)};
	ret->cpu = ret->life->head.cpu;
}

/* ---- loading -------------------------------------------------------------------------------- */

static int reserve_unpacked(struct source *source, size_t size)
{
	void *unpacked;

	if (size <= source->capacity)
		return 0;
	unpacked = realloc(source->unpacked, size);
	if (!unpacked)
		return -ENOMEM;
	source->unpacked = unpacked;
	source->capacity = size;
	return 0;
}

static int decode_lane(struct recording *recording, struct source *lane,
		       const struct block_header *header, const char **ret_fault)
{
	const union pl_record *last;

	if (reserve_unpacked(lane, header->count * sizeof(union pl_record))) {
		*ret_fault = strerror(ENOMEM);
		return -ENOMEM;
	}
	*ret_fault = lane_decode(header, recording->raw, lane->unpacked);
	if (*ret_fault)
		return -EBADMSG;
	last = (const union pl_record *)lane->unpacked + header->count - 1;
	if (record_is_attached(last)) {
		*ret_fault = "the block ends before the switch that its last record belongs to";
		return -EBADMSG;
	}
	lane->end = header->count;
	return 0;
}

static int decode_life(struct recording *recording, struct source *life,
		       const struct block_header *header, const char **ret_fault)
{
	/* With the zeros that lie behind. */
	size_t size = header->raw_size + sizeof(union pl_life);

	*ret_fault = life_payload_fault(header, recording->raw);
	if (*ret_fault)
		return -EBADMSG;
	if (reserve_unpacked(life, size)) {
		*ret_fault = strerror(ENOMEM);
		return -ENOMEM;
	}
	memcpy(life->unpacked, recording->raw, size);
	life->end = header->raw_size;
	return 0;
}

static int source_load(struct recording *recording, struct source *source)
{
	const struct block_place *place = &source->blocks.items[source->block];
	const char *fault = NULL;
	int r;

	r = recording_load(recording, place, &fault);
	if (!r)
		r = source->is_life ? decode_life(recording, source, &place->header, &fault)
				    : decode_lane(recording, source, &place->header, &fault);
	if (r)
		return recording_fail_at(recording, &recording->error_text, r, place->offset,
					 fault);
	source->at = 0;
	source->is_loaded = true;
	return 0;
}

/* ---- the stream ----------------------------------------------------------------------------- */

/* The first source has no more in its block: goes on with the next, or takes it out. */
static void next_block(struct recording *recording)
{
	struct source *source = recording->heap[0].source;

	source->is_loaded = false;
	if (++source->block < source->blocks.count) {
		recording->heap[0] = entry_of_block(source);
	} else {
		release(source);
		recording->heap[0] = recording->heap[--recording->heap_count];
	}
	if (recording->heap_count)
		heap_sift(recording, 0);
}

/* Brings the first source to its next item and the heap into order. */
static inline __attribute__((always_inline)) void settle(struct recording *recording)
{
	struct heap_entry *first = &recording->heap[0];

	if (source_seek(first->source, &first->time))
		heap_sift(recording, 0);
	else
		next_block(recording);
}

static int end_of_stream(struct recording *recording)
{
	if (!recording->fault)
		return 0;
	recording->error =
		recording_fail_at(recording, &recording->error_text, recording->fault_error,
				  recording->fault_offset, recording->fault);
	return recording->error;
}

/* All others have their next item after that. */
static uint64_t before_others(const struct recording *recording)
{
	const struct heap_entry *heap = recording->heap;
	uint64_t time = UINT64_MAX;

	for (size_t i = 1; i < recording->heap_count && i < 3; i++)
		time = heap[i].time < time ? heap[i].time : time;
	return time;
}

static RARELY int next_slowly(struct recording *recording, struct recording_item *ret,
			      struct recording_error *ret_error)
{
	if (recording->delivered) {
		recording->delivered = false;
		source_step(recording->heap[0].source);
		settle(recording);
	}
	while (!recording->error && recording->heap_count) {
		struct source *source = recording->heap[0].source;

		if (source->is_loaded) {
			deliver(&recording->heap[0], ret);
			recording->delivered = true;
			recording->lane = source->is_life ? NULL : source;
			recording->others = before_others(recording);
			return 1;
		}
		recording->error = source_load(recording, source);
		if (!recording->error)
			settle(recording);
	}
	if (!recording->error && !end_of_stream(recording))
		return 0;
	if (ret_error)
		*ret_error = recording->error_text;
	return recording->error;
}

/* Mostly the lane of the last item has the next one as well. */
int recording_next(struct recording *recording, struct recording_item *ret,
		   struct recording_error *ret_error)
{
	struct source *lane = recording->lane;
	uint64_t time;

	if (lane) {
		size_t at = lane->at++;

		if (lane_seek(lane, &time) && time < recording->others) {
			recording->heap[0].time = time;
			deliver_record(lane, time, ret);
			return 1;
		}
		lane->at = at;
		recording->lane = NULL;
	}
	return next_slowly(recording, ret, ret_error);
}
