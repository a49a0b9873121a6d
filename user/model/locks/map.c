// SPDX-License-Identifier: GPL-2.0-only
/* map.c - a hash table from two numbers to an index: open addressing, at most half full */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/locks/map.h"

static uint64_t mix(uint64_t key)
{
	key ^= key >> 32;
	key *= 0x9e3779b97f4a7c15ull;
	key ^= key >> 29;
	key *= 0xd6e8feb86659fd93ull;
	return key ^ key >> 32;
}

static struct lock_map_entry *slot_for(const struct lock_map *map, uint64_t key_1, uint32_t key_2)
{
	size_t mask = map->capacity - 1;
	size_t i = mix(key_1 + mix(key_2)) & mask;

	while (map->entries[i].place &&
	       (map->entries[i].key_1 != key_1 || map->entries[i].key_2 != key_2))
		i = (i + 1) & mask;
	return &map->entries[i];
}

static int grow(struct lock_map *map)
{
	struct lock_map grown = {.capacity = map->capacity ? map->capacity * 2 : 64};

	grown.entries = calloc(grown.capacity, sizeof(*grown.entries));
	if (!grown.entries)
		return -ENOMEM;
	for (size_t i = 0; i < map->capacity; i++) {
		const struct lock_map_entry *entry = &map->entries[i];

		if (entry->place)
			*slot_for(&grown, entry->key_1, entry->key_2) = *entry;
	}
	grown.count = map->count;
	free(map->entries);
	*map = grown;
	return 0;
}

int lock_map_at(struct lock_map *map, uint64_t key_1, uint32_t key_2, uint32_t fresh, uint32_t *ret)
{
	struct lock_map_entry *entry;

	if (map->count * 2 >= map->capacity && grow(map))
		return -ENOMEM;
	entry = slot_for(map, key_1, key_2);
	if (!entry->place) {
		entry->key_1 = key_1;
		entry->key_2 = key_2;
		entry->place = fresh + 1;
		map->count++;
	}
	*ret = entry->place - 1;
	return 0;
}

bool lock_map_find(const struct lock_map *map, uint64_t key_1, uint32_t key_2, uint32_t *ret)
{
	const struct lock_map_entry *entry;

	if (!map->capacity)
		return false;
	entry = slot_for(map, key_1, key_2);
	if (!entry->place)
		return false;
	*ret = entry->place - 1;
	return true;
}

void lock_map_free(struct lock_map *map)
{
	free(map->entries);
	memset(map, 0, sizeof(*map));
}
