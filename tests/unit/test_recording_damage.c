// SPDX-License-Identifier: GPL-2.0-only
/* test_recording_damage.c - recordings that are spoiled by chance: noticed, and without harm */
#include "recording_readings.h"

#include <errno.h>

#include "recording/codec.h"
#include "recording_damage.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_file_that_is_cut_is_good_up_to_there, reset),
		cmocka_unit_test_setup(no_changed_byte_goes_unnoticed, reset),
		cmocka_unit_test_setup(no_spoiled_file_does_harm, reset),
		cmocka_unit_test_setup(no_spoiled_columns_do_harm, reset),
		cmocka_unit_test_setup(random_bytes_are_not_a_recording, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
