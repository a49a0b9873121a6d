/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cfi.h - reading .eh_frame: where functions are, and how to leave them at each instruction
 *
 * A reader of its own rather than elfutils': it goes through each function once, where
 * dwarf_cfi_addrframe() begins anew for every row; it makes no step that hostile content could
 * lead astray; and the tests can hold it against elfutils, which then is a second source.
 */
#ifndef SYMBOLS_CFI_H
#define SYMBOLS_CFI_H

#include <stddef.h>
#include <stdint.h>

#include "bpf/unwind_rules.h"

struct cfi_section {
	const uint8_t *bytes;
	size_t size;
	uint64_t address;
};

/* A function, or a part of one. */
struct cfi_function {
	uint64_t begin, end;
	size_t offset; /* of its entry in the section */
};

struct cfi_functions {
	struct cfi_function *list; /* ordered by `begin` */
	size_t count;
};

/* All functions that have an entry. What cannot be read is passed over. 0 or -errno. */
int cfi_functions(const struct cfi_section *section, struct cfi_functions *ret);
void cfi_functions_free(struct cfi_functions *functions);

/* Between `begin` and `end` this is how to leave the function. Not 0: give up, and return that. */
typedef int cfi_row(void *context, uint64_t begin, uint64_t end, const struct pl_unwind_rule *rule);

/* Tells the rows of a function in order, without gaps. 0, or what `row` returned. Where its entry
 * makes no sense, the rest of the function is a row of PL_UNWIND_ODD. */
int cfi_rows(const struct cfi_section *section, const struct cfi_function *function, cfi_row *row,
	     void *context);

#endif
