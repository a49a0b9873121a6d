/* SPDX-License-Identifier: GPL-2.0-only */
/* escape.h - names from the kernel and from users are any bytes: make them harmless */
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* For a terminal or a plain text file: control characters, broken UTF-8, invisible characters and
 * direction overrides become \xNN, byte by byte, and a backslash becomes two, so that no text can
 * pass for the escape of another. Always ends `out` with a NUL, cut at a whole character or
 * escape. NULL is taken as "". Returns `out`. */
char *escape_text(char *out, size_t size, const char *text);

/* How many columns UTF-8 takes on a terminal: none for combining characters, two for wide ones. */
size_t text_width(const char *text);

/* The length of the UTF-8 character at `text`, or 0 at the end of the text and where the bytes are
 * not valid UTF-8. */
size_t utf8_length(const char *text);
/* The same, and the character. */
size_t utf8_decode(const char *text, uint32_t *ret);

/* Control characters, and characters that hide or reorder what stands around them. */
bool character_is_hostile(uint32_t character);

#endif
