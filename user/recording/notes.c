// SPDX-License-Identifier: GPL-2.0-only
#include "recording/notes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "recording/block.h"

/* The slot of a key, or the free one where it would go. */
static size_t slot_of(const struct notes *notes, const char *key)
{
	size_t at = XXH3_64bits(key, strlen(key)) & (notes->table_size - 1);

	while (notes->table[at] && strcmp(notes->list.items[notes->table[at] - 1].key, key))
		at = (at + 1) & (notes->table_size - 1);
	return at;
}

static int table_grow(struct notes *notes)
{
	size_t size = notes->table_size ? notes->table_size * 2 : 64;
	uint32_t *table;

	if ((notes->list.count + 1) * 2 <= notes->table_size)
		return 0;
	table = calloc(size, sizeof(*table));
	if (!table)
		return -ENOMEM;
	free(notes->table);
	notes->table = table;
	notes->table_size = size;
	for (size_t i = 0; i < notes->list.count; i++)
		table[slot_of(notes, notes->list.items[i].key)] = i + 1;
	return 0;
}

static int note_replace(struct notes *notes, struct note *note, const char *value)
{
	size_t bytes = notes->bytes - strlen(note->value) + strlen(value);
	char *copy;

	if (bytes > NOTE_TOTAL_MAX)
		return -E2BIG;
	copy = strdup(value);
	if (!copy)
		return -ENOMEM;
	free(note->value);
	note->value = copy;
	notes->bytes = bytes;
	return 0;
}

static int note_add(struct notes *notes, size_t slot, const char *key, const char *value)
{
	size_t bytes = notes->bytes + strlen(key) + strlen(value);
	struct note *note;

	if (bytes > NOTE_TOTAL_MAX || notes->list.count == NOTE_COUNT_MAX)
		return -E2BIG;
	note = vector_add(&notes->list);
	if (!note)
		return -ENOMEM;
	note->key = strdup(key);
	note->value = strdup(value);
	if (!note->key || !note->value) {
		free(note->key);
		free(note->value);
		notes->list.count--;
		return -ENOMEM;
	}
	notes->table[slot] = notes->list.count;
	notes->bytes = bytes;
	return 0;
}

int notes_set(struct notes *notes, const char *key, const char *value)
{
	size_t slot;
	int r;

	r = table_grow(notes);
	if (r)
		return r;
	slot = slot_of(notes, key);
	if (notes->table[slot])
		return note_replace(notes, &notes->list.items[notes->table[slot] - 1], value);
	return note_add(notes, slot, key, value);
}

const struct note *notes_find(const struct notes *notes, const char *key)
{
	size_t slot;

	if (!notes->table_size)
		return NULL;
	slot = slot_of(notes, key);
	return notes->table[slot] ? &notes->list.items[notes->table[slot] - 1] : NULL;
}

void notes_free(struct notes *notes)
{
	struct note *note;

	vector_for_each (&notes->list, note) {
		free(note->key);
		free(note->value);
	}
	vector_free(&notes->list);
	free(notes->table);
	notes->table = NULL;
	notes->table_size = 0;
}
