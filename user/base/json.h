/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * json.h - a streaming writer of JSON
 *
 * Keeps no document in memory, so it can write hundreds of megabytes. Strings are repaired to
 * valid UTF-8 (the kernel's names are any bytes), numbers that JSON has no word for become null.
 * `name` is the member's name inside an object and NULL inside an array or at the top. Errors of
 * the stream are kept and told by json_finish().
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *out;
	unsigned int depth;
	bool first;  /* nothing written yet in the innermost object or array */
	bool indent; /* one member a line */
	int error;   /* -errno of the first write that failed */
};

struct json json_start(FILE *out, bool indent);
int json_finish(struct json *json); /* 0, or -errno if not all could be written */

void json_object(struct json *json, const char *name);
void json_object_end(struct json *json);
void json_array(struct json *json, const char *name);
void json_array_end(struct json *json);
void json_string(struct json *json, const char *name, const char *text); /* NULL: null */
void json_unsigned(struct json *json, const char *name, uint64_t value);
void json_signed(struct json *json, const char *name, int64_t value);
void json_real(struct json *json, const char *name, double value);
void json_bool(struct json *json, const char *name, bool value);
void json_null(struct json *json, const char *name);

#endif
