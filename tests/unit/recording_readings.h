/* SPDX-License-Identifier: GPL-2.0-only */
/* recording_readings.h - a recording with something of everything, and all that can be asked of one
 */
#ifndef TESTS_UNIT_RECORDING_READINGS_H
#define TESTS_UNIT_RECORDING_READINGS_H

#include "recording_samples.h"

#include <stdio.h>

#include "recording/block.h"

struct sample {
	uint8_t *data;
	size_t size;
	struct items items;
};

/* A stack of four frames, a new one each time, on two modules. */
static inline void write_sample_stack(struct recording_writer *writer, uint32_t id)
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
static inline void write_sample(struct recording_writer *writer)
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
static inline void walk_stacks(const struct recording *recording)
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

static inline struct items read_all(const void *data, size_t size, int *ret_result,
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

static inline struct sample make_sample(void)
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

static inline void free_sample(struct sample *sample)
{
	free(sample->data);
	items_free(&sample->items);
}

static inline bool is_part_of(const struct items *part, const struct items *whole)
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

#endif
