// SPDX-License-Identifier: GPL-2.0-only
/*
 * stack_reader.c - modules, frames and stacks out of blocks
 *
 * All ids are checked here, once, so that whoever follows them later ends up somewhere: a frame's
 * outer frame and a node's caller always came before it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/vector.h"
#include "recording/reader.h"
#include "recording/stack_tables.h"

struct module_row {
	uint64_t begin, end, offset;
	uint32_t path, build_id;
	uint32_t kind;
};

struct frame_row {
	uint64_t address;
	uint32_t module, function, file, line, outer;
	uint32_t kind;
};

struct node_row {
	uint32_t caller, frame;
};

struct stack_row {
	uint32_t id, leaf;
	uint32_t stop;
};

struct stack_store {
	VECTOR(char) text_bytes;
	VECTOR(size_t) texts; /* offsets into the bytes, of text 1, 2, ... */
	VECTOR(struct module_row) modules;
	VECTOR(struct frame_row) frames;
	VECTOR(struct node_row) nodes;
	VECTOR(uint16_t) depths; /* of nodes */
	VECTOR(struct stack_row) stacks;
	uint32_t *by_id; /* index of a stack + 1, by hash of its id */
	size_t by_id_size;
	uint32_t module, function, file, line; /* of the row before */
	uint64_t address;
	uint32_t node_frame, stack, leaf;
};

struct stack_store *stack_store_new(void)
{
	return calloc(1, sizeof(struct stack_store));
}

void stack_store_free(struct stack_store **slot)
{
	struct stack_store *store = *slot;

	if (!store)
		return;
	vector_free(&store->text_bytes);
	vector_free(&store->texts);
	vector_free(&store->modules);
	vector_free(&store->frames);
	vector_free(&store->nodes);
	vector_free(&store->depths);
	vector_free(&store->stacks);
	free(store->by_id);
	free(store);
	*slot = NULL;
}

/* ---- columns -------------------------------------------------------------------------------- */

struct column {
	const uint8_t *at, *end;
};

struct table {
	struct table_directory directory;
	const uint8_t *texts;
	struct column columns[TABLE_COLUMNS_MAX];
	bool fault; /* a number did not fit: looked at once a row */
};

static bool open_table(const struct block_header *header, const void *payload, unsigned int columns,
		       struct table *ret)
{
	const uint8_t *at = payload, *end = at + header->raw_size;
	uint32_t lengths[TABLE_COLUMNS_MAX];
	size_t fixed = sizeof(ret->directory) + columns * sizeof(lengths[0]);

	ret->fault = false;
	if (header->raw_size < fixed)
		return false;
	memcpy(&ret->directory, at, sizeof(ret->directory));
	memcpy(lengths, at + sizeof(ret->directory), columns * sizeof(lengths[0]));
	at += fixed;
	if (ret->directory.text_bytes > end - at)
		return false;
	ret->texts = at;
	at += ret->directory.text_bytes;
	for (unsigned int i = 0; i < columns; i++) {
		if (lengths[i] > end - at)
			return false;
		ret->columns[i] = (struct column){at, at + lengths[i]};
		at += lengths[i];
	}
	return at == end;
}

static uint64_t get64(struct table *table, unsigned int which)
{
	struct column *column = &table->columns[which];
	uint64_t number = 0;

	for (unsigned int shift = 0; shift < 70 && column->at < column->end; shift += 7) {
		uint8_t byte = *column->at++;

		number |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			table->fault |= shift == 63 && byte > 1;
			return number;
		}
	}
	table->fault = true;
	return 0;
}

static uint32_t get32(struct table *table, unsigned int which)
{
	uint64_t number = get64(table, which);

	table->fault |= number >> 32 != 0;
	return number;
}

static uint32_t get_difference(struct table *table, unsigned int which, uint32_t *last)
{
	uint32_t number = get32(table, which);

	*last += (number >> 1) ^ -(number & 1);
	return *last;
}

static bool is_drained(const struct table *table, unsigned int columns)
{
	for (unsigned int i = 0; i < columns; i++) {
		if (table->columns[i].at != table->columns[i].end)
			return false;
	}
	return !table->fault;
}

/* ---- what goes in --------------------------------------------------------------------------- */

#define MISFIT	 "its columns do not fit together"
#define TOO_MANY "it has more modules, frames or stacks than a recording may have"
#define NOWHERE	 "it refers to what is not there"

static int misfit(const char **ret_fault, const char *fault)
{
	*ret_fault = fault;
	return -EBADMSG;
}

static int add_bytes(struct stack_store *store, const uint8_t *bytes, size_t size)
{
	size_t capacity = store->text_bytes.capacity ? store->text_bytes.capacity : 4096;
	char *grown;

	while (capacity < store->text_bytes.count + size)
		capacity *= 2;
	if (capacity != store->text_bytes.capacity) {
		grown = realloc(store->text_bytes.items, capacity);
		if (!grown)
			return -ENOMEM;
		store->text_bytes.items = grown;
		store->text_bytes.capacity = capacity;
	}
	memcpy(store->text_bytes.items + store->text_bytes.count, bytes, size);
	store->text_bytes.count += size;
	return 0;
}

static int add_texts(struct stack_store *store, const struct table *table, const char **ret_fault)
{
	const uint8_t *at = table->texts, *end = at + table->directory.text_bytes;
	size_t before = store->text_bytes.count;

	if (store->texts.count + table->directory.head_rows > TEXT_COUNT_MAX ||
	    before + table->directory.text_bytes > TEXT_TOTAL_MAX)
		return misfit(ret_fault, TOO_MANY);
	if (at < end && add_bytes(store, at, end - at))
		return -ENOMEM;
	for (uint32_t i = 0; i < table->directory.head_rows; i++) {
		const uint8_t *text_end = at < end ? memchr(at, 0, end - at) : NULL;
		size_t *offset;

		if (!text_end || text_end - at > STACK_TEXT_MAX)
			return misfit(ret_fault, "its texts do not fit together");
		offset = vector_add(&store->texts);
		if (!offset)
			return -ENOMEM;
		*offset = before + (at - table->texts);
		at = text_end + 1;
	}
	return at == end ? 0 : misfit(ret_fault, "its texts do not fit together");
}

static int add_module(struct stack_store *store, struct table *table, const char **ret_fault)
{
	struct module_row *module = vector_add(&store->modules);
	uint64_t size;

	if (!module)
		return -ENOMEM;
	module->kind = get32(table, MODULE_COLUMN_KIND);
	module->path = get32(table, MODULE_COLUMN_PATH);
	module->build_id = get32(table, MODULE_COLUMN_BUILD_ID);
	module->begin = get64(table, MODULE_COLUMN_BEGIN);
	size = get64(table, MODULE_COLUMN_SIZE);
	module->offset = get64(table, MODULE_COLUMN_OFFSET);
	if (__builtin_add_overflow(module->begin, size, &module->end) ||
	    module->path > store->texts.count || module->build_id > store->texts.count)
		return misfit(ret_fault, NOWHERE);
	return 0;
}

static int add_frame(struct stack_store *store, struct table *table, const char **ret_fault)
{
	struct frame_row *frame = vector_add(&store->frames);
	uint64_t number;
	uint32_t back;

	if (!frame)
		return -ENOMEM;
	frame->kind = get32(table, FRAME_COLUMN_KIND);
	frame->module = get_difference(table, FRAME_COLUMN_MODULE, &store->module);
	number = get64(table, FRAME_COLUMN_ADDRESS);
	frame->address = store->address += (number >> 1) ^ -(number & 1);
	frame->function = get_difference(table, FRAME_COLUMN_FUNCTION, &store->function);
	frame->file = get_difference(table, FRAME_COLUMN_FILE, &store->file);
	frame->line = get_difference(table, FRAME_COLUMN_LINE, &store->line);
	back = get32(table, FRAME_COLUMN_OUTER);
	/* Its own id is the count, as it has been added. */
	frame->outer = back ? store->frames.count - back : 0;
	if (back >= store->frames.count || frame->module > store->modules.count ||
	    frame->function > store->texts.count || frame->file > store->texts.count)
		return misfit(ret_fault, NOWHERE);
	return 0;
}

static int add_node(struct stack_store *store, struct table *table, const char **ret_fault)
{
	struct node_row *node = vector_add(&store->nodes);
	uint16_t *depth = vector_add(&store->depths);
	uint32_t back;

	if (!node || !depth)
		return -ENOMEM;
	back = get32(table, STACK_COLUMN_CALLER);
	node->frame = get_difference(table, STACK_COLUMN_FRAME, &store->node_frame);
	if (!back || back > store->nodes.count || !node->frame || node->frame > store->frames.count)
		return misfit(ret_fault, NOWHERE);
	node->caller = store->nodes.count - back;
	*depth = node->caller ? store->depths.items[node->caller - 1] + 1 : 1;
	if (*depth > STACK_DEPTH_MAX)
		return misfit(ret_fault, "it has a stack that is too deep");
	return 0;
}

static size_t id_slot(const struct stack_store *store, uint32_t id)
{
	size_t at = (id * 0x9e3779b97f4a7c15u >> 32) & (store->by_id_size - 1);

	while (store->by_id[at] && store->stacks.items[store->by_id[at] - 1].id != id)
		at = (at + 1) & (store->by_id_size - 1);
	return at;
}

static int grow_ids(struct stack_store *store)
{
	size_t size = store->by_id_size ? store->by_id_size * 2 : 256;
	uint32_t *grown;

	if ((store->stacks.count + 1) * 2 <= store->by_id_size)
		return 0;
	grown = calloc(size, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	free(store->by_id);
	store->by_id = grown;
	store->by_id_size = size;
	for (size_t i = 0; i < store->stacks.count; i++)
		grown[id_slot(store, store->stacks.items[i].id)] = i + 1;
	return 0;
}

static int add_stack(struct stack_store *store, struct table *table, const char **ret_fault)
{
	struct stack_row *stack;

	if (grow_ids(store))
		return -ENOMEM;
	stack = vector_add(&store->stacks);
	if (!stack)
		return -ENOMEM;
	stack->id = get_difference(table, STACK_COLUMN_ID, &store->stack);
	stack->leaf = get_difference(table, STACK_COLUMN_LEAF, &store->leaf);
	stack->stop = get32(table, STACK_COLUMN_STOP);
	if (!stack->id || stack->leaf > store->nodes.count)
		return misfit(ret_fault, NOWHERE);
	store->by_id[id_slot(store, stack->id)] = store->stacks.count;
	return 0;
}

static int add_rows(struct stack_store *store, struct table *table, uint32_t count,
		    int (*add)(struct stack_store *, struct table *, const char **),
		    const char **ret_fault)
{
	for (uint32_t i = 0; i < count; i++) {
		int r = add(store, table, ret_fault);

		if (r)
			return r;
		/* Before memory is taken for rows that have no bytes. */
		if (table->fault)
			return misfit(ret_fault, MISFIT);
	}
	return 0;
}

static bool has_room(const struct stack_store *store, const struct block_header *header,
		     const struct table *table)
{
	switch (header->type) {
	case BLOCK_MODULE:
		return header->count <= MODULE_COUNT_MAX - store->modules.count;
	case BLOCK_FRAME:
		return header->count <= FRAME_COUNT_MAX - store->frames.count;
	default:
		return header->count <= STACK_COUNT_MAX - store->stacks.count &&
		       table->directory.head_rows <= NODE_COUNT_MAX - store->nodes.count;
	}
}

static int add_table(struct stack_store *store, const struct block_header *header,
		     struct table *table, const char **ret_fault)
{
	int r;

	if (!has_room(store, header, table))
		return misfit(ret_fault, TOO_MANY);
	if (header->type == BLOCK_STACK) {
		r = add_rows(store, table, table->directory.head_rows, add_node, ret_fault);
		if (!r)
			r = add_rows(store, table, header->count, add_stack, ret_fault);
		if (!r && table->directory.text_bytes)
			return misfit(ret_fault, MISFIT);
		return r;
	}
	r = add_texts(store, table, ret_fault);
	if (r)
		return r;
	return add_rows(store, table, header->count,
			header->type == BLOCK_MODULE ? add_module : add_frame, ret_fault);
}

int stack_store_add(struct stack_store *store, const struct block_header *header,
		    const void *payload, const char **ret_fault)
{
	size_t modules = store->modules.count, frames = store->frames.count;
	size_t nodes = store->nodes.count, stacks = store->stacks.count;
	unsigned int columns = header->type == BLOCK_MODULE  ? MODULE_COLUMNS
			       : header->type == BLOCK_FRAME ? FRAME_COLUMNS
							     : STACK_COLUMNS;
	struct table table;
	int r;

	if (!open_table(header, payload, columns, &table))
		return misfit(ret_fault, MISFIT);
	r = add_table(store, header, &table, ret_fault);
	if (!r && !is_drained(&table, columns))
		r = misfit(ret_fault, MISFIT);
	if (r) {
		/* What refers to nowhere must not be found. */
		store->modules.count = modules;
		store->frames.count = frames;
		store->nodes.count = nodes;
		store->stacks.count = stacks;
	}
	return r;
}

/* ---- what comes out ------------------------------------------------------------------------- */

static const char *text_of(const struct stack_store *store, uint32_t id)
{
	return id ? store->text_bytes.items + store->texts.items[id - 1] : "";
}

bool stack_store_module(const struct stack_store *store, uint32_t id, struct recording_module *ret)
{
	const struct module_row *module;

	if (!id || id > store->modules.count)
		return false;
	module = &store->modules.items[id - 1];
	*ret = (struct recording_module){
		.kind = module->kind,
		.path = text_of(store, module->path),
		.build_id = text_of(store, module->build_id),
		.begin = module->begin,
		.end = module->end,
		.offset = module->offset,
	};
	return true;
}

bool stack_store_frame(const struct stack_store *store, uint32_t id, struct recording_frame *ret)
{
	const struct frame_row *frame;

	if (!id || id > store->frames.count)
		return false;
	frame = &store->frames.items[id - 1];
	*ret = (struct recording_frame){
		.kind = frame->kind,
		.module = frame->module,
		.address = frame->address,
		.function = text_of(store, frame->function),
		.file = text_of(store, frame->file),
		.line = frame->line,
		.outer = frame->outer,
	};
	return true;
}

bool stack_store_stack(const struct stack_store *store, uint32_t id, struct recording_stack *ret)
{
	const struct stack_row *stack;
	uint32_t index;

	if (!id || !store->by_id_size)
		return false;
	index = store->by_id[id_slot(store, id)];
	if (!index || index > store->stacks.count)
		return false;
	stack = &store->stacks.items[index - 1];
	*ret = (struct recording_stack){
		.leaf = stack->leaf,
		.depth = stack->leaf ? store->depths.items[stack->leaf - 1] : 0,
		.stop = stack->stop < STOP_COUNT ? stack->stop : STOP_UNKNOWN,
	};
	return true;
}

uint32_t stack_store_node(const struct stack_store *store, uint32_t node, uint32_t *ret_caller)
{
	if (!node || node > store->nodes.count)
		return 0;
	*ret_caller = store->nodes.items[node - 1].caller;
	return store->nodes.items[node - 1].frame;
}

uint32_t stack_store_modules(const struct stack_store *store)
{
	return store->modules.count;
}

uint32_t stack_store_frames(const struct stack_store *store)
{
	return store->frames.count;
}

uint32_t stack_store_nodes(const struct stack_store *store)
{
	return store->nodes.count;
}

uint32_t stack_store_stacks(const struct stack_store *store)
{
	return store->stacks.count;
}
