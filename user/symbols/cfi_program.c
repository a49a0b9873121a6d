// SPDX-License-Identifier: GPL-2.0-only
/* cfi_program.c - the small programs of which .eh_frame consists, and what they say as rules */
#include "symbols/cfi_inside.h"

#include <dwarf.h>
#include <limits.h>
#include <string.h>

#define STATES_KEPT 32 /* compilers nest two or three deep */

enum where {
	UNDEFINED,
	SAME,
	AT_CFA,	     /* in memory at CFA + value */
	IN_REGISTER, /* `value` */
	AT_EXPRESSION,
	ELSEWHERE, /* in none of the places that we follow */
};

struct place {
	enum where where;
	int64_t value;
	size_t expression, expression_end;
};

struct state {
	bool by_expression;
	uint64_t base;
	int64_t offset;
	size_t expression, expression_end;
	struct place rbp, rbx, ra;
};

struct machine {
	struct cursor cursor;
	const struct common *common;
	uint64_t at; /* address that the state is for */
	struct state state, initial;
	struct state kept[STATES_KEPT];
	size_t kept_count;
};

static struct place *place_of(struct machine *machine, uint64_t number)
{
	if (number == machine->common->ra)
		return &machine->state.ra;
	if (number == PL_REG_RBP)
		return &machine->state.rbp;
	if (number == PL_REG_RBX)
		return &machine->state.rbx;
	return NULL;
}

static void set_place(struct machine *machine, uint64_t number, enum where where, int64_t value)
{
	struct place *place = place_of(machine, number);

	if (place)
		*place = (struct place){.where = where, .value = value};
}

static void set_expression(struct machine *machine, uint64_t number, enum where where)
{
	struct place *place = place_of(machine, number);
	uint64_t size = cursor_unsigned(&machine->cursor);
	size_t begin = machine->cursor.at;

	cursor_skip(&machine->cursor, size);
	if (place)
		*place = (struct place){
			.where = where, .expression = begin, .expression_end = machine->cursor.at};
}

static void restore_place(struct machine *machine, uint64_t number)
{
	struct place *place = place_of(machine, number);

	if (place == &machine->state.ra)
		*place = machine->initial.ra;
	else if (place == &machine->state.rbp)
		*place = machine->initial.rbp;
	else if (place == &machine->state.rbx)
		*place = machine->initial.rbx;
}

static void set_base(struct machine *machine, uint64_t base, int64_t offset)
{
	machine->state.by_expression = false;
	machine->state.base = base;
	machine->state.offset = offset;
}

static void keep_state(struct machine *machine)
{
	if (machine->kept_count == STATES_KEPT)
		machine->cursor.bad = true;
	else
		machine->kept[machine->kept_count++] = machine->state;
}

static void kept_state(struct machine *machine)
{
	if (!machine->kept_count)
		machine->cursor.bad = true;
	else
		machine->state = machine->kept[--machine->kept_count];
}

/* In units of the common entry; an overflow only makes nonsense of what is nonsense. */
static int64_t scaled(const struct machine *machine, uint64_t value)
{
	return (int64_t)(value * (uint64_t)machine->common->data_unit);
}

/* Instructions that say where a register is. False: it is none of these. */
static bool step_register(struct machine *machine, uint8_t code)
{
	struct cursor *cursor = &machine->cursor;
	uint64_t number = cursor_unsigned(cursor);

	switch (code) {
	case DW_CFA_offset_extended:
		set_place(machine, number, AT_CFA, scaled(machine, cursor_unsigned(cursor)));
		return true;
	case DW_CFA_offset_extended_sf:
		set_place(machine, number, AT_CFA,
			  scaled(machine, (uint64_t)cursor_signed(cursor)));
		return true;
	case DW_CFA_GNU_negative_offset_extended:
		set_place(machine, number, AT_CFA, -scaled(machine, cursor_unsigned(cursor)));
		return true;
	case DW_CFA_val_offset:
	case DW_CFA_val_offset_sf:
		cursor_unsigned(cursor);
		set_place(machine, number, ELSEWHERE, 0);
		return true;
	case DW_CFA_restore_extended:
		restore_place(machine, number);
		return true;
	case DW_CFA_undefined:
		set_place(machine, number, UNDEFINED, 0);
		return true;
	case DW_CFA_same_value:
		set_place(machine, number, SAME, 0);
		return true;
	case DW_CFA_register:
		set_place(machine, number, IN_REGISTER, (int64_t)cursor_unsigned(cursor));
		return true;
	case DW_CFA_expression:
		set_expression(machine, number, AT_EXPRESSION);
		return true;
	case DW_CFA_val_expression:
		set_expression(machine, number, ELSEWHERE);
		return true;
	}
	return false;
}

/* Instructions that say where the frame ends, and the rest. */
static void step_frame(struct machine *machine, uint8_t code)
{
	struct cursor *cursor = &machine->cursor;
	uint64_t number;

	switch (code) {
	case DW_CFA_nop:
		return;
	case DW_CFA_remember_state:
		keep_state(machine);
		return;
	case DW_CFA_restore_state:
		kept_state(machine);
		return;
	case DW_CFA_def_cfa:
		number = cursor_unsigned(cursor);
		set_base(machine, number, (int64_t)cursor_unsigned(cursor));
		return;
	case DW_CFA_def_cfa_sf:
		number = cursor_unsigned(cursor);
		set_base(machine, number, scaled(machine, (uint64_t)cursor_signed(cursor)));
		return;
	case DW_CFA_def_cfa_register:
		set_base(machine, cursor_unsigned(cursor), machine->state.offset);
		return;
	case DW_CFA_def_cfa_offset:
		set_base(machine, machine->state.base, (int64_t)cursor_unsigned(cursor));
		return;
	case DW_CFA_def_cfa_offset_sf:
		set_base(machine, machine->state.base,
			 scaled(machine, (uint64_t)cursor_signed(cursor)));
		return;
	case DW_CFA_def_cfa_expression:
		number = cursor_unsigned(cursor);
		machine->state.by_expression = true;
		machine->state.expression = cursor->at;
		cursor_skip(cursor, number);
		machine->state.expression_end = cursor->at;
		return;
	case DW_CFA_GNU_args_size:
		cursor_unsigned(cursor);
		return;
	}
	cursor->bad = true;
}

static bool is_register_code(uint8_t code)
{
	return (code >= DW_CFA_offset_extended && code <= DW_CFA_register) ||
	       code == DW_CFA_expression || code == DW_CFA_offset_extended_sf ||
	       (code >= DW_CFA_val_offset && code <= DW_CFA_val_expression) ||
	       code == DW_CFA_GNU_negative_offset_extended;
}

/* Goes on until time moves, and returns to which address; to UINT64_MAX at the end. */
static uint64_t run(struct machine *machine)
{
	struct cursor *cursor = &machine->cursor;

	while (cursor->at < cursor->end && !cursor->bad) {
		uint8_t code = cursor_bytes(cursor, 1), low = code & 0x3f;
		uint64_t unit = machine->common->code_unit;

		switch (code & 0xc0) {
		case DW_CFA_advance_loc:
			return machine->at + low * unit;
		case DW_CFA_offset:
			set_place(machine, low, AT_CFA, scaled(machine, cursor_unsigned(cursor)));
			continue;
		case DW_CFA_restore:
			restore_place(machine, low);
			continue;
		}
		switch (code) {
		case DW_CFA_set_loc:
			return cursor_pointer(cursor, machine->common->pointer);
		case DW_CFA_advance_loc1:
			return machine->at + cursor_bytes(cursor, 1) * unit;
		case DW_CFA_advance_loc2:
			return machine->at + cursor_bytes(cursor, 2) * unit;
		case DW_CFA_advance_loc4:
			return machine->at + cursor_bytes(cursor, 4) * unit;
		}
		if (!is_register_code(code))
			step_frame(machine, code);
		else if (!step_register(machine, code))
			cursor->bad = true;
	}
	return UINT64_MAX;
}

/* ---- states as rules ------------------------------------------------------------------------ */

/* "register + offset", whatever follows being left in the cursor. */
static bool take_register_offset(struct cursor *cursor, uint64_t *ret_number, int64_t *ret_offset)
{
	uint8_t code = cursor_bytes(cursor, 1);

	if (code == DW_OP_bregx)
		*ret_number = cursor_unsigned(cursor);
	else if (code >= DW_OP_breg0 && code <= DW_OP_breg31)
		*ret_number = code - DW_OP_breg0;
	else
		return false;
	*ret_offset = cursor_signed(cursor);
	return !cursor->bad;
}

/* What linkers write for the PLT, in which nothing but the address tells whether something is
 * pushed yet: rsp + 8 + ((rip & 15) >= N) * 8 */
static bool is_plt(const uint8_t *bytes, size_t size)
{
	static const uint8_t plt[] = {
		DW_OP_breg7, 8,	       DW_OP_breg16, 0,		DW_OP_lit15, DW_OP_and,
		DW_OP_lit0,  DW_OP_ge, DW_OP_lit3,   DW_OP_shl, DW_OP_plus,
	};

	return size == sizeof(plt) && !memcmp(bytes, plt, 6) && bytes[6] >= DW_OP_lit0 &&
	       bytes[6] <= DW_OP_lit15 && !memcmp(bytes + 7, plt + 7, 4);
}

static bool fits(int64_t value)
{
	return value >= INT32_MIN && value <= INT32_MAX;
}

static void base_by_expression(const struct cfi_section *section, const struct state *state,
			       struct pl_unwind_rule *rule)
{
	struct cursor cursor = {
		.section = section,
		.at = state->expression,
		.end = state->expression_end,
	};
	const uint8_t *bytes = section->bytes + state->expression;
	uint64_t number, addend = 0;
	int64_t offset;
	uint8_t code;

	rule->kind = PL_UNWIND_ODD;
	if (is_plt(bytes, cursor.end - cursor.at)) {
		rule->kind = PL_UNWIND_PLT;
		rule->offset = bytes[6] - DW_OP_lit0;
		return;
	}
	if (!take_register_offset(&cursor, &number, &offset) || number > PL_REG_RIP ||
	    !fits(offset))
		return;
	code = cursor.at < cursor.end ? cursor_bytes(&cursor, 1) : 0;
	if (code && code != DW_OP_deref)
		return;
	if (code && cursor.at < cursor.end) {
		if (cursor_bytes(&cursor, 1) != DW_OP_plus_uconst)
			return;
		addend = cursor_unsigned(&cursor);
	}
	if (cursor.bad || cursor.at != cursor.end || addend > INT32_MAX)
		return;
	rule->kind = code ? PL_UNWIND_DEREF : PL_UNWIND_CFA;
	rule->base = (uint8_t)number;
	rule->offset = (int32_t)offset;
	rule->addend = (int32_t)addend;
}

/* Where the caller's rbp or rbx is. By an expression it is where frames are realigned: at an offset
 * from rbp. */
static int16_t saved_of(const struct cfi_section *section, const struct place *place,
			uint8_t by_rbp, struct pl_unwind_rule *rule)
{
	struct cursor cursor = {
		.section = section,
		.at = place->expression,
		.end = place->expression_end,
	};
	uint64_t number;
	int64_t offset;

	switch (place->where) {
	case SAME:
		return 0;
	case AT_CFA:
		if (place->value && place->value > INT16_MIN && place->value < PL_UNWIND_LOST)
			return (int16_t)place->value;
		return PL_UNWIND_LOST;
	case AT_EXPRESSION:
		if (take_register_offset(&cursor, &number, &offset) && cursor.at == cursor.end &&
		    number == PL_REG_RBP && offset > INT16_MIN && offset < PL_UNWIND_LOST) {
			rule->flags |= by_rbp;
			return (int16_t)offset;
		}
		return PL_UNWIND_LOST;
	default:
		return PL_UNWIND_LOST;
	}
}

static void take_ra(const struct place *ra, struct pl_unwind_rule *rule)
{
	if (ra->where == UNDEFINED) {
		*rule = (struct pl_unwind_rule){.kind = PL_UNWIND_ROOT};
	} else if (ra->where == IN_REGISTER && ra->value <= PL_REG_RIP) {
		rule->flags |= PL_UNWIND_RA_IN_REGISTER;
		rule->ra = (uint8_t)ra->value;
	} else if (ra->where != AT_CFA || ra->value != -8) {
		*rule = (struct pl_unwind_rule){.kind = PL_UNWIND_ODD};
	}
}

static struct pl_unwind_rule rule_of(const struct machine *machine)
{
	const struct cfi_section *section = machine->cursor.section;
	const struct state *state = &machine->state;
	struct pl_unwind_rule rule = {.kind = PL_UNWIND_CFA};

	if (machine->common->signal)
		return (struct pl_unwind_rule){.kind = PL_UNWIND_SIGNAL};
	if (state->by_expression) {
		base_by_expression(section, state, &rule);
	} else if (state->base <= PL_REG_RIP && fits(state->offset)) {
		rule.base = (uint8_t)state->base;
		rule.offset = (int32_t)state->offset;
	} else {
		rule.kind = PL_UNWIND_ODD;
	}
	if (rule.kind == PL_UNWIND_ODD && state->ra.where != UNDEFINED)
		return (struct pl_unwind_rule){.kind = PL_UNWIND_ODD};
	rule.saved_rbp = saved_of(section, &state->rbp, PL_UNWIND_RBP_BY_RBP, &rule);
	rule.saved_rbx = saved_of(section, &state->rbx, PL_UNWIND_RBX_BY_RBP, &rule);
	take_ra(&state->ra, &rule);
	return rule;
}

/* ---- rows ----------------------------------------------------------------------------------- */

static bool begin_function(struct machine *machine, const struct cfi_section *section,
			   const struct cfi_function *function, struct common *common)
{
	struct cursor *cursor = &machine->cursor;
	struct entry entry;

	machine->at = function->begin;
	if (!cfi_entry(section, function->offset, &entry) || entry.is_common ||
	    !cfi_common(section, &entry, common))
		return false;
	machine->common = common;
	machine->kept_count = 0;
	memset(&machine->state, 0, sizeof(machine->state));
	machine->state.rbp.where = machine->state.rbx.where = SAME;
	*cursor = (struct cursor){.section = section, .at = common->program, .end = common->end};
	/* Time does not move before the function. */
	if (run(machine) != UINT64_MAX || cursor->bad)
		return false;
	machine->initial = machine->state;
	*cursor = (struct cursor){.section = section, .at = entry.body, .end = entry.end};
	cursor_pointer(cursor, common->pointer);
	cursor_pointer(cursor, common->pointer & 0x0f);
	if (common->augmented)
		cursor_skip(cursor, cursor_unsigned(cursor));
	return !cursor->bad;
}

int cfi_rows(const struct cfi_section *section, const struct cfi_function *function, cfi_row *row,
	     void *context)
{
	static const struct pl_unwind_rule odd = {.kind = PL_UNWIND_ODD};
	struct machine machine;
	struct pl_unwind_rule rule;
	struct common common;
	int error;

	if (!begin_function(&machine, section, function, &common))
		return row(context, function->begin, function->end, &odd);
	while (machine.at < function->end) {
		uint64_t next = run(&machine);

		if (machine.cursor.bad || next < machine.at)
			return row(context, machine.at, function->end, &odd);
		if (next > function->end)
			next = function->end;
		if (next == machine.at)
			continue;
		rule = rule_of(&machine);
		error = row(context, machine.at, next, &rule);
		if (error)
			return error;
		machine.at = next;
	}
	return 0;
}
