// SPDX-License-Identifier: GPL-2.0-only
#include "capture/map_window.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* So much at a time: a mapping of its own for each page would be many. */
#define STEP (256u << 10)

static size_t round_up(size_t bytes, size_t to)
{
	return (bytes + to - 1) / to * to;
}

int map_window_open(struct map_window *window, int fd, size_t bytes)
{
	size_t whole = round_up(bytes, sysconf(_SC_PAGESIZE));
	void *memory =
		mmap(NULL, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return -errno;
	*window = (struct map_window){.memory = memory, .bytes = whole, .fd = fd};
	return 0;
}

int map_window_map(struct map_window *window, size_t bytes)
{
	size_t wanted = round_up(bytes, STEP);
	char *from = (char *)window->memory + window->mapped;

	if (wanted > window->bytes)
		wanted = window->bytes;
	if (bytes > wanted)
		return -EINVAL;
	if (mmap(from, wanted - window->mapped, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		 window->fd, (off_t)window->mapped) == MAP_FAILED)
		return -errno;
	window->mapped = wanted;
	return 0;
}

void map_window_close(struct map_window *window)
{
	if (window->memory)
		munmap(window->memory, window->bytes);
	memset(window, 0, sizeof(*window));
}
