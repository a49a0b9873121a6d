// SPDX-License-Identifier: GPL-2.0-only
#include "capture/stacks/tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/cleanup.h"
#include "capture/map_window.h"

#define RULE_SLOTS 8192u

struct stack_tables {
	const struct kernel_side_stacks *shared;
	uint64_t used; /* words; the first one is never used */
	uint32_t rules;
	uint32_t slots[RULE_SLOTS];   /* first rule of each hash */
	uint32_t next[PL_RULES_KEPT]; /* of the rules whose hashes are the same; 0: none */
};

int stack_tables_new(const struct kernel_side_stacks *shared, struct stack_tables **ret)
{
	struct stack_tables *tables = calloc(1, sizeof(*tables));

	if (!tables)
		return -ENOMEM;
	tables->shared = shared;
	tables->used = 1;
	tables->rules = 1; /* number 0 is the rule of code that nobody knows */
	*ret = tables;
	return 0;
}

void stack_tables_free(struct stack_tables **slot)
{
	free(*slot);
	*slot = NULL;
}

uint64_t stack_tables_bytes(const struct stack_tables *tables)
{
	return tables->used * sizeof(uint32_t) + tables->rules * sizeof(struct pl_unwind_rule);
}

/* Beyond what there is room for, rules that would be new are as good as unknown. */
static uint32_t add_rule(struct stack_tables *tables, const struct pl_unwind_rule *rule)
{
	uint32_t *slot = &tables->slots[XXH3_64bits(rule, sizeof(*rule)) % RULE_SLOTS];
	uint32_t number;

	if (rule->kind == PL_UNWIND_NONE)
		return 0;
	for (uint32_t i = *slot; i; i = tables->next[i])
		if (!memcmp(&tables->shared->rules[i], rule, sizeof(*rule)))
			return i;
	if (tables->rules == PL_RULES_KEPT)
		return 0;
	number = tables->rules++;
	tables->shared->rules[number] = *rule;
	tables->next[number] = *slot;
	*slot = number;
	return number;
}

/* How many words must be left free so that a block's rows lie in one chunk. */
static uint32_t padding(uint64_t at, uint32_t rows)
{
	uint32_t left = PL_CHUNK_WORDS - at % PL_CHUNK_WORDS;

	return rows > left ? left : 0;
}

static void put_blocks(struct stack_tables *tables, const struct unwind_table *table,
		       const uint32_t *numbers)
{
	uint64_t index = tables->used, at = index + table->block_count;
	uint32_t *words = tables->shared->words->memory;

	for (uint32_t i = 0; i < table->block_count; i++) {
		uint32_t first = table->index[i] >> PL_BLOCK_ROWS_BITS;
		uint32_t rows = (table->index[i] & PL_BLOCK_ROWS_MASK) + 1;

		at += padding(at, rows);
		words[index + i] = (uint32_t)(at << PL_BLOCK_ROWS_BITS) | (rows - 1);
		for (uint32_t k = 0; k < rows; k++) {
			uint32_t row = table->rows[first + k];

			words[at++] = PL_ROW(PL_ROW_OFFSET(row), numbers[PL_ROW_RULE(row)]);
		}
	}
	tables->used = at;
}

int stack_tables_add(struct stack_tables *tables, const struct unwind_table *table,
		     uint32_t *ret_index)
{
	/* Each chunk's end may cost a block's rows less one. */
	uint64_t words = (uint64_t)table->block_count + table->row_count;
	CLEANUP_FREE uint32_t *numbers = calloc(table->rule_count, sizeof(*numbers));
	int error;

	if (!numbers)
		return -ENOMEM;
	words += (words / PL_CHUNK_WORDS + 2) * (PL_BLOCK_ROWS_MASK + 1);
	if (words > (uint64_t)PL_CHUNKS * PL_CHUNK_WORDS - tables->used)
		return -ENOSPC;
	error = map_window_reach(tables->shared->words, (tables->used + words) * sizeof(uint32_t));
	if (error)
		return error;
	for (uint32_t i = 0; i < table->rule_count; i++)
		numbers[i] = add_rule(tables, &table->rules[i]);
	*ret_index = tables->used;
	put_blocks(tables, table, numbers);
	return 0;
}
