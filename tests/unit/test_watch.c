// SPDX-License-Identifier: GPL-2.0-only
/* Watched variables: what instructions do, what names mean, and what a recording keeps of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "recording/recording.h"
#include "model/model.h"
#include "model/race/watch.h"
#include "recording/watch.h"
#include "symbols/instruction.h"
#include "symbols/variable.h"

/* ---- instructions --------------------------------------------------------------------------- */

struct code {
	const char *text; /* what an assembler would say */
	uint8_t bytes[15];
	uint8_t length;
	enum access_kind kind;
	uint8_t size, operand;
	uint64_t immediate;
};

#define NONE REGISTER_NONE

static const struct code codes[] = {
	{"mov %rax,8(%rip)", {0x48, 0x89, 0x05, 8, 0, 0, 0}, 7, ACCESS_WRITE, 8, 0, 0},
	{"mov %r9d,(%rdi)", {0x44, 0x89, 0x0f}, 3, ACCESS_WRITE, 4, 9, 0},
	{"mov %si,(%rax)", {0x66, 0x89, 0x30}, 3, ACCESS_WRITE, 2, 6, 0},
	{"mov %ah,(%rcx)", {0x88, 0x21}, 2, ACCESS_WRITE, 1, 0, 0},
	{"mov %spl,(%rcx)", {0x40, 0x88, 0x21}, 3, ACCESS_WRITE, 1, 4, 0},
	{"movl $7,0x10(%rsp,%rbx,4)",
	 {0xc7, 0x44, 0x9c, 0x10, 7, 0, 0, 0},
	 8,
	 ACCESS_WRITE,
	 4,
	 NONE,
	 7},
	{"movq $-1,(%rax)",
	 {0x48, 0xc7, 0, 0xff, 0xff, 0xff, 0xff},
	 7,
	 ACCESS_WRITE,
	 8,
	 NONE,
	 UINT64_MAX},
	{"mov (%rdx),%r10", {0x4c, 0x8b, 0x12}, 3, ACCESS_READ, 8, 10, 0},
	{"movzbl (%rdx),%eax", {0x0f, 0xb6, 0x02}, 3, ACCESS_READ, 1, 0, 0},
	{"movslq (%rdx),%rax", {0x48, 0x63, 0x02}, 3, ACCESS_READ, 4, 0, 0},
	{"addq $1,(%rax)", {0x48, 0x83, 0, 1}, 4, ACCESS_ADD, 8, NONE, 1},
	{"lock addl $5,(%rax)", {0xf0, 0x83, 0, 5}, 4, ACCESS_ATOMIC_ADD, 4, NONE, 5},
	{"subl %ecx,(%rax)", {0x29, 0x08}, 2, ACCESS_SUBTRACT, 4, 1, 0},
	{"incq (%rax)", {0x48, 0xff, 0}, 3, ACCESS_ADD, 8, NONE, 1},
	{"lock decl (%rax)", {0xf0, 0xff, 0x08}, 3, ACCESS_ATOMIC_SUBTRACT, 4, NONE, 1},
	{"lock xadd %rdx,(%rax)", {0xf0, 0x48, 0x0f, 0xc1, 0x10}, 5, ACCESS_FETCH_ADD, 8, 2, 0},
	{"lock cmpxchg %rcx,(%rdi)", {0xf0, 0x48, 0x0f, 0xb1, 0x0f}, 5, ACCESS_COMPARE, 8, 1, 0},
	{"xchg %eax,(%rdi)", {0x87, 0x07}, 2, ACCESS_EXCHANGE, 4, 0, 0},
	{"cmpl $3,(%rax)", {0x83, 0x38, 3}, 3, ACCESS_READ_BLIND, 4, NONE, 3},
	{"add (%rax),%ecx", {0x03, 0x08}, 2, ACCESS_READ_BLIND, 4, 1, 0},
	{"orl $1,(%rax)", {0x83, 0x08, 1}, 3, ACCESS_MODIFY, 4, NONE, 1},
	{"vmovdqu %ymm0,(%rdi)", {0xc5, 0xfe, 0x7f, 0x07}, 4, ACCESS_UNKNOWN, 0, NONE, 0},
	{"movups %xmm0,(%rdi)", {0x0f, 0x11, 0x07}, 3, ACCESS_UNKNOWN, 0, NONE, 0},
	{"ret", {0xc3}, 1, ACCESS_UNKNOWN, 0, NONE, 0},
};

static void instructions_are_understood(void **state)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		const struct code *code = &codes[i];
		struct instruction instruction;

		print_message("%s\n", code->text);
		assert_true(instruction_decode(code->bytes, code->length, &instruction));
		assert_int_equal(instruction.length, code->length);
		assert_int_equal(instruction.kind, code->kind);
		if (code->kind == ACCESS_UNKNOWN)
			continue;
		assert_int_equal(instruction.size, code->size);
		assert_int_equal(instruction.operand, code->operand);
		if (code->operand == REGISTER_NONE)
			assert_int_equal(instruction.immediate, code->immediate);
	}
}

static void an_instruction_that_is_cut_short_is_none(void **state)
{
	struct instruction instruction;

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		for (size_t size = 0; size < codes[i].length; size++)
			assert_false(instruction_decode(codes[i].bytes, size, &instruction));
}

static void addresses_follow_from_the_registers(void **state)
{
	const uint64_t registers[16] = {[3] = 0x10, [4] = 0x1000};
	struct instruction instruction;

	assert_true(instruction_decode(codes[5].bytes, codes[5].length, &instruction));
	assert_int_equal(instruction_address(&instruction, registers, 0), 0x1000 + 0x40 + 0x10);
	assert_true(instruction_decode(codes[0].bytes, codes[0].length, &instruction));
	assert_int_equal(instruction_address(&instruction, registers, 0x400000), 0x400008);
}

static void the_instruction_before_is_found_by_reading_forward(void **state)
{
	/* mov $0x05894890,%eax; nop; mov %rcx,(%rax): bytes of the first look like a store, too. */
	static const uint8_t code[] = {0xb8, 0x90, 0x48, 0x89, 0x05, 0x90, 0x48, 0x89, 0x08};
	struct instruction instruction;

	assert_true(instruction_before(code, 9, &instruction));
	assert_int_equal(instruction.length, 3);
	assert_int_equal(instruction.operand, 1);
	assert_false(instruction_before(code, 8, &instruction));
	assert_false(instruction_before(code, 0, &instruction));
}

static void any_bytes_do_no_harm(void **state)
{
	uint8_t code[24];
	uint32_t random = 12345;

	for (int i = 0; i < 200000; i++) {
		struct instruction instruction;

		for (size_t k = 0; k < sizeof(code); k++) {
			random = random * 1664525 + 1013904223;
			code[k] = random >> 24;
		}
		if (instruction_decode(code, sizeof(code), &instruction))
			assert_in_range(instruction.length, 1, INSTRUCTION_MAX);
		instruction_before(code, sizeof(code), &instruction);
	}
}

/* ---- names ---------------------------------------------------------------------------------- */

static void names_are_taken_apart(void **state)
{
	struct variable_request request;
	struct variable_error error;

	assert_int_equal(variable_parse("queue.c:queue.head[3].x:4:rw", &request, &error), 0);
	assert_string_equal(request.file, "queue.c");
	assert_string_equal(request.symbol, "queue");
	assert_string_equal(request.path, ".head[3].x");
	assert_int_equal(request.size, 4);
	assert_true(request.reads);
	assert_int_equal(variable_parse("0x7f00dead0", &request, &error), 0);
	assert_true(request.absolute);
	assert_int_equal(request.address, 0x7f00dead0);
	assert_int_equal(request.size, 8);
	assert_false(request.reads);
}

static void what_is_no_name_says_so(void **state)
{
	static const char *const names[] = {"",	   ":",	    ":rw",	     "a b",  "a[",  "a[x]",
					    "a[]", "a.",    "a..b",	     "1a",   "*a",  "a->b",
					    "0x",  "0xg",   "0x3:4",	     "a:16", "a:0", "a:5",
					    "\n",  "a\x1b", "a[99999999999]"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct variable_request request;
		struct variable_error error = {""};

		assert_int_not_equal(variable_parse(names[i], &request, &error), 0);
		assert_true(*error.text);
		assert_null(strpbrk(error.text, "\n\x1b"));
	}
}

/* ---- the recording -------------------------------------------------------------------------- */

#define ACCESSES 10000

struct replayed {
	const struct watch_access *expected;
	size_t count;
};

static int compare(void *context, const struct watch_access *access)
{
	struct replayed *replayed = context;

	assert_true(replayed->count < ACCESSES);
	assert_memory_equal(access, &replayed->expected[replayed->count], sizeof(*access));
	replayed->count++;
	return 0;
}

static void a_recording_keeps_each_access_as_it_was(void **state)
{
	struct watch_access *accesses = calloc(ACCESSES, sizeof(*accesses));
	struct recording_error error = {""};
	struct replayed replayed = {.expected = accesses};
	struct recording_writer *writer;
	struct recording *recording;
	uint32_t random = 1;
	int fd = memfd_create("watch", 0), copy = dup(fd);

	assert_int_equal(recording_writer_new(fd, &writer), 0);
	for (size_t i = 0; i < ACCESSES; i++) {
		uint8_t *bytes = (uint8_t *)&accesses[i];

		/* Some that follow on one another, and some that are noise. */
		for (size_t k = 0; k < offsetof(struct watch_access, reserved); k++) {
			random = random * 1664525 + 1013904223;
			bytes[k] = i % 3 ? random >> 24 : (k % 8 ? 0 : i >> k % 3);
		}
		accesses[i].stack &= (1u << 24) - 1;
		assert_int_equal(recording_write_access(writer, &accesses[i]), 0);
	}
	assert_int_equal(recording_writer_finish(writer), 0);
	assert_int_equal(recording_open_fd(copy, &recording, &error), 0);
	assert_true(recording_complete(recording));
	assert_int_equal(recording_read_accesses(recording, compare, &replayed, &error), 0);
	assert_int_equal(replayed.count, ACCESSES);
	recording_close(&recording);
	free(accesses);
}

/* What was lost on the way from the kernel, or ran no program, is not proven by what is left. */
static void a_proof_with_gaps_says_so(void **state)
{
	static const char *const gaps[] = {NULL, NOTE_WATCH_LOST, NOTE_WATCH_MISSED};

	for (size_t i = 0; i < sizeof(gaps) / sizeof(gaps[0]); i++) {
		struct recording_error error = {""};
		struct watch_report *report = NULL;
		struct recording_writer *writer;
		struct model model = {.begin = 0};
		struct recording *recording;
		int fd = memfd_create("watch", 0), copy = dup(fd);

		assert_int_equal(recording_writer_new(fd, &writer), 0);
		recording_write_note(writer, NOTE_WATCH "0", "n\n1000\n8\nw\n0\n\n\n0\n0");
		if (gaps[i])
			recording_write_note(writer, gaps[i], "3");
		for (uint64_t k = 1; k <= 4; k++)
			assert_int_equal(
				recording_write_access(
					writer, &(struct watch_access){.time = 1000 * k,
								       .tid = 1,
								       .tgid = 1,
								       .place = WATCH_NO_PLACE,
								       .value = k}),
				0);
		assert_int_equal(recording_writer_finish(writer), 0);
		assert_int_equal(recording_open_fd(copy, &recording, &error), 0);
		assert_int_equal(watch_report_build(recording, &model, &report, &error), 0);
		assert_non_null(report);
		assert_int_equal(watch_is_complete(report), !gaps[i]);
		watch_report_free(&report);
		recording_close(&recording);
	}
}

static void damaged_columns_are_refused(void **state)
{
	struct watch_buffer *buffer = calloc(1, sizeof(*buffer));
	struct payload_piece segments[WATCH_SEGMENTS];
	struct watch_access decoded[4];
	uint8_t payload[512];
	size_t size = 0;
	uint32_t random = 7;

	buffer->count = 4;
	for (size_t i = 0; i < 4; i++)
		buffer->accesses[i] = (struct watch_access){.time = 1000 * i, .tid = 7, .value = i};
	watch_encode(buffer, segments);
	for (size_t i = 0; i < WATCH_SEGMENTS; i++) {
		memcpy(payload + size, segments[i].data, segments[i].size);
		size += segments[i].size;
	}
	assert_true(watch_decode(payload, size, 4, decoded));
	assert_false(watch_decode(payload, size, 3, decoded));
	for (size_t cut = 0; cut < size; cut++)
		assert_false(watch_decode(payload, cut, 4, decoded));
	for (int i = 0; i < 20000; i++) {
		uint8_t damaged[512];

		memcpy(damaged, payload, size);
		random = random * 1664525 + 1013904223;
		damaged[(random >> 8) % size] ^= 1 + (random >> 24) % 255;
		watch_decode(damaged, size, 4, decoded);
	}
	free(buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(instructions_are_understood),
		cmocka_unit_test(an_instruction_that_is_cut_short_is_none),
		cmocka_unit_test(addresses_follow_from_the_registers),
		cmocka_unit_test(the_instruction_before_is_found_by_reading_forward),
		cmocka_unit_test(any_bytes_do_no_harm),
		cmocka_unit_test(names_are_taken_apart),
		cmocka_unit_test(what_is_no_name_says_so),
		cmocka_unit_test(a_recording_keeps_each_access_as_it_was),
		cmocka_unit_test(a_proof_with_gaps_says_so),
		cmocka_unit_test(damaged_columns_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
