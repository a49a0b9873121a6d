/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * python_layout.h - where a CPython interpreter keeps what its threads execute
 *
 * By the version that its file states: from a table for 3.11 and 3.12, while 3.13 has most of it in
 * a table of its own (_Py_DebugOffsets). All that is needed of the file are symbols that every
 * build exports. Debug and free-threaded builds are laid out otherwise, and are not known.
 */
#ifndef SYMBOLS_PYTHON_LAYOUT_H
#define SYMBOLS_PYTHON_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/python_records.h"
#include "symbols/elf_image.h"

#define PYTHON_LOOPS 2 /* the interpreter's loop, and the part of it that is seldom executed */

struct python_layout {
	struct pl_python offsets; /* its `key` counts as the file's symbols do */
	unsigned int minor;	  /* 11 for Python 3.11 */
	struct {
		uint64_t begin, end;
	} loops[PYTHON_LOOPS];
};

/* 1; 0: the file is no Python interpreter; -ENOTSUP: it is one that is not known, with ret->minor.
 */
int python_layout_find(int fd, const struct elf_image *image, const char *path,
		       struct python_layout *ret);
/* Whether the address, as the file's symbols count, is in the interpreter's loop. */
bool python_layout_is_loop(const struct python_layout *layout, uint64_t address);

/* ---- for the tests --------------------------------------------------------------------------- */

#define PYTHON_OFFSETS_BYTES 584

/* The version as Py_Version has it (0x030b02f0); `runtime` is what _PyRuntime begins with. The key
 * counts from there. False if such a version is not known. */
bool python_layout_of(uint32_t version, const uint8_t runtime[PYTHON_OFFSETS_BYTES],
		      struct pl_python *ret);

#endif
