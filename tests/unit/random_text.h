/* SPDX-License-Identifier: GPL-2.0-only */
/* random_text.h - the texts that break parsers, in random order */
#ifndef TESTS_UNIT_RANDOM_TEXT_H
#define TESTS_UNIT_RANDOM_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* The same sequence in every run, so that a failure can be seen again. */
static inline uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static inline void random_text(uint64_t *state, char *out, size_t size)
{
	static const char *const pieces[] = {
		"a",	      "\"",	"\\",	    "\n",	"\x1b[2J",  "\u00e9", "\u65e5",
		"\U0001f600", "\u202e", "\xff",	    "\xc0\xaf", "\xe2\x82", "\x7f",   "</script>",
		"1.5",	      "ms",	"99999999", "-",	"K",	    "\u00b5s"};
	size_t filled = 0;

	for (size_t count = random_next(state) % 12; count; count--) {
		const char *piece = pieces[random_next(state) % ARRAY_SIZE(pieces)];
		char byte[2] = {(char)(1 + random_next(state) % 255), '\0'};

		if (random_next(state) % 3 == 0)
			piece = byte;
		if (filled + strlen(piece) >= size)
			break;
		memcpy(out + filled, piece, strlen(piece));
		filled += strlen(piece);
	}
	out[filled] = '\0';
}

#endif
