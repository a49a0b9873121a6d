// SPDX-License-Identifier: GPL-2.0-only
/* test_unwind.c - one frame at a time, on memory that is made up */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Eight-byte words from BASE on; `reads` tells how many were asked for. */
#define BASE  0x7000ull
#define WORDS 64

struct memory {
	uint64_t words[WORDS];
	uint64_t registers[17];
	unsigned int reads;
};

static int unwind_load(void *memory, uint64_t address, uint64_t *ret)
{
	struct memory *it = memory;

	it->reads++;
	if (address < BASE || address % 8 || address >= BASE + sizeof(it->words))
		return -1;
	*ret = it->words[(address - BASE) / 8];
	return 0;
}

static int unwind_register(void *memory, uint32_t number, uint64_t *ret)
{
	*ret = ((struct memory *)memory)->registers[number];
	return 0;
}

#include "bpf/unwind.h"

static void put(struct memory *memory, uint64_t address, uint64_t value)
{
	memory->words[(address - BASE) / 8] = value;
}

static struct unwind_state inner(void)
{
	return (struct unwind_state){
		.ip = 0x1000,
		.sp = BASE + 0x20,
		.bp.value = BASE + 0x80,
		.bx.value = BASE + 0xc0,
		.is_return = 1,
		.is_inner = 1,
	};
}

static void a_frame_of_known_size_takes_one_read(void **unused)
{
	struct pl_unwind_rule rule = {
		.kind = PL_UNWIND_CFA, .base = PL_REG_RSP, .offset = 24, .saved_rbp = -16};
	struct unwind_state state = inner();
	struct memory memory = {0};

	put(&memory, BASE + 0x30, 0x2000);
	assert_int_equal(unwind_step(&memory, &state, &rule), PL_STOP_NONE);
	assert_int_equal(state.ip, 0x2000);
	assert_int_equal(state.sp, BASE + 0x38);
	assert_int_equal(unwind_pc(&state), 0x1fff);
	assert_int_equal(memory.reads, 1);
	assert_int_equal(state.used, 0);
}

/* rbp is fetched when a frame is found by it, and only then. */
static void a_saved_register_is_read_where_it_is_needed(void **unused)
{
	struct pl_unwind_rule save = {
		.kind = PL_UNWIND_CFA, .base = PL_REG_RSP, .offset = 16, .saved_rbp = -16};
	struct pl_unwind_rule use = {.kind = PL_UNWIND_CFA, .base = PL_REG_RBP, .offset = 16};
	struct unwind_state state = inner();
	struct memory memory = {0};

	put(&memory, BASE + 0x20, BASE + 0x100);
	put(&memory, BASE + 0x28, 0x2000);
	put(&memory, BASE + 0x108, 0x3000);
	assert_int_equal(unwind_step(&memory, &state, &save), PL_STOP_NONE);
	assert_int_equal(unwind_step(&memory, &state, &use), PL_STOP_NONE);
	assert_int_equal(state.ip, 0x3000);
	assert_int_equal(state.sp, BASE + 0x110);
	assert_int_equal(memory.reads, 3);
	assert_int_equal(state.used, 0);
}

static void what_the_way_hung_on_is_noted(void **unused)
{
	struct pl_unwind_rule by_rbp = {.kind = PL_UNWIND_CFA, .base = PL_REG_RBP, .offset = 16};
	struct pl_unwind_rule by_rbx = {.kind = PL_UNWIND_CFA, .base = PL_REG_RBX, .offset = 16};
	struct pl_unwind_rule by_r10 = {.kind = PL_UNWIND_CFA, .base = 10, .offset = 0};
	struct unwind_state state = inner();
	struct memory memory = {.registers[10] = BASE + 0x60};

	put(&memory, BASE + 0x88, 0x2000);
	put(&memory, BASE + 0xc8, 0x2000);
	put(&memory, BASE + 0x58, 0x2000);
	assert_int_equal(unwind_step(&memory, &state, &by_rbp), PL_STOP_NONE);
	assert_int_equal(state.used, PL_USED_BP);
	state = inner();
	assert_int_equal(unwind_step(&memory, &state, &by_rbx), PL_STOP_NONE);
	assert_int_equal(state.used, PL_USED_BX);
	state = inner();
	assert_int_equal(unwind_step(&memory, &state, &by_r10), PL_STOP_NONE);
	assert_int_equal(state.used, PL_USED_OTHER);
	/* Further out nobody knows it any more. */
	assert_int_equal(unwind_step(&memory, &state, &by_r10), PL_STOP_RULE);
}

/* gcc's way to align a frame: its end is kept in memory, rbp at rbp. */
static void a_realigned_frame_is_found_through_memory(void **unused)
{
	struct pl_unwind_rule rule = {.kind = PL_UNWIND_DEREF,
				      .base = PL_REG_RBP,
				      .offset = -8,
				      .flags = PL_UNWIND_RBP_BY_RBP};
	struct pl_unwind_rule outer = {.kind = PL_UNWIND_CFA, .base = PL_REG_RBP, .offset = 16};
	struct unwind_state state = inner();
	struct memory memory = {0};

	put(&memory, BASE + 0x78, BASE + 0xa0);	 /* where the frame ends */
	put(&memory, BASE + 0x80, BASE + 0x140); /* the caller's rbp */
	put(&memory, BASE + 0x98, 0x2000);
	put(&memory, BASE + 0x148, 0x3000);
	assert_int_equal(unwind_step(&memory, &state, &rule), PL_STOP_NONE);
	assert_int_equal(state.sp, BASE + 0xa0);
	assert_int_equal(unwind_step(&memory, &state, &outer), PL_STOP_NONE);
	assert_int_equal(state.ip, 0x3000);
}

static void the_parent_of_a_vfork_returns_by_a_register(void **unused)
{
	struct pl_unwind_rule rule = {.kind = PL_UNWIND_CFA,
				      .base = PL_REG_RSP,
				      .flags = PL_UNWIND_RA_IN_REGISTER,
				      .ra = 5};
	struct unwind_state state = inner();
	struct memory memory = {.registers[5] = 0x2000};

	assert_int_equal(unwind_step(&memory, &state, &rule), PL_STOP_NONE);
	assert_int_equal(state.ip, 0x2000);
	assert_int_equal(state.sp, BASE + 0x20);
	assert_int_equal(unwind_step(&memory, &state, &rule), PL_STOP_RULE);
}

static void the_plt_is_told_apart_by_the_address(void **unused)
{
	struct pl_unwind_rule rule = {.kind = PL_UNWIND_PLT, .offset = 11};
	struct unwind_state state = inner();
	struct memory memory = {0};

	put(&memory, BASE + 0x20, 0x2000);
	put(&memory, BASE + 0x28, 0x3000);
	state.ip = 0x1006;
	assert_int_equal(unwind_step(&memory, &state, &rule), PL_STOP_NONE);
	assert_int_equal(state.ip, 0x2000);
	state = inner();
	state.ip = 0x100b;
	assert_int_equal(unwind_step(&memory, &state, &rule), PL_STOP_NONE);
	assert_int_equal(state.ip, 0x3000);
}

/* All registers come back, and the address is that of an instruction, not of a return. */
static void a_signal_frame_gives_back_what_was_interrupted(void **unused)
{
	struct pl_unwind_rule rule = {.kind = PL_UNWIND_SIGNAL};
	struct unwind_state state = inner();
	struct memory memory = {0};
	uint64_t registers = state.sp + 40, bp;

	state.is_inner = 0;
	put(&memory, registers + 8 * 10, 0x1234);
	put(&memory, registers + 8 * 15, BASE + 0x180);
	put(&memory, registers + 8 * 16, 0x5000);
	assert_int_equal(unwind_told(&state, &rule), state.ip);
	assert_int_equal(unwind_step(&memory, &state, &rule), PL_STOP_NONE);
	assert_int_equal(unwind_pc(&state), 0x5000);
	assert_int_equal(state.sp, BASE + 0x180);
	assert_int_equal(unwind_rbp(&memory, &state, &bp), PL_STOP_NONE);
	assert_int_equal(bp, 0x1234);
}

static void ends_say_why(void **unused)
{
	static const struct {
		struct pl_unwind_rule rule;
		enum pl_stop stop;
	} ends[] = {
		{{.kind = PL_UNWIND_ROOT}, PL_STOP_ROOT},
		{{.kind = PL_UNWIND_NONE}, PL_STOP_NO_RULE},
		{{.kind = PL_UNWIND_ODD}, PL_STOP_RULE},
		{{.kind = 200}, PL_STOP_RULE},
		{{.kind = PL_UNWIND_CFA, .base = PL_REG_RSP, .offset = 1 << 20}, PL_STOP_READ},
		{{.kind = PL_UNWIND_DEREF, .base = PL_REG_RSP, .offset = 1 << 20}, PL_STOP_READ},
		{{.kind = PL_UNWIND_CFA, .base = PL_REG_RSP, .offset = 8}, PL_STOP_ROOT},
		{{.kind = PL_UNWIND_FRAME_POINTER}, PL_STOP_ROOT},
	};

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		struct unwind_state state = inner();
		struct memory memory = {0};

		assert_int_equal(unwind_step(&memory, &state, &ends[i].rule), ends[i].stop);
	}
}

static void a_frame_pointer_must_lead_upwards(void **unused)
{
	struct pl_unwind_rule rule = {.kind = PL_UNWIND_FRAME_POINTER};
	const uint64_t wrong[] = {BASE + 0x18, BASE + 0x81, 0, UINT64_MAX - 7};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct unwind_state state = inner();
		struct memory memory = {0};

		state.bp.value = wrong[i];
		assert_int_equal(unwind_step(&memory, &state, &rule), PL_STOP_FRAME_POINTER);
	}
}

static void a_register_that_was_lost_is_not_guessed(void **unused)
{
	struct pl_unwind_rule lose = {.kind = PL_UNWIND_CFA,
				      .base = PL_REG_RSP,
				      .offset = 16,
				      .saved_rbp = PL_UNWIND_LOST};
	struct pl_unwind_rule use = {.kind = PL_UNWIND_CFA, .base = PL_REG_RBP, .offset = 16};
	struct unwind_state state = inner();
	struct memory memory = {0};

	put(&memory, BASE + 0x28, 0x2000);
	assert_int_equal(unwind_step(&memory, &state, &lose), PL_STOP_NONE);
	assert_int_equal(unwind_step(&memory, &state, &use), PL_STOP_RULE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_of_known_size_takes_one_read),
		cmocka_unit_test(a_saved_register_is_read_where_it_is_needed),
		cmocka_unit_test(what_the_way_hung_on_is_noted),
		cmocka_unit_test(a_realigned_frame_is_found_through_memory),
		cmocka_unit_test(the_parent_of_a_vfork_returns_by_a_register),
		cmocka_unit_test(the_plt_is_told_apart_by_the_address),
		cmocka_unit_test(a_signal_frame_gives_back_what_was_interrupted),
		cmocka_unit_test(ends_say_why),
		cmocka_unit_test(a_frame_pointer_must_lead_upwards),
		cmocka_unit_test(a_register_that_was_lost_is_not_guessed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
