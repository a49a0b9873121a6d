/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stack_walk.h - the current thread's user stack, frame by frame, by the tables
 *
 * Runs in the scheduler's and the sampling clock's programs. All of these run with interrupts off,
 * so that a CPU needs its scratch memory for one at a time. Only a watchpoint may strike while
 * another of them reads what is watched: then that one has no stack.
 */
#ifndef PTRACE_LAB_STACK_WALK_H
#define PTRACE_LAB_STACK_WALK_H

#include "bpf/stack.h"
#include "bpf/stack_maps.h"

/* What was read on the way up: where the same lies there again, the stack is the same. */
struct stack_word {
	__u64 address;
	__u64 value;
};

struct stack_scratch {
	struct pl_stack_frames frames;
	__u32 words; /* more than PL_PLACE_WORDS: not all of them were kept */
	__u32 busy;
	struct stack_word word[PL_PLACE_WORDS];
	__u8 bytes[PL_COPY_PAGE];
};

inlined struct pt_regs *current_regs(void)
{
	return (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
}

inlined int unwind_load(void *memory, __u64 address, __u64 *ret)
{
	struct stack_scratch *scratch = memory;
	__u32 at = scratch->words;

	if (bpf_probe_read_user(ret, sizeof(*ret), (void *)address))
		return -1;
	scratch->words = at + 1;
	if (at < PL_PLACE_WORDS) {
		scratch->word[at].address = address;
		scratch->word[at].value = *ret;
	}
	return 0;
}

#if defined(__TARGET_ARCH_x86)
inlined __u64 register_of_current(__u32 number)
{
	struct pt_regs *regs = current_regs();

	switch (number) {
	case 0:
		return regs->ax;
	case 1:
		return regs->dx;
	case 2:
		return regs->cx;
	case 3:
		return regs->bx;
	case 4:
		return regs->si;
	case 5:
		return regs->di;
	case 6:
		return regs->bp;
	case 7:
		return regs->sp;
	case 8:
		return regs->r8;
	case 9:
		return regs->r9;
	case 10:
		return regs->r10;
	case 11:
		return regs->r11;
	case 12:
		return regs->r12;
	case 13:
		return regs->r13;
	case 14:
		return regs->r14;
	case 15:
		return regs->r15;
	}
	return regs->ip;
}
#else
inlined __u64 register_of_current(__u32 number)
{
	return 0; /* tables are made for x86-64 alone so far */
}
#endif

inlined int unwind_register(void *memory, __u32 number, __u64 *ret)
{
	*ret = register_of_current(number);
	return 0;
}

#include "bpf/unwind.h"

/*
 * The functions below that are not static are for the verifier's sake: it goes through each once,
 * and not once for each way that leads to it.
 */

inlined __u32 *chunk_of(__u32 word)
{
	__u32 number = word >> PL_CHUNK_SHIFT;

	return bpf_map_lookup_elem(&unwind_words, &number);
}

/* The number of the last mapping that begins at or before `pc`, if there is one. */
__weak __noinline __u32 find_mapping(__u32 first, __u32 count, __u64 pc)
{
	struct pl_mapping *mapping;
	__u32 at = first, key;

	for (int i = 0; i < 16; i++) {
		__u32 half = count / 2;

		if (count <= 1)
			break;
		key = at + half;
		mapping = bpf_map_lookup_elem(&mappings, &key);
		if (!mapping)
			return 0;
		/* All ones if it begins behind pc, as addresses have fewer than 63 bits: a branch
		 * here would have the verifier go through all ways that a search can take. */
		at += half & ~(__u32)((__s64)(pc - mapping->begin) >> 63);
		count -= half;
	}
	return at;
}

/* The number of the rule for an address, `relative` to the table whose index begins at `index`. */
__weak __noinline __u32 find_rule(__u64 relative, __u32 index)
{
	__u32 offset = relative & (PL_BLOCK_SIZE - 1), word, at, left, *chunk;

	word = index + (relative >> PL_BLOCK_SHIFT);
	chunk = chunk_of(word);
	if (!chunk)
		return 0;
	word = chunk[word & (PL_CHUNK_WORDS - 1)];
	at = word >> PL_BLOCK_ROWS_BITS;
	left = (word & PL_BLOCK_ROWS_MASK) + 1;
	chunk = chunk_of(at);
	if (!chunk)
		return 0;
	for (int i = 0; i < 10; i++) {
		__u32 half = left / 2, row;

		if (left <= 1)
			break;
		row = chunk[(at + half) & (PL_CHUNK_WORDS - 1)];
		at += half & ~(__u32)((__s32)(offset - PL_ROW_OFFSET(row)) >> 31);
		left -= half;
	}
	return PL_ROW_RULE(chunk[at & (PL_CHUNK_WORDS - 1)]);
}

struct walk {
	struct unwind_state state;
	struct pl_unwind_rule rule;
	struct pl_space space;
	__u32 cpu;
	__u32 count;
	__u32 stop;
	__u32 mapping; /* of the last frame: its caller is mostly in the same one */
};

/* From the last frame to its caller. */
__weak __noinline __u32 walk_on(struct walk *walk)
{
	struct stack_scratch *scratch;
	__u32 cpu;

	if (!walk)
		return PL_STOP_NO_TABLE;
	cpu = walk->cpu;
	scratch = bpf_map_lookup_elem(&stack_scratches, &cpu);
	if (!scratch)
		return PL_STOP_NO_TABLE;
	return unwind_step(scratch, &walk->state, &walk->rule);
}

inlined bool is_inside(const struct pl_mapping *mapping, __u64 pc)
{
	return pc - mapping->begin < mapping->end - mapping->begin;
}

inlined struct pl_mapping *mapping_of(struct walk *walk, __u64 pc)
{
	__u32 number = walk->mapping;
	struct pl_mapping *mapping = bpf_map_lookup_elem(&mappings, &number);

	if (!walk->space.count)
		return 0;
	if (walk->count && mapping && is_inside(mapping, pc))
		return mapping;
	number = find_mapping(walk->space.first, walk->space.count, pc);
	walk->mapping = number;
	mapping = bpf_map_lookup_elem(&mappings, &number);
	return mapping && is_inside(mapping, pc) ? mapping : 0;
}

/* What to do at an address: PL_STOP_NONE, or why nothing can be done. */
inlined __u32 rule_for(struct walk *walk, __u64 pc)
{
	struct pl_mapping *mapping = mapping_of(walk, pc);
	struct pl_unwind_rule *rule;
	__u32 number = 0;
	__u64 relative;

	if (!mapping)
		return PL_STOP_NO_MODULE;
	if (!mapping->blocks) {
		walk->rule.kind = PL_UNWIND_FRAME_POINTER;
		return mapping->index == PL_MAPPING_FRAME_POINTER ? PL_STOP_NONE : PL_STOP_NO_TABLE;
	}
	relative = pc - mapping->bias;
	if (relative >> PL_BLOCK_SHIFT < mapping->blocks)
		number = find_rule(relative, mapping->index);
	rule = bpf_map_lookup_elem(&unwind_rules, &number);
	if (!rule)
		return PL_STOP_NO_RULE;
	walk->rule = *rule;
	return PL_STOP_NONE;
}

/* One frame. A callback of bpf_loop(). */
static long walk_step(__u32 index, void *context)
{
	struct walk *walk = context;
	__u64 pc = unwind_pc(&walk->state);
	__u32 count = walk->count, cpu = walk->cpu;
	struct stack_scratch *scratch = bpf_map_lookup_elem(&stack_scratches, &cpu);

	if (!scratch || count >= PL_STACK_FRAMES)
		return 1;
	scratch->frames.address[count] = pc;
	walk->stop = rule_for(walk, pc);
	walk->count = count + 1;
	if (walk->stop == PL_STOP_NONE) {
		scratch->frames.address[count] = unwind_told(&walk->state, &walk->rule);
		walk->stop = walk_on(walk);
	}
	return walk->stop != PL_STOP_NONE;
}

#endif
