// SPDX-License-Identifier: GPL-2.0-only
#include "recording_samples.h"

#include <errno.h>
#include <stdio.h>

#include "recording/block.h"
#include "recording/stack_tables.h"
#include "recording_damage.h"

static uint32_t write_frame(struct recording_writer *writer, const char *function, uint32_t line)
{
	uint32_t id;

	assert_int_equal(recording_write_frame(writer,
					       &(struct recording_frame){.function = function,
									 .file = "f.c",
									 .line = line},
					       &id),
			 0);
	return id;
}

static void assert_stack(const struct recording *recording, uint32_t id, const uint32_t *frames,
			 size_t count, enum stack_stop stop)
{
	struct recording_stack stack;
	uint32_t node;

	assert_true(recording_stack(recording, id, &stack));
	assert_int_equal(stack.depth, count);
	assert_int_equal(stack.stop, stop);
	node = stack.leaf;
	for (size_t i = 0; i < count; i++)
		assert_int_equal(recording_stack_frame(recording, node, &node), frames[i]);
	assert_int_equal(node, 0);
}

/* ---- what was written is what is read ------------------------------------------------------- */

static void all_of_a_stack_survives(void **state)
{
	const struct recording_module module = {
		.kind = MODULE_VDSO,
		.path = "/bin/\x1b[2J",
		.build_id = "0123456789abcdef",
		.begin = 0x1000,
		.end = UINT64_MAX,
		.offset = 0x2000,
	};
	struct recording_frame
		frame =
			{
				.kind = FRAME_JIT,
				.module = 1,
				.address = UINT64_MAX - 5,
				.function =
					"std::vector<int, std::allocator<int> >::push_back(int&&)",
				.file = "a;b c\n",
				.line = UINT32_MAX,
			},
		back;
	struct recording_module module_back;
	struct recording *recording;
	uint32_t id, frames[2];
	int fd = memory_file();
	struct recording_writer *writer = writer_on(fd);

	assert_int_equal(recording_write_module(writer, &module, &id), 0);
	assert_int_equal(id, 1);
	assert_int_equal(recording_write_frame(writer, &frame, &frames[1]), 0);
	frame.outer = frames[1];
	frame.function = NULL;
	assert_int_equal(recording_write_frame(writer, &frame, &frames[0]), 0);
	assert_int_equal(recording_write_stack(writer, UINT32_MAX, frames, 2, STOP_READ), 0);
	assert_int_equal(recording_write_stack(writer, 7, NULL, 0, STOP_NO_MEMORY), 0);
	assert_int_equal(recording_writer_finish(writer), 0);

	recording = reader_on(fd);
	assert_true(recording_complete(recording));
	assert_true(recording_module(recording, 1, &module_back));
	assert_int_equal(module_back.kind, MODULE_VDSO);
	assert_string_equal(module_back.path, module.path);
	assert_string_equal(module_back.build_id, module.build_id);
	assert_int_equal(module_back.begin, module.begin);
	assert_int_equal(module_back.end, module.end);
	assert_int_equal(module_back.offset, module.offset);
	assert_true(recording_frame(recording, frames[0], &back));
	assert_int_equal(back.kind, FRAME_JIT);
	assert_int_equal(back.address, UINT64_MAX - 5);
	assert_string_equal(back.function, "");
	assert_string_equal(back.file, "a;b c\n");
	assert_int_equal(back.line, UINT32_MAX);
	assert_int_equal(back.outer, frames[1]);
	assert_int_equal(back.module, 1);
	assert_stack(recording, UINT32_MAX, frames, 2, STOP_READ);
	assert_stack(recording, 7, NULL, 0, STOP_NO_MEMORY);
	recording_close(&recording);
	close(fd);
}

/* Against a plain array of the same, over many blocks. */
static void random_stacks_survive(void **state)
{
	enum { STACKS = 3000, DEPTH = 40 };
	static uint32_t ids[STACKS], frames[STACKS][DEPTH];
	static size_t depths[STACKS];
	struct recording *recording;
	int fd = memory_file();
	struct recording_writer *writer = writer_on(fd);
	char name[64];

	for (uint32_t i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "function_%u", (uint32_t)roll_below(&dice, 9000));
		assert_int_equal(write_frame(writer, name, i), i + 1);
	}
	for (size_t i = 0; i < STACKS; i++) {
		ids[i] = i * 2654435761u + 1;
		depths[i] = roll_below(&dice, DEPTH + 1);
		for (size_t k = 0; k < depths[i]; k++)
			frames[i][k] = i && k > depths[i] / 3 && depths[i] == depths[i - 1]
					       ? frames[i - 1][k]
					       : 1 + roll_below(&dice, 20000);
		assert_int_equal(
			recording_write_stack(writer, ids[i], frames[i], depths[i], i % STOP_COUNT),
			0);
		if (!roll_below(&dice, 100))
			assert_int_equal(recording_flush(writer), 0);
	}
	assert_int_equal(recording_stacks_dropped(writer), 0);
	assert_int_equal(recording_writer_finish(writer), 0);

	recording = reader_on(fd);
	assert_true(recording_complete(recording));
	assert_int_equal(recording_stack_count(recording), STACKS);
	assert_int_equal(recording_frame_count(recording), 20000);
	for (size_t i = 0; i < STACKS; i++)
		assert_stack(recording, ids[i], frames[i], depths[i], i % STOP_COUNT);
	recording_close(&recording);
	close(fd);
}

static void the_newest_stack_of_an_id_counts(void **state)
{
	struct recording *recording;
	struct recording_stack stack;
	int fd = memory_file();
	struct recording_writer *writer = writer_on(fd);
	uint32_t frame = write_frame(writer, "one", 1), other = write_frame(writer, "two", 2);

	assert_int_equal(recording_write_stack(writer, 5, &frame, 1, STOP_ROOT), 0);
	assert_int_equal(recording_flush(writer), 0);
	assert_int_equal(recording_write_stack(writer, 5, &other, 1, STOP_READ), 0);
	assert_int_equal(recording_writer_finish(writer), 0);
	recording = reader_on(fd);
	assert_stack(recording, 5, &other, 1, STOP_READ);
	assert_false(recording_stack(recording, 6, &stack));
	recording_close(&recording);
	close(fd);
}

/* ---- bounds --------------------------------------------------------------------------------- */

static void what_is_too_deep_or_too_long_is_cut_and_said(void **state)
{
	static uint32_t frames[STACK_DEPTH_MAX + 10];
	static char name[STACK_TEXT_MAX * 2];
	struct recording_frame back;
	struct recording *recording;
	int fd = memory_file();
	struct recording_writer *writer = writer_on(fd);
	uint32_t id;

	memset(name, 'x', sizeof(name) - 1);
	id = write_frame(writer, name, 1);
	for (size_t i = 0; i < STACK_DEPTH_MAX + 10; i++)
		frames[i] = id;
	/* Those that found no room are left out. */
	frames[3] = 0;
	assert_int_equal(recording_write_stack(writer, 1, frames, STACK_DEPTH_MAX + 10, STOP_ROOT),
			 0);
	assert_int_equal(recording_writer_finish(writer), 0);
	recording = reader_on(fd);
	frames[3] = id;
	assert_stack(recording, 1, frames, STACK_DEPTH_MAX - 1, STOP_DEPTH);
	assert_true(recording_frame(recording, id, &back));
	assert_int_equal(strlen(back.function), STACK_TEXT_MAX);
	recording_close(&recording);
	close(fd);
}

static void what_refers_to_nowhere_is_refused(void **state)
{
	struct recording_frame frame = {.function = "f", .module = 1};
	struct recording_module module = {.begin = 2, .end = 1};
	uint32_t id, frames[] = {1, 2};

	for (int what = 0; what < 6; what++) {
		int fd = memory_file(), r = 0;
		struct recording_writer *writer = writer_on(fd);

		write_frame(writer, "f", 1);
		frame.module = what == 0;
		frame.outer = what == 1 ? 2 : 0;
		if (what < 2)
			r = recording_write_frame(writer, &frame, &id);
		else if (what == 2)
			r = recording_write_stack(writer, 1, frames, 2, STOP_ROOT);
		else if (what == 3)
			r = recording_write_stack(writer, 0, frames, 1, STOP_ROOT);
		else if (what == 4)
			r = recording_write_stack(writer, 1, frames, 1, STOP_COUNT);
		else
			r = recording_write_module(writer, &module, &id);
		assert_int_equal(r, -EINVAL);
		recording_writer_abandon(&writer);
		close(fd);
	}
}

static void modules_without_end_are_dropped_and_counted(void **state)
{
	struct recording_module module = {.path = "m"};
	struct recording *recording;
	int fd = memory_file();
	struct recording_writer *writer = writer_on(fd);
	uint32_t id;

	for (uint32_t i = 0; i < MODULE_COUNT_MAX + 3; i++) {
		assert_int_equal(recording_write_module(writer, &module, &id), 0);
		assert_int_equal(id, i < MODULE_COUNT_MAX ? i + 1 : 0);
	}
	assert_int_equal(recording_stacks_dropped(writer), 3);
	assert_int_equal(recording_writer_finish(writer), 0);
	recording = reader_on(fd);
	assert_true(recording_complete(recording));
	assert_int_equal(recording_module_count(recording), MODULE_COUNT_MAX);
	recording_close(&recording);
	close(fd);
}

/* ---- hostile tables -------------------------------------------------------------------------- */

/* One block of a few rows of all three kinds, spoiled in every way; memory of exactly the size, so
 * that the sanitizer sees each byte too far. */
static void no_spoiled_table_does_harm(void **state)
{
	size_t good = 0, bad = 0;

	for (int round = 0; round < 60000; round++) {
		struct payload_piece segments[STACK_SEGMENTS];
		struct stack_store *store = stack_store_new();
		struct stack_writer *writer;
		struct block_header header;
		size_t count;

		assert_int_equal(stack_writer_new(&writer), 0);
		for (uint32_t i = 1; i < 5; i++) {
			uint32_t id, frames[3];

			stack_writer_module(writer, &(struct recording_module){.path = "/bin/m"},
					    &id);
			for (int k = 0; k < 3; k++)
				stack_writer_frame(
					writer,
					&(struct recording_frame){.module = id,
								  .function = "f",
								  .outer = i / 3,
								  .address = roll(&dice)},
					&frames[k]);
			stack_writer_stack(writer, i * 9, frames, 3, STOP_ROOT);
		}
		while ((count = stack_writer_block(writer, &header, segments))) {
			uint8_t *payload, *at;
			const char *fault = NULL;
			int r;

			for (size_t i = 0; i < count; i++)
				header.raw_size += segments[i].size;
			at = payload = malloc(header.raw_size);
			for (size_t i = 0; i < count; i++) {
				if (segments[i].size)
					memcpy(at, segments[i].data, segments[i].size);
				at += segments[i].size;
			}
			if (!roll_below(&dice, 4))
				payload[roll_below(&dice, header.raw_size)] = roll(&dice);
			if (!roll_below(&dice, 30))
				header.raw_size = roll_below(&dice, header.raw_size);
			if (!roll_below(&dice, 30))
				header.count = roll_number(&dice);
			r = stack_store_add(store, &header, payload, &fault);
			free(payload);
			if (r)
				assert_true(r == -EBADMSG && strlen(fault) > 10);
			bad += r != 0;
			good += !r;
			if (r)
				break;
		}
		for (uint32_t node = 1; node <= stack_store_nodes(store); node++) {
			struct recording_frame frame;
			uint32_t caller;

			assert_true(stack_store_frame(store, stack_store_node(store, node, &caller),
						      &frame));
			assert_true(caller < node);
		}
		stack_writer_free(&writer);
		stack_store_free(&store);
	}
	assert_true(good > 1000 && bad > 1000);
}

/* ---- size ------------------------------------------------------------------------------------ */

/* Stacks of one program share nearly everything, and a thread blocks in few places. */
static void a_stack_takes_few_bytes(void **state)
{
	int fd = memory_file();
	struct recording_writer *writer = writer_on(fd);
	uint32_t frames[12];
	uint64_t before;
	char name[64];

	for (uint32_t i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "do_something_%u", i * 7919 % 2000);
		write_frame(writer, name, i);
	}
	assert_int_equal(recording_flush(writer), 0);
	before = recording_bytes(writer);
	assert_true(before < 2000 * 12);
	for (uint32_t i = 0; i < 10000; i++) {
		/* The deeper towards the leaf, the more differs. */
		for (uint32_t k = 0; k < 12; k++)
			frames[11 - k] = 1 + (k < 5   ? k
					      : k < 9 ? i % 10 + k * 10
						      : i / (12 - k) % 2000);
		assert_int_equal(recording_write_stack(writer, i + 1, frames, 12, STOP_ROOT), 0);
	}
	assert_int_equal(recording_flush(writer), 0);
	/* 48 bytes of frame ids alone, if written out. */
	print_message("%.1f bytes a stack\n", (recording_bytes(writer) - before) / 10000.0);
	assert_true(recording_bytes(writer) - before < 10000 * 12);
	recording_writer_abandon(&writer);
	close(fd);
}

/* A ping-pong whose every switch tells a stack, as the lanes keep it. */
static void a_switch_with_its_stack_takes_under_four_bytes(void **state)
{
	int fd = memory_file();
	struct recording_writer *writer = writer_on(fd);
	uint64_t time = 1000000000;

	for (uint32_t i = 0; i < 100000; i++) {
		uint32_t prev = 41000 + i % 2, next = 41001 - i % 2;
		union pl_record records[] = {stack_of(prev, PL_STACK_USER, 17 + prev % 2),
					     switch_at(time, prev, next)};

		time += 900 + roll_below(&dice, 64);
		assert_int_equal(recording_write_lane(writer, 0, records, 2), 0);
	}
	assert_int_equal(recording_flush(writer), 0);
	print_message("%.2f bytes a switch\n", recording_bytes(writer) / 100000.0);
	assert_true(recording_bytes(writer) < 400000);
	recording_writer_abandon(&writer);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(all_of_a_stack_survives, reset),
		cmocka_unit_test_setup(random_stacks_survive, reset),
		cmocka_unit_test_setup(the_newest_stack_of_an_id_counts, reset),
		cmocka_unit_test_setup(what_is_too_deep_or_too_long_is_cut_and_said, reset),
		cmocka_unit_test_setup(what_refers_to_nowhere_is_refused, reset),
		cmocka_unit_test_setup(modules_without_end_are_dropped_and_counted, reset),
		cmocka_unit_test_setup(no_spoiled_table_does_harm, reset),
		cmocka_unit_test_setup(a_stack_takes_few_bytes, reset),
		cmocka_unit_test_setup(a_switch_with_its_stack_takes_under_four_bytes, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
