/* SPDX-License-Identifier: GPL-2.0-only */
/* frame_map.h - which frame of the recording an address is, once it is known */
#ifndef SYMBOLS_FRAME_MAP_H
#define SYMBOLS_FRAME_MAP_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Zeroed is empty. */
struct frame_map {
	struct {
		uint64_t address;
		uint32_t frame; /* 0: free */
	} * slots;
	size_t size; /* a power of two, at least twice `count` */
	size_t count;
};

static inline size_t frame_map_slot_(const struct frame_map *map, uint64_t address)
{
	size_t at = (address * 0x9e3779b97f4a7c15u >> 20) & (map->size - 1);

	while (map->slots[at].frame && map->slots[at].address != address)
		at = (at + 1) & (map->size - 1);
	return at;
}

/* 0 if it is not known. */
static inline uint32_t frame_map_find(const struct frame_map *map, uint64_t address)
{
	return map->size ? map->slots[frame_map_slot_(map, address)].frame : 0;
}

static inline int frame_map_grow_(struct frame_map *map)
{
	struct frame_map grown = {.size = map->size ? map->size * 2 : 64, .count = map->count};

	grown.slots = calloc(grown.size, sizeof(*grown.slots));
	if (!grown.slots)
		return -ENOMEM;
	for (size_t i = 0; i < map->size; i++) {
		if (map->slots[i].frame)
			grown.slots[frame_map_slot_(&grown, map->slots[i].address)] = map->slots[i];
	}
	free(map->slots);
	*map = grown;
	return 0;
}

/* A frame of 0, for which the recording had no room, is not kept. 0 or -ENOMEM. */
static inline int frame_map_add(struct frame_map *map, uint64_t address, uint32_t frame)
{
	size_t at;

	if (!frame)
		return 0;
	if ((map->count + 1) * 2 > map->size && frame_map_grow_(map))
		return -ENOMEM;
	at = frame_map_slot_(map, address);
	map->count += !map->slots[at].frame;
	map->slots[at].address = address;
	map->slots[at].frame = frame;
	return 0;
}

static inline void frame_map_free(struct frame_map *map)
{
	free(map->slots);
	map->slots = NULL;
	map->size = map->count = 0;
}

#endif
