// SPDX-License-Identifier: GPL-2.0-only
#include "base/xml.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"

void xml_text(FILE *out, const char *text)
{
	size_t size = strlen(text) * 4 + 1;
	CLEANUP_FREE char *safe = malloc(size);

	if (!safe)
		return;
	for (const char *at = escape_text(safe, size, text); *at; at++) {
		switch (*at) {
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
			fputc(*at, out);
		}
	}
}
