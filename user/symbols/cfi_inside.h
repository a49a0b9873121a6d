/* SPDX-License-Identifier: GPL-2.0-only */
/* cfi_inside.h - what the parts of the .eh_frame reader share */
#ifndef SYMBOLS_CFI_INSIDE_H
#define SYMBOLS_CFI_INSIDE_H

#include <stdbool.h>

#include "symbols/cfi.h"

/* Reading past the end gives zeros and sets `bad`, looked at when a step is done. */
struct cursor {
	const struct cfi_section *section;
	size_t at, end;
	bool bad;
};

uint64_t cursor_bytes(struct cursor *cursor, size_t width);
uint64_t cursor_unsigned(struct cursor *cursor);
int64_t cursor_signed(struct cursor *cursor);
uint64_t cursor_pointer(struct cursor *cursor, uint8_t encoding);
void cursor_skip(struct cursor *cursor, uint64_t size);

/* What functions have in common: the augmentation, and the instructions that come first. */
struct common {
	uint64_t code_unit;
	int64_t data_unit;
	uint64_t ra;
	uint8_t pointer; /* how an entry's addresses are written */
	bool augmented;	 /* entries have a length of what we need not know */
	bool signal;
	size_t program, end;
};

struct entry {
	bool is_common;
	size_t id_at; /* what a function's reference to its common entry is relative to */
	uint64_t id;
	size_t body, end;
};

/* The entry at `at`. False at the end, or where nothing sensible stands. */
bool cfi_entry(const struct cfi_section *section, size_t at, struct entry *ret);
/* The common entry that a function's entry refers to. */
bool cfi_common(const struct cfi_section *section, const struct entry *entry, struct common *ret);

#endif
