/* SPDX-License-Identifier: GPL-2.0-only */
/* kernel_names.h - functions of the kernel and its modules, by address */
#ifndef SYMBOLS_KERNEL_NAMES_H
#define SYMBOLS_KERNEL_NAMES_H

#include <stdbool.h>
#include <stdint.h>

struct kernel_names;

/* From a file like /proc/kallsyms. One that cannot be read, or that hides its addresses, has no
 * names. 0 or -ENOMEM. */
int kernel_names_load(const char *path, struct kernel_names **ret);
void kernel_names_free(struct kernel_names **names);
/* There is none whose address the kernel tells. */
bool kernel_names_are_hidden(const struct kernel_names *names);
/* "" if it is not known. */
const char *kernel_names_find(const struct kernel_names *names, uint64_t address);

#endif
