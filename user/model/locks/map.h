/* SPDX-License-Identifier: GPL-2.0-only */
/* map.h - a hash table from two numbers to an index */
#ifndef MODEL_LOCK_MAP_H
#define MODEL_LOCK_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lock_map_entry {
	uint64_t key_1;
	uint32_t key_2;
	uint32_t place; /* value + 1; 0: free */
};

struct lock_map {
	struct lock_map_entry *entries;
	size_t count, capacity;
};

/* The value of a key, which becomes `fresh` if the key is new. 0 or -ENOMEM. */
int lock_map_at(struct lock_map *map, uint64_t key_1, uint32_t key_2, uint32_t fresh,
		uint32_t *ret);
/* False: it is not there. */
bool lock_map_find(const struct lock_map *map, uint64_t key_1, uint32_t key_2, uint32_t *ret);
void lock_map_free(struct lock_map *map);

#endif
