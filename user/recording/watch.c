// SPDX-License-Identifier: GPL-2.0-only
#include "recording/watch.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "recording/reader.h"

/* Two threads take turns on a few CPUs: what is expected next is what the CPU did last. */
#define CPU_SLOTS   64
#define PLACE_SLOTS 64
#define STACK_MASK  0xffffffu

struct cpu_memory {
	uint64_t time, value;
	uint32_t tid, tgid, ran_ns, place;
};

struct memory {
	uint64_t time;
	uint16_t cpu;
	struct cpu_memory cpus[CPU_SLOTS];
	uint32_t stacks[PLACE_SLOTS]; /* of the last access there */
};

enum column {
	COLUMN_TIME,
	COLUMN_CPU,
	COLUMN_TID,
	COLUMN_TGID,
	COLUMN_PLACE,
	COLUMN_VALUE,
	COLUMN_SEEN,
	COLUMN_RAN,
	COLUMN_REST,
};

static uint64_t fold(uint64_t difference)
{
	return difference << 1 ^ (uint64_t)((int64_t)difference >> 63);
}

static uint64_t unfold(uint64_t number)
{
	return number >> 1 ^ -(number & 1);
}

/* A small difference of 32-bit numbers stays small where it wraps around. */
static uint64_t fold32(uint32_t difference)
{
	return fold((uint64_t)(int64_t)(int32_t)difference);
}

static uint32_t expected_ran(const struct cpu_memory *cpu, uint64_t time)
{
	return cpu->ran_ns + (uint32_t)(time - cpu->time);
}

static void remember(struct memory *memory, const struct watch_access *access)
{
	memory->time = access->time;
	memory->cpu = access->cpu;
	memory->stacks[access->place % PLACE_SLOTS] = access->stack;
	memory->cpus[access->cpu % CPU_SLOTS] = (struct cpu_memory){
		.time = access->time,
		.value = access->value,
		.tid = access->tid,
		.tgid = access->tgid,
		.ran_ns = access->ran_ns,
		.place = access->place,
	};
}

/* ---- writing -------------------------------------------------------------------------------- */

static void put(struct watch_buffer *buffer, enum column column, uint64_t number)
{
	uint8_t *at = buffer->columns[column] + buffer->sizes[column];

	while (number >= 0x80) {
		*at++ = (uint8_t)number | 0x80;
		number >>= 7;
	}
	*at++ = (uint8_t)number;
	buffer->sizes[column] = (uint32_t)(at - buffer->columns[column]);
}

static void put_access(struct watch_buffer *buffer, struct memory *memory,
		       const struct watch_access *access)
{
	const struct cpu_memory *cpu = &memory->cpus[access->cpu % CPU_SLOTS];
	uint32_t stack = access->stack - memory->stacks[access->place % PLACE_SLOTS];

	put(buffer, COLUMN_TIME, fold(access->time - memory->time));
	put(buffer, COLUMN_CPU, fold32((uint32_t)access->cpu - memory->cpu));
	put(buffer, COLUMN_TID, fold32(access->tid - cpu->tid));
	put(buffer, COLUMN_TGID, fold32(access->tgid - cpu->tgid));
	put(buffer, COLUMN_PLACE, fold32(access->place - cpu->place));
	put(buffer, COLUMN_VALUE, fold(access->value - cpu->value));
	put(buffer, COLUMN_SEEN, fold(access->seen - access->value));
	put(buffer, COLUMN_RAN, fold32(access->ran_ns - expected_ran(cpu, access->time)));
	put(buffer, COLUMN_REST,
	    (uint64_t)(stack & STACK_MASK) << 40 | (uint64_t)access->seen_ns << 24 |
		    (uint64_t)access->locks << 16 | (uint64_t)access->flags << 8 | access->watch);
	remember(memory, access);
}

void watch_encode(struct watch_buffer *buffer, struct payload_piece segments[WATCH_SEGMENTS])
{
	struct memory memory = {0};

	memset(buffer->sizes, 0, sizeof(buffer->sizes));
	for (size_t i = 0; i < buffer->count; i++)
		put_access(buffer, &memory, &buffer->accesses[i]);
	segments[0] = (struct payload_piece){buffer->sizes, sizeof(buffer->sizes)};
	for (size_t i = 0; i < WATCH_COLUMNS; i++)
		segments[1 + i] = (struct payload_piece){buffer->columns[i], buffer->sizes[i]};
}

/* ---- reading -------------------------------------------------------------------------------- */

struct column_in {
	const uint8_t *at, *end;
};

static bool get(struct column_in *column, uint64_t *ret)
{
	uint64_t number = 0;

	for (unsigned int shift = 0; shift < 64 && column->at < column->end; shift += 7) {
		uint8_t byte = *column->at++;

		number |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*ret = number;
			return shift < 63 || byte <= 1;
		}
	}
	return false;
}

static bool get_access(struct column_in columns[WATCH_COLUMNS], struct memory *memory,
		       struct watch_access *access)
{
	uint64_t number[WATCH_COLUMNS], rest;
	const struct cpu_memory *cpu;

	for (size_t i = 0; i < WATCH_COLUMNS; i++)
		if (!get(&columns[i], &number[i]))
			return false;
	memset(access, 0, sizeof(*access));
	access->time = memory->time + unfold(number[COLUMN_TIME]);
	access->cpu = (uint16_t)(memory->cpu + unfold(number[COLUMN_CPU]));
	cpu = &memory->cpus[access->cpu % CPU_SLOTS];
	access->tid = cpu->tid + (uint32_t)unfold(number[COLUMN_TID]);
	access->tgid = cpu->tgid + (uint32_t)unfold(number[COLUMN_TGID]);
	access->place = cpu->place + (uint32_t)unfold(number[COLUMN_PLACE]);
	access->value = cpu->value + unfold(number[COLUMN_VALUE]);
	access->seen = access->value + unfold(number[COLUMN_SEEN]);
	access->ran_ns = expected_ran(cpu, access->time) + (uint32_t)unfold(number[COLUMN_RAN]);
	rest = number[COLUMN_REST];
	access->seen_ns = (uint16_t)(rest >> 24);
	access->locks = (uint8_t)(rest >> 16);
	access->flags = (uint8_t)(rest >> 8);
	access->watch = (uint8_t)rest;
	access->stack =
		(memory->stacks[access->place % PLACE_SLOTS] + (uint32_t)(rest >> 40)) & STACK_MASK;
	remember(memory, access);
	return true;
}

bool watch_decode(const void *payload, size_t size, size_t count, struct watch_access *ret)
{
	struct column_in columns[WATCH_COLUMNS];
	uint32_t sizes[WATCH_COLUMNS];
	struct memory memory = {0};
	const uint8_t *at = payload;

	if (size < sizeof(sizes))
		return false;
	memcpy(sizes, at, sizeof(sizes));
	at += sizeof(sizes);
	size -= sizeof(sizes);
	for (size_t i = 0; i < WATCH_COLUMNS; i++) {
		if (sizes[i] > size)
			return false;
		columns[i] = (struct column_in){at, at + sizes[i]};
		at += sizes[i];
		size -= sizes[i];
	}
	for (size_t i = 0; i < count; i++)
		if (!get_access(columns, &memory, &ret[i]))
			return false;
	for (size_t i = 0; i < WATCH_COLUMNS; i++)
		if (columns[i].at != columns[i].end)
			return false;
	return !size;
}

int recording_read_accesses(struct recording *recording,
			    int (*take)(void *context, const struct watch_access *access),
			    void *context, struct recording_error *ret_error)
{
	CLEANUP_FREE struct watch_access *accesses = NULL;
	const struct block_place *place;

	if (!recording->watches.count)
		return 0;
	accesses = calloc(WATCH_ACCESSES_MAX, sizeof(*accesses));
	if (!accesses)
		return -ENOMEM;
	vector_for_each (&recording->watches, place) {
		size_t count = place->header.count;
		const char *fault;
		int error = recording_load(recording, place, &fault);

		if (error)
			return recording_fail_at(recording, ret_error, error, place->offset, fault);
		if (!watch_decode(recording->raw, place->header.raw_size, count, accesses))
			return recording_fail_at(recording, ret_error, -EBADMSG, place->offset,
						 "its accesses do not fit together");
		for (size_t i = 0; i < count && !error; i++)
			error = take(context, &accesses[i]);
		if (error)
			return error;
	}
	return 0;
}
