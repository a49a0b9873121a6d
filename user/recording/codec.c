// SPDX-License-Identifier: GPL-2.0-only
#include "recording/codec.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/*
 * What a lane is known to have done, the same on both sides: it starts empty with each block, so
 * that blocks can be read one by one. A thread is looked for in the slot of the low bits of its
 * tid; that two may share a slot costs bytes and nothing else.
 */
#define MEMORY_SLOTS 256u

struct thread_memory {
	uint32_t next;	/* who ran after it */
	uint32_t waker; /* who woke it, and where that was */
	uint32_t waker_cpu;
	uint32_t holder; /* of its last PL_BLOCK */
	uint64_t arg0;
	uint64_t arg1;
	uint32_t stacks[4]; /* of its last PL_STACKs, by the low bits of `what` */
	uint32_t sampled, sampled_kernel;
};

struct lane_memory {
	uint64_t time;
	uint64_t period;  /* of the last sample */
	uint32_t running; /* next of the last switch */
	struct thread_memory threads[MEMORY_SLOTS];
};

static struct thread_memory *memory_of(struct lane_memory *memory, uint32_t tid)
{
	return &memory->threads[tid % MEMORY_SLOTS];
}

/* Small differences of either sign become small numbers. */
static inline uint32_t fold32(uint32_t difference)
{
	return (difference << 1) ^ -(difference >> 31);
}

static inline uint32_t unfold32(uint32_t number)
{
	return (number >> 1) ^ -(number & 1);
}

static inline uint64_t fold64(uint64_t difference)
{
	return (difference << 1) ^ -(difference >> 63);
}

static inline uint64_t unfold64(uint64_t number)
{
	return (number >> 1) ^ -(number & 1);
}

/* ---- shapes: 8 bytes, as a number and as what it is made of --------------------------------- */

union shape {
	uint64_t key;
	struct {
		uint32_t low;  /* bytes 0-3 of the record */
		uint32_t high; /* by kind */
	};
	uint8_t kind;
};

static inline uint32_t load32(const union pl_record *record, size_t offset)
{
	uint32_t value;

	memcpy(&value, (const uint8_t *)record + offset, sizeof(value));
	return value;
}

/* False if the record has something in a place that no column and no shape covers. */
static inline bool shape_of(const union pl_record *record, union shape *ret)
{
	ret->low = load32(record, 0);
	switch (record->kind) {
	case PL_SWITCH:
		ret->high = load32(record, 20) & 0xffff; /* waker_context, reserved_8 */
		return true;
	case PL_BLOCK:
		ret->high = load32(record, 4); /* syscall, reserved_6 */
		return true;
	case PL_WAKE:
		ret->low &= 0xffff; /* waker_cpu is a number */
		ret->high = record->wake.reserved_12;
		return true;
	case PL_GAP:
		ret->high = 0;
		return record->gap.reserved_16 == 0;
	case PL_STACK:
		ret->high = record->stack.reserved_12;
		return !record->stack.reserved_16 && !record->stack.reserved_24;
	case PL_SAMPLE:
		ret->high = 0;
		return true;
	default:
		return false;
	}
}

/* ---- encoding ------------------------------------------------------------------------------- */

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

/* Who is woken and who runs next are mostly the same one as the last time that this one left. */
static inline uint32_t tid_of_stack(struct lane_memory *memory, uint8_t what)
{
	return what == PL_STACK_WAKER ? memory_of(memory, memory->running)->next : memory->running;
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

/* ---- decoding ------------------------------------------------------------------------------- */

struct column_in {
	const uint8_t *head; /* how many are needed is known beforehand: no bounds to check */
	const uint8_t *tail, *tail_end;
};

struct lane_decoder {
	const uint8_t *at, *end; /* of the payload that is not yet given to a column */
	struct lane_directory directory;
	union shape shapes[SHAPES_MAX + 1];
	const uint8_t *list;
	struct column_in in[LANE_COLUMNS];
	const uint8_t *raw;
	uint64_t fault; /* not zero once a number did not fit: looked at once at the end */
	struct lane_memory memory;
};

static uint64_t get_tail(struct lane_decoder *decoder, struct column_in *column)
{
	uint64_t number = 0;

	for (unsigned int shift = 0; shift < 7 * NUMBER_TAIL_MAX; shift += 7) {
		uint8_t byte;

		if (column->tail == column->tail_end)
			break;
		byte = *column->tail++;
		number |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			decoder->fault |= number >> (64 - 7);
			return number;
		}
	}
	decoder->fault = 1;
	return 0;
}

static inline uint64_t get64(struct lane_decoder *decoder, enum lane_column which)
{
	struct column_in *column = &decoder->in[which];
	uint64_t number = *column->head++;

	if (number < 0x80)
		return number;
	/* Most long numbers have two bytes. */
	if (column->tail < column->tail_end && *column->tail < 0x80)
		return (number & 0x7f) | (uint64_t)*column->tail++ << 7;
	return (number & 0x7f) | get_tail(decoder, column) << 7;
}

static inline uint32_t get32(struct lane_decoder *decoder, enum lane_column which)
{
	uint64_t number = get64(decoder, which);

	decoder->fault |= number >> 32;
	return number;
}

static inline uint64_t get_time(struct lane_decoder *decoder)
{
	uint64_t time = decoder->memory.time + get64(decoder, COLUMN_TIME);

	decoder->fault |= time < decoder->memory.time;
	decoder->memory.time = time;
	return time;
}

static inline uint32_t get_tid(struct lane_decoder *decoder)
{
	return decoder->memory.running + unfold32(get32(decoder, COLUMN_TID));
}

static inline void get_waker(struct lane_decoder *decoder, struct thread_memory *woken)
{
	uint32_t cpu;

	woken->waker += unfold32(get32(decoder, COLUMN_WAKER));
	cpu = woken->waker_cpu + unfold32(get32(decoder, COLUMN_CPU));
	decoder->fault |= cpu >> 16;
	woken->waker_cpu = cpu;
}

static inline void get_switch(struct lane_decoder *decoder, union shape shape,
			      struct pl_switch *record)
{
	struct thread_memory unknown = {0}, *woken = &unknown, *prev;

	memcpy(record, &shape.low, sizeof(shape.low));
	record->time = get_time(decoder);
	record->prev = get_tid(decoder);
	prev = memory_of(&decoder->memory, record->prev);
	prev->next += unfold32(get32(decoder, COLUMN_NEXT));
	record->next = decoder->memory.running = prev->next;
	if (record->flags & PL_WOKEN)
		woken = memory_of(&decoder->memory, record->next);
	get_waker(decoder, woken);
	record->waker = woken->waker;
	record->waker_context = shape.high;
	record->reserved_8 = shape.high >> 8;
	record->waker_cpu = woken->waker_cpu;
	record->ready_ns = get32(decoder, COLUMN_READY);
}

static inline void get_block(struct lane_decoder *decoder, union shape shape,
			     struct pl_block *record)
{
	struct thread_memory *thread;

	memcpy(record, &shape, sizeof(shape));
	record->tid = get_tid(decoder);
	thread = memory_of(&decoder->memory, record->tid);
	record->holder = thread->holder += unfold32(get32(decoder, COLUMN_HOLDER));
	record->arg0 = thread->arg0 += unfold64(get64(decoder, COLUMN_FIRST));
	record->arg1 = thread->arg1 += unfold64(get64(decoder, COLUMN_SECOND));
}

static inline void get_wake(struct lane_decoder *decoder, union shape shape, struct pl_wake *record)
{
	struct thread_memory *woken;

	memcpy(record, &shape.low, sizeof(shape.low));
	record->time = get_time(decoder);
	record->tid = get_tid(decoder);
	woken = memory_of(&decoder->memory, record->tid);
	get_waker(decoder, woken);
	record->waker = woken->waker;
	record->waker_cpu = woken->waker_cpu;
	record->reserved_12 = shape.high;
	record->woken = record->time - unfold64(get64(decoder, COLUMN_FIRST));
}

static inline void get_gap(struct lane_decoder *decoder, union shape shape, struct pl_gap *record)
{
	memcpy(record, &shape.low, sizeof(shape.low));
	record->time = get_time(decoder);
	record->lost = get32(decoder, COLUMN_HOLDER);
	record->first = record->time - unfold64(get64(decoder, COLUMN_FIRST));
	record->reserved_16 = 0;
}

static inline void get_stack(struct lane_decoder *decoder, union shape shape,
			     struct pl_stack *record)
{
	uint32_t *known;

	memcpy(record, &shape.low, sizeof(shape.low));
	record->tid =
		tid_of_stack(&decoder->memory, record->what) + unfold32(get32(decoder, COLUMN_TID));
	known = &memory_of(&decoder->memory, record->tid)->stacks[record->what % 4];
	record->stack = *known += unfold32(get32(decoder, COLUMN_STACK));
	record->reserved_12 = shape.high;
	record->reserved_16 = record->reserved_24 = 0;
}

static inline void get_sample(struct lane_decoder *decoder, union shape shape,
			      struct pl_sample *record)
{
	struct thread_memory *thread;

	memcpy(record, &shape.low, sizeof(shape.low));
	record->time = get_time(decoder);
	record->tid = get_tid(decoder);
	thread = memory_of(&decoder->memory, record->tid);
	record->stack = thread->sampled += unfold32(get32(decoder, COLUMN_STACK));
	record->kernel_stack = thread->sampled_kernel += unfold32(get32(decoder, COLUMN_STACK));
	record->period = decoder->memory.period += unfold64(get64(decoder, COLUMN_SECOND));
}

static inline void get_raw(struct lane_decoder *decoder, union pl_record *record)
{
	memcpy(record, decoder->raw, sizeof(*record));
	decoder->raw += sizeof(*record);
	if (!record_has_time(record))
		return;
	decoder->fault |= record_time(record) < decoder->memory.time;
	decoder->memory.time = record_time(record);
}

/* Cuts the next `size` bytes off the payload; NULL if it is shorter. */
static const uint8_t *take(struct lane_decoder *decoder, uint64_t size)
{
	const uint8_t *at = decoder->at;

	if (size > (uint64_t)(decoder->end - at))
		return NULL;
	decoder->at += size;
	return at;
}

static bool take_directory(struct lane_decoder *decoder)
{
	struct lane_directory *directory = &decoder->directory;
	const uint8_t *bytes = take(decoder, LANE_DIRECTORY_SIZE(0));

	memset(directory, 0, sizeof(*directory));
	if (!bytes)
		return false;
	memcpy(directory, bytes, LANE_DIRECTORY_SIZE(0));
	if (!directory->columns)
		return true;
	bytes = take(decoder, sizeof(directory->tails[0]));
	if (!bytes || directory->columns > LANE_COLUMNS - LANE_COLUMNS_PLAIN)
		return false;
	memcpy(&directory->tails[COLUMN_STACK], bytes, sizeof(directory->tails[0]));
	return true;
}

static bool kind_has_columns(uint8_t kind)
{
	return kind >= PL_SWITCH && kind <= PL_SAMPLE && kind != PL_RESUME;
}

static bool take_shapes(struct lane_decoder *decoder)
{
	const uint8_t *bytes = take(decoder, decoder->directory.shapes * sizeof(union shape));

	if (!bytes || decoder->directory.shapes > SHAPES_MAX)
		return false;
	memcpy(decoder->shapes, bytes, decoder->directory.shapes * sizeof(union shape));
	for (unsigned int i = 0; i < decoder->directory.shapes; i++) {
		union shape shape = decoder->shapes[i];

		if (!kind_has_columns(shape.kind) ||
		    (shape.kind == PL_SWITCH && shape.high >> 16) ||
		    (shape.kind == PL_WAKE && shape.low >> 16) ||
		    ((shape.kind == PL_GAP || shape.kind == PL_SAMPLE) && shape.high))
			return false;
	}
	return true;
}

#define KINDS (PL_SAMPLE + 1)

/* How often each kind comes, which tells how many numbers each column must have. */
static bool count_kinds(const struct lane_decoder *decoder, uint32_t count,
			uint32_t ret_kinds[KINDS])
{
	uint32_t uses[SHAPES_MAX + 1] = {0};

	for (uint32_t i = 0; i < count; i++)
		uses[decoder->list[i]]++;
	memset(ret_kinds, 0, (KINDS) * sizeof(*ret_kinds));
	for (unsigned int i = 0; i < SHAPES_MAX; i++) {
		if (uses[i] && i >= decoder->directory.shapes)
			return false;
		ret_kinds[decoder->shapes[i].kind] += uses[i];
	}
	return uses[SHAPE_RAW] == decoder->directory.raw_records;
}

static bool take_columns(struct lane_decoder *decoder, const uint32_t kinds[KINDS])
{
	const uint32_t heads[LANE_COLUMNS] = {
		[COLUMN_TIME] =
			kinds[PL_SWITCH] + kinds[PL_WAKE] + kinds[PL_GAP] + kinds[PL_SAMPLE],
		[COLUMN_TID] = kinds[PL_SWITCH] + kinds[PL_BLOCK] + kinds[PL_WAKE] +
			       kinds[PL_STACK] + kinds[PL_SAMPLE],
		[COLUMN_NEXT] = kinds[PL_SWITCH],
		[COLUMN_WAKER] = kinds[PL_SWITCH] + kinds[PL_WAKE],
		[COLUMN_CPU] = kinds[PL_SWITCH] + kinds[PL_WAKE],
		[COLUMN_READY] = kinds[PL_SWITCH],
		[COLUMN_HOLDER] = kinds[PL_BLOCK] + kinds[PL_GAP],
		[COLUMN_FIRST] = kinds[PL_BLOCK] + kinds[PL_WAKE] + kinds[PL_GAP],
		[COLUMN_SECOND] = kinds[PL_BLOCK] + kinds[PL_SAMPLE],
		[COLUMN_STACK] = kinds[PL_STACK] + 2 * kinds[PL_SAMPLE],
	};

	if (!decoder->directory.columns && heads[COLUMN_STACK])
		return false;
	for (int i = 0; i < LANE_COLUMNS; i++) {
		struct column_in *column = &decoder->in[i];

		column->head = take(decoder, heads[i]);
		column->tail = take(decoder, decoder->directory.tails[i]);
		if (!column->head || !column->tail)
			return false;
		column->tail_end = column->tail + decoder->directory.tails[i];
	}
	return true;
}

static bool decoder_open(struct lane_decoder *decoder, const struct block_header *header,
			 const void *payload)
{
	uint32_t kinds[KINDS];

	decoder->at = payload;
	decoder->end = decoder->at + header->raw_size;
	decoder->fault = 0;
	memset(decoder->shapes, 0, sizeof(decoder->shapes));
	memset(&decoder->memory, 0, sizeof(decoder->memory));
	decoder->memory.time = header->first_time;

	if (!take_directory(decoder) || !take_shapes(decoder))
		return false;
	decoder->list = take(decoder, header->count);
	if (!decoder->list || !count_kinds(decoder, header->count, kinds) ||
	    !take_columns(decoder, kinds))
		return false;
	decoder->raw = take(decoder, (uint64_t)decoder->directory.raw_records * PL_RECORD_SIZE);
	return decoder->raw && decoder->at == decoder->end;
}

static bool decoder_is_drained(const struct lane_decoder *decoder)
{
	for (int i = 0; i < LANE_COLUMNS; i++) {
		if (decoder->in[i].tail != decoder->in[i].tail_end)
			return false;
	}
	return true;
}

static void decode_record(struct lane_decoder *decoder, unsigned int index, union pl_record *record)
{
	union shape shape = decoder->shapes[index];

	if (shape.kind == PL_SWITCH)
		get_switch(decoder, shape, &record->sw);
	else if (index == SHAPE_RAW)
		get_raw(decoder, record);
	else if (shape.kind == PL_BLOCK)
		get_block(decoder, shape, &record->block);
	else if (shape.kind == PL_WAKE)
		get_wake(decoder, shape, &record->wake);
	else if (shape.kind == PL_STACK)
		get_stack(decoder, shape, &record->stack);
	else if (shape.kind == PL_SAMPLE)
		get_sample(decoder, shape, &record->sample);
	else
		get_gap(decoder, shape, &record->gap);
}

const char *lane_decode(const struct block_header *header, const void *payload,
			union pl_record *records)
{
	struct lane_decoder decoder;

	if (!decoder_open(&decoder, header, payload))
		return "its columns do not fit together";
	for (uint32_t i = 0; i < header->count; i++)
		decode_record(&decoder, decoder.list[i], &records[i]);
	if (decoder.fault || !decoder_is_drained(&decoder))
		return "a number in it is out of bounds";
	if (decoder.memory.time != header->last_time)
		return "its times are not those that it announces";
	return NULL;
}
