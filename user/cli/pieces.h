/* SPDX-License-Identifier: GPL-2.0-only */
/* pieces.h - the texts of the tables taken apart, for help, the man page and completion */
#ifndef CLI_PIECES_H
#define CLI_PIECES_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/command.h"

struct piece {
	const char *text; /* ends at `length`, not with a NUL */
	size_t length;
};

/* The first line at `*at`, which moves past it and past empty lines. False at the end. */
bool next_paragraph(const char **at, struct piece *ret);
/* It begins with two spaces: to be printed as it stands. */
bool is_verbatim(const struct piece *paragraph);

/* "A | B": A, then B. */
bool next_alternative(const char **at, struct piece *ret);
/* "text|json": text, then json. */
bool next_choice(const char **at, struct piece *ret);

/* "-o, --output FILE" */
struct signature {
	char text[96];
};
struct signature option_signature(const struct option_spec *option);

#endif
