// SPDX-License-Identifier: GPL-2.0-only
#include "capture/lock_names.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbols/variables.h"

/* A program may well have a lock in each of a million objects; the names of some will do. */
#define NAMES_MAX 4096

struct lock_name {
	uint32_t tgid;
	uint64_t address;
	char *name; /* NULL: it has none */
};

struct lock_names {
	struct recording_writer *writer;
	struct variables *variables;
	VECTOR(struct lock_name) names; /* by process and address */
	/* Of the process that was looked at last, while one look lasts. */
	pid_t map_of;
	struct process_map map;
};

int lock_names_new(struct recording_writer *writer, struct lock_names **ret)
{
	struct lock_names *names = calloc(1, sizeof(*names));

	if (!names)
		return -ENOMEM;
	names->writer = writer;
	if (variables_new(&names->variables)) {
		free(names);
		return -ENOMEM;
	}
	*ret = names;
	return 0;
}

static void forget_map(struct lock_names *names)
{
	if (names->map_of)
		process_map_free(&names->map);
	names->map_of = 0;
}

void lock_names_free(struct lock_names **slot)
{
	struct lock_names *names = *slot;
	struct lock_name *name;

	if (!names)
		return;
	forget_map(names);
	vector_for_each (&names->names, name)
		free(name->name);
	vector_free(&names->names);
	variables_free(&names->variables);
	free(names);
	*slot = NULL;
}

/* Where it is, or should be. */
static size_t place_of(const struct lock_names *names, uint32_t tgid, uint64_t address)
{
	size_t low = 0, high = names->names.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct lock_name *name = &names->names.items[middle];

		if (name->tgid < tgid || (name->tgid == tgid && name->address < address))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct lock_name *insert(struct lock_names *names, size_t place)
{
	struct lock_name *items;

	if (names->names.count >= NAMES_MAX || !vector_add(&names->names))
		return NULL;
	items = names->names.items;
	memmove(items + place + 1, items + place,
		(names->names.count - 1 - place) * sizeof(*items));
	memset(items + place, 0, sizeof(*items));
	return items + place;
}

static const struct process_map *map_of(struct lock_names *names, pid_t pid)
{
	if (names->map_of == pid)
		return &names->map;
	forget_map(names);
	if (process_map_read(pid, &names->map))
		return NULL;
	names->map_of = pid;
	return &names->map;
}

static const char *name_now(struct lock_names *names, uint32_t tgid, uint64_t address)
{
	size_t place = place_of(names, tgid, address);
	const struct process_map *map;
	struct lock_name *name;
	char key[96];

	if (place < names->names.count && names->names.items[place].tgid == tgid &&
	    names->names.items[place].address == address)
		return names->names.items[place].name;
	map = map_of(names, (pid_t)tgid);
	name = map ? insert(names, place) : NULL;
	if (!name)
		return NULL;
	name->tgid = tgid;
	name->address = address;
	name->name = variables_name(names->variables, (pid_t)tgid, map, address);
	if (name->name) {
		snprintf(key, sizeof(key), NOTE_LOCK_NAME "%" PRIu32 ".%" PRIx64, tgid, address);
		recording_write_note(names->writer, key, "%s", name->name);
	}
	return name->name;
}

const char *lock_names_find(struct lock_names *names, uint32_t tgid, uint64_t address)
{
	const char *name = name_now(names, tgid, address);

	forget_map(names);
	return name;
}

void lock_names_look(struct lock_names *names, struct kernel_side *side)
{
	const struct pl_slot *slot;

	for (uint32_t i = 1; (slot = kernel_side_slot(side, i)); i++) {
		uint8_t kind = slot->futex_kind;

		if (slot->task && slot->state == PL_STATE_BLOCKED && kind != PL_FUTEX_NONE &&
		    kind != PL_FUTEX_JOIN && kind != PL_FUTEX_VECTOR)
			name_now(names, slot->tgid, slot->arg0);
	}
	forget_map(names);
}
