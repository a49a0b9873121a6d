// SPDX-License-Identifier: GPL-2.0-only
/*
 * unwind_cache.c - any unwind table out of the cache, where others might have written
 *
 * Any bytes as a file would not get past its checksum. So the bytes are those of a table, packed
 * with a right one; one byte of the file may be changed after that.
 */
#include "fuzz.h"

#include "symbols/unwind_table.h"

struct plan {
	uint8_t blocks, rules;
	uint16_t rows;
	uint32_t where; /* which byte of the file to change, if it has it */
	uint8_t base, change;
};

static uint8_t *packed_table(const struct plan *plan, const uint8_t *data, size_t size,
			     size_t *ret_size)
{
	struct unwind_table table = {
		.base = (uint64_t)plan->base << 12,
		.block_count = plan->blocks,
		.row_count = plan->rows,
		.rule_count = plan->rules,
	};
	size_t words = ((size_t)plan->blocks + plan->rows + 1) & ~1ull;
	size_t bytes = words * sizeof(uint32_t) + plan->rules * sizeof(struct pl_unwind_rule);
	uint8_t *packed;

	table.index = calloc(1, bytes + 1);
	expect(table.index != NULL);
	memcpy(table.index, data, size < bytes ? size : bytes);
	expect(!unwind_table_pack(&table, 1, &packed, ret_size));
	free(table.index);
	return packed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct unwind_table *table = NULL;
	struct plan plan;
	uint8_t *packed;
	size_t length;
	int error;

	if (size < sizeof(plan))
		return 0;
	memcpy(&plan, data, sizeof(plan));
	packed = packed_table(&plan, data + sizeof(plan), size - sizeof(plan), &length);
	if (plan.where < length)
		packed[plan.where] ^= plan.change;
	error = unwind_table_unpack(packed, length, 1, &table);
	/* What is not as it was packed is never taken. */
	expect(error || plan.where >= length || !plan.change);
	free(packed);
	if (error)
		return 0;
	touch(table->index, table->block_count * sizeof(*table->index));
	touch(table->rows, table->row_count * sizeof(*table->rows));
	touch(table->rules, table->rule_count * sizeof(*table->rules));
	for (uint64_t address = 0; address < 0x100000; address += 0x3ff)
		unwind_table_rule(table, table->base + address);
	unwind_table_free(&table);
	return 0;
}
