/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * unwind.h - from a frame to its caller
 *
 * The kernel side does this at switches and samples, and user space where a table came too late,
 * from a copy of the stack. Plain C without helpers: whoever includes this defines
 *
 *	unwind_load(memory, address, &value)	eight bytes of the thread's memory; 0 if it worked
 *	unwind_register(memory, number, &value)	a register of the innermost frame, by DWARF number
 *
 * before, and only the instruction pointer, rsp, rbp and rbx are followed from frame to frame.
 * (rbx: what the loader's lazy binding finds its frame by.) The latter two are read from the stack
 * only where a frame is found by them, which is seldom, so that most frames cost one read.
 */
#ifndef PTRACE_LAB_UNWIND_H
#define PTRACE_LAB_UNWIND_H

#include "bpf/unwind_rules.h"

enum unwind_where {
	UNWIND_OWN = 0,	      /* as the thread has it */
	UNWIND_IN_MEMORY = 1, /* `value` is where it was saved */
	UNWIND_LOADED = 2,    /* and fetched from there */
	UNWIND_LOST = 3,
};

struct unwind_register {
	PL_U64 value;
	PL_U64 where; /* enum unwind_where */
};

struct unwind_state {
	PL_U64 ip;
	PL_U64 sp;
	struct unwind_register bp;
	struct unwind_register bx;
	PL_U32 is_return; /* ip is a return address: its call lies before it */
	PL_U32 is_inner;  /* the innermost frame: all registers are known */
	PL_U32 used;	  /* enum pl_used: what decided the way so far */
	PL_U32 reserved;
};

#define unwind_inline static inline __attribute__((always_inline))

/* The address whose rule counts: of a return address the call's, which may be the last instruction
 * of its function. */
unwind_inline PL_U64 unwind_pc(const struct unwind_state *state)
{
	return state->ip - (state->is_return ? 1 : 0);
}

/* What to tell of the frame. What a signal handler returns to is not called by what lies before it.
 */
unwind_inline PL_U64 unwind_told(const struct unwind_state *state,
				 const struct pl_unwind_rule *rule)
{
	return rule->kind == PL_UNWIND_SIGNAL && !state->is_inner ? state->ip : unwind_pc(state);
}

unwind_inline PL_U32 unwind_followed(void *memory, struct unwind_state *state,
				     struct unwind_register *from, PL_U32 use, PL_U64 *ret)
{
	PL_U64 value = 0;

	if (from->where == UNWIND_LOST)
		return PL_STOP_RULE;
	if (from->where == UNWIND_OWN)
		state->used |= use;
	if (from->where == UNWIND_IN_MEMORY) {
		if (unwind_load(memory, from->value, &value))
			return PL_STOP_READ;
		from->value = value;
		from->where = UNWIND_LOADED;
	}
	*ret = from->value;
	return PL_STOP_NONE;
}

unwind_inline PL_U32 unwind_rbp(void *memory, struct unwind_state *state, PL_U64 *ret)
{
	return unwind_followed(memory, state, &state->bp, PL_USED_BP, ret);
}

unwind_inline PL_U32 unwind_base(void *memory, struct unwind_state *state, PL_U8 base, PL_U64 *ret)
{
	if (base == PL_REG_RSP) {
		*ret = state->sp;
		return PL_STOP_NONE;
	}
	if (base == PL_REG_RBP)
		return unwind_rbp(memory, state, ret);
	if (base == PL_REG_RBX)
		return unwind_followed(memory, state, &state->bx, PL_USED_BX, ret);
	if (!state->is_inner || unwind_register(memory, base, ret))
		return PL_STOP_RULE;
	state->used |= PL_USED_OTHER;
	return PL_STOP_NONE;
}

unwind_inline void unwind_saved(struct unwind_register *to, PL_S16 offset, PL_U64 from)
{
	if (!offset)
		return;
	to->value = from + offset;
	to->where = offset == PL_UNWIND_LOST ? UNWIND_LOST : UNWIND_IN_MEMORY;
}

/* struct rt_sigframe, which rsp points to: the return address is popped already, and the ucontext
 * begins there; its registers at +40: r8..r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip. */
unwind_inline PL_U32 unwind_signal(void *memory, struct unwind_state *state)
{
	PL_U64 registers = state->sp + 40, sp = 0, ip = 0;

	if (unwind_load(memory, registers + 8 * 15, &sp) ||
	    unwind_load(memory, registers + 8 * 16, &ip))
		return PL_STOP_READ;
	state->bp.value = registers + 8 * 10;
	state->bp.where = UNWIND_IN_MEMORY;
	state->bx.value = registers + 8 * 11;
	state->bx.where = UNWIND_IN_MEMORY;
	state->sp = sp;
	state->ip = ip;
	state->is_return = 0;
	state->is_inner = 0;
	return PL_STOP_NONE;
}

unwind_inline PL_U32 unwind_frame_pointer(void *memory, struct unwind_state *state)
{
	PL_U64 frame = 0, caller = 0, ra = 0;

	if (unwind_rbp(memory, state, &frame) != PL_STOP_NONE || frame < state->sp || frame & 7 ||
	    unwind_load(memory, frame, &caller) || unwind_load(memory, frame + 8, &ra))
		return PL_STOP_FRAME_POINTER;
	if (!ra)
		return PL_STOP_ROOT;
	state->bp.value = caller;
	state->bp.where = UNWIND_LOADED;
	state->bx.where = UNWIND_LOST;
	state->sp = frame + 16;
	state->ip = ra;
	state->is_return = 1;
	state->is_inner = 0;
	return PL_STOP_NONE;
}

unwind_inline PL_U32 unwind_cfa(void *memory, struct unwind_state *state,
				const struct pl_unwind_rule *rule, PL_U64 *ret)
{
	PL_U64 base = 0;
	PL_U32 stop;

	if (rule->kind == PL_UNWIND_PLT) {
		*ret = state->sp + 8 + ((state->ip & 15) >= (PL_U32)rule->offset ? 8 : 0);
		return PL_STOP_NONE;
	}
	stop = unwind_base(memory, state, rule->base, &base);
	if (stop != PL_STOP_NONE)
		return stop;
	base += rule->offset;
	if (rule->kind == PL_UNWIND_DEREF) {
		PL_U64 inner = 0;

		if (unwind_load(memory, base, &inner))
			return PL_STOP_READ;
		base = inner + rule->addend;
	}
	*ret = base;
	return PL_STOP_NONE;
}

/* Where the caller's rbp and rbx are. Both may have been saved relative to rbp itself. */
unwind_inline PL_U32 unwind_save(void *memory, struct unwind_state *state,
				 const struct pl_unwind_rule *rule, PL_U64 cfa)
{
	PL_U64 frame = 0;

	if (rule->flags & (PL_UNWIND_RBP_BY_RBP | PL_UNWIND_RBX_BY_RBP)) {
		PL_U32 stop = unwind_rbp(memory, state, &frame);

		if (stop != PL_STOP_NONE)
			return stop;
	}
	if (rule->flags & PL_UNWIND_RBP_BY_RBP) {
		/* Often at rbp itself: an offset of 0 means something there. */
		state->bp.value = frame + rule->saved_rbp;
		state->bp.where = UNWIND_IN_MEMORY;
	} else {
		unwind_saved(&state->bp, rule->saved_rbp, cfa);
	}
	unwind_saved(&state->bx, rule->saved_rbx, rule->flags & PL_UNWIND_RBX_BY_RBP ? frame : cfa);
	return PL_STOP_NONE;
}

/* Goes on to the caller: PL_STOP_NONE, or why there is none. */
unwind_inline PL_U32 unwind_step(void *memory, struct unwind_state *state,
				 const struct pl_unwind_rule *rule)
{
	PL_U64 cfa = 0, ra = 0;
	PL_U32 stop;

	switch (rule->kind) {
	case PL_UNWIND_ROOT:
		return PL_STOP_ROOT;
	case PL_UNWIND_NONE:
		return PL_STOP_NO_RULE;
	case PL_UNWIND_SIGNAL:
		return unwind_signal(memory, state);
	case PL_UNWIND_FRAME_POINTER:
		return unwind_frame_pointer(memory, state);
	case PL_UNWIND_CFA:
	case PL_UNWIND_DEREF:
	case PL_UNWIND_PLT:
		break;
	default:
		return PL_STOP_RULE;
	}
	stop = unwind_cfa(memory, state, rule, &cfa);
	if (stop != PL_STOP_NONE)
		return stop;
	if (rule->flags & PL_UNWIND_RA_IN_REGISTER) {
		if (!state->is_inner || unwind_register(memory, rule->ra, &ra))
			return PL_STOP_RULE;
		state->used |= PL_USED_OTHER;
	} else if (unwind_load(memory, cfa - 8, &ra)) {
		return PL_STOP_READ;
	}
	if (!ra)
		return PL_STOP_ROOT;
	stop = unwind_save(memory, state, rule, cfa);
	if (stop != PL_STOP_NONE)
		return stop;
	state->sp = cfa;
	state->ip = ra;
	state->is_return = 1;
	state->is_inner = 0;
	return PL_STOP_NONE;
}

#endif
