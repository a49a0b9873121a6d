// SPDX-License-Identifier: GPL-2.0-only
#include "symbols/symbol_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int add_name(struct symbol_table *table, const char *name, size_t size)
{
	size_t capacity = table->names.capacity ? table->names.capacity : 4096;
	char *grown;

	while (capacity < table->names.count + size)
		capacity *= 2;
	if (capacity != table->names.capacity) {
		grown = realloc(table->names.items, capacity);
		if (!grown)
			return -ENOMEM;
		table->names.items = grown;
		table->names.capacity = capacity;
	}
	memcpy(table->names.items + table->names.count, name, size);
	table->names.count += size;
	return 0;
}

int symbol_table_add(struct symbol_table *table, uint64_t begin, uint64_t size, const char *name,
		     uint32_t rank)
{
	size_t length = strnlen(name, SYMBOL_NAME_MAX);
	uint64_t end;
	struct symbol *symbol;

	if (!length || length == SYMBOL_NAME_MAX || table->symbols.count == SYMBOLS_MAX ||
	    table->names.count + length + 1 > UINT32_MAX)
		return 0;
	if (__builtin_add_overflow(begin, size, &end))
		end = begin;
	symbol = vector_add(&table->symbols);
	if (!symbol)
		return -ENOMEM;
	*symbol = (struct symbol){
		.begin = begin,
		.end = end,
		.name = table->names.count,
		.rank = rank,
	};
	if (add_name(table, name, length + 1)) {
		table->symbols.count--;
		return -ENOMEM;
	}
	return 0;
}

/* Of several names for one place the one that a person would use: that of an API rather than one of
 * its library's own, which begin with more underscores. */
static int compare_names(const char *one, const char *two)
{
	size_t bars_one = strspn(one, "_"), bars_two = strspn(two, "_");

	if (bars_one != bars_two)
		return bars_one < bars_two ? -1 : 1;
	return strcmp(one, two);
}

static int compare(const void *a, const void *b, void *names)
{
	const struct symbol *one = a, *two = b;

	if (one->begin != two->begin)
		return one->begin < two->begin ? -1 : 1;
	/* One that says how far it reaches knows more. */
	if ((one->end > one->begin) != (two->end > two->begin))
		return one->end > one->begin ? -1 : 1;
	if (one->rank != two->rank)
		return one->rank < two->rank ? -1 : 1;
	return compare_names((char *)names + one->name, (char *)names + two->name);
}

void symbol_table_sort(struct symbol_table *table)
{
	struct symbol *symbols = table->symbols.items;
	size_t kept = 0;

	if (!table->symbols.count)
		return;
	qsort_r(symbols, table->symbols.count, sizeof(*symbols), compare, table->names.items);
	for (size_t i = 0; i < table->symbols.count; i++) {
		if (!kept || symbols[kept - 1].begin != symbols[i].begin)
			symbols[kept++] = symbols[i];
	}
	table->symbols.count = kept;
}

/* How far back one that reaches over its neighbours is looked for: nothing sound nests deeper, and
 * a table of lies must not make each look-up slow. */
#define NESTED_MAX 16

const struct symbol *symbol_table_find(const struct symbol_table *table, uint64_t address)
{
	size_t low = 0, high = table->symbols.count;
	const struct symbol *nearest;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->symbols.items[middle].begin <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	nearest = &table->symbols.items[low - 1];
	if (nearest->end == nearest->begin)
		return nearest;
	for (size_t i = 0; i < NESTED_MAX && i < low; i++) {
		if (address < nearest[-(ptrdiff_t)i].end)
			return nearest - i;
	}
	return NULL;
}

const char *symbol_name(const struct symbol_table *table, const struct symbol *symbol)
{
	return table->names.items + symbol->name;
}

void symbol_table_free(struct symbol_table *table)
{
	vector_free(&table->symbols);
	vector_free(&table->names);
}
