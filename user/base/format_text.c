// SPDX-License-Identifier: GPL-2.0-only
#include "base/format_text.h"

#include <stdarg.h>
#include <stdio.h>

char *format_text(const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	return text;
}
