// SPDX-License-Identifier: GPL-2.0-only
/*
 * tables.c - how long the unwind tables of a python3 process take, without a cache and with one
 *
 * Prints JSON: KiB, and milliseconds, the median of some rounds.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/cleanup.h"
#include "symbols/unwind_table.h"

#define ROUNDS 15

static const char *const files[] = {
	"/usr/bin/python3",
	"/lib64/ld-linux-x86-64.so.2",
	"/lib/x86_64-linux-gnu/libc.so.6",
	"/lib/x86_64-linux-gnu/libm.so.6",
	"/lib/x86_64-linux-gnu/libz.so.1",
	"/lib/x86_64-linux-gnu/libexpat.so.1",
};

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e3 + now.tv_nsec * 1e-6;
}

/* All of them; those that are not there take nothing. */
static double get_all(const char *folder, size_t *ret_bytes)
{
	double begin = now_ms();

	*ret_bytes = 0;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		CLEANUP_CLOSE int fd = open(files[i], O_RDONLY | O_CLOEXEC);
		struct unwind_table *table;
		struct elf_image image;

		if (fd < 0 || elf_image_open(fd, &image) ||
		    unwind_table_get(&image, folder, &table))
			continue;
		*ret_bytes += ((size_t)table->block_count + table->row_count) * sizeof(uint32_t) +
			      table->rule_count * sizeof(*table->rules);
		unwind_table_free(&table);
	}
	return now_ms() - begin;
}

static int ascending(const void *left, const void *right)
{
	const double *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

static double median(const char *folder, size_t *ret_bytes)
{
	double times[ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
		times[i] = get_all(folder, ret_bytes);
	qsort(times, ROUNDS, sizeof(*times), ascending);
	return times[ROUNDS / 2];
}

int main(void)
{
	char folder[] = "/tmp/ptrace-lab-tables-XXXXXX", command[64];
	double cold, warm;
	size_t bytes;

	if (!mkdtemp(folder))
		return 1;
	cold = median(NULL, &bytes);
	warm = median(folder, &bytes);
	printf("{\"kib\": %zu, \"cold_ms\": %.2f, \"warm_ms\": %.2f}\n", bytes >> 10, cold, warm);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}
