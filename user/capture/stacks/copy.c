// SPDX-License-Identifier: GPL-2.0-only
#include "capture/stacks/copy.h"

#include <string.h>

static int unwind_load(void *memory, uint64_t address, uint64_t *ret)
{
	const struct pl_stack_copy *copy = memory;
	uint64_t offset = address - copy->begin;

	if (address < copy->begin || copy->bytes < sizeof(*ret) ||
	    offset > copy->bytes - sizeof(*ret))
		return -1;
	memcpy(ret, copy->memory + offset, sizeof(*ret));
	return 0;
}

static int unwind_register(void *memory, uint32_t number, uint64_t *ret)
{
	const struct pl_stack_copy *copy = memory;

	if (number >= PL_REGISTERS)
		return -1;
	*ret = copy->registers[number];
	return 0;
}

#include "bpf/unwind.h"

static enum pl_stop rule_at(const struct code_space *space, uint64_t address,
			    struct pl_unwind_rule *ret)
{
	const struct mapped_code *code = code_space_at(space, address);

	if (!code)
		return PL_STOP_NO_MODULE;
	if (code->module && code->module->table) {
		*ret = *unwind_table_rule(code->module->table, address - code->bias);
		return PL_STOP_NONE;
	}
	if (!module_has_frame_pointers(code->module))
		return PL_STOP_NO_TABLE;
	*ret = (struct pl_unwind_rule){.kind = PL_UNWIND_FRAME_POINTER};
	return PL_STOP_NONE;
}

enum pl_stop stack_copy_unwind(const struct pl_stack_copy *copy, const struct code_space *space,
			       struct pl_stack_frames *ret)
{
	struct unwind_state state = {
		.ip = copy->registers[PL_REG_RIP],
		.sp = copy->registers[PL_REG_RSP],
		.bp.value = copy->registers[PL_REG_RBP],
		.bx.value = copy->registers[PL_REG_RBX],
		.is_return = copy->how == PL_HOW_RETURNING,
		.is_inner = 1,
	};
	uint32_t stop = PL_STOP_NONE;

	ret->head = copy->head;
	ret->head.kind = PL_STACK_FRAMES_OF;
	ret->head.count = 0;
	while (stop == PL_STOP_NONE && ret->head.count < PL_STACK_FRAMES) {
		uint64_t pc = unwind_pc(&state);
		struct pl_unwind_rule rule;

		ret->address[ret->head.count] = pc;
		stop = rule_at(space, pc, &rule);
		if (stop == PL_STOP_NONE)
			ret->address[ret->head.count] = unwind_told(&state, &rule);
		ret->head.count++;
		if (stop == PL_STOP_NONE)
			stop = unwind_step((void *)copy, &state, &rule);
	}
	if (stop == PL_STOP_NONE)
		stop = PL_STOP_DEPTH;
	if (copy->how == PL_HOW_TRAPPED)
		ret->address[0]--;
	ret->head.stop = stop;
	return stop;
}
