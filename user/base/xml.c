// SPDX-License-Identifier: GPL-2.0-only
#include "base/xml.h"

#include <string.h>

#include "base/escape.h"

static void put_character(FILE *out, char character)
{
	switch (character) {
	case '<':
		fputs("&lt;", out);
		break;
	case '>':
		fputs("&gt;", out);
		break;
	case '&':
		fputs("&amp;", out);
		break;
	case '"':
		fputs("&quot;", out);
		break;
	case '\'':
		fputs("&#39;", out);
		break;
	default:
		fputc(character, out);
	}
}

/* One character at a time: nothing to allocate, so nothing that could be left out. */
void xml_text(FILE *out, const char *text)
{
	size_t length;

	for (; *text; text += length) {
		char one[8] = "", safe[32];

		length = utf8_length(text);
		if (!length)
			length = 1;
		memcpy(one, text, length);
		escape_text(safe, sizeof(safe), one);
		for (const char *at = safe; *at; at++)
			put_character(out, *at);
	}
}
