/* SPDX-License-Identifier: GPL-2.0-only */
/* data_symbols.h - the variables of one ELF file, by address */
#ifndef SYMBOLS_DATA_SYMBOLS_H
#define SYMBOLS_DATA_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vector.h"

struct data_symbol {
	uint64_t address, size;
	uint32_t name; /* in `names` */
	bool global;
};

struct data_segment {
	uint64_t offset, address, size;
	bool executable;
};

struct data_symbols {
	VECTOR(struct data_symbol) symbols; /* by address */
	VECTOR(struct data_segment) segments;
	VECTOR(char) names;
};

/* Does not close the file. 0 or -errno; a file without symbols has none. */
int data_symbols_read(int fd, struct data_symbols *ret);
void data_symbols_free(struct data_symbols *symbols);
/* The variable in which the address (the file's own) lies, NULL if in none. */
const struct data_symbol *data_symbols_at(const struct data_symbols *symbols, uint64_t address);
const struct data_symbol *data_symbols_called(const struct data_symbols *symbols, const char *name);
const char *data_symbol_name(const struct data_symbols *symbols, const struct data_symbol *symbol);
/* What has to be added to the file's addresses where `offset` of it is mapped at `start`. */
bool data_symbols_bias(const struct data_symbols *symbols, uint64_t start, uint64_t offset,
		       uint64_t *ret);

/* The same where only the address is known at which the program's first code lies. */
bool data_symbols_program_bias(const struct data_symbols *symbols, uint64_t code, uint64_t *ret);

#endif
