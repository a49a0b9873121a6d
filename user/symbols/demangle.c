// SPDX-License-Identifier: GPL-2.0-only
#include "symbols/demangle.h"

#include <libiberty/demangle.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/*
 * A name of a hundred characters can stand for one of a billion, as parts of it may refer back to
 * others that do the same. The demanglers hand out what they print piece by piece and cannot be
 * told to stop, so that we leave them by the back door; they keep nothing that would leak.
 */
struct sink {
	char *out;
	size_t size, used;
	jmp_buf too_long;
};

static void take(const char *piece, size_t length, void *opaque)
{
	struct sink *sink = opaque;

	if (length >= sink->size - sink->used)
		longjmp(sink->too_long, 1);
	memcpy(sink->out + sink->used, piece, length);
	sink->used += length;
}

#define OPTIONS (DMGL_PARAMS | DMGL_ANSI | DMGL_RET_DROP)

static bool try_to_demangle(const char *name, struct sink *sink)
{
	if (setjmp(sink->too_long))
		return false;
	/* Rust's first: its older names are well-formed C++ ones with a hash at the end. */
	if (rust_demangle_callback(name, 0, take, sink))
		return sink->used;
	sink->used = 0;
	return cplus_demangle_v3_callback(name, OPTIONS, take, sink) && sink->used;
}

char *demangle(const char *name, char *out, size_t size)
{
	struct sink sink = {.out = out, .size = size};
	size_t length = strcspn(name, "@");
	char plain[1024];

	if (length == 0 || length >= sizeof(plain)) {
		snprintf(out, size, "%s", name);
		return out;
	}
	memcpy(plain, name, length);
	plain[length] = '\0';
	if ((!strncmp(plain, "_Z", 2) || !strncmp(plain, "_R", 2)) &&
	    try_to_demangle(plain, &sink)) {
		out[sink.used] = '\0';
		return out;
	}
	snprintf(out, size, "%s", plain);
	return out;
}
