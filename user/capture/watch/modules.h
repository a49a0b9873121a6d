/* SPDX-License-Identifier: GPL-2.0-only */
/* modules.h - the files that a process has in its memory, and where */
#ifndef CAPTURE_WATCH_MODULES_H
#define CAPTURE_WATCH_MODULES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/vector.h"
#include "symbols/image.h"

struct mapped_file {
	char *path;
	uint64_t start, end; /* of all its mappings */
	uint64_t bias;	     /* address in the process less address in the file */
	bool is_program;
	bool tried;
	struct image *image; /* NULL: not opened yet, or it cannot be */
};

struct mapped_files {
	pid_t pid;
	VECTOR(struct mapped_file) items;
};

/* Looks (again) at what is there; what was known stays. 0 or -errno. */
int files_look(struct mapped_files *modules, pid_t pid);
void files_free(struct mapped_files *modules);

struct mapped_file *files_program(struct mapped_files *modules);
struct mapped_file *files_at(struct mapped_files *modules, uint64_t address);
/* Opened on first use; NULL if it cannot be. */
struct image *file_image(struct mapped_files *modules, struct mapped_file *module);

/* Whether processes that fork share the memory at this address; false also if there is none. */
bool files_is_shared(pid_t pid, uint64_t address, bool *ret_mapped);

#endif
