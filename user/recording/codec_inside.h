/* SPDX-License-Identifier: GPL-2.0-only */
/* codec_inside.h - what the two sides of the codec must agree upon, and nobody else knows */
#ifndef RECORDING_CODEC_INSIDE_H
#define RECORDING_CODEC_INSIDE_H

#include <stdbool.h>
#include <string.h>

#include "recording/codec.h"

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
	uint64_t reserved; /* their size is a power of two: there is one to find for each record */
};

struct lane_memory {
	uint64_t time;
	uint64_t period;  /* of the last sample */
	uint32_t running; /* next of the last switch */
	struct thread_memory threads[MEMORY_SLOTS];
};

static inline struct thread_memory *memory_of(struct lane_memory *memory, uint32_t tid)
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

/* Who is woken and who runs next are mostly the same one as the last time that this one left. */
static inline uint32_t tid_of_stack(struct lane_memory *memory, uint8_t what)
{
	return what == PL_STACK_WAKER ? memory_of(memory, memory->running)->next : memory->running;
}

#endif
