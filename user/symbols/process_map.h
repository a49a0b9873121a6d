/* SPDX-License-Identifier: GPL-2.0-only */
/* process_map.h - what lies where in a process that lives: /proc/PID/maps */
#ifndef SYMBOLS_PROCESS_MAP_H
#define SYMBOLS_PROCESS_MAP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/vector.h"

struct process_area {
	uint64_t start, end;
	uint64_t offset; /* in the file */
	uint64_t inode;	 /* 0: of no file */
	uint32_t device; /* major << 20 | minor, as the kernel has it */
	bool shared, executable;
	char *path; /* "" if it has none; "[heap]" */
};

struct process_map {
	VECTOR(struct process_area) areas; /* by address */
};

/* 0, -ESRCH if it has ended, or another -errno. */
int process_map_read(pid_t pid, struct process_map *ret);
void process_map_free(struct process_map *map);
/* NULL: nothing lies there. */
const struct process_area *process_map_find(const struct process_map *map, uint64_t address);
/* Opens the file that is mapped there, deleted or in another mount namespace though it may be. A
 * descriptor, or -errno. */
int process_area_open(pid_t pid, const struct process_area *area);

#endif
