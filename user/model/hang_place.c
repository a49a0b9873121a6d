// SPDX-License-Identifier: GPL-2.0-only
#include "model/hang_place.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLERS_MAX 6

/* Up to the next tab or end of line, both of which are passed over. False: nothing is left. */
static bool next_field(const char **cursor, char *out, size_t size)
{
	size_t length = strcspn(*cursor, "\t\n");

	if (!**cursor)
		return false;
	snprintf(out, size, "%.*s", (int)(length < size ? length : size), *cursor);
	*cursor += length;
	if (**cursor == '\t')
		(*cursor)++;
	return true;
}

static void end_line(const char **cursor)
{
	*cursor += strcspn(*cursor, "\n");
	if (**cursor)
		(*cursor)++;
}

bool hang_frame_next(const char **cursor, struct hang_frame *ret)
{
	struct hang_frame frame = {0};
	char address[24], line[16];

	if (!next_field(cursor, address, sizeof(address)))
		return false;
	frame.address = strtoull(address, NULL, 16);
	if (next_field(cursor, frame.function, sizeof(frame.function)) &&
	    next_field(cursor, frame.file, sizeof(frame.file)) &&
	    next_field(cursor, line, sizeof(line))) {
		frame.line = (unsigned int)strtoul(line, NULL, 10);
		next_field(cursor, frame.module, sizeof(frame.module));
	}
	end_line(cursor);
	*ret = frame;
	return true;
}

/* What called into the C library is the place, and what the C library called is the end. */
static bool is_plumbing(const struct hang_frame *frame)
{
	static const char *const names[] = {"libc.so",	"libc-",   "libpthread",
					    "ld-linux", "ld-musl", "libc.musl"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strncmp(frame->module, names[i], strlen(names[i])))
			return true;
	return false;
}

static size_t put_frame(const struct hang_frame *frame, char *out, size_t size)
{
	const char *name = frame->function;
	char number[24];
	int length;

	if (!*name) {
		snprintf(number, sizeof(number), "0x%" PRIx64, frame->address);
		name = number;
	}
	if (*frame->file && frame->line)
		length = snprintf(out, size, "%s (%s:%u)", name, frame->file, frame->line);
	else if (*frame->module)
		length = snprintf(out, size, "%s (%s)", name, frame->module);
	else
		length = snprintf(out, size, "%s", name);
	return length < 0 ? 0 : (size_t)length;
}

/* The program's own frames up to the next of the C library. */
static size_t put_own(const char *way, char *out, size_t size)
{
	struct hang_frame frame;
	size_t used = 0;
	int count = 0;

	while (hang_frame_next(&way, &frame) && used < size) {
		if (is_plumbing(&frame)) {
			if (count)
				break;
			continue;
		}
		if (count == CALLERS_MAX) {
			snprintf(out + used, size - used, " < …");
			break;
		}
		if (count++)
			used += (size_t)snprintf(out + used, size - used, " < ");
		if (used < size)
			used += put_frame(&frame, out + used, size - used);
	}
	return used;
}

const char *hang_place_text(const char *way, char *out, size_t size)
{
	struct hang_frame frame;

	*out = '\0';
	if (!put_own(way, out, size) && hang_frame_next(&way, &frame))
		put_frame(&frame, out, size);
	return out;
}
