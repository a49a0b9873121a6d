// SPDX-License-Identifier: GPL-2.0-only
#include "symbols/process_map.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

static int add_area(struct process_map *map, char *line)
{
	struct process_area area = {0}, *place;
	unsigned int major, minor;
	char rights[8] = "";
	int path = 0;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %x:%x %" SCNu64 " %n",
		   &area.start, &area.end, rights, &area.offset, &major, &minor, &area.inode,
		   &path) < 7)
		return 0;
	area.device = major << 20 | minor;
	area.shared = rights[3] == 's';
	area.executable = rights[2] == 'x';
	area.path = strdup(path ? line + path : "");
	place = area.path ? vector_add(&map->areas) : NULL;
	if (!place) {
		free(area.path);
		return -ENOMEM;
	}
	*place = area;
	return 0;
}

int process_map_read(pid_t pid, struct process_map *ret)
{
	struct process_map map = {0};
	CLEANUP_FREE char *line = NULL;
	size_t capacity = 0;
	char path[64];
	int error = 0;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	in = fopen(path, "re");
	if (!in)
		return errno == ENOENT ? -ESRCH : -errno;
	while (!error && getline(&line, &capacity, in) > 0)
		error = add_area(&map, line);
	fclose(in);
	/* A process that is ending has no memory any more. */
	if (!error && !map.areas.count)
		error = -ESRCH;
	if (error) {
		process_map_free(&map);
		return error;
	}
	ret->areas.items = map.areas.items;
	ret->areas.count = map.areas.count;
	ret->areas.capacity = map.areas.capacity;
	return 0;
}

void process_map_free(struct process_map *map)
{
	struct process_area *area;

	vector_for_each (&map->areas, area)
		free(area->path);
	vector_free(&map->areas);
}

const struct process_area *process_map_find(const struct process_map *map, uint64_t address)
{
	size_t low = 0, high = map->areas.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (map->areas.items[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < map->areas.count && map->areas.items[low].start <= address
		       ? &map->areas.items[low]
		       : NULL;
}

int process_area_open(pid_t pid, const struct process_area *area)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, pid, area->start,
		 area->end);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd >= 0)
		return fd;
	/* Not where checkpointing is not built in, or without the capability. */
	snprintf(path, sizeof(path), "/proc/%d/root%s", pid, area->path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return fd >= 0 ? fd : -errno;
}
