/* SPDX-License-Identifier: GPL-2.0-only */
/* binary_inside.h - what binary.c and binary_lines.c share, and nobody else */
#ifndef SYMBOLS_BINARY_INSIDE_H
#define SYMBOLS_BINARY_INSIDE_H

#include <elfutils/libdwfl.h>

#include "base/vector.h"
#include "symbols/binary.h"

struct segment_of_code {
	uint64_t begin, end, offset;
};

struct unit_range {
	uint64_t begin, end;
	Dwarf_Off unit; /* of its DIE */
};

struct binary {
	char *path;
	Dwfl *dwfl; /* NULL: it is no ELF file */
	Dwfl_Module *module;
	Elf *elf;
	GElf_Addr bias; /* the library's addresses are so much above the file's */
	/* A page of the file was gone when it was read. What the library holds is in no state to be
	 * used or freed any more. */
	bool broken;
	bool has_symbols, has_entries, has_plt, has_dwarf; /* looked for */
	char build_id[2 * 64 + 1];
	VECTOR(struct segment_of_code) code;
	struct symbol_table symbols;
	VECTOR(uint64_t) entries; /* where unwind entries begin, sorted */
	VECTOR(struct segment_of_code) plt;
	Dwarf *dwarf; /* NULL: none */
	GElf_Addr dwarf_bias;
	bool has_units;
	VECTOR(struct unit_range) units; /* sorted */
	char *file;			 /* of the last source line */
};

/* Calls `work` with the binary and `context`, unless the file is known to be broken; false if it
 * is, or has turned out to be. */
bool binary_guarded(struct binary *binary, void (*work)(struct binary *, void *), void *context);

#endif
