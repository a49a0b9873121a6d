// SPDX-License-Identifier: GPL-2.0-only
/* stack_writer.c - modules, frames and stacks on their way into blocks */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/cleanup.h"
#include "base/vector.h"
#include "recording/stack_tables.h"

/* Blocks are written when so much has come together. */
#define BYTES_ENOUGH (64u << 10)
#define ROWS_ENOUGH  4096u

/* ---- a set of keys, each with the number under which it came -------------------------------- */

struct key {
	uint64_t low, high;
};

struct key_set {
	struct key *keys;
	uint32_t *numbers; /* 0: free */
	size_t size;	   /* a power of two, at least twice `count` */
	size_t count;
};

static size_t key_slot(const struct key_set *set, struct key key)
{
	size_t at = (key.low ^ key.low >> 32) * 0x9e3779b97f4a7c15u >> 20 & (set->size - 1);

	while (set->numbers[at] && (set->keys[at].low != key.low || set->keys[at].high != key.high))
		at = (at + 1) & (set->size - 1);
	return at;
}

static int key_set_grow(struct key_set *set)
{
	struct key_set grown = {.size = set->size ? set->size * 2 : 256, .count = set->count};

	if ((set->count + 1) * 2 <= set->size)
		return 0;
	grown.keys = calloc(grown.size, sizeof(*grown.keys));
	grown.numbers = calloc(grown.size, sizeof(*grown.numbers));
	if (!grown.keys || !grown.numbers) {
		free(grown.keys);
		free(grown.numbers);
		return -ENOMEM;
	}
	for (size_t i = 0; i < set->size; i++) {
		size_t at;

		if (!set->numbers[i])
			continue;
		at = key_slot(&grown, set->keys[i]);
		grown.keys[at] = set->keys[i];
		grown.numbers[at] = set->numbers[i];
	}
	free(set->keys);
	free(set->numbers);
	*set = grown;
	return 0;
}

static void key_set_free(struct key_set *set)
{
	free(set->keys);
	free(set->numbers);
}

/* ---- tables --------------------------------------------------------------------------------- */

struct bytes {
	uint8_t *data;
	size_t size, capacity;
};

struct table {
	uint32_t rows;	    /* waiting to be written */
	uint32_t head_rows; /* STACK: nodes */
	unsigned int columns;
	struct bytes column[TABLE_COLUMNS_MAX];
	uint32_t lengths[TABLE_COLUMNS_MAX]; /* as they are written */
};

struct stack_writer {
	struct table modules, frames, stacks;
	struct bytes texts;
	uint32_t new_texts;
	struct key_set text_ids, node_ids;
	size_t text_total;
	uint32_t module_count, frame_count, stack_count;
	/* Of the row before. */
	struct {
		uint32_t module, function, file, line;
		uint64_t address;
		uint32_t node_frame, stack, leaf;
	} last;
	struct table_directory directory;
	struct table *written; /* emptied when the next block is asked for */
	uint64_t dropped;
};

static int reserve(struct bytes *bytes, size_t more)
{
	size_t capacity = bytes->capacity ? bytes->capacity : 1024;
	uint8_t *data;

	if (bytes->size + more <= bytes->capacity)
		return 0;
	while (capacity < bytes->size + more)
		capacity *= 2;
	data = realloc(bytes->data, capacity);
	if (!data)
		return -ENOMEM;
	bytes->data = data;
	bytes->capacity = capacity;
	return 0;
}

#define NUMBER_BYTES_MAX 10

/* Room for `rows` more numbers in each column: put() then cannot fail. */
static int table_reserve(struct table *table, size_t rows)
{
	for (unsigned int i = 0; i < table->columns; i++) {
		if (reserve(&table->column[i], rows * NUMBER_BYTES_MAX))
			return -ENOMEM;
	}
	return 0;
}

static void put(struct table *table, unsigned int column, uint64_t number)
{
	struct bytes *bytes = &table->column[column];

	for (; number >= 0x80; number >>= 7)
		bytes->data[bytes->size++] = number | 0x80;
	bytes->data[bytes->size++] = number;
}

static void put_difference(struct table *table, unsigned int column, uint32_t number,
			   uint32_t *last)
{
	uint32_t difference = number - *last;

	put(table, column, (uint32_t)(difference << 1 ^ -(difference >> 31)));
	*last = number;
}

static void table_empty(struct table *table)
{
	table->rows = table->head_rows = 0;
	for (unsigned int i = 0; i < table->columns; i++)
		table->column[i].size = 0;
}

static void table_free(struct table *table)
{
	for (unsigned int i = 0; i < table->columns; i++)
		free(table->column[i].data);
}

int stack_writer_new(struct stack_writer **ret)
{
	struct stack_writer *writer = calloc(1, sizeof(*writer));

	if (!writer)
		return -ENOMEM;
	writer->modules.columns = MODULE_COLUMNS;
	writer->frames.columns = FRAME_COLUMNS;
	writer->stacks.columns = STACK_COLUMNS;
	*ret = writer;
	return 0;
}

void stack_writer_free(struct stack_writer **slot)
{
	struct stack_writer *writer = *slot;

	if (!writer)
		return;
	table_free(&writer->modules);
	table_free(&writer->frames);
	table_free(&writer->stacks);
	free(writer->texts.data);
	key_set_free(&writer->text_ids);
	key_set_free(&writer->node_ids);
	free(writer);
	*slot = NULL;
}

uint64_t stack_writer_dropped(const struct stack_writer *writer)
{
	return writer->dropped;
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* The id of a text: 0 for "", and for what finds no room. */
static int text_id(struct stack_writer *writer, const char *text, uint32_t *ret)
{
	size_t size = text ? strnlen(text, STACK_TEXT_MAX) : 0, slot;
	XXH128_hash_t hash;
	struct key key;

	*ret = 0;
	if (!size)
		return 0;
	if (key_set_grow(&writer->text_ids) || reserve(&writer->texts, size + 1))
		return -ENOMEM;
	hash = XXH3_128bits(text, size);
	key = (struct key){hash.low64, hash.high64};
	slot = key_slot(&writer->text_ids, key);
	if (!writer->text_ids.numbers[slot]) {
		if (writer->text_ids.count == TEXT_COUNT_MAX ||
		    writer->text_total + size + 1 > TEXT_TOTAL_MAX)
			return 0;
		writer->text_ids.keys[slot] = key;
		writer->text_ids.numbers[slot] = ++writer->text_ids.count;
		memcpy(writer->texts.data + writer->texts.size, text, size);
		writer->texts.data[writer->texts.size + size] = 0;
		writer->texts.size += size + 1;
		writer->text_total += size + 1;
		writer->new_texts++;
	}
	*ret = writer->text_ids.numbers[slot];
	return 0;
}

int stack_writer_module(struct stack_writer *writer, const struct recording_module *module,
			uint32_t *ret_id)
{
	struct table *table = &writer->modules;
	uint32_t path, build_id;

	if (writer->module_count == MODULE_COUNT_MAX) {
		writer->dropped++;
		*ret_id = 0;
		return 0;
	}
	if (module->end < module->begin)
		return -EINVAL;
	if (table_reserve(table, 1) || text_id(writer, module->path, &path) ||
	    text_id(writer, module->build_id, &build_id))
		return -ENOMEM;
	put(table, MODULE_COLUMN_KIND, module->kind);
	put(table, MODULE_COLUMN_PATH, path);
	put(table, MODULE_COLUMN_BUILD_ID, build_id);
	put(table, MODULE_COLUMN_BEGIN, module->begin);
	put(table, MODULE_COLUMN_SIZE, module->end - module->begin);
	put(table, MODULE_COLUMN_OFFSET, module->offset);
	table->rows++;
	*ret_id = ++writer->module_count;
	return 0;
}

int stack_writer_frame(struct stack_writer *writer, const struct recording_frame *frame,
		       uint32_t *ret_id)
{
	struct table *table = &writer->frames;
	uint32_t function, file;
	uint64_t difference;

	if (writer->frame_count == FRAME_COUNT_MAX) {
		writer->dropped++;
		*ret_id = 0;
		return 0;
	}
	if (frame->module > writer->module_count || frame->outer > writer->frame_count)
		return -EINVAL;
	if (table_reserve(table, 1) || text_id(writer, frame->function, &function) ||
	    text_id(writer, frame->file, &file))
		return -ENOMEM;
	writer->frame_count++;
	difference = frame->address - writer->last.address;
	put(table, FRAME_COLUMN_KIND, frame->kind);
	put_difference(table, FRAME_COLUMN_MODULE, frame->module, &writer->last.module);
	put(table, FRAME_COLUMN_ADDRESS, difference << 1 ^ -(difference >> 63));
	put_difference(table, FRAME_COLUMN_FUNCTION, function, &writer->last.function);
	put_difference(table, FRAME_COLUMN_FILE, file, &writer->last.file);
	put_difference(table, FRAME_COLUMN_LINE, frame->line, &writer->last.line);
	put(table, FRAME_COLUMN_OUTER, frame->outer ? writer->frame_count - frame->outer : 0);
	writer->last.address = frame->address;
	table->rows++;
	*ret_id = writer->frame_count;
	return 0;
}

/* The node of a frame that `caller` called; 0 if there is no room for it. */
static int node_of(struct stack_writer *writer, uint32_t caller, uint32_t frame, uint32_t *ret)
{
	struct key key = {(uint64_t)caller << 32 | frame, 0};
	size_t slot;

	if (key_set_grow(&writer->node_ids))
		return -ENOMEM;
	slot = key_slot(&writer->node_ids, key);
	if (!writer->node_ids.numbers[slot]) {
		*ret = 0;
		if (writer->node_ids.count == NODE_COUNT_MAX)
			return 0;
		writer->node_ids.keys[slot] = key;
		writer->node_ids.numbers[slot] = ++writer->node_ids.count;
		put(&writer->stacks, STACK_COLUMN_CALLER, writer->node_ids.count - caller);
		put_difference(&writer->stacks, STACK_COLUMN_FRAME, frame,
			       &writer->last.node_frame);
		writer->stacks.head_rows++;
	}
	*ret = writer->node_ids.numbers[slot];
	return 0;
}

int stack_writer_stack(struct stack_writer *writer, uint32_t id, const uint32_t *frames,
		       size_t count, enum stack_stop stop)
{
	struct table *table = &writer->stacks;
	uint32_t leaf = 0;

	if (!id || (unsigned int)stop >= STOP_COUNT)
		return -EINVAL;
	if (count > STACK_DEPTH_MAX) {
		count = STACK_DEPTH_MAX;
		stop = STOP_DEPTH;
	}
	if (table_reserve(table, count + 1))
		return -ENOMEM;
	if (writer->stack_count == STACK_COUNT_MAX) {
		writer->dropped++;
		return 0;
	}
	for (size_t i = count; i > 0; i--) {
		uint32_t node;

		if (frames[i - 1] > writer->frame_count)
			return -EINVAL;
		if (!frames[i - 1])
			continue;
		if (node_of(writer, leaf, frames[i - 1], &node))
			return -ENOMEM;
		if (!node) {
			writer->dropped++;
			return 0;
		}
		leaf = node;
	}
	put_difference(table, STACK_COLUMN_ID, id, &writer->last.stack);
	put_difference(table, STACK_COLUMN_LEAF, leaf, &writer->last.leaf);
	put(table, STACK_COLUMN_STOP, stop);
	table->rows++;
	writer->stack_count++;
	return 0;
}

/* ---- blocks --------------------------------------------------------------------------------- */

int stack_writer_is_full(const struct stack_writer *writer)
{
	return writer->texts.size >= BYTES_ENOUGH || writer->modules.rows >= ROWS_ENOUGH ||
	       writer->frames.rows >= ROWS_ENOUGH ||
	       writer->stacks.rows + writer->stacks.head_rows >= ROWS_ENOUGH;
}

/* The texts go with the first block that may hold them. */
static size_t make_block(struct stack_writer *writer, struct table *table, enum block_type type,
			 struct block_header *header, struct payload_piece *segments)
{
	struct payload_piece *segment = segments;
	bool texts = type != BLOCK_STACK;

	*header = (struct block_header){.type = type, .count = table->rows};
	writer->directory = (struct table_directory){
		.head_rows = texts ? writer->new_texts : table->head_rows,
		.text_bytes = texts ? writer->texts.size : 0,
	};
	for (unsigned int i = 0; i < table->columns; i++)
		table->lengths[i] = table->column[i].size;
	*segment++ = (struct payload_piece){&writer->directory, sizeof(writer->directory)};
	*segment++ = (struct payload_piece){table->lengths, table->columns * sizeof(uint32_t)};
	*segment++ = (struct payload_piece){writer->texts.data, writer->directory.text_bytes};
	for (unsigned int i = 0; i < table->columns; i++)
		*segment++ = (struct payload_piece){table->column[i].data, table->column[i].size};
	writer->written = table;
	return segment - segments;
}

size_t stack_writer_block(struct stack_writer *writer, struct block_header *ret_header,
			  struct payload_piece ret_segments[STACK_SEGMENTS])
{
	if (writer->written) {
		table_empty(writer->written);
		if (writer->written != &writer->stacks)
			writer->texts.size = writer->new_texts = 0;
		writer->written = NULL;
	}
	if (writer->modules.rows)
		return make_block(writer, &writer->modules, BLOCK_MODULE, ret_header, ret_segments);
	if (writer->frames.rows)
		return make_block(writer, &writer->frames, BLOCK_FRAME, ret_header, ret_segments);
	if (writer->stacks.rows || writer->stacks.head_rows)
		return make_block(writer, &writer->stacks, BLOCK_STACK, ret_header, ret_segments);
	return 0;
}
