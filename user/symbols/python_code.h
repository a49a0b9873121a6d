/* SPDX-License-Identifier: GPL-2.0-only */
/* python_code.h - what a CPython code object says: its texts, and which line a place in it is */
#ifndef SYMBOLS_PYTHON_CODE_H
#define SYMBOLS_PYTHON_CODE_H

#include <stddef.h>
#include <stdint.h>

/* The characters of a text, each `width` bytes wide (0: ASCII), as UTF-8. Cut short if there is no
 * room, between characters; what is no character is told as U+FFFD. */
void python_text(const uint8_t *bytes, size_t size, unsigned int width, char *out, size_t out_size);

/* The line of `position` in the bytecode (in bytes; negative: before its first instruction), by the
 * location table of Python 3.11 and later. 0: it has none, or the table ends before. */
uint32_t python_line(const uint8_t *table, size_t size, uint32_t first_line, int32_t position);

#endif
