/* SPDX-License-Identifier: GPL-2.0-only */
/* tables.h - unwind tables and lists of mapped code in the memory shared with the kernel side
 */
#ifndef CAPTURE_STACK_TABLES_H
#define CAPTURE_STACK_TABLES_H

#include <stddef.h>
#include <stdint.h>

#include "capture/kernel_side.h"
#include "symbols/unwind_table.h"

struct stack_tables;

/* 0 or -errno. */
int stack_tables_new(const struct kernel_side_stacks *shared, struct stack_tables **ret);
void stack_tables_free(struct stack_tables **tables);

/* Makes a table known; `ret_index` is what pl_mapping.index wants. -ENOSPC when all room is taken.
 */
int stack_tables_add(struct stack_tables *tables, const struct unwind_table *table,
		     uint32_t *ret_index);
uint64_t stack_tables_bytes(const struct stack_tables *tables);

#endif
