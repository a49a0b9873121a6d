/* SPDX-License-Identifier: GPL-2.0-only */
/* fuzz.h - what the targets for libFuzzer share */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void expect(bool condition)
{
	if (!condition)
		abort();
}

/* Looks at every byte, for the sanitizer to see whether it is there. */
static inline void touch(const void *data, size_t size)
{
	const volatile uint8_t *bytes = data;

	for (size_t i = 0; i < size; i++)
		(void)bytes[i];
}

/* A file with these bytes, to be closed by the caller. */
static inline int file_of(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	expect(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	expect(lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

/* Bytes as a string, to be freed by the caller. */
static inline char *text_of(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	expect(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

#endif
