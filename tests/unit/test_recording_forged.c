// SPDX-License-Identifier: GPL-2.0-only
/* test_recording_forged.c - recordings that no writer would write, each wrong in one thing */
#include "recording_readings.h"

#include <errno.h>

#include "recording/codec.h"
#include "recording_damage.h"

/* Of the sanitizer's run time, where there is one. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static size_t start_file(uint8_t *data)
{
	struct file_header header = {.magic = FILE_MAGIC, .major = FORMAT_MAJOR};

	memcpy(data, &header, sizeof(header));
	sign_file(data, sizeof(header));
	return sizeof(header);
}

static size_t add_block(uint8_t *data, size_t at, struct block_header header, const void *payload)
{
	size_t size = at + sizeof(header) + header.stored_size;

	header.magic = BLOCK_MAGIC;
	memcpy(data + at, &header, sizeof(header));
	if (header.stored_size)
		memcpy(data + at + sizeof(header), payload, header.stored_size);
	sign_block(data, size, at);
	return size;
}

static void expect(const void *data, size_t size, int result, size_t count, const char *words)
{
	struct recording_error error = {""};
	struct items items;
	bool complete;
	int r;

	items = read_all(data, size, &r, &error, &complete);
	if (r != result || (words && !strstr(error.text, words)))
		fail_msg("%d \"%s\" instead of %d \"%s\"", r, error.text, result, words);
	assert_int_equal(items.count, count);
	items_free(&items);
}

static void block_types_of_newer_versions_are_skipped(void **state)
{
	uint8_t data[512];
	size_t size = start_file(data);
	struct block_end end = {.blocks = 3, .notes = 1};

	size = add_block(data, size,
			 (struct block_header){.type = 200,
					       .codec = 9,
					       .count = 77,
					       .raw_size = UINT32_MAX,
					       .stored_size = 5},
			 "12345");
	size = add_block(data, size,
			 (struct block_header){
				 .type = BLOCK_NOTE, .count = 1, .raw_size = 4, .stored_size = 4},
			 "k\0v");
	size = add_block(data, size, (struct block_header){.type = 201, .cpu = UINT32_MAX}, NULL);
	size = add_block(data, size,
			 (struct block_header){.type = BLOCK_END,
					       .raw_size = sizeof(end),
					       .stored_size = sizeof(end)},
			 &end);
	expect(data, size, 0, 0, NULL);
	data[size++] = 0;
	expect(data, size, -EBADMSG, 0, "goes on behind its end mark");
}

static void a_block_that_is_missing_is_noticed(void **state)
{
	struct sample sample = make_sample();
	size_t offset = sizeof(struct file_header), blocks = 0;

	while (offset < sample.size) {
		uint8_t *data = malloc(sample.size);
		struct block_header header;
		struct recording_error error;
		struct items items;
		size_t behind;
		bool complete;
		int r;

		memcpy(&header, sample.data + offset, sizeof(header));
		behind = offset + sizeof(header) + header.stored_size;
		memcpy(data, sample.data, offset);
		memcpy(data + offset, sample.data + behind, sample.size - behind);
		items = read_all(data, sample.size - (behind - offset), &r, &error, &complete);
		assert_false(complete);
		assert_int_equal(r, header.type == BLOCK_END ? 0 : -EBADMSG);
		assert_true(is_part_of(&items, &sample.items));
		items_free(&items);
		free(data);
		offset = behind;
		blocks++;
	}
	assert_true(blocks >= 8);
	free_sample(&sample);
}

static size_t last_block(const struct sample *sample)
{
	size_t offset = sizeof(struct file_header), next = offset;

	while (next < sample->size) {
		struct block_header header;

		offset = next;
		memcpy(&header, sample->data + offset, sizeof(header));
		next += sizeof(header) + header.stored_size;
	}
	return offset;
}

/* As a file system may leave it after a loss of power. */
static void zeros_at_the_end_are_not_the_end(void **state)
{
	struct sample sample = make_sample();
	size_t cut = last_block(&sample);
	struct recording_error error;
	struct items items;
	bool complete;
	int r;

	memset(sample.data + cut, 0, sample.size - cut);
	items = read_all(sample.data, sample.size, &r, &error, &complete);
	assert_int_equal(r, 0);
	assert_false(complete);
	assert_items_equal(&items, &sample.items);
	items_free(&items);
	free_sample(&sample);
}

/* Times 5 and 3: no writer would, so there is nothing to be saved. */
static void a_lane_that_runs_backwards_is_damaged(void **state)
{
	union pl_record sw = switch_at(5, 1, 2);
	uint8_t data[1024], raw[LANE_DIRECTORY_SIZE(0) + 1 + PL_RECORD_SIZE] = {0};
	struct lane_directory directory = {.raw_records = 1};
	struct block_header header = {.type = BLOCK_LANE,
				      .count = 1,
				      .raw_size = sizeof(raw),
				      .stored_size = sizeof(raw),
				      .first_time = 5,
				      .last_time = 5};
	size_t size = start_file(data);

	memcpy(raw, &directory, LANE_DIRECTORY_SIZE(0));
	raw[LANE_DIRECTORY_SIZE(0)] = SHAPE_RAW;
	memcpy(raw + LANE_DIRECTORY_SIZE(0) + 1, &sw, sizeof(sw));
	size = add_block(data, size, header, raw);
	expect(data, size, 0, 1, NULL);
	header.first_time = header.last_time = 3;
	expect(data, add_block(data, size, header, raw), -EBADMSG, 1, "older than the one before");
	/* Not what the header says. */
	header.last_time = 6;
	expect(data, add_block(data, 16, header, raw), -EBADMSG, 0, "not those that it announces");
	header.first_time = 6;
	expect(data, add_block(data, 16, header, raw), -EBADMSG, 0, "out of bounds");
	header.first_time = 7;
	expect(data, add_block(data, 16, header, raw), -EBADMSG, 0, "run backwards");
	/* Ends between a PL_BLOCK and its switch. */
	header.first_time = header.last_time = 5;
	raw[LANE_DIRECTORY_SIZE(0) + 1] = PL_BLOCK;
	expect(data, add_block(data, 16, header, raw), -EBADMSG, 0, "before the switch");
	raw[LANE_DIRECTORY_SIZE(0) + 1] = PL_STACK;
	expect(data, add_block(data, 16, header, raw), -EBADMSG, 0, "before the switch");
}

static size_t allocated(void)
{
	return __sanitizer_get_current_allocated_bytes ? __sanitizer_get_current_allocated_bytes()
						       : 0;
}

/* Opens and drains; tells the most memory that was taken in between. */
static size_t most_memory(const void *data, size_t size)
{
	struct recording *recording = NULL;
	struct recording_error error;
	struct recording_item item;
	size_t before = allocated(), most = before;

	if (recording_open_fd(memory_file_of(data, size), &recording, &error))
		return 0;
	do {
		if (allocated() > most)
			most = allocated();
	} while (recording_next(recording, &item, &error) == 1);
	if (allocated() > most)
		most = allocated();
	recording_close(&recording);
	assert_int_equal(allocated(), before);
	return most - before;
}

static void a_small_file_cannot_ask_for_much_memory(void **state)
{
	static const uint32_t sizes[] = {0, 1, 1000, 1 << 20, 1 << 30, UINT32_MAX};
	static const uint8_t types[] = {BLOCK_NOTE,   BLOCK_LANE,  BLOCK_LIFE,	BLOCK_END,
					BLOCK_MODULE, BLOCK_FRAME, BLOCK_STACK, BLOCK_PCB};
	uint8_t data[256] = {0}, payload[64] = {0};

	for (size_t t = 0; t < sizeof(types); t++) {
		for (size_t i = 0; i < 6 * 6 * 6 * 2; i++) {
			struct block_header header = {
				.type = types[t],
				.codec = i % 2,
				.count = sizes[i / 2 % 6],
				.raw_size = sizes[i / 12 % 6],
				.stored_size = 64,
				.cpu = sizes[i / 72 % 6],
			};
			size_t size = add_block(data, start_file(data), header, payload);

			assert_true(most_memory(data, size) < 4 << 20);
			/* And one that claims to be longer than the file. */
			memcpy(data + 16 + offsetof(struct block_header, stored_size),
			       &sizes[i / 12 % 6], 4);
			sign_block(data, size, 16);
			assert_true(most_memory(data, size) < 4 << 20);
		}
	}
}

static void a_file_that_shrinks_while_it_is_read_is_said_plainly(void **state)
{
	struct recording_error error = {""};
	struct recording *recording;
	struct recording_item item;
	struct sample sample = make_sample();
	int r, fd = memory_file_of(sample.data, sample.size);

	recording = reader_on(fd);
	assert_int_equal(ftruncate(fd, 100), 0);
	while ((r = recording_next(recording, &item, &error)) == 1)
		;
	assert_int_equal(r, -EBADMSG);
	assert_non_null(strstr(error.text, "became shorter"));
	/* Back to the beginning, it is no better. */
	recording_rewind(recording);
	while ((r = recording_next(recording, &item, &error)) == 1)
		;
	assert_int_equal(r, -EBADMSG);
	recording_close(&recording);
	close(fd);
	free_sample(&sample);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(block_types_of_newer_versions_are_skipped, reset),
		cmocka_unit_test_setup(a_block_that_is_missing_is_noticed, reset),
		cmocka_unit_test_setup(zeros_at_the_end_are_not_the_end, reset),
		cmocka_unit_test_setup(a_lane_that_runs_backwards_is_damaged, reset),
		cmocka_unit_test_setup(a_small_file_cannot_ask_for_much_memory, reset),
		cmocka_unit_test_setup(a_file_that_shrinks_while_it_is_read_is_said_plainly, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
