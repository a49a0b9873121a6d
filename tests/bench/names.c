// SPDX-License-Identifier: GPL-2.0-only
/*
 * names.c - how long it takes to name addresses
 *
 *	names FILE...
 *
 * Prints: functions, ms to load them all, ns for a frame that is new, ns for one that is known.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "recording/recording.h"
#include "symbols/binary.h"
#include "symbols/names.h"

#define FRAMES 2000
#define ROUNDS 200

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e9 + time.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* What names_frame() does for the first frame of a module, and what the benchmark needs. */
static size_t load(int fd, const char *path, uint64_t *addresses)
{
	struct binary *binary;
	const struct symbol_table *symbols;
	size_t count;

	if (binary_open(fd, path, false, &binary))
		die(path);
	symbols = binary_symbols(binary);
	count = symbols->symbols.count;
	for (size_t i = 0; i < FRAMES && count; i++)
		addresses[i] = symbols->symbols.items[i * 7919 % count].begin + 1;
	binary_free(&binary);
	return count;
}

int main(int argc, char **argv)
{
	static uint64_t addresses[64][FRAMES];
	struct names_module *modules[64];
	struct recording_writer *writer;
	double loading = 0, first = 0, again = 0, begin;
	size_t functions = 0;
	struct names *names;
	uint32_t frame;
	int files = argc - 1 < 64 ? argc - 1 : 64;

	if (recording_writer_new(memfd_create("names", MFD_CLOEXEC), &writer) ||
	    names_new(&(struct names_options){false}, &names))
		die("names");
	for (int i = 0; i < files; i++) {
		int fd = open(argv[i + 1], O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			die(argv[i + 1]);
		begin = now();
		functions += load(fd, argv[i + 1], addresses[i]);
		loading += now() - begin;
		if (names_open(names, fd, argv[i + 1], &modules[i]))
			die(argv[i + 1]);
		close(fd);
	}
	for (int round = 0; round <= ROUNDS; round++) {
		begin = now();
		for (int i = 0; i < files; i++) {
			for (size_t k = 0; k < FRAMES; k++) {
				if (names_frame(names, modules[i], addresses[i][k], writer, &frame))
					die("frame");
			}
		}
		*(round ? &again : &first) += now() - begin;
	}
	printf("%zu functions %.1f ms %.0f ns new %.0f ns known\n", functions, loading / 1e6,
	       first / FRAMES / files, again / FRAMES / files / ROUNDS);
	names_free(&names);
	recording_writer_abandon(&writer);
	return 0;
}
