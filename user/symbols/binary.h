/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * binary.h - one ELF file and what was written down about it: symbols, unwind entries, DWARF
 *
 * All addresses are those of the file's own symbols. Nothing in the file is trusted, and neither is
 * that it stays as long as it was: what cannot be read is not there.
 */
#ifndef SYMBOLS_BINARY_H
#define SYMBOLS_BINARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbols/symbol_table.h"

struct binary;

/* The descriptor is duplicated. `path` is where it was found: debug files may lie beside it. 0,
 * -ENOMEM, or -errno if no descriptor is to be had; what is no ELF file is an empty binary. */
int binary_open(int fd, const char *path, bool debuginfod, struct binary **ret);
/* Takes a copy of the image. */
int binary_open_image(const void *image, size_t size, const char *path, struct binary **ret);
void binary_free(struct binary **binary);

const char *binary_build_id(const struct binary *binary); /* hexadecimal, or "" */
/* All of its executable segments, from the first to the last; false if there is none. */
bool binary_code(const struct binary *binary, uint64_t *ret_begin, uint64_t *ret_end,
		 uint64_t *ret_offset);

/* Its functions; loaded when first asked for. Never NULL. */
const struct symbol_table *binary_symbols(struct binary *binary);
/* Where the unwind entry that covers an address begins: the function's begin, where compilers and
 * not people wrote it. */
bool binary_entry(struct binary *binary, uint64_t address, uint64_t *ret_begin);
/* The addresses lie in a table of jumps to other modules. */
bool binary_is_plt(struct binary *binary, uint64_t address);

struct source_line {
	const char *file; /* holds until the next call; "" unknown */
	uint32_t line;
};

/* One function that the compiler put into another, or the outermost one. */
struct inlined {
	char function[1024]; /* "" for the outermost: its symbol says it */
	char file[1024];
	uint32_t line; /* where it was in it */
};

#define INLINED_MAX 32

/* The source line of an address, from the debug information if there is any. */
bool binary_line(struct binary *binary, uint64_t address, struct source_line *ret);
/* The functions that were put into one another there, innermost first, the outermost, whose name is
 * the symbol's, last. 0: nothing is known. */
size_t binary_inlined(struct binary *binary, uint64_t address, struct inlined ret[INLINED_MAX]);

#endif
