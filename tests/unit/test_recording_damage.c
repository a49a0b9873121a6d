// SPDX-License-Identifier: GPL-2.0-only
#include "recording_samples.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "recording/codec.h"
#include "recording_damage.h"

/* Of the sanitizer's run time, where there is one. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

struct sample {
	uint8_t *data;
	size_t size;
	struct items items;
};

/* A stack of four frames, a new one each time, on two modules. */
static void write_sample_stack(struct recording_writer *writer, uint32_t id)
{
	static const struct recording_module module = {
		.kind = MODULE_ELF, .path = "/bin/box", .build_id = "0badc0de", .end = 0x1000};
	struct recording_frame frame = {.module = 1, .function = "main", .file = "main.c"};
	uint32_t frames[4], unused;

	if (id % 20 == 1)
		assert_int_equal(recording_write_module(writer, &module, &unused), 0);
	for (uint32_t i = 0; i < 4; i++) {
		char name[32];

		snprintf(name, sizeof(name), "function_%u", i * id % 13);
		frame.function = i ? name : "main";
		frame.line = id * i;
		frame.address = roll_number(&dice);
		assert_int_equal(recording_write_frame(writer, &frame, &frames[3 - i]), 0);
		frame.outer = i == 1 ? frames[3 - i] : 0;
	}
	assert_int_equal(recording_write_stack(writer, id, frames, 4, id % STOP_COUNT), 0);
}

/* A small file with something of everything. */
static void write_sample(struct recording_writer *writer)
{
	uint64_t time = 1000000;

	assert_int_equal(recording_write_note(writer, NOTE_HOST, "somewhere"), 0);
	assert_int_equal(recording_write_note(writer, NOTE_COMMAND, "a\nb"), 0);
	for (int i = 0; i < 60; i++) {
		union pl_record records[] = {block_of(i % 5, roll_number(&dice)),
					     stack_of(i % 5, i % 4, i),
					     switch_at(time, i % 5, i % 7),
					     sample_at(time + 1, i % 7, i),
					     wake_at(time + 2, i % 3),
					     gap_at(time + 3, i)};
		union pl_life life = random_life(&dice, time - roll_below(&dice, 300));

		time += roll_below(&dice, 1000);
		records[2].sw.flags = roll_below(&dice, 256);
		records[1].stack.stack |= 1;
		assert_int_equal(recording_write_lane(writer, i % 2, records, 1 + i % 6), 0);
		if (i % 3 == 0)
			write_sample_stack(writer, i + 1);
		if (i % 10 == 0)
			assert_int_equal(recording_write_life(writer, &life), 0);
		if (i % 25 == 24)
			assert_int_equal(recording_flush(writer), 0);
		time += 4;
	}
}

/* Whatever the tables say, all that can be asked of them has an end, and all ids lead somewhere. */
static void walk_stacks(const struct recording *recording)
{
	struct recording_module module;
	struct recording_frame frame;
	struct recording_stack stack;

	for (uint32_t id = 1; id <= recording_module_count(recording); id++) {
		assert_true(recording_module(recording, id, &module));
		assert_true(strlen(module.path) + strlen(module.build_id) <= 2 * STACK_TEXT_MAX);
		assert_true(module.begin <= module.end);
	}
	for (uint32_t id = 1; id <= recording_frame_count(recording); id++) {
		assert_true(recording_frame(recording, id, &frame));
		assert_true(frame.outer < id);
		assert_true(frame.module <= recording_module_count(recording));
		assert_true(strlen(frame.function) + strlen(frame.file) <= 2 * STACK_TEXT_MAX);
	}
	for (uint32_t node = 1; node <= recording_node_count(recording); node++) {
		uint32_t caller, id = recording_stack_frame(recording, node, &caller);

		assert_true(id && recording_frame(recording, id, &frame));
		assert_true(caller < node);
	}
	for (uint32_t id = 0; id < 100; id++) {
		uint32_t depth = 0;

		if (!recording_stack(recording, id, &stack))
			continue;
		for (uint32_t node = stack.leaf; node; depth++)
			assert_true(recording_stack_frame(recording, node, &node));
		assert_int_equal(depth, stack.depth);
		assert_true(strlen(stack_stop_text(stack.stop)) > 5);
	}
	assert_false(recording_module(recording, 0, &module));
	assert_false(recording_frame(recording, UINT32_MAX, &frame));
	assert_false(recording_stack(recording, 0, &stack));
}

static struct items read_all(const void *data, size_t size, int *ret_result,
			     struct recording_error *ret_error, bool *ret_complete)
{
	struct recording *recording = NULL;
	struct items items = {0};
	const char *key, *value;
	int r, fd = memory_file_of(data, size);

	*ret_complete = false;
	r = recording_open_fd(fd, &recording, ret_error);
	if (r) {
		assert_null(recording);
		*ret_result = r;
		return items;
	}
	*ret_complete = recording_complete(recording);
	for (size_t i = 0; recording_note_at(recording, "", i, &key, &value); i++)
		assert_true(strlen(key) + strlen(value) < NOTE_PAYLOAD_MAX);
	walk_stacks(recording);
	assert_true(recording_first_time(recording) <= recording_last_time(recording));
	items = drain(recording, ret_result, ret_error);
	recording_close(&recording);
	return items;
}

static struct sample make_sample(void)
{
	struct sample sample = {0};
	struct recording_writer *writer;
	struct recording_error error;
	int r, fd = memory_file();
	bool complete;

	writer = writer_on(fd);
	write_sample(writer);
	assert_int_equal(recording_writer_finish(writer), 0);
	sample.data = contents_of(fd, &sample.size);
	sample.items = read_all(sample.data, sample.size, &r, &error, &complete);
	assert_int_equal(r, 0);
	assert_true(complete);
	assert_true(sample.items.count > 60);
	close(fd);
	return sample;
}

static void free_sample(struct sample *sample)
{
	free(sample->data);
	items_free(&sample->items);
}

static bool is_part_of(const struct items *part, const struct items *whole)
{
	size_t at = 0;

	for (size_t i = 0; i < part->count; i++, at++) {
		while (at < whole->count && !item_equals(&part->list[i], &whole->list[at]))
			at++;
		if (at == whole->count)
			return false;
	}
	return true;
}

/* ---- by chance
 * ----------------------------------------------------------------------------------- */

static void a_file_that_is_cut_is_good_up_to_there(void **state)
{
	struct sample sample = make_sample();
	size_t before = 0;

	for (size_t size = 0; size < sample.size; size++) {
		struct recording_error error = {""};
		struct items items;
		bool complete;
		int r;

		items = read_all(sample.data, size, &r, &error, &complete);
		assert_false(complete);
		if (size < sizeof(struct file_header)) {
			assert_int_not_equal(r, 0);
			assert_int_not_equal(strlen(error.text), 0);
		} else {
			assert_int_equal(r, 0);
			assert_true(is_part_of(&items, &sample.items));
			assert_true(items.count >= before);
			before = items.count;
		}
		items_free(&items);
	}
	assert_int_equal(before, sample.items.count);
	free_sample(&sample);
}

static void no_changed_byte_goes_unnoticed(void **state)
{
	static const uint8_t changes[] = {0x01, 0x80, 0xff, 0x10};
	struct sample sample = make_sample();

	for (size_t at = 0; at < sample.size; at++) {
		for (size_t i = 0; i < sizeof(changes); i++) {
			struct recording_error error = {""};
			struct items items;
			bool complete;
			int r;

			sample.data[at] ^= changes[i];
			items = read_all(sample.data, sample.size, &r, &error, &complete);
			sample.data[at] ^= changes[i];
			if (!r)
				fail_msg("byte %zu ^ %02x went unnoticed", at, changes[i]);
			assert_true(strlen(error.text) > 20);
			assert_true(is_part_of(&items, &sample.items));
			items_free(&items);
		}
	}
	free_sample(&sample);
}

/* With all checksums made right again, so that the changes get through to the decoders. Nothing is
 * asked for but that reading ends, in bounds, in order, and with a sentence where it failed. */
static void no_spoiled_file_does_harm(void **state)
{
	struct sample sample = make_sample();
	uint8_t *data = malloc(sample.size);
	size_t good = 0;

	for (int round = 0; round < 30000; round++) {
		struct recording_error error = {""};
		struct items items;
		bool complete;
		int r;

		memcpy(data, sample.data, sample.size);
		for (uint64_t n = 1 + roll_below(&dice, 4); n; n--) {
			size_t at = roll_below(&dice, sample.size);

			if (roll_below(&dice, 2))
				data[at] = roll(&dice);
			else
				data[at] ^= 1 << roll_below(&dice, 8);
		}
		sign_all(data, sample.size);
		items = read_all(data, sample.size, &r, &error, &complete);
		for (size_t i = 1; i < items.count; i++)
			assert_true(items.list[i].time >= items.list[i - 1].time);
		if (r)
			assert_true(strlen(error.text) > 20);
		else
			good++;
		items_free(&items);
	}
	/* Neither all nor none: the changes did get through. */
	assert_true(good > 100 && good < 29900);
	free(data);
	free_sample(&sample);
}

/* The same for the columns of a lane, which the packing above hides from single changes. */
static void no_spoiled_columns_do_harm(void **state)
{
	union pl_record *records = malloc(500 * sizeof(*records)), *back;
	struct block_header header = {.count = 500, .first_time = 1000};
	struct lane_encoder *encoder = lane_encoder_new();
	struct payload_piece segments[LANE_SEGMENTS];
	uint8_t *payload, *spoiled, *at;
	size_t good = 0, reach;

	for (size_t i = 0; i < 500; i++) {
		uint64_t time = 1000 + i * 900 + roll_below(&dice, 900);

		records[i] = i % 5 == 1	    ? block_of(i % 9, roll_number(&dice))
			     : i % 50 == 7  ? wake_at(time, roll_number(&dice))
			     : i % 50 == 8  ? gap_at(time, roll_number(&dice))
			     : i % 50 == 9  ? (union pl_record){.kind = 9}
			     : i % 50 == 12 ? sample_at(time, i % 7, i)
			     : i % 5 == 3   ? stack_of(i % 9, i % 3, roll_number(&dice))
					    : switch_at(time, i % 9, i % 7);
		if (record_has_time(&records[i]))
			header.last_time = time;
	}
	lane_encode(encoder, records, 500, header.first_time, segments);
	for (int i = 0; i < LANE_SEGMENTS; i++)
		header.raw_size += segments[i].size;
	payload = malloc(header.raw_size);
	at = payload;
	for (int i = 0; i < LANE_SEGMENTS; i++) {
		memcpy(at, segments[i].data, segments[i].size);
		at += segments[i].size;
	}

	for (int round = 0; round < 60000; round++) {
		struct block_header claimed = header;

		/* Memory of exactly the size, so that the sanitizer sees each byte too far. */
		if (round % 10 == 0)
			claimed.raw_size = roll_below(&dice, header.raw_size);
		if (round % 10 == 1)
			claimed.count = 1 + roll_below(&dice, LANE_RECORDS_MAX);
		spoiled = malloc(claimed.raw_size);
		back = malloc(claimed.count * sizeof(*back));
		memcpy(spoiled, payload, claimed.raw_size);
		/* Every other time near the beginning, where the lengths are. */
		reach = round % 2 ? claimed.raw_size : 1 + claimed.raw_size / 20;
		for (uint64_t n = roll_below(&dice, 4); n && claimed.raw_size; n--)
			spoiled[roll_below(&dice, reach)] = roll(&dice);
		good += !lane_decode(&claimed, spoiled, back);
		free(spoiled);
		free(back);
	}
	assert_true(good > 1000 && good < 50000);
	lane_encoder_free(&encoder);
	free(payload);
	free(records);
}

static void random_bytes_are_not_a_recording(void **state)
{
	for (int round = 0; round < 3000; round++) {
		size_t size = 1 + roll_below(&dice, 2000);
		struct recording_error error = {""};
		uint8_t *data = malloc(size);
		struct items items;
		bool complete;
		int r;

		fill(&dice, data, size);
		/* Half of them begin as one. */
		if (round % 2 && size >= 64) {
			memcpy(data, FILE_MAGIC, FILE_MAGIC_SIZE);
			memcpy(data + FILE_MAGIC_SIZE, (uint16_t[]){FORMAT_MAJOR, 0}, 4);
			memcpy(data + 16, &(uint32_t){BLOCK_MAGIC}, 4);
			sign_file(data, size);
		}
		items = read_all(data, size, &r, &error, &complete);
		assert_int_equal(r, -EBADMSG);
		assert_int_equal(items.count, 0);
		assert_true(strlen(error.text) > 20);
		items_free(&items);
		free(data);
	}
}

/* ---- on purpose
 * ---------------------------------------------------------------------------------- */

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
		cmocka_unit_test_setup(a_file_that_is_cut_is_good_up_to_there, reset),
		cmocka_unit_test_setup(no_changed_byte_goes_unnoticed, reset),
		cmocka_unit_test_setup(no_spoiled_file_does_harm, reset),
		cmocka_unit_test_setup(no_spoiled_columns_do_harm, reset),
		cmocka_unit_test_setup(random_bytes_are_not_a_recording, reset),
		cmocka_unit_test_setup(block_types_of_newer_versions_are_skipped, reset),
		cmocka_unit_test_setup(a_block_that_is_missing_is_noticed, reset),
		cmocka_unit_test_setup(zeros_at_the_end_are_not_the_end, reset),
		cmocka_unit_test_setup(a_lane_that_runs_backwards_is_damaged, reset),
		cmocka_unit_test_setup(a_small_file_cannot_ask_for_much_memory, reset),
		cmocka_unit_test_setup(a_file_that_shrinks_while_it_is_read_is_said_plainly, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
