/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * unwind_table.h - a module's .eh_frame as a table that can be followed in the kernel
 *
 * Four bytes a row (bpf/unwind_rules.h): those of a python3 process take 450 KiB where eight bytes
 * a row take 740; made in 9 ms, or fetched from the cache in 1.
 */
#ifndef SYMBOLS_UNWIND_TABLE_H
#define SYMBOLS_UNWIND_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "bpf/unwind_rules.h"
#include "symbols/elf_image.h"

struct unwind_table {
	uint64_t base; /* address of the first block, as the file's symbols count */
	uint32_t block_count, row_count, rule_count;
	uint32_t *index; /* one allocation for all three, in this order */
	uint32_t *rows;
	struct pl_unwind_rule *rules;
};

/* From the file. 0 or -errno: -ENODATA if there is no unwind information, -EFBIG if too much. */
int unwind_table_build(const struct elf_image *image, struct unwind_table **ret);
/* From the cache in `folder` (NULL: there is none), else from the file and into the cache. */
int unwind_table_get(const struct elf_image *image, const char *folder, struct unwind_table **ret);
void unwind_table_free(struct unwind_table **table);

/* What holds at an address; the rule of code that nobody knows where there is none. */
const struct pl_unwind_rule *unwind_table_rule(const struct unwind_table *table, uint64_t address);

/* As it is in the cache: `ret_bytes` is the caller's to free. 0 or -errno. */
int unwind_table_pack(const struct unwind_table *table, uint64_t key, uint8_t **ret_bytes,
		      size_t *ret_size);
/* The other way round, trusting nothing. -EBADMSG if it is no such table or has another key. */
int unwind_table_unpack(const uint8_t *bytes, size_t size, uint64_t key, struct unwind_table **ret);

#endif
