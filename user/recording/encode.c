// SPDX-License-Identifier: GPL-2.0-only
/* encode.c - the records of a lane into columns */
#include <stdlib.h>

#include "recording/codec_inside.h"

#define SHAPE_TABLE 1024u /* a power of two well above SHAPES_MAX */

/* Where the next number of a column goes. The first byte has 7 bits and tells by the eighth that
 * more follow in the tail: apart from each other both pack better. */
struct column_out {
	uint8_t *head;
	uint8_t *tail;
};

struct lane_encoder {
	struct lane_directory directory;
	uint64_t shapes[SHAPES_MAX];
	uint8_t shape_table[SHAPE_TABLE]; /* index into `shapes` + 1 */
	uint8_t list[LANE_RECORDS_MAX];	  /* the shape of each record */
	/* A sample has two numbers of one column. */
	uint8_t heads[LANE_COLUMNS][2 * LANE_RECORDS_MAX];
	uint8_t tails[LANE_COLUMNS][LANE_RECORDS_MAX * NUMBER_TAIL_MAX];
	union pl_record raw[LANE_RECORDS_MAX];
	struct column_out out[LANE_COLUMNS];
	struct lane_memory memory;
};

struct lane_encoder *lane_encoder_new(void)
{
	return calloc(1, sizeof(struct lane_encoder));
}

void lane_encoder_free(struct lane_encoder **encoder)
{
	free(*encoder);
	*encoder = NULL;
}

static inline void put(struct column_out *column, uint64_t number)
{
	if (number < 0x80) {
		*column->head++ = number;
		return;
	}
	*column->head++ = number | 0x80;
	for (number >>= 7; number >= 0x80; number >>= 7)
		*column->tail++ = number | 0x80;
	*column->tail++ = number;
}

static inline void put_time(struct lane_encoder *encoder, uint64_t time)
{
	put(&encoder->out[COLUMN_TIME], time - encoder->memory.time);
	encoder->memory.time = time;
}

static inline void put_tid(struct lane_encoder *encoder, uint32_t tid)
{
	put(&encoder->out[COLUMN_TID], fold32(tid - encoder->memory.running));
}

static inline void put_waker(struct lane_encoder *encoder, struct thread_memory *woken,
			     uint32_t waker, uint32_t cpu)
{
	put(&encoder->out[COLUMN_WAKER], fold32(waker - woken->waker));
	put(&encoder->out[COLUMN_CPU], fold32(cpu - woken->waker_cpu));
	woken->waker = waker;
	woken->waker_cpu = cpu;
}

static inline void put_switch(struct lane_encoder *encoder, const struct pl_switch *record)
{
	struct thread_memory *prev = memory_of(&encoder->memory, record->prev);

	put_time(encoder, record->time);
	put_tid(encoder, record->prev);
	put(&encoder->out[COLUMN_NEXT], fold32(record->next - prev->next));
	prev->next = record->next;
	encoder->memory.running = record->next;
	if (record->flags & PL_WOKEN) {
		put_waker(encoder, memory_of(&encoder->memory, record->next), record->waker,
			  record->waker_cpu);
	} else {
		put(&encoder->out[COLUMN_WAKER], fold32(record->waker));
		put(&encoder->out[COLUMN_CPU], fold32(record->waker_cpu));
	}
	put(&encoder->out[COLUMN_READY], record->ready_ns);
}

static void put_block(struct lane_encoder *encoder, const struct pl_block *record)
{
	struct thread_memory *thread = memory_of(&encoder->memory, record->tid);

	put_tid(encoder, record->tid);
	put(&encoder->out[COLUMN_HOLDER], fold32(record->holder - thread->holder));
	put(&encoder->out[COLUMN_FIRST], fold64(record->arg0 - thread->arg0));
	put(&encoder->out[COLUMN_SECOND], fold64(record->arg1 - thread->arg1));
	thread->holder = record->holder;
	thread->arg0 = record->arg0;
	thread->arg1 = record->arg1;
}

static void put_wake(struct lane_encoder *encoder, const struct pl_wake *record)
{
	put_time(encoder, record->time);
	put_tid(encoder, record->tid);
	put_waker(encoder, memory_of(&encoder->memory, record->tid), record->waker,
		  record->waker_cpu);
	put(&encoder->out[COLUMN_FIRST], fold64(record->time - record->woken));
}

static void put_gap(struct lane_encoder *encoder, const struct pl_gap *record)
{
	put_time(encoder, record->time);
	put(&encoder->out[COLUMN_HOLDER], record->lost);
	put(&encoder->out[COLUMN_FIRST], fold64(record->time - record->first));
}

static void put_stack(struct lane_encoder *encoder, const struct pl_stack *record)
{
	uint32_t expected = tid_of_stack(&encoder->memory, record->what);
	uint32_t *known = &memory_of(&encoder->memory, record->tid)->stacks[record->what % 4];

	put(&encoder->out[COLUMN_TID], fold32(record->tid - expected));
	put(&encoder->out[COLUMN_STACK], fold32(record->stack - *known));
	*known = record->stack;
}

static void put_sample(struct lane_encoder *encoder, const struct pl_sample *record)
{
	struct thread_memory *thread = memory_of(&encoder->memory, record->tid);

	put_time(encoder, record->time);
	put_tid(encoder, record->tid);
	put(&encoder->out[COLUMN_STACK], fold32(record->stack - thread->sampled));
	put(&encoder->out[COLUMN_STACK], fold32(record->kernel_stack - thread->sampled_kernel));
	put(&encoder->out[COLUMN_SECOND], fold64(record->period - encoder->memory.period));
	thread->sampled = record->stack;
	thread->sampled_kernel = record->kernel_stack;
	encoder->memory.period = record->period;
}

/* Tells of nothing but the time, so that it cannot spoil what is known of the threads. */
static void put_raw(struct lane_encoder *encoder, const union pl_record *record)
{
	memcpy(&encoder->raw[encoder->directory.raw_records++], record, sizeof(*record));
	if (record_has_time(record))
		encoder->memory.time = record_time(record);
}

/* Index of the shape in this block's list, SHAPE_RAW when that is full. */
static inline unsigned int shape_index(struct lane_encoder *encoder, uint64_t key)
{
	size_t at = (key * 0x9e3779b97f4a7c15u) >> 54;
	unsigned int index;

	for (; encoder->shape_table[at]; at = (at + 1) % SHAPE_TABLE) {
		index = encoder->shape_table[at] - 1u;
		if (encoder->shapes[index] == key)
			return index;
	}
	if (encoder->directory.shapes == SHAPES_MAX)
		return SHAPE_RAW;
	index = encoder->directory.shapes++;
	encoder->shapes[index] = key;
	encoder->shape_table[at] = index + 1;
	return index;
}

static void encoder_reset(struct lane_encoder *encoder, uint64_t first_time)
{
	memset(&encoder->directory, 0, sizeof(encoder->directory));
	memset(encoder->shape_table, 0, sizeof(encoder->shape_table));
	memset(&encoder->memory, 0, sizeof(encoder->memory));
	encoder->memory.time = first_time;
	for (int i = 0; i < LANE_COLUMNS; i++)
		encoder->out[i] = (struct column_out){encoder->heads[i], encoder->tails[i]};
}

static void encode_record(struct lane_encoder *encoder, const union pl_record *record,
			  uint8_t *ret_shape)
{
	unsigned int index = SHAPE_RAW;
	union shape shape;

	if (shape_of(record, &shape))
		index = shape_index(encoder, shape.key);
	*ret_shape = index;
	if (index == SHAPE_RAW)
		put_raw(encoder, record);
	else if (record->kind == PL_SWITCH)
		put_switch(encoder, &record->sw);
	else if (record->kind == PL_BLOCK)
		put_block(encoder, &record->block);
	else if (record->kind == PL_WAKE)
		put_wake(encoder, &record->wake);
	else if (record->kind == PL_STACK)
		put_stack(encoder, &record->stack);
	else if (record->kind == PL_SAMPLE)
		put_sample(encoder, &record->sample);
	else
		put_gap(encoder, &record->gap);
}

static void encoder_segments(struct lane_encoder *encoder, size_t count,
			     struct payload_piece *segment)
{
	struct lane_directory *directory = &encoder->directory;

	directory->columns = encoder->out[COLUMN_STACK].head > encoder->heads[COLUMN_STACK];
	*segment++ = (struct payload_piece){directory, LANE_DIRECTORY_SIZE(directory->columns)};
	*segment++ = (struct payload_piece){encoder->shapes, directory->shapes * sizeof(uint64_t)};
	*segment++ = (struct payload_piece){encoder->list, count};
	for (int i = 0; i < LANE_COLUMNS; i++) {
		directory->tails[i] = encoder->out[i].tail - encoder->tails[i];
		*segment++ = (struct payload_piece){encoder->heads[i],
						    encoder->out[i].head - encoder->heads[i]};
		*segment++ = (struct payload_piece){encoder->tails[i], directory->tails[i]};
	}
	*segment = (struct payload_piece){encoder->raw, directory->raw_records * PL_RECORD_SIZE};
}

void lane_encode(struct lane_encoder *encoder, const union pl_record *records, size_t count,
		 uint64_t first_time, struct payload_piece ret_segments[LANE_SEGMENTS])
{
	encoder_reset(encoder, first_time);
	for (size_t i = 0; i < count; i++)
		encode_record(encoder, &records[i], &encoder->list[i]);
	encoder_segments(encoder, count, ret_segments);
}
