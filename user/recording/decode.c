// SPDX-License-Identifier: GPL-2.0-only
/* decode.c - columns back into the records of a lane; trusts nothing in them */
#include "recording/codec_inside.h"

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
	struct column_in *column = &decoder->in[which];
	uint64_t number = *column->head++;

	if (number < 0x80)
		return number;
	if (column->tail < column->tail_end && *column->tail < 0x80)
		return (number & 0x7f) | (uint32_t)*column->tail++ << 7;
	number = (number & 0x7f) | get_tail(decoder, column) << 7;
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
