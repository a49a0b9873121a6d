// SPDX-License-Identifier: GPL-2.0-only
#include "recording_samples.h"

#include "recording/codec.h"

/* ---- what was written is what is read ------------------------------------------------------- */

static union pl_record random_record(uint64_t time)
{
	union pl_record record;

	fill(&dice, &record, sizeof(record));
	record.kind = 1 + roll_below(&dice, PL_SAMPLE);
	if (!roll_below(&dice, 40))
		record.kind = roll(&dice); /* of a newer kernel side, or none */
	if (roll_below(&dice, 2)) {
		/* Few shapes, numbers near each other. */
		record.sw.flags = roll_below(&dice, 128);
		record.sw.prev_state = roll_below(&dice, 3);
		record.sw.prev = roll_number(&dice);
		record.sw.next = roll_number(&dice);
		record.sw.waker = roll_number(&dice);
		record.sw.waker_context = roll_below(&dice, 4);
		record.sw.reserved_8 = 0;
	}
	if (record.kind == PL_GAP && roll_below(&dice, 2))
		record.gap.reserved_16 = 0;
	if (record.kind == PL_STACK && roll_below(&dice, 4))
		record.stack.reserved_16 = record.stack.reserved_24 = 0;
	if (record.kind == PL_SAMPLE && roll_below(&dice, 2))
		record.sample.period = 1001001;
	if (record_has_time(&record))
		record.sw.time = time;
	return record;
}

static void pack_and_unpack(const union pl_record *records, size_t count)
{
	struct block_header header = {.type = BLOCK_LANE, .count = count};
	struct block_packer packer;
	struct payload_piece segments[LANE_SEGMENTS];
	struct lane_encoder *encoder = lane_encoder_new();
	union pl_record *back = malloc(count * sizeof(*back));
	uint8_t *raw = malloc(LANE_PAYLOAD_MAX);
	ZSTD_DCtx *zstd = ZSTD_createDCtx();
	size_t size;

	for (size_t i = 0; i < count; i++) {
		if (!record_has_time(&records[i]))
			continue;
		if (!header.first_time)
			header.first_time = record_time(&records[i]);
		header.last_time = record_time(&records[i]);
	}
	assert_int_equal(block_packer_init(&packer), 0);
	lane_encode(encoder, records, count, header.first_time, segments);
	assert_int_equal(block_pack(&packer, &header, segments, LANE_SEGMENTS, &size), 0);
	assert_true(header.raw_size <= LANE_PAYLOAD_MAX);
	assert_null(block_header_fault(&header, header.stored_size));
	assert_null(block_unpack(zstd, &header, packer.bytes + sizeof(header), raw));
	assert_null(lane_decode(&header, raw, back));
	assert_memory_equal(back, records, count * sizeof(*back));

	ZSTD_freeDCtx(zstd);
	block_packer_done(&packer);
	lane_encoder_free(&encoder);
	free(back);
	free(raw);
}

static void every_byte_of_every_record_survives(void **state)
{
	union pl_record *records = malloc(LANE_RECORDS_MAX * sizeof(*records));

	for (int round = 0; round < 60; round++) {
		size_t count = round < 40 ? 1 + roll_below(&dice, 300) : LANE_RECORDS_MAX;
		uint64_t time = 1 + roll_below(&dice, 1u << 30);

		for (size_t i = 0; i < count; i++) {
			if (roll_below(&dice, 3))
				time += roll_below(&dice, 3) ? 1000 : roll(&dice) >> 12;
			records[i] = random_record(time);
		}
		pack_and_unpack(records, count);
	}
	free(records);
}

static void the_extremes_survive(void **state)
{
	union pl_record records[9];

	memset(records, 0xff, sizeof(records));
	records[0].kind = PL_SWITCH;
	records[0].sw.time = 1;
	for (int kind = PL_SWITCH; kind <= PL_SAMPLE; kind++)
		records[kind].kind = kind;
	records[PL_STACK].stack.reserved_16 = records[PL_STACK].stack.reserved_24 = 0;
	records[8].kind = PL_PAD;
	pack_and_unpack(records, 9);
}

/* Only 255 shapes fit into a block: the others stand as they are. */
static void any_number_of_shapes_survives(void **state)
{
	union pl_record *records = malloc(LANE_RECORDS_MAX * sizeof(*records));

	for (uint32_t i = 0; i < LANE_RECORDS_MAX; i++) {
		records[i] = switch_at(1000 + i, i, i + 1);
		records[i].sw.prev_state = i;
	}
	pack_and_unpack(records, LANE_RECORDS_MAX);
	free(records);
}

/* ---- the merged stream ---------------------------------------------------------------------- */

static int naive_order(const void *left, const void *right)
{
	const struct item *a = left, *b = right;

	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	if (a->is_life != b->is_life)
		return a->is_life ? -1 : 1;
	if (!a->is_life && a->cpu != b->cpu)
		return a->cpu < b->cpu ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

/* Some of what can be attached to a switch, in any order, perhaps with a wake-up in between. */
static size_t attach_at_random(union pl_record *records, uint32_t prev, uint32_t next,
			       uint64_t time, struct item *ret)
{
	union pl_record block = block_of(roll_below(&dice, 9), roll_number(&dice));
	bool with_wake = !roll_below(&dice, 6);
	size_t count = 0;

	for (uint64_t left = roll_below(&dice, 5); left; left--) {
		uint8_t what = roll_below(&dice, 4);
		bool fits = roll_below(&dice, 4);
		uint32_t tid = fits ? (what == PL_STACK_WAKER ? next : prev) : 77;

		if (!roll_below(&dice, 3)) {
			ret->has_block = true;
			ret->block = records[count++] = block;
		} else {
			records[count++] = stack_of(tid, what, 1 + roll_below(&dice, 1000));
			if (fits && what < 3)
				ret->stacks[what] = records[count - 1].stack.stack;
		}
		if (with_wake && count == 1)
			records[count++] = wake_at(time, roll_number(&dice));
	}
	return count;
}

/* One switch, wake-up, gap or sample, perhaps with what is attached to it, into the file and into
 * the list. */
static void write_random_step(struct recording_writer *writer, struct items *items,
			      unsigned int cpu, uint64_t time)
{
	uint32_t prev = roll_below(&dice, 9), next = roll_below(&dice, 9);
	union pl_record records[16];
	struct item attached = {0};
	size_t count = 0;
	int what = roll_below(&dice, 13);

	if (what < 5)
		count = attach_at_random(records, prev, next, time, &attached);
	if (what == 10)
		records[count++] = wake_at(time, roll_number(&dice));
	if (what < 10)
		records[count++] = switch_at(time, prev, next);
	if (what == 11)
		records[count++] = gap_at(time, roll_number(&dice));
	if (what == 12)
		records[count++] = sample_at(time, prev, roll_number(&dice));

	for (size_t i = 0; i < count; i++) {
		struct item *item;

		/* One by one: the writer must not let go of what is attached too early. */
		assert_int_equal(recording_write_lane(writer, cpu, &records[i], 1), 0);
		if (!roll_below(&dice, 200))
			assert_int_equal(recording_flush(writer), 0);
		if (record_is_attached(&records[i]))
			continue;
		item = items_add(items);
		if (records[i].kind == PL_SWITCH)
			*item = attached;
		item->order = items->count;
		item->time = time;
		item->cpu = cpu;
		item->record = records[i];
	}
}

static void write_random_life(struct recording_writer *writer, struct items *items, uint64_t time)
{
	union pl_life life = random_life(&dice, time);
	struct item *item = items_add(items);

	assert_int_equal(recording_write_life(writer, &life), 0);
	item->order = items->count;
	item->time = time;
	item->cpu = life.head.cpu;
	item->is_life = true;
	item->life = life;
}

static void compare_with_naive(int fd, struct items *expected)
{
	struct recording *recording = reader_on(fd);
	struct recording_error error = {""};
	struct items items;
	int r;

	qsort(expected->list, expected->count, sizeof(*expected->list), naive_order);
	for (int pass = 0; pass < 2; pass++) {
		items = drain(recording, &r, &error);
		assert_int_equal(r, 0);
		assert_items_equal(&items, expected);
		items_free(&items);
		recording_rewind(recording);
	}
	assert_true(recording_complete(recording));
	assert_int_equal(recording_first_time(recording), expected->list[0].time);
	assert_int_equal(recording_last_time(recording), expected->list[expected->count - 1].time);
	recording_close(&recording);
}

static void the_stream_is_merged_as_a_naive_sort_would(void **state)
{
	static const unsigned int lane_counts[] = {1, 2, 3, 7, 40};

	for (size_t round = 0; round < sizeof(lane_counts) / sizeof(lane_counts[0]); round++) {
		unsigned int lanes = lane_counts[round];
		int fd = memory_file();
		struct recording_writer *writer = writer_on(fd);
		struct items expected = {0};
		uint64_t times[40] = {0};

		for (int i = 0; i < 12000; i++) {
			unsigned int lane = roll_below(&dice, lanes);

			times[lane] += roll_below(&dice, 8); /* many are equal */
			write_random_step(writer, &expected, lane * 3, times[lane]);
			if (!roll_below(&dice, 50))
				write_random_life(writer, &expected, times[lane]);
		}
		assert_int_equal(recording_writer_finish(writer), 0);
		compare_with_naive(fd, &expected);
		items_free(&expected);
		close(fd);
	}
}

/* As several CPUs write them: late by a little, across the borders of blocks too; and now and then
 * one that is late by seconds. */
static void life_records_come_in_order_of_time(void **state)
{
	int fd = memory_file();
	struct recording_writer *writer = writer_on(fd);
	struct items expected = {0};
	uint64_t time = 1000000;

	for (int i = 0; i < 20000; i++) {
		uint64_t late = roll_below(&dice, 500) ? roll_below(&dice, 100) : 100000;

		time += roll_below(&dice, 60);
		write_random_life(writer, &expected, time - late);
		if (!roll_below(&dice, 1000))
			assert_int_equal(recording_flush(writer), 0);
	}
	assert_int_equal(recording_writer_finish(writer), 0);
	compare_with_naive(fd, &expected);
	items_free(&expected);
	close(fd);
}

static void a_block_stays_with_its_switch_across_a_flush(void **state)
{
	int fd = memory_file();
	struct recording_writer *writer = writer_on(fd);
	union pl_record block = block_of(5, 0x1000), wake = wake_at(10, 6),
			sw = switch_at(10, 5, 6), stack = stack_of(5, PL_STACK_USER, 3);
	struct recording_error error;
	struct recording *recording;
	struct items items;
	int r;

	assert_int_equal(recording_write_lane(writer, 0, &block, 1), 0);
	assert_int_equal(recording_flush(writer), 0);
	assert_int_equal(recording_write_lane(writer, 0, &wake, 1), 0);
	assert_int_equal(recording_flush(writer), 0);
	assert_int_equal(recording_write_lane(writer, 0, &sw, 1), 0);
	assert_int_equal(recording_flush(writer), 0);
	/* What belongs to a switch that never comes is left out, but not the wake-up behind it. */
	assert_int_equal(recording_write_lane(writer, 0, &block, 1), 0);
	assert_int_equal(recording_write_lane(writer, 0, &stack, 1), 0);
	assert_int_equal(recording_write_lane(writer, 0, &wake, 1), 0);
	assert_int_equal(recording_writer_finish(writer), 0);

	recording = reader_on(fd);
	items = drain(recording, &r, &error);
	assert_int_equal(r, 0);
	assert_int_equal(items.count, 3);
	assert_memory_equal(&items.list[0].record, &wake, sizeof(wake));
	assert_memory_equal(&items.list[1].record, &sw, sizeof(sw));
	assert_true(items.list[1].has_block);
	assert_memory_equal(&items.list[1].block, &block, sizeof(block));
	assert_memory_equal(&items.list[2].record, &wake, sizeof(wake));
	items_free(&items);
	recording_close(&recording);
	close(fd);
}

/* Kinds that events.h does not have yet are kept, and passed over by this reader. */
static void kinds_of_newer_versions_are_passed_over(void **state)
{
	int fd = memory_file();
	struct recording_writer *writer = writer_on(fd);
	union pl_record newer = {.kind = 77}, sw = switch_at(10, 5, 6);
	union pl_life life = {.head = {.time = 3, .kind = 99, .size = 48}};
	struct recording_error error;
	struct recording *recording;
	struct items items;
	int r;

	assert_int_equal(recording_write_lane(writer, 0, &newer, 1), 0);
	assert_int_equal(recording_flush(writer), 0); /* a block without any item */
	assert_int_equal(recording_write_lane(writer, 0, &sw, 1), 0);
	assert_int_equal(recording_write_lane(writer, 0, &newer, 1), 0);
	assert_int_equal(recording_write_life(writer, &life), 0);
	assert_int_equal(recording_writer_finish(writer), 0);

	recording = reader_on(fd);
	items = drain(recording, &r, &error);
	assert_int_equal(r, 0);
	assert_int_equal(items.count, 1);
	assert_memory_equal(&items.list[0].record, &sw, sizeof(sw));
	items_free(&items);
	recording_close(&recording);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_byte_of_every_record_survives, reset),
		cmocka_unit_test_setup(the_extremes_survive, reset),
		cmocka_unit_test_setup(any_number_of_shapes_survives, reset),
		cmocka_unit_test_setup(the_stream_is_merged_as_a_naive_sort_would, reset),
		cmocka_unit_test_setup(life_records_come_in_order_of_time, reset),
		cmocka_unit_test_setup(a_block_stays_with_its_switch_across_a_flush, reset),
		cmocka_unit_test_setup(kinds_of_newer_versions_are_passed_over, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
