/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stack_tables.h - the payloads of MODULE, FRAME and STACK blocks
 *
 * Columns of numbers, most of them differences from the row before (FORMAT.md).
 */
#ifndef RECORDING_STACK_TABLES_H
#define RECORDING_STACK_TABLES_H

#include <stdint.h>

#include "recording/block.h"
#include "recording/stacks.h"

/* The columns, in their order. */
enum module_column {
	MODULE_COLUMN_KIND,
	MODULE_COLUMN_PATH,
	MODULE_COLUMN_BUILD_ID,
	MODULE_COLUMN_BEGIN,
	MODULE_COLUMN_SIZE,
	MODULE_COLUMN_OFFSET,
	MODULE_COLUMNS
};

enum frame_column {
	FRAME_COLUMN_KIND,
	FRAME_COLUMN_MODULE,
	FRAME_COLUMN_ADDRESS,
	FRAME_COLUMN_FUNCTION,
	FRAME_COLUMN_FILE,
	FRAME_COLUMN_LINE,
	FRAME_COLUMN_OUTER,
	FRAME_COLUMNS
};

enum stack_column {
	STACK_COLUMN_CALLER, /* of a node */
	STACK_COLUMN_FRAME,  /* of a node */
	STACK_COLUMN_ID,
	STACK_COLUMN_LEAF,
	STACK_COLUMN_STOP,
	STACK_COLUMNS
};

#define TABLE_COLUMNS_MAX 7

/* Each payload begins with this, and as many lengths of columns as it has. */
struct table_directory {
	uint32_t head_rows;  /* MODULE, FRAME: new texts; STACK: new nodes */
	uint32_t text_bytes; /* MODULE, FRAME; STACK: 0 */
};

PL_ASSERT("table_directory", sizeof(struct table_directory) == 8);

/* What a file may have in all. */
#define TEXT_COUNT_MAX	 (1u << 20)
#define TEXT_TOTAL_MAX	 (64u << 20)
#define MODULE_COUNT_MAX (1u << 16)
#define FRAME_COUNT_MAX	 (1u << 20)
#define NODE_COUNT_MAX	 (1u << 22)
#define STACK_COUNT_MAX	 (1u << 20)
/* And a block. */
#define TABLE_PAYLOAD_MAX (1u << 20)

/* ---- writing -------------------------------------------------------------------------------- */

struct stack_writer;

int stack_writer_new(struct stack_writer **ret);
void stack_writer_free(struct stack_writer **writer);
int stack_writer_module(struct stack_writer *writer, const struct recording_module *module,
			uint32_t *ret_id);
int stack_writer_frame(struct stack_writer *writer, const struct recording_frame *frame,
		       uint32_t *ret_id);
int stack_writer_stack(struct stack_writer *writer, uint32_t id, const uint32_t *frames,
		       size_t count, enum stack_stop stop);
uint64_t stack_writer_dropped(const struct stack_writer *writer);
/* So much has come together that blocks should be written. */
int stack_writer_is_full(const struct stack_writer *writer);

/* The next block to be written, in the order that a reader needs; 0 if there is none. The segments
 * hold until the next call of any of these. */
#define STACK_SEGMENTS (3 + TABLE_COLUMNS_MAX)
size_t stack_writer_block(struct stack_writer *writer, struct block_header *ret_header,
			  struct payload_piece ret_segments[STACK_SEGMENTS]);

/* ---- reading -------------------------------------------------------------------------------- */

struct stack_store;

struct stack_store *stack_store_new(void);
void stack_store_free(struct stack_store **store);
/* Takes in one unpacked block of the three types. 0, -ENOMEM, or -EBADMSG with what is wrong in
 * words. */
int stack_store_add(struct stack_store *store, const struct block_header *header,
		    const void *payload, const char **ret_fault);

bool stack_store_module(const struct stack_store *store, uint32_t id, struct recording_module *ret);
bool stack_store_frame(const struct stack_store *store, uint32_t id, struct recording_frame *ret);
bool stack_store_stack(const struct stack_store *store, uint32_t id, struct recording_stack *ret);
uint32_t stack_store_node(const struct stack_store *store, uint32_t node, uint32_t *ret_caller);
uint32_t stack_store_modules(const struct stack_store *store);
uint32_t stack_store_frames(const struct stack_store *store);
uint32_t stack_store_nodes(const struct stack_store *store);
uint32_t stack_store_stacks(const struct stack_store *store);

#endif
