/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * python.h - where the lock of a Python interpreter (CPython's GIL) lies in a process
 *
 * In or behind the symbol _PyRuntime, which every build exports, at a place that depends on the
 * version; from 3.13 on the interpreter says itself where.
 */
#ifndef SYMBOLS_PYTHON_H
#define SYMBOLS_PYTHON_H

#include "symbols/variables.h"

struct python_gil {
	uint64_t start, end;
	unsigned int minor; /* 11 for Python 3.11 */
};

/* 1 with all filled in; 0: the process runs no Python; -ENOTSUP with ret->minor filled in: one that
 * is not known. */
int python_gil_find(struct variables *variables, pid_t pid, const struct process_map *map,
		    struct python_gil *ret);
/* The same for a process that has ended, by the program's file and where its code lay. */
int python_gil_trace(struct variables *variables, int fd, uint64_t code, struct python_gil *ret);

#endif
