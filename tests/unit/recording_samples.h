/* SPDX-License-Identifier: GPL-2.0-only */
/* recording_samples.h - made-up records, and recordings in memory, for the tests of recording/ */
#ifndef TESTS_RECORDING_SAMPLES_H
#define TESTS_RECORDING_SAMPLES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "recording/recording.h"
#include "recording/stacks.h"

/* Every run of a test sees the same numbers. */
struct dice {
	uint64_t state;
};

static inline uint64_t roll(struct dice *dice)
{
	dice->state ^= dice->state << 13;
	dice->state ^= dice->state >> 7;
	dice->state ^= dice->state << 17;
	return dice->state * 0x2545f4914f6cdd1dull;
}

static inline uint64_t roll_below(struct dice *dice, uint64_t bound)
{
	return roll(dice) % bound;
}

/* Small, middling and hostile numbers, about equally often. */
static inline uint64_t roll_number(struct dice *dice)
{
	switch (roll_below(dice, 5)) {
	case 0:
		return roll_below(dice, 4);
	case 1:
		return 41000 + roll_below(dice, 200);
	case 2:
		return roll(dice) >> roll_below(dice, 64);
	case 3:
		return UINT64_MAX - roll_below(dice, 3);
	default:
		return 1ull << roll_below(dice, 64);
	}
}

static inline void fill(struct dice *dice, void *data, size_t size)
{
	uint8_t *bytes = data;

	for (size_t i = 0; i < size; i++)
		bytes[i] = roll(dice);
}

/* A switch as a kernel would tell it. */
static inline union pl_record switch_at(uint64_t time, uint32_t prev, uint32_t next)
{
	return (union pl_record){
		.sw = {
			.kind = PL_SWITCH,
			.flags = PL_PREV | PL_NEXT | PL_BLOCKED | PL_VOLUNTARY | PL_WOKEN | PL_SAME,
			.prev_state = 1,
			.prev = prev,
			.next = next,
			.waker = prev,
			.waker_context = PL_WAKER_TASK,
			.ready_ns = 700,
			.time = time,
		}};
}

static inline union pl_record block_of(uint32_t tid, uint64_t address)
{
	return (union pl_record){.block = {
					 .kind = PL_BLOCK,
					 .futex_kind = PL_FUTEX_MUTEX,
					 .syscall = 202,
					 .tid = tid,
					 .holder = tid + 1,
					 .arg0 = address,
					 .arg1 = 128,
				 }};
}

static inline union pl_record wake_at(uint64_t time, uint32_t tid)
{
	return (union pl_record){.wake = {
					 .kind = PL_WAKE,
					 .waker_context = PL_WAKER_INTERRUPT,
					 .waker_cpu = 1,
					 .tid = tid,
					 .waker = 7,
					 .woken = time / 2,
					 .time = time,
				 }};
}

static inline union pl_record gap_at(uint64_t time, uint32_t lost)
{
	return (union pl_record){
		.gap = {.kind = PL_GAP, .lost = lost, .first = time / 2, .time = time}};
}

static inline union pl_record stack_of(uint32_t tid, uint8_t what, uint32_t stack)
{
	return (union pl_record){
		.stack = {.kind = PL_STACK, .what = what, .tid = tid, .stack = stack}};
}

static inline union pl_record sample_at(uint64_t time, uint32_t tid, uint32_t stack)
{
	return (union pl_record){.sample = {
					 .kind = PL_SAMPLE,
					 .tid = tid,
					 .stack = stack,
					 .period = 1001001,
					 .time = time,
				 }};
}

static const uint8_t life_kinds[] = {PL_LIFE_TASK,   PL_LIFE_FORK,   PL_LIFE_EXEC,
				     PL_LIFE_EXIT,   PL_LIFE_TOTALS, PL_LIFE_RENAME,
				     PL_LIFE_SIGNAL, PL_LIFE_MEMORY};

static inline size_t life_size(uint8_t kind)
{
	static const size_t sizes[] = {
		[PL_LIFE_TASK] = sizeof(struct pl_life_task),
		[PL_LIFE_FORK] = sizeof(struct pl_life_task),
		[PL_LIFE_EXEC] = sizeof(struct pl_life_exec),
		[PL_LIFE_EXIT] = sizeof(struct pl_life_exit),
		[PL_LIFE_TOTALS] = sizeof(struct pl_life_totals),
		[PL_LIFE_RENAME] = sizeof(struct pl_life_rename),
		[PL_LIFE_SIGNAL] = sizeof(struct pl_life_signal),
		[PL_LIFE_MEMORY] = sizeof(struct pl_life_memory),
	};

	return sizes[kind];
}

/* All bytes random but those that make it a record. */
static inline union pl_life random_life(struct dice *dice, uint64_t time)
{
	uint8_t kind = life_kinds[roll_below(dice, sizeof(life_kinds))];
	union pl_life life = {0};

	fill(dice, &life, life_size(kind));
	life.head.time = time;
	life.head.kind = kind;
	life.head.size = life_size(kind);
	return life;
}

/* A recording's file that outlives the writer and the reader, which close what they are given. */
static inline int memory_file(void)
{
	int fd = memfd_create("recording", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static inline int memory_file_of(const void *data, size_t size)
{
	int fd = memory_file();

	assert_int_equal(write(fd, data, size), size);
	return fd;
}

static inline struct recording_writer *writer_on(int fd)
{
	struct recording_writer *writer = NULL;

	assert_int_equal(recording_writer_new(dup(fd), &writer), 0);
	return writer;
}

static inline struct recording *reader_on(int fd)
{
	struct recording *recording = NULL;
	struct recording_error error = {""};

	if (recording_open_fd(dup(fd), &recording, &error))
		fail_msg("%s", error.text);
	return recording;
}

/* The whole file; free() it. */
static inline uint8_t *contents_of(int fd, size_t *ret_size)
{
	struct stat st;
	uint8_t *data;

	assert_int_equal(fstat(fd, &st), 0);
	data = malloc(st.st_size + 1);
	assert_non_null(data);
	assert_int_equal(pread(fd, data, st.st_size, 0), st.st_size);
	*ret_size = st.st_size;
	return data;
}

/* An item that lives on. */
struct item {
	uint64_t time;
	unsigned int cpu;
	bool is_life, has_block;
	union pl_record record, block;
	uint32_t stacks[3]; /* by enum pl_stack_of */
	union pl_life life;
	size_t order; /* for the tests' own sorting */
};

struct items {
	struct item *list;
	size_t count, capacity;
};

static inline struct item *items_add(struct items *items)
{
	if (items->count == items->capacity) {
		items->capacity = items->capacity ? items->capacity * 2 : 64;
		items->list = reallocarray(items->list, items->capacity, sizeof(*items->list));
		assert_non_null(items->list);
	}
	memset(&items->list[items->count], 0, sizeof(*items->list));
	return &items->list[items->count++];
}

static inline void items_free(struct items *items)
{
	free(items->list);
	memset(items, 0, sizeof(*items));
}

static inline void item_keep(struct items *items, const struct recording_item *from)
{
	struct item *item = items_add(items);

	item->time = from->time;
	item->cpu = from->cpu;
	if (from->life) {
		assert_null(from->record);
		assert_null(from->block);
		item->is_life = true;
		memcpy(&item->life, from->life,
		       from->life->head.size < sizeof(item->life) ? from->life->head.size
								  : sizeof(item->life));
	} else {
		item->record = *from->record;
		item->has_block = from->block != NULL;
		if (from->block)
			item->block = *from->block;
		item->stacks[PL_STACK_USER] = from->stack;
		item->stacks[PL_STACK_KERNEL] = from->kernel_stack;
		item->stacks[PL_STACK_WAKER] = from->waker_stack;
	}
}

/* Reads up to the end or the damage, and what recording_next() said last. */
static inline struct items drain(struct recording *recording, int *ret_result,
				 struct recording_error *ret_error)
{
	struct items items = {0};
	struct recording_item item;
	int r;

	while ((r = recording_next(recording, &item, ret_error)) == 1)
		item_keep(&items, &item);
	/* And it stays so. */
	assert_int_equal(recording_next(recording, &item, ret_error), r);
	*ret_result = r;
	return items;
}

static inline bool item_equals(const struct item *a, const struct item *b)
{
	return a->time == b->time && a->cpu == b->cpu && a->is_life == b->is_life &&
	       a->has_block == b->has_block && !memcmp(&a->record, &b->record, PL_RECORD_SIZE) &&
	       !memcmp(&a->block, &b->block, PL_RECORD_SIZE) &&
	       !memcmp(a->stacks, b->stacks, sizeof(a->stacks)) &&
	       !memcmp(&a->life, &b->life, sizeof(a->life));
}

static inline void assert_items_equal(const struct items *a, const struct items *b)
{
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		if (!item_equals(&a->list[i], &b->list[i]))
			fail_msg("item %zu of %zu differs", i, a->count);
	}
}

/* What the tests of a file throw; each begins with the same. */
static struct dice dice;

static inline int reset(void **state)
{
	dice.state = 88172645463325252ull;
	return 0;
}

#endif
