/* SPDX-License-Identifier: GPL-2.0-only */
/* notes.h - the notes of a recording that is read: the newest value of each key */
#ifndef RECORDING_NOTES_H
#define RECORDING_NOTES_H

#include <stddef.h>
#include <stdint.h>

#include "base/vector.h"

struct note {
	char *key;
	char *value;
};

struct notes {
	VECTOR(struct note) list; /* in the order in which the keys first appeared */
	uint32_t *table;	  /* index into the list + 1, by hash of the key */
	size_t table_size;	  /* a power of two, at least twice the list's length */
	size_t bytes;
};

/* 0, -ENOMEM, or -E2BIG if it would be more than a recording may have. */
int notes_set(struct notes *notes, const char *key, const char *value);
/* NULL if there is none. */
const struct note *notes_find(const struct notes *notes, const char *key);
void notes_free(struct notes *notes);

#endif
