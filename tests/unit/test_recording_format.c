// SPDX-License-Identifier: GPL-2.0-only
#include "skip.h"
#include "recording_samples.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "recording/codec.h"
#include "recording_damage.h"

/* ---- what is no recording -------------------------------------------------------------------- */

static size_t start_file(uint8_t *data)
{
	struct file_header header = {.magic = FILE_MAGIC, .major = FORMAT_MAJOR};

	memcpy(data, &header, sizeof(header));
	sign_file(data, sizeof(header));
	return sizeof(header);
}

static void expect_words(const void *data, size_t size, int result, const char *words)
{
	struct recording *recording = NULL;
	struct recording_error error = {""};

	assert_int_equal(recording_open_fd(memory_file_of(data, size), &recording, &error), result);
	assert_null(recording);
	if (!strstr(error.text, words))
		fail_msg("\"%s\" does not say \"%s\"", error.text, words);
}

static void assert_readable(const void *data, size_t size)
{
	struct recording *recording;
	int fd = memory_file_of(data, size);

	recording = reader_on(fd);
	recording_close(&recording);
	close(fd);
}

static void what_is_not_a_recording_is_said_plainly(void **state)
{
	uint8_t data[64] = {0};
	size_t size = start_file(data);

	expect_words(data, 0, -ENODATA, "is empty");
	expect_words(data, 5, -EBADMSG, "ends within its first 16 bytes");
	expect_words("hello, world, hello", 19, -EBADMSG, "is not a ptrace-lab recording");
	expect_words("\x89PT", 3, -EBADMSG, "ends within");
	expect_words("\x89PTL\n\x1a\n\1\0\0\0abcdef", 17, -EBADMSG, "transfer as text");
	expect_words("\x89PTL\r\r\n\x1a\r\n\1\0\0\0abcd", 18, -EBADMSG, "transfer as text");
	expect_words("\x09PTL\r\n\x1a\n\1\0\0\0abcd", 16, -EBADMSG, "transfer as text");
	assert_readable(data, size);
	data[15] ^= 1;
	expect_words(data, size, -EBADMSG, "damaged in its first");
}

static void a_newer_format_is_refused_with_both_numbers(void **state)
{
	uint8_t data[64];
	size_t size = start_file(data);

	data[8] = 7;
	data[10] = 3;
	expect_words(data, size, -EPROTONOSUPPORT,
		     "has format 7.3, and this ptrace-lab reads up to 1");
	data[8] = 0;
	sign_file(data, size);
	expect_words(data, size, -EBADMSG, "damaged in its first");
	/* A newer minor number only promises blocks that may be skipped. */
	data[8] = 1;
	sign_file(data, size);
	assert_readable(data, size);
}

/* ---- files that are none -------------------------------------------------------------------- */

static void expect_path(const char *path, int result, const char *words)
{
	struct recording *recording = NULL;
	struct recording_error error = {""};

	assert_int_equal(recording_open(path, &recording, &error), result);
	assert_null(recording);
	if (!strstr(error.text, words))
		fail_msg("\"%s\" does not say \"%s\"", error.text, words);
	assert_int_equal(recording_open(path, &recording, NULL), result);
}

static void a_path_that_leads_to_no_file_is_said_plainly(void **state)
{
	char folder[] = "/tmp/test-recording-XXXXXX", path[64], longer[1000];

	assert_non_null(mkdtemp(folder));
	expect_path(folder, -EISDIR, "is a directory");
	expect_path(folder, -EISDIR, folder);
	snprintf(path, sizeof(path), "%s/none", folder);
	expect_path(path, -ENOENT, "none cannot be opened: No such file");
	/* Does not wait for a writer. */
	assert_int_equal(mkfifo(path, 0600), 0);
	expect_path(path, -ESPIPE, "is not a regular file");
	unlink(path);
	rmdir(folder);
	expect_path("/dev/null", -ESPIPE, "is not a regular file");
	expect_path("/x\33[2J", -ENOENT, "/x\\x1b[2J cannot");
	memset(longer, '/', sizeof(longer) - 1);
	memcpy(longer + sizeof(longer) - 6, "/none", 6);
	expect_path(longer, -ENOENT, "/none cannot be opened: No such file");
}

static void a_pipe_is_said_plainly(void **state)
{
	struct recording *recording = NULL;
	struct recording_error error;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(recording_open_fd(fds[0], &recording, &error), -ESPIPE);
	assert_non_null(strstr(error.text, "copy it into a file first"));
	/* It was taken over all the same. */
	assert_int_equal(fcntl(fds[0], F_GETFD), -1);
	close(fds[1]);
}

/* ---- the example in FORMAT.md ---------------------------------------------------------------- */

/* The page lies beside the sources, wherever these were when this file was compiled. */
static FILE *open_page(void)
{
	static const char page[] = "../../user/recording/FORMAT.md";
	char path[4096];
	const char *slash = strrchr(__FILE__, '/');

	snprintf(path, sizeof(path), "%.*s%s", slash ? (int)(slash - __FILE__) + 1 : 0, __FILE__,
		 page);
	return fopen(path, "r");
}

/* The bytes of one line of a hex dump, between the offset and the text. */
static size_t parse_line(const char *line, uint8_t *data)
{
	size_t size = 0;
	const char *at = line + strspn(line, " ") + 8;

	while (*at == ' ') {
		at += strspn(at, " ");
		if (!isxdigit(at[0]) || !isxdigit(at[1]))
			break;
		data[size++] = strtoul((char[]){at[0], at[1], 0}, NULL, 16);
		at += 2;
	}
	return size;
}

/* The hex dump that follows the mark. */
static size_t read_dump(const char *mark, uint8_t *data, size_t capacity)
{
	FILE *page = open_page();
	size_t size = 0;
	char line[512];
	bool found = false;

	if (!page)
		return 0;
	while (fgets(line, sizeof(line), page)) {
		if (strstr(line, mark))
			found = true;
		else if (found && !strncmp(line, "    0000", 8) && size + 16 <= capacity)
			size += parse_line(line, data + size);
		else if (found && size)
			break;
	}
	fclose(page);
	return size;
}

static const union pl_record example_block = {.block = {.kind = PL_BLOCK,
							.futex_kind = PL_FUTEX_MUTEX,
							.syscall = 202,
							.tid = 100,
							.holder = 101,
							.arg0 = 0x5000,
							.arg1 = 128}};
static const union pl_record example_switches[] = {
	{.sw = {.kind = PL_SWITCH,
		.flags = PL_PREV | PL_NEXT | PL_BLOCKED | PL_VOLUNTARY,
		.prev_state = 1,
		.prev = 100,
		.next = 101,
		.time = 1000500}},
	{.sw = {.kind = PL_SWITCH,
		.flags = PL_PREV | PL_NEXT | PL_BLOCKED | PL_VOLUNTARY | PL_WOKEN,
		.prev_state = 1,
		.prev = 101,
		.next = 100,
		.waker = 101,
		.waker_context = PL_WAKER_TASK,
		.waker_cpu = 1,
		.ready_ns = 700,
		.time = 1001800}},
};

static void the_example_in_the_format_is_true(void **state)
{
	struct recording_error error = {""};
	struct recording *recording;
	struct items items;
	uint8_t data[1024];
	size_t size;
	int r, fd;

	size = read_dump("<!-- the file -->", data, sizeof(data));
	if (!size)
		skip_because("not run from the source tree");
	fd = memory_file_of(data, size);
	recording = reader_on(fd);
	assert_true(recording_complete(recording));
	assert_string_equal(recording_note(recording, NOTE_HOST), "box");
	items = drain(recording, &r, &error);
	if (r)
		fail_msg("%s", error.text);
	assert_int_equal(items.count, 3);
	assert_int_equal(items.list[0].life.head.kind, PL_LIFE_RENAME);
	assert_int_equal(items.list[0].life.head.tid, 101);
	assert_int_equal(items.list[0].life.head.tgid, 100);
	assert_int_equal(items.list[0].time, 1000000);
	assert_string_equal(items.list[0].life.rename.comm, "worker");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(items.list[1 + i].cpu, 1);
		assert_memory_equal(&items.list[1 + i].record, &example_switches[i],
				    PL_RECORD_SIZE);
	}
	assert_true(items.list[1].has_block);
	assert_memory_equal(&items.list[1].block, &example_block, PL_RECORD_SIZE);
	items_free(&items);
	recording_close(&recording);
	close(fd);
}

static void the_stacks_in_the_format_are_true(void **state)
{
	static const char *const functions[] = {"read_all", "main", "_start"};
	struct recording_module module;
	struct recording_error error = {""};
	struct recording_stack stack;
	struct recording_frame frame;
	struct recording *recording;
	struct items items;
	uint8_t data[1024];
	uint32_t node;
	size_t size;
	int r, fd;

	size = read_dump("<!-- the stacks -->", data, sizeof(data));
	if (!size)
		skip_because("not run from the source tree");
	fd = memory_file_of(data, size);
	recording = reader_on(fd);
	assert_true(recording_complete(recording));
	items = drain(recording, &r, &error);
	if (r)
		fail_msg("%s", error.text);
	assert_int_equal(items.count, 2);
	assert_int_equal(items.list[0].stacks[PL_STACK_USER], 9);
	assert_int_equal(items.list[1].record.sample.stack, 9);
	assert_int_equal(items.list[1].record.sample.period, 1000);
	assert_true(recording_module(recording, 1, &module));
	assert_string_equal(module.path, "/bin/a");
	assert_string_equal(module.build_id, "c0de");
	assert_true(recording_stack(recording, 9, &stack));
	assert_int_equal(stack.stop, STOP_ROOT);
	node = stack.leaf;
	for (int i = 0; i < 3; i++) {
		assert_true(recording_frame(recording,
					    recording_stack_frame(recording, node, &node), &frame));
		assert_string_equal(frame.function, functions[i]);
		assert_int_equal(frame.line, i ? 0x20 * (2 - i) : 0x30);
		assert_int_equal(frame.address, 0x1040 - 0x10 * i);
	}
	assert_int_equal(node, 0);
	items_free(&items);
	recording_close(&recording);
	close(fd);
}

/* What is shown unpacked is what our encoder makes of it, byte by byte. */
static void the_columns_in_the_format_are_true(void **state)
{
	const union pl_record records[] = {example_block, example_switches[0], example_switches[1]};
	struct lane_encoder *encoder = lane_encoder_new();
	struct payload_piece segments[LANE_SEGMENTS];
	uint8_t data[1024];
	size_t size, at = 0;

	size = read_dump("<!-- the lane -->", data, sizeof(data));
	if (size) {
		lane_encode(encoder, records, 3, 1000500, segments);
		for (int i = 0; i < LANE_SEGMENTS; i++) {
			assert_true(segments[i].size <= size - at);
			assert_memory_equal(data + at, segments[i].data, segments[i].size);
			at += segments[i].size;
		}
		assert_int_equal(at, size);
	}
	lane_encoder_free(&encoder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_a_recording_is_said_plainly),
		cmocka_unit_test(a_newer_format_is_refused_with_both_numbers),
		cmocka_unit_test(a_path_that_leads_to_no_file_is_said_plainly),
		cmocka_unit_test(a_pipe_is_said_plainly),
		cmocka_unit_test(the_example_in_the_format_is_true),
		cmocka_unit_test(the_columns_in_the_format_are_true),
		cmocka_unit_test(the_stacks_in_the_format_are_true),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
