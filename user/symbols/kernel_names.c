// SPDX-License-Identifier: GPL-2.0-only
#include "symbols/kernel_names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "symbols/symbol_table.h"

struct kernel_names {
	struct symbol_table symbols;
};

/* "ffffffff81000000 T _text", and behind those of modules a tab and "[module]". */
static int add_line(struct symbol_table *symbols, char *line)
{
	char *at, *name;
	uint64_t address = strtoull(line, &at, 16);
	char type;

	if (!address || at == line || at[0] != ' ' || !at[1] || at[2] != ' ')
		return 0;
	type = at[1];
	if (!strchr("tTwW", type))
		return 0;
	name = at + 3;
	name[strcspn(name, "\t\n ")] = '\0';
	return symbol_table_add(symbols, address, 0, name, type == 'T' ? 0 : type == 't' ? 2 : 1);
}

int kernel_names_load(const char *path, struct kernel_names **ret)
{
	CLEANUP(kernel_names_free)
	struct kernel_names *names = calloc(1, sizeof(*names));
	CLEANUP_FCLOSE FILE *file = fopen(path, "re");
	char line[1024];

	if (!names)
		return -ENOMEM;
	while (file && fgets(line, sizeof(line), file)) {
		if (add_line(&names->symbols, line))
			return -ENOMEM;
	}
	symbol_table_sort(&names->symbols);
	*ret = take_pointer(&names);
	return 0;
}

void kernel_names_free(struct kernel_names **names)
{
	if (!*names)
		return;
	symbol_table_free(&(*names)->symbols);
	free(*names);
	*names = NULL;
}

const char *kernel_names_find(const struct kernel_names *names, uint64_t address)
{
	const struct symbol *symbol = symbol_table_find(&names->symbols, address);

	return symbol ? symbol_name(&names->symbols, symbol) : "";
}

bool kernel_names_are_hidden(const struct kernel_names *names)
{
	return !names->symbols.symbols.count;
}
