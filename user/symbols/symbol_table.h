/* SPDX-License-Identifier: GPL-2.0-only */
/* symbol_table.h - the functions of one module, sorted, for looking up addresses */
#ifndef SYMBOLS_SYMBOL_TABLE_H
#define SYMBOLS_SYMBOL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/vector.h"

struct symbol {
	uint64_t begin, end; /* end: as the symbol itself says; equal to begin if it does not */
	uint32_t name;	     /* offset into the names */
	uint32_t rank;	     /* of several at one address the lowest counts */
};

/* Zeroed is empty. */
struct symbol_table {
	VECTOR(struct symbol) symbols;
	VECTOR(char) names;
};

/* So many at most, and so long a name: a file that claims more is lying. */
#define SYMBOLS_MAX	(4u << 20)
#define SYMBOL_NAME_MAX 4096u

/* `rank`: see above. 0 or -ENOMEM; a symbol over the bounds is passed over. */
int symbol_table_add(struct symbol_table *table, uint64_t begin, uint64_t size, const char *name,
		     uint32_t rank);
/* After the last one was added: sorts, and keeps one of those that begin at the same address. */
void symbol_table_sort(struct symbol_table *table);
/* The function that an address lies in, or NULL: the innermost that says it reaches so far, or the
 * nearest before it if that one does not say how far it reaches. */
const struct symbol *symbol_table_find(const struct symbol_table *table, uint64_t address);
const char *symbol_name(const struct symbol_table *table, const struct symbol *symbol);
void symbol_table_free(struct symbol_table *table);

#endif
