// SPDX-License-Identifier: GPL-2.0-only
/*
 * recording_reader.c - any bytes as a recording, for libFuzzer
 *
 *	clang -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize=pointer-overflow \
 *		-D_GNU_SOURCE -I. -Iuser -Itests/unit \
 *		tests/fuzz/recording_reader.c user/recording/[a-z]*.c user/base/escape.c \
 *		-lzstd -lxxhash -o recording_reader
 *	./recording_reader -max_len=20000 CORPUS
 *
 * Any recordings will do for a start. (Clang takes exception to NULL + 0, which is how an empty
 * vector ends.)
 *
 * Each input is read as it is, and once more with all checksums made right, as no fuzzer would
 * ever guess them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "recording/recording.h"
#include "recording_damage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool condition)
{
	if (!condition)
		abort();
}

static volatile uint8_t sink;

/* Looks at every byte, for the sanitizer to see whether it is there. */
static void touch(const void *data, size_t size)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < size; i++)
		sink ^= bytes[i];
}

static size_t drain(struct recording *recording)
{
	struct recording_error error = {""};
	struct recording_item item;
	uint64_t last = 0;
	size_t count = 0;
	int r;

	for (; (r = recording_next(recording, &item, &error)) == 1; count++) {
		expect(item.time >= last);
		expect(!item.record != !item.life);
		expect(!item.block || item.record->kind == PL_SWITCH);
		last = item.time;
		if (item.record)
			touch(item.record, sizeof(*item.record));
		if (item.block)
			touch(item.block, sizeof(*item.block));
		if (item.life) {
			touch(item.life, item.life->head.size);
			touch(item.life, sizeof(*item.life));
		}
	}
	expect(r <= 0 && (!r || error.text[0]));
	return count;
}

static void read_all(const uint8_t *data, size_t size)
{
	struct recording *recording = NULL;
	struct recording_error error = {""};
	const char *key, *value;
	size_t first;
	int fd;

	fd = memfd_create("fuzz", MFD_CLOEXEC);
	expect(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	if (recording_open_fd(fd, &recording, &error)) {
		expect(!recording && error.text[0]);
		return;
	}
	for (size_t i = 0; recording_note_at(recording, "", i, &key, &value); i++)
		expect(recording_note(recording, key) == value);
	first = drain(recording);
	recording_rewind(recording);
	expect(drain(recording) == first);
	recording_close(&recording);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;

	read_all(data, size);
	copy = malloc(size ? size : 1);
	expect(copy != NULL);
	memcpy(copy, data, size);
	sign_all(copy, size);
	read_all(copy, size);
	free(copy);
	return 0;
}
