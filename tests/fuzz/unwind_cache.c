// SPDX-License-Identifier: GPL-2.0-only
/* unwind_cache.c - any bytes as an unwind table out of the cache, where others might have written
 */
#include "fuzz.h"

#include "symbols/unwind_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct unwind_table *table = NULL;
	uint64_t key = 0;

	/* The key is known to who writes there. */
	if (size >= 8)
		memcpy(&key, data, 8);
	if (size < 8 || unwind_table_unpack(data + 8, size - 8, key, &table))
		return 0;
	touch(table->index, table->block_count * sizeof(*table->index));
	touch(table->rows, table->row_count * sizeof(*table->rows));
	touch(table->rules, table->rule_count * sizeof(*table->rules));
	for (uint64_t address = 0; address < 0x100000; address += 0x3ff)
		unwind_table_rule(table, table->base + address);
	unwind_table_free(&table);
	return 0;
}
