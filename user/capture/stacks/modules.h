/* SPDX-License-Identifier: GPL-2.0-only */
/* modules.h - files that code is mapped from: found, opened once, their tables made known */
#ifndef CAPTURE_MODULES_H
#define CAPTURE_MODULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "capture/stacks/tables.h"
#include "symbols/elf_image.h"
#include "symbols/python_layout.h"

struct names_module;

struct module {
	uint64_t device, inode;
	char *path;
	struct elf_image image;	    /* is_good: what its headers said */
	bool is_good;		    /* ELF, and opened */
	struct unwind_table *table; /* NULL: it has none */
	uint32_t index;		    /* stack_tables_add()'s */
	bool is_shared;		    /* the kernel side has the table */
	int fd;			    /* -1: in memory */
	const void *memory;
	size_t size;
	struct names_module *named;   /* NULL: not yet */
	struct python_layout *python; /* NULL: it is no Python that is known */
};

/* Code that was made at run time (no module, or a file that is no program), and Go's: it is left by
 * frame pointers. */
static inline bool module_has_frame_pointers(const struct module *module)
{
	if (!module)
		return true;
	return module->is_good ? module->image.is_go && !module->table : module->fd >= 0;
}

struct modules;

struct mapped_file {
	pid_t pid;
	uint64_t begin, end;
	uint64_t device, inode;
	const char *path;
};

int modules_new(struct stack_tables *tables, struct modules **ret);
void modules_free(struct modules **modules);

/* A file that has no name to find it by, and may be gone with the process: a scenario's program.
 * The descriptor stays the caller's, and open. */
void modules_know(struct modules *modules, int fd);

/* The module behind a mapping; NULL if that is no file. A file that is gone, or is another one by
 * now, is a module without table and names. */
struct module *modules_find(struct modules *modules, const struct mapped_file *file);

#endif
