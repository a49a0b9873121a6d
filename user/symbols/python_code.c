// SPDX-License-Identifier: GPL-2.0-only
#include "symbols/python_code.h"

#include <stdbool.h>

#define REPLACEMENT 0xfffdu

static uint32_t character_at(const uint8_t *bytes, unsigned int width)
{
	uint32_t value = 0;

	for (unsigned int i = 0; i < width; i++)
		value |= (uint32_t)bytes[i] << 8 * i;
	if (value > 0x10ffff || (value >= 0xd800 && value < 0xe000) || !value)
		return REPLACEMENT;
	return value;
}

static size_t put_utf8(uint32_t value, uint8_t out[4])
{
	if (value < 0x80) {
		out[0] = (uint8_t)value;
		return 1;
	}
	if (value < 0x800) {
		out[0] = (uint8_t)(0xc0 | value >> 6);
		out[1] = 0x80 | (value & 0x3f);
		return 2;
	}
	if (value < 0x10000) {
		out[0] = (uint8_t)(0xe0 | value >> 12);
		out[1] = 0x80 | (value >> 6 & 0x3f);
		out[2] = 0x80 | (value & 0x3f);
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | value >> 18);
	out[1] = 0x80 | (value >> 12 & 0x3f);
	out[2] = 0x80 | (value >> 6 & 0x3f);
	out[3] = 0x80 | (value & 0x3f);
	return 4;
}

void python_text(const uint8_t *bytes, size_t size, unsigned int width, char *out, size_t out_size)
{
	size_t each = width ? width : 1, filled = 0;

	for (size_t at = 0; at + each <= size; at += each) {
		uint8_t encoded[4];
		size_t length = put_utf8(character_at(bytes + at, (unsigned int)each), encoded);

		if (filled + length >= out_size)
			break;
		for (size_t i = 0; i < length; i++)
			out[filled++] = (char)encoded[i];
	}
	out[filled] = '\0';
}

/* ---- the location table ---------------------------------------------------------------------- */

/* Forms of an entry. Those below ONE_LINE have no change of line, and one byte of columns. */
enum location {
	LOCATION_ONE_LINE = 10, /* to 12: the line is that many less ten further on; two bytes */
	LOCATION_NO_COLUMNS = 13,
	LOCATION_LONG = 14,
	LOCATION_NONE = 15,
};

struct cursor {
	const uint8_t *at, *end;
	bool is_bad;
};

/* Six bits a byte, lowest first; bit 6 says that more follow. */
static uint32_t read_number(struct cursor *cursor)
{
	uint32_t value = 0;

	for (unsigned int shift = 0; shift < 32; shift += 6) {
		uint8_t byte;

		if (cursor->at == cursor->end)
			break;
		byte = *cursor->at++;
		value |= (uint32_t)(byte & 0x3f) << shift;
		if (!(byte & 0x40))
			return value;
	}
	cursor->is_bad = true;
	return 0;
}

static int64_t read_difference(struct cursor *cursor)
{
	uint32_t value = read_number(cursor);

	return value & 1 ? -(int64_t)(value >> 1) : (int64_t)(value >> 1);
}

static void skip(struct cursor *cursor, size_t bytes)
{
	if ((size_t)(cursor->end - cursor->at) < bytes)
		cursor->is_bad = true;
	else
		cursor->at += bytes;
}

/* The change of line that an entry begins with. */
static int64_t read_entry(struct cursor *cursor, unsigned int form)
{
	int64_t difference = 0;

	if (form < LOCATION_ONE_LINE) {
		skip(cursor, 1);
	} else if (form < LOCATION_NO_COLUMNS) {
		difference = form - LOCATION_ONE_LINE;
		skip(cursor, 2);
	} else if (form == LOCATION_NO_COLUMNS) {
		difference = read_difference(cursor);
	} else if (form == LOCATION_LONG) {
		difference = read_difference(cursor);
		for (int i = 0; i < 3; i++)
			read_number(cursor);
	}
	return difference;
}

uint32_t python_line(const uint8_t *table, size_t size, uint32_t first_line, int32_t position)
{
	struct cursor cursor = {table, table + size, false};
	int64_t line = first_line, end = 0;

	if (position < 0)
		return first_line;
	while (cursor.at < cursor.end) {
		uint8_t head = *cursor.at++;
		unsigned int form = head >> 3 & 15;

		if (!(head & 0x80))
			return 0;
		line += read_entry(&cursor, form);
		end += 2 * ((head & 7) + 1);
		if (cursor.is_bad || line < 0 || line > INT32_MAX)
			return 0;
		if (position < end)
			return form == LOCATION_NONE ? 0 : (uint32_t)line;
	}
	return 0;
}
