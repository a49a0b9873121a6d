// SPDX-License-Identifier: GPL-2.0-only
#include "model/tasks/name_kind.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>

struct name_kind name_kind(const char *name)
{
	struct name_kind kind = {0};
	bool number = false;
	size_t length = 0;

	for (; *name && length < sizeof(kind.text) - 1; name++) {
		bool digit = isdigit((unsigned char)*name);

		if (!digit || !number)
			kind.text[length++] = digit ? '*' : *name;
		number = digit;
	}
	return kind;
}
