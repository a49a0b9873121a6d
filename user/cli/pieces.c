// SPDX-License-Identifier: GPL-2.0-only
#include "cli/pieces.h"

#include <stdio.h>
#include <string.h>

static bool next_piece(const char **at, const char *separator, struct piece *ret)
{
	const char *end;

	if (!**at)
		return false;
	end = strstr(*at, separator);
	ret->text = *at;
	ret->length = end ? (size_t)(end - *at) : strlen(*at);
	*at += ret->length + (end ? strlen(separator) : 0);
	return true;
}

bool next_paragraph(const char **at, struct piece *ret)
{
	*at += strspn(*at, "\n");
	return next_piece(at, "\n", ret);
}

bool is_verbatim(const struct piece *paragraph)
{
	return paragraph->length >= 2 && !memcmp(paragraph->text, "  ", 2);
}

bool next_alternative(const char **at, struct piece *ret)
{
	return next_piece(at, " | ", ret);
}

bool next_choice(const char **at, struct piece *ret)
{
	return next_piece(at, "|", ret);
}

struct signature option_signature(const struct option_spec *option)
{
	struct signature signature;
	char letter[8] = "    ";

	if (option->letter)
		snprintf(letter, sizeof(letter), "-%c, ", option->letter);
	snprintf(signature.text, sizeof(signature.text), "%s--%s%s%s", letter, option->name,
		 option->argument ? " " : "", option->argument ? option->argument : "");
	return signature;
}
