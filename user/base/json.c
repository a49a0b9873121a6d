// SPDX-License-Identifier: GPL-2.0-only
#include "base/json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"

static void put_bytes(struct json *json, const char *bytes, size_t length)
{
	if (json->error || !length)
		return;
	errno = 0;
	if (fwrite_unlocked(bytes, 1, length, json->out) != length)
		json->error = errno ? -errno : -EIO;
}

static void put_text(struct json *json, const char *text)
{
	put_bytes(json, text, strlen(text));
}

static void put_line_start(struct json *json)
{
	static const char tabs[] = "\t\t\t\t\t\t\t\t";

	put_bytes(json, "\n", 1);
	for (unsigned int left = json->depth; left;) {
		unsigned int some = left < sizeof(tabs) - 1 ? left : sizeof(tabs) - 1;

		put_bytes(json, tabs, some);
		left -= some;
	}
}

static void put_code_unit(struct json *json, uint32_t unit)
{
	char text[8];

	snprintf(text, sizeof(text), "\\u%04x", unit & 0xffff);
	put_bytes(json, text, 6);
}

static void put_escaped(struct json *json, uint32_t character)
{
	static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	const char *found = character && character < 0x80 ? strchr(plain, (int)character) : NULL;

	if (found) {
		put_bytes(json, (char[]){'\\', letters[found - plain]}, 2);
	} else if (character >= 0x10000) {
		put_code_unit(json, 0xd800 + ((character - 0x10000) >> 10));
		put_code_unit(json, 0xdc00 + ((character - 0x10000) & 0x3ff));
	} else {
		put_code_unit(json, character);
	}
}

/* What JSON does not ask for is escaped too where it would do harm elsewhere: control and direction
 * characters when the output is a terminal, "</" and "<!" when it lies in a page's script. */
static bool needs_escape(const char *at, uint32_t character)
{
	return character == '"' || character == '\\' || character_is_hostile(character) ||
	       (character == '<' && (at[1] == '/' || at[1] == '!'));
}

static void put_quoted(struct json *json, const char *text)
{
	const char *clean = text;

	put_bytes(json, "\"", 1);
	while (*text) {
		uint32_t character = 0;
		size_t length = utf8_decode(text, &character);

		if (length && !needs_escape(text, character)) {
			text += length;
			continue;
		}
		put_bytes(json, clean, (size_t)(text - clean));
		if (length)
			put_escaped(json, character);
		else
			put_text(json, "\xef\xbf\xbd");
		text += length ? length : 1;
		clean = text;
	}
	put_bytes(json, clean, (size_t)(text - clean));
	put_bytes(json, "\"", 1);
}

static void put_unsigned(struct json *json, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	put_bytes(json, digits + at, sizeof(digits) - at);
}

/* The comma, the line and the name before a value. */
static void put_member(struct json *json, const char *name)
{
	if (!json->first)
		put_bytes(json, ",", 1);
	json->first = false;
	if (json->indent && json->depth)
		put_line_start(json);
	if (name) {
		put_quoted(json, name);
		put_text(json, json->indent ? ": " : ":");
	}
}

static void put_begin(struct json *json, const char *name, const char *bracket)
{
	put_member(json, name);
	put_bytes(json, bracket, 1);
	json->depth++;
	json->first = true;
}

static void put_end(struct json *json, const char *bracket)
{
	bool empty = json->first;

	json->depth--;
	json->first = false;
	if (json->indent && !empty)
		put_line_start(json);
	put_bytes(json, bracket, 1);
}

struct json json_start(FILE *out, bool indent)
{
	return (struct json){.out = out, .first = true, .indent = indent};
}

int json_finish(struct json *json)
{
	put_bytes(json, "\n", 1);
	errno = 0;
	if (fflush(json->out) && !json->error)
		json->error = errno ? -errno : -EIO;
	if (ferror(json->out) && !json->error)
		json->error = -EIO;
	return json->error;
}

void json_object(struct json *json, const char *name)
{
	put_begin(json, name, "{");
}

void json_object_end(struct json *json)
{
	put_end(json, "}");
}

void json_array(struct json *json, const char *name)
{
	put_begin(json, name, "[");
}

void json_array_end(struct json *json)
{
	put_end(json, "]");
}

void json_string(struct json *json, const char *name, const char *text)
{
	if (!text) {
		json_null(json, name);
		return;
	}
	put_member(json, name);
	put_quoted(json, text);
}

void json_unsigned(struct json *json, const char *name, uint64_t value)
{
	put_member(json, name);
	put_unsigned(json, value);
}

void json_signed(struct json *json, const char *name, int64_t value)
{
	put_member(json, name);
	if (value < 0)
		put_bytes(json, "-", 1);
	put_unsigned(json, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void json_real(struct json *json, const char *name, double value)
{
	char text[40];

	if (!isfinite(value)) {
		json_null(json, name);
		return;
	}
	/* The short form where it is the same number, else the digits that always are. */
	snprintf(text, sizeof(text), "%.15g", value);
	if (strtod(text, NULL) != value)
		snprintf(text, sizeof(text), "%.17g", value);
	/* A locale may have written another decimal point. */
	for (char *c = text; *c; c++) {
		if (!strchr("0123456789+-e", *c))
			*c = '.';
	}
	put_member(json, name);
	put_text(json, text);
}

void json_bool(struct json *json, const char *name, bool value)
{
	put_member(json, name);
	put_text(json, value ? "true" : "false");
}

void json_null(struct json *json, const char *name)
{
	put_member(json, name);
	put_text(json, "null");
}
