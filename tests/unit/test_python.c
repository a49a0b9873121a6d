// SPDX-License-Identifier: GPL-2.0-only
/* test_python.c - Python's frames, in memory that is made up as each version has it */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture/stacks/python_splice.h"
#include "symbols/python_code.h"
#include "symbols/python_layout.h"

#define BASE  0x10000ull
#define BYTES 0x8000u

struct memory {
	uint8_t bytes[BYTES];
};

static int python_read(void *memory, void *to, uint32_t size, uint64_t address)
{
	struct memory *it = memory;

	if (address < BASE || address > BASE + BYTES - size)
		return -1;
	memcpy(to, it->bytes + (address - BASE), size);
	return 0;
}

#include "bpf/python_frames.h"

static void put(struct memory *memory, uint64_t address, uint64_t value, size_t size)
{
	memcpy(memory->bytes + (address - BASE), &value, size);
}

/* ---- an interpreter's memory ------------------------------------------------------------------
 */

#define RUNTIME (BASE + 0x0)
#define THREAD	(BASE + 0x1000) /* what the thread pointer says */
#define STATE	(BASE + 0x2000)
#define BETWEEN (BASE + 0x2800) /* what 3.11 and 3.12 have between state and frame */
#define FRAMES	(BASE + 0x3000)
#define CODES	(BASE + 0x5000)
#define KEY	3

/* All that a version has elsewhere than others. */
struct shape {
	uint32_t version;
	unsigned int key, frame, within;
	unsigned int code, previous, instruction, edge, first_line, bytecode;
	bool has_shims;
};

static const struct shape shapes[] = {
	{0x030b02f0, 592, 56, 8, 32, 48, 56, 68, 72, 184, false},
	{0x030c01f0, 1544, 56, 0, 0, 8, 56, 70, 68, 192, true},
	{0x030d00f0, 2160, 72, 0, 0, 8, 56, 70, 68, 200, true},
};

static uint64_t frame_at(unsigned int i)
{
	return FRAMES + i * 0x80;
}

static uint64_t code_at(unsigned int i)
{
	return CODES + i * 0x180;
}

/* Four functions: 0 calls 1 in a loop of its own, which calls 2, which is called back by C and
 * calls 3. Innermost is 3. Shims, where there are any, are frames 4 and 5. */
static void make(struct memory *memory, const struct shape *shape)
{
	bool has_within = shape->version >> 16 != 0x030d;

	memset(memory, 0, sizeof(*memory));
	put(memory, RUNTIME + shape->key, 1, 4);
	put(memory, RUNTIME + shape->key + 4, KEY, 4);
	put(memory, THREAD + 0x310 + 16 * KEY + 8, STATE, 8);
	put(memory, STATE + shape->frame, has_within ? BETWEEN : frame_at(3), 8);
	put(memory, BETWEEN + shape->within, frame_at(3), 8);
	for (unsigned int i = 0; i < 4; i++) {
		put(memory, frame_at(i) + shape->code, code_at(i), 8);
		put(memory, frame_at(i) + shape->previous, i ? frame_at(i - 1) : 0, 8);
		put(memory, frame_at(i) + shape->instruction, code_at(i) + shape->bytecode + 2 * i,
		    8);
		put(memory, code_at(i) + shape->first_line, 100 + i, 4);
		put(memory, code_at(i) + 112, 0xf11e, 8);
		put(memory, code_at(i) + 128, 0xaaaa + i, 8);
		put(memory, code_at(i) + 136, 0xbbbb + i, 8);
	}
	if (!shape->has_shims) {
		put(memory, frame_at(0) + shape->edge, 1, 1);
		put(memory, frame_at(2) + shape->edge, 1, 1);
		return;
	}
	for (unsigned int i = 0; i < 2; i++) {
		put(memory, frame_at(4 + i) + shape->edge, 3, 1);
		put(memory, frame_at(4 + i) + shape->previous, i ? frame_at(1) : 0, 8);
	}
	put(memory, frame_at(0) + shape->previous, frame_at(4), 8);
	put(memory, frame_at(2) + shape->previous, frame_at(5), 8);
}

static void tell(uint8_t *runtime, size_t at, uint64_t value)
{
	memcpy(runtime + at, &value, sizeof(value));
}

/* _Py_DebugOffsets as 3.13.0 has it. */
static void describe(uint8_t runtime[PYTHON_OFFSETS_BYTES], const struct shape *shape)
{
	memset(runtime, 0, PYTHON_OFFSETS_BYTES);
	memcpy(runtime, "xdebugpy", 8);
	tell(runtime, 8, shape->version);
	tell(runtime, 184, shape->frame);
	tell(runtime, 232, shape->previous);
	tell(runtime, 240, shape->code);
	tell(runtime, 248, shape->instruction);
	tell(runtime, 264, shape->edge);
	tell(runtime, 280, 112);
	tell(runtime, 296, 128);
	tell(runtime, 304, 136);
	tell(runtime, 312, shape->first_line);
	tell(runtime, 344, shape->bytecode);
	tell(runtime, 560, 40);
}

static struct pl_python layout_of(const struct shape *shape)
{
	uint8_t runtime[PYTHON_OFFSETS_BYTES];
	struct pl_python python;

	describe(runtime, shape);
	assert_true(python_layout_of(shape->version, runtime, &python));
	python.key += RUNTIME;
	return python;
}

static void frames_are_walked_as_each_version_has_them(void **state)
{
	struct memory *memory = malloc(sizeof(*memory));

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		const struct shape *shape = &shapes[i];
		struct pl_python python = layout_of(shape);
		struct python_walk walk = {0};
		struct pl_python_frame found[4];
		size_t count = 0;

		make(memory, shape);
		assert_true(python_first(memory, &python, THREAD, &walk));
		while (walk.frame) {
			enum python_step step = python_step(memory, &python, &walk);

			assert_int_not_equal(step, PYTHON_BROKEN);
			if (step == PYTHON_NO_FRAME)
				found[count - 1].flags |= PL_PYTHON_EDGE;
			else
				found[count++] = walk.found;
		}
		assert_int_equal(count, 4);
		for (unsigned int k = 0; k < 4; k++) {
			assert_int_equal(found[k].position, 2 * (3 - k));
			assert_int_equal(found[k].flags & PL_PYTHON_EDGE, k & 1);
		}
	}
	free(memory);
}

static void another_function_in_the_same_place_has_another_name(void **state)
{
	struct memory *memory = malloc(sizeof(*memory));
	struct pl_python python = layout_of(&shapes[0]);
	struct python_walk walk = {0};
	uint64_t before;

	make(memory, &shapes[0]);
	assert_true(python_first(memory, &python, THREAD, &walk));
	assert_int_equal(python_step(memory, &python, &walk), PYTHON_FRAME);
	before = walk.found.code;
	put(memory, code_at(3) + 72, 7, 4);
	assert_true(python_first(memory, &python, THREAD, &walk));
	assert_int_equal(python_step(memory, &python, &walk), PYTHON_FRAME);
	assert_true(walk.found.code != before);
	free(memory);
}

static void memory_that_is_no_frame_ends_the_walk(void **state)
{
	struct memory *memory = malloc(sizeof(*memory));
	struct pl_python python = layout_of(&shapes[1]);
	struct python_walk walk = {0};

	make(memory, &shapes[1]);
	put(memory, frame_at(3) + 8, 0x10, 8);
	assert_true(python_first(memory, &python, THREAD, &walk));
	assert_int_equal(python_step(memory, &python, &walk), PYTHON_FRAME);
	assert_int_equal(python_step(memory, &python, &walk), PYTHON_BROKEN);
	/* No thread state yet, and a key that says nothing. */
	put(memory, THREAD + 0x310 + 16 * KEY + 8, 0, 8);
	assert_false(python_first(memory, &python, THREAD, &walk));
	put(memory, RUNTIME + 1544 + 4, 99999, 4);
	assert_false(python_first(memory, &python, THREAD, &walk));
	put(memory, RUNTIME + 1544, 0, 4);
	assert_false(python_first(memory, &python, THREAD, &walk));
	free(memory);
}

static void what_is_not_known_is_refused(void **state)
{
	uint8_t runtime[PYTHON_OFFSETS_BYTES] = {0};
	struct pl_python python;

	assert_false(python_layout_of(0x030a0df0, runtime, &python));
	assert_false(python_layout_of(0x030e00f0, runtime, &python));
	assert_false(python_layout_of(0x020712f0, runtime, &python));
	/* 3.13 that says nothing; another version; without the interpreter's lock; nonsense. */
	assert_false(python_layout_of(0x030d00f0, runtime, &python));
	describe(runtime, &shapes[2]);
	assert_false(python_layout_of(0x030d01f0, runtime, &python));
	tell(runtime, 16, 1);
	assert_false(python_layout_of(0x030d00f0, runtime, &python));
	for (size_t at = 184; at < 352; at += 8) {
		bool matters = at == 184 || (at >= 232 && at <= 248) || at == 264 || at == 280 ||
			       at == 296 || at == 304 || at == 312 || at == 344;

		describe(runtime, &shapes[2]);
		tell(runtime, at, UINT64_MAX - 3);
		assert_int_equal(python_layout_of(0x030d00f0, runtime, &python), !matters);
	}
}

/* ---- lines ------------------------------------------------------------------------------------
 */

/* Of a function that Python 3.11.2 compiled, with what its own co_lines() says of it. */
static const uint8_t table[] = {
	128, 0,	  240, 2,   1,	9,   15,  240, 0,   1,	9,   15,  144, 65,  240, 0,  1,	 9,
	15,  241, 0,   1,   9,	15,  244, 0,   1,   9,	15,  128, 65,  240, 4,	 5,  5,	 19,
	221, 8,	  9,   136, 33, 216, 10,  11,  241, 3,	1,   9,	  13,  244, 0,	 1,  9,	 13,
	240, 0,	  1,   9,   13, 240, 6,	  0,   17,  18, 216, 16,  17,  240, 3,	 1,  16, 19,
	240, 0,	  1,   9,   19, 248, 144, 1,   216, 16, 17,  240, 3,   1,   16,	 19,
};
static const struct {
	int32_t begin, end;
	uint32_t line;
} lines[] = {
	{0, 2, 2},    {2, 26, 3},  {26, 28, 5}, {28, 42, 6}, {42, 44, 7},  {44, 60, 6}, {60, 62, 9},
	{62, 64, 10}, {64, 68, 9}, {68, 70, 0}, {70, 72, 9}, {72, 74, 10}, {74, 76, 9},
};

static void lines_are_those_that_python_says(void **state)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		for (int32_t at = lines[i].begin; at < lines[i].end; at++)
			assert_int_equal(python_line(table, sizeof(table), 2, at), lines[i].line);
	assert_int_equal(python_line(table, sizeof(table), 2, -2), 2);
	assert_int_equal(python_line(table, sizeof(table), 2, 76), 0);
}

static void tables_that_are_cut_or_nonsense_have_no_line(void **state)
{
	uint32_t random = 1;

	for (size_t size = 0; size < sizeof(table); size++) {
		uint8_t *copy = malloc(size + 1);

		memcpy(copy, table, size);
		python_line(copy, size, 2, 70);
		free(copy);
	}
	for (int round = 0; round < 20000; round++) {
		size_t size = round % 40;
		uint8_t *noise = malloc(size + 1);

		for (size_t i = 0; i < size; i++)
			noise[i] = (random = random * 1664525 + 1013904223) >> 24;
		python_line(noise, size, random, (int32_t)(random >> 20));
		free(noise);
	}
}

static void texts_become_utf8(void **state)
{
	static const uint8_t latin[] = {'w', 0xe4, 'r'};
	static const uint8_t wide[] = {0xd5, 0x52, 0x69, 0x72};
	static const uint8_t widest[] = {0x00, 0xf6, 0x01, 0x00, 0x00, 0xd8, 0x00, 0x00};
	char out[16];

	python_text((const uint8_t *)"f.<locals>", 10, 0, out, sizeof(out));
	assert_string_equal(out, "f.<locals>");
	python_text(latin, sizeof(latin), 1, out, sizeof(out));
	assert_string_equal(out, "w\303\244r");
	python_text(wide, sizeof(wide), 2, out, sizeof(out));
	assert_string_equal(out, "\345\213\225\347\211\251");
	/* A character beyond 16 bits, and half of a pair, which is none. */
	python_text(widest, sizeof(widest), 4, out, sizeof(out));
	assert_string_equal(out, "\360\237\230\200\357\277\275");
	python_text(wide, sizeof(wide), 2, out, 4);
	assert_string_equal(out, "\345\213\225");
}

/* ---- both together ----------------------------------------------------------------------------
 */

struct splicing {
	const char *native; /* leaf first; 'E' is a run of the loop, lower case others */
	bool native_whole;
	const char *python; /* digits; '|' behind the one at which a run begins */
	bool python_whole;
	const char *expected;
};

static const struct splicing splicings[] = {
	{"abEcdEef", true, "12|3|", true, "ab12cd3ef"},
	{"Ea", true, "123|", true, "123a"},
	/* The innermost run has no function yet. */
	{"aEbEc", true, "12|", true, "aEb12c"},
	/* More runs than are seen to be. */
	{"aEb", true, "1|2|", true, "a12b"},
	{"abc", true, "1|", true, "abc"},
	/* The native stack ends before; or in the middle of nowhere. */
	{"aEb", false, "1|2|3|", true, "a1b23"},
	{"ab", false, "1|2|", true, "ab12"},
	/* Deeper than is followed. */
	{"aEbEcEd", true, "1|2", false, "a1b2cEd"},
	{"", false, "", true, ""},
	{"aEb", true, "", true, "aEb"},
};

static void functions_stand_where_the_loop_executes_them(void **state)
{
	for (size_t i = 0; i < sizeof(splicings) / sizeof(splicings[0]); i++) {
		const struct splicing *it = &splicings[i];
		struct splice_native native[16];
		struct splice_python python[16];
		size_t natives = strlen(it->native), pythons = 0, count;
		uint32_t frames[SPLICE_MAX];
		char got[33] = "";

		for (size_t k = 0; k < natives; k++)
			native[k] = (struct splice_native){it->native[k], it->native[k] == 'E'};
		for (const char *at = it->python; *at; at++) {
			if (*at == '|')
				python[pythons - 1].is_edge = true;
			else
				python[pythons++] = (struct splice_python){*at, false};
		}
		count = python_splice(native, natives, it->native_whole, python, pythons,
				      it->python_whole, frames);
		for (size_t k = 0; k < count; k++)
			got[k] = (char)frames[k];
		assert_string_equal(got, it->expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_walked_as_each_version_has_them),
		cmocka_unit_test(another_function_in_the_same_place_has_another_name),
		cmocka_unit_test(memory_that_is_no_frame_ends_the_walk),
		cmocka_unit_test(what_is_not_known_is_refused),
		cmocka_unit_test(lines_are_those_that_python_says),
		cmocka_unit_test(tables_that_are_cut_or_nonsense_have_no_line),
		cmocka_unit_test(texts_become_utf8),
		cmocka_unit_test(functions_stand_where_the_loop_executes_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
