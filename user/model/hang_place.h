/* SPDX-License-Identifier: GPL-2.0-only */
/* hang_place.h - the calls that led a thread to where it waits for ever (NOTE_HANG_PLACE) */
#ifndef MODEL_HANG_PLACE_H
#define MODEL_HANG_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hang_frame {
	uint64_t address;
	char function[128], file[128], module[128]; /* "" if not known */
	unsigned int line;			    /* 0: not known */
};

/* The next one, the innermost first; `*cursor` begins with the text and moves on. False: that was
 * all, or what follows is none. */
bool hang_frame_next(const char **cursor, struct hang_frame *ret);
/* "cross (hangs.c:59) < main (hangs.c:70)": the program's own part of it, or what there is if it
 * has none. Returns `out`, empty if there is nothing. */
const char *hang_place_text(const char *way, char *out, size_t size);

#endif
