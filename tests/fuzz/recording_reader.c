// SPDX-License-Identifier: GPL-2.0-only
/*
 * recording_reader.c - any bytes as a recording
 *
 * Each input is read as it is, and once more with all checksums made right, as no fuzzer would
 * ever guess them.
 */
#include "fuzz.h"

#include "recording/recording.h"
#include "recording_damage.h"

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

	fd = file_of(data, size);
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
