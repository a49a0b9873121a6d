/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * variables.h - what to call an address in the data of a process that lives
 *
 *	queue_lock			a variable of the program itself
 *	arena_lock+0x10 (libfoo.so.1)	16 bytes into one of a library
 *	heap+0x2a0			allocated; counted from the heap's begin
 *	stack of worker-3		of the thread whose stack it lies in
 *	shared /dev/shm/queue+0x40	a file or memory shared with other processes
 *	anonymous+0x1000 at 0x7f...	memory that has no name
 */
#ifndef SYMBOLS_VARIABLES_H
#define SYMBOLS_VARIABLES_H

#include "symbols/process_map.h"

struct variables;

/* Keeps the tables of the files that it has read. 0 or -ENOMEM. */
int variables_new(struct variables **ret);
void variables_free(struct variables **variables);
/* `map` is that of the process just now. A text that the caller frees; NULL if nothing lies there,
 * or memory is out. */
char *variables_name(struct variables *variables, pid_t pid, const struct process_map *map,
		     uint64_t address);
/* What to call memory that processes share, by what the kernel calls its file. */
const char *shared_memory_name(const char *file);
/* Where a symbol of the file that is mapped in the area lies in the process; 0 if it has none. */
uint64_t variables_find(struct variables *variables, pid_t pid, const struct process_map *map,
			const struct process_area *area, const char *symbol);

/* What is known of an address in a process that has ended. */
struct variable_trace {
	uint64_t address;
	uint64_t start, offset; /* a mapping of the file begins there, with this part of it */
	uint64_t code;		/* or: the program's first code lies there; 0: not known */
	const char *library;	/* the file's name, NULL: it is the program itself */
};

/* `fd` is the file, and stays open. NULL: it has no variable there. */
char *variables_name_in(struct variables *variables, int fd, const struct variable_trace *trace);
/* Where a symbol of the program lay whose first code lay at `code`; 0 if it has none. */
uint64_t variables_find_in(struct variables *variables, int fd, uint64_t code, const char *symbol);

#endif
