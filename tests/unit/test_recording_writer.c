// SPDX-License-Identifier: GPL-2.0-only
#include "skip.h"
#include "recording_samples.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#include "recording/block.h"

/* ---- notes ---------------------------------------------------------------------------------- */

static void the_newest_note_of_a_key_counts(void **state)
{
	int fd = memory_file();
	struct recording_writer *writer = writer_on(fd);
	struct recording *recording;
	const char *key, *value;

	assert_int_equal(recording_write_note(writer, "lost.cpu.1", "%d", 5), 0);
	assert_int_equal(recording_write_note(writer, "host", "a\nb\x1b\xff"), 0);
	assert_int_equal(recording_write_note(writer, "lost.cpu.0", "7"), 0);
	assert_int_equal(recording_flush(writer), 0);
	assert_int_equal(recording_write_note(writer, "lost.cpu.1", "6"), 0);
	assert_int_equal(recording_write_note(writer, "mode", "%s", ""), 0);
	assert_int_equal(recording_writer_finish(writer), 0);

	recording = reader_on(fd);
	assert_string_equal(recording_note(recording, "host"), "a\nb\x1b\xff");
	assert_string_equal(recording_note(recording, "mode"), "");
	assert_null(recording_note(recording, "hos"));
	assert_int_equal(recording_note_number(recording, "lost.cpu.1", 9), 6);
	assert_int_equal(recording_note_number(recording, "host", 9), 9);
	assert_int_equal(recording_note_number(recording, "mode", 9), 9);
	assert_int_equal(recording_note_number(recording, "nothing", 9), 9);

	assert_true(recording_note_at(recording, "lost.cpu.", 0, &key, &value));
	assert_string_equal(key, "lost.cpu.1");
	assert_string_equal(value, "6");
	assert_true(recording_note_at(recording, "lost.cpu.", 1, &key, &value));
	assert_string_equal(key, "lost.cpu.0");
	assert_false(recording_note_at(recording, "lost.cpu.", 2, &key, &value));
	assert_true(recording_note_at(recording, "", 3, &key, &value));
	assert_string_equal(key, "mode");
	assert_false(recording_note_at(recording, "", 4, &key, &value));
	recording_close(&recording);
	close(fd);
}

static void a_number_in_a_note_is_whole_or_not_there(void **state)
{
	static const struct {
		const char *text;
		uint64_t number;
	} cases[] = {
		{"18446744073709551615", UINT64_MAX},
		{"18446744073709551616", 1},
		{"-1", 1},
		{"+1", 1},
		{" 2", 1},
		{"2 ", 1},
		{"0x10", 1},
		{"007", 7},
		{"99999999999999999999999", 1},
	};
	int fd = memory_file();
	struct recording_writer *writer = writer_on(fd);
	struct recording *recording;
	char key[16];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(key, sizeof(key), "%zu", i);
		assert_int_equal(recording_write_note(writer, key, "%s", cases[i].text), 0);
	}
	assert_int_equal(recording_writer_finish(writer), 0);
	recording = reader_on(fd);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(key, sizeof(key), "%zu", i);
		assert_int_equal(recording_note_number(recording, key, 1), cases[i].number);
	}
	recording_close(&recording);
	close(fd);
}

static void many_and_large_notes_survive(void **state)
{
	int fd = memory_file();
	struct recording_writer *writer = writer_on(fd);
	char *large = malloc((1 << 20) + 1), key[32];
	struct recording *recording;

	memset(large, 'x', 1 << 20);
	large[1 << 20] = 0;
	for (int i = 0; i < 3000; i++) {
		snprintf(key, sizeof(key), "fact.%d", i % 1000);
		assert_int_equal(recording_write_note(writer, key, "%d", i), 0);
	}
	/* The key and its end, and that of the text. */
	assert_int_equal(recording_write_note(writer, "large", "%s", large + 7), 0);
	assert_int_equal(recording_writer_finish(writer), 0);

	recording = reader_on(fd);
	assert_true(recording_complete(recording));
	assert_string_equal(recording_note(recording, "large"), large + 7);
	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "fact.%d", i);
		assert_int_equal(recording_note_number(recording, key, 0), 2000 + i);
	}
	recording_close(&recording);

	writer = writer_on(fd);
	assert_int_equal(recording_write_note(writer, "large", "%s", large + 6), -E2BIG);
	assert_int_equal(recording_writer_finish(writer), -E2BIG);
	free(large);
	close(fd);
}

/* ---- the writer ------------------------------------------------------------------------------ */

static void what_was_flushed_can_be_read_before_the_end(void **state)
{
	int fd = memory_file();
	struct recording_writer *writer = writer_on(fd);
	union pl_life life = random_life(&dice, 5);
	union pl_record sw = switch_at(10, 5, 6);
	struct recording_error error;
	struct recording *recording;
	struct items items;
	int r;

	assert_int_equal(recording_write_note(writer, NOTE_HOST, "here"), 0);
	assert_int_equal(recording_write_life(writer, &life), 0);
	assert_int_equal(recording_write_lane(writer, 3, &sw, 1), 0);
	assert_int_equal(recording_flush(writer), 0);

	recording = reader_on(fd);
	assert_false(recording_complete(recording));
	assert_int_equal(recording_size(recording), recording_bytes(writer));
	assert_string_equal(recording_note(recording, NOTE_HOST), "here");
	items = drain(recording, &r, &error);
	assert_int_equal(r, 0);
	assert_int_equal(items.count, 2);
	items_free(&items);
	recording_close(&recording);

	/* A writer that dies leaves the same. */
	recording_writer_abandon(&writer);
	assert_null(writer);
	recording = reader_on(fd);
	assert_false(recording_complete(recording));
	recording_close(&recording);
	close(fd);
}

static void a_recording_of_nothing_is_complete(void **state)
{
	int fd = memory_file();
	struct recording_error error;
	struct recording *recording;
	struct recording_item item;

	assert_int_equal(recording_writer_finish(writer_on(fd)), 0);
	recording = reader_on(fd);
	assert_true(recording_complete(recording));
	assert_int_equal(recording_first_time(recording), 0);
	assert_int_equal(recording_last_time(recording), 0);
	assert_null(recording_note(recording, NOTE_HOST));
	assert_int_equal(recording_next(recording, &item, &error), 0);
	recording_close(&recording);
	close(fd);
}

static void what_no_reader_would_take_is_refused(void **state)
{
	union pl_record records[] = {switch_at(10, 1, 2), switch_at(9, 2, 1)};
	union pl_life life = random_life(&dice, 1);
	union pl_life bell = {.head = {.kind = PL_LIFE_BELL}};
	struct recording_writer *writer;
	int fd = memory_file();

	writer = writer_on(fd);
	assert_int_equal(recording_write_life(writer, &bell), 0);
	assert_int_equal(recording_write_lane(writer, 0, records, 2), -EINVAL);
	/* And ever after. */
	assert_int_equal(recording_write_lane(writer, 0, records, 1), -EINVAL);
	assert_int_equal(recording_write_life(writer, &life), -EINVAL);
	assert_int_equal(recording_write_note(writer, "a", "b"), -EINVAL);
	assert_int_equal(recording_flush(writer), -EINVAL);
	assert_int_equal(recording_writer_finish(writer), -EINVAL);

	writer = writer_on(fd);
	assert_int_equal(recording_write_lane(writer, LANE_CPU_MAX, records, 1), -EINVAL);
	recording_writer_abandon(&writer);

	writer = writer_on(fd);
	/* A record of the first version is as short as it gets. */
	life.head.kind = PL_LIFE_TOTALS;
	life.head.size = PL_LIFE_TOTALS_LEAST - 8;
	assert_int_equal(recording_write_life(writer, &life), -EINVAL);
	recording_writer_abandon(&writer);

	writer = writer_on(fd);
	assert_int_equal(recording_write_note(writer, "", "b"), -EINVAL);
	recording_writer_abandon(&writer);
	recording_writer_abandon(&writer);
	close(fd);
}

static void a_full_disk_is_told(void **state)
{
	struct recording_writer *writer = NULL;
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		skip_because("there is no /dev/full");
	assert_int_equal(recording_writer_new(fd, &writer), -ENOSPC);
	assert_null(writer);
}

/* The file ends in the middle of a write: what stands before is good. */
static void a_file_that_may_not_grow_is_good_as_far_as_it_goes(void **state)
{
	struct rlimit before, limit;
	struct recording_error error;
	struct recording *recording;
	struct items items;
	int r = 0, fd = memory_file();
	struct recording_writer *writer = writer_on(fd);
	void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
	uint64_t time = 0;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 100000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (int i = 0; i < 100000 && !r; i++) {
		union pl_record sw = switch_at(time += 500 + roll_below(&dice, 5000), 1, 2);

		r = recording_write_lane(writer, 0, &sw, 1);
	}
	assert_int_equal(r, -EFBIG);
	assert_int_equal(recording_writer_finish(writer), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, handler);

	recording = reader_on(fd);
	assert_int_equal(recording_size(recording), 100000);
	assert_false(recording_complete(recording));
	items = drain(recording, &r, &error);
	assert_int_equal(r, 0);
	assert_true(items.count >= 8192 && items.count % 4096 == 0);
	items_free(&items);
	recording_close(&recording);
	close(fd);
}

static void a_closed_pipe_is_told(void **state)
{
	void (*handler)(int) = signal(SIGPIPE, SIG_IGN);
	struct recording_writer *writer = NULL;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(recording_writer_new(fds[1], &writer), 0);
	close(fds[0]);
	assert_int_equal(recording_write_note(writer, "a", "b"), 0);
	assert_int_equal(recording_flush(writer), -EPIPE);
	assert_int_equal(recording_writer_finish(writer), -EPIPE);
	signal(SIGPIPE, handler);
}

/* ---- size ------------------------------------------------------------------------------------ */

/* The sum of twelve dice is near enough to a bell curve. */
static uint64_t noisy(uint64_t mean, uint64_t deviation)
{
	uint64_t sum = 0;

	for (int i = 0; i < 12; i++)
		sum += roll_below(&dice, deviation + 1);
	return mean + sum - 6 * deviation;
}

static void a_switch_of_a_ping_pong_takes_under_three_bytes(void **state)
{
	int fd = memory_file();
	struct recording_writer *writer = writer_on(fd);
	const size_t count = 400000;
	uint64_t time = 1000000000000;
	struct recording *recording;
	uint32_t a = 41077, b = 41078;

	for (size_t i = 0; i < count; i++) {
		union pl_record sw =
			switch_at(time += noisy(1000, 80), i % 2 ? a : b, i % 2 ? b : a);

		if (!roll_below(&dice, 100)) /* an interrupt, now and then */
			sw.sw.time = time += roll_below(&dice, 20000);
		sw.sw.ready_ns = noisy(700, 60);
		assert_int_equal(recording_write_lane(writer, 0, &sw, 1), 0);
	}
	assert_int_equal(recording_writer_finish(writer), 0);
	recording = reader_on(fd);
	print_message("%.2f bytes a switch\n", (double)recording_size(recording) / count);
	assert_true(recording_size(recording) < 3 * count);
	recording_close(&recording);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_newest_note_of_a_key_counts, reset),
		cmocka_unit_test_setup(a_number_in_a_note_is_whole_or_not_there, reset),
		cmocka_unit_test_setup(many_and_large_notes_survive, reset),
		cmocka_unit_test_setup(what_was_flushed_can_be_read_before_the_end, reset),
		cmocka_unit_test_setup(a_recording_of_nothing_is_complete, reset),
		cmocka_unit_test_setup(what_no_reader_would_take_is_refused, reset),
		cmocka_unit_test_setup(a_full_disk_is_told, reset),
		cmocka_unit_test_setup(a_file_that_may_not_grow_is_good_as_far_as_it_goes, reset),
		cmocka_unit_test_setup(a_closed_pipe_is_told, reset),
		cmocka_unit_test_setup(a_switch_of_a_ping_pong_takes_under_three_bytes, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
