/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * map_window.h - the memory of a BPF array, as far as it has been used
 *
 * What is mapped of such an array is resident from then on, used or not. So its place is set aside
 * as a whole, and filled from the front as far as somebody gets: its address never changes.
 */
#ifndef CAPTURE_MAP_WINDOW_H
#define CAPTURE_MAP_WINDOW_H

#include <stddef.h>

struct map_window {
	void *memory; /* NULL: closed */
	size_t bytes, mapped;
	int fd; /* the map's; whoever opened the window keeps it open */
};

/* Nothing is mapped yet. 0 or -errno. */
int map_window_open(struct map_window *window, int fd, size_t bytes);
int map_window_map(struct map_window *window, size_t bytes);
void map_window_close(struct map_window *window);

/* Makes the first `bytes` of the memory usable. 0 or -errno. */
static inline int map_window_reach(struct map_window *window, size_t bytes)
{
	return bytes <= window->mapped ? 0 : map_window_map(window, bytes);
}

#endif
