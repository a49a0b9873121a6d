// SPDX-License-Identifier: GPL-2.0-only
/*
 * stack.bpf.c - user stacks: of threads that block, of who wakes them, of who runs
 *
 * Most threads block again and again in the same place. What was read of the stack the last time,
 * a word for each frame, is kept, and where the same lies there again the stack is the same: then
 * nothing is unwound. All that decided the way up is compared, so that this is no guess.
 */
#include "bpf/stack_walk.h"
#include "bpf/kernel_stack.h"
#include "bpf/python.h"
#include "bpf/slot.h"
#include "bpf/stack_send.h"
#include <bpf/bpf_tracing.h>

inlined __u64 mix(__u64 hash, __u64 value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 29;
}

struct where {
	__u64 ip, sp, bp, bx;
	__u32 tgid, tid;
	__u32 space;
	__u32 how; /* enum pl_how */
};

inlined void where_is_current(struct where *where)
{
	struct pt_regs *regs = current_regs();
	__u64 pid = bpf_get_current_pid_tgid();
	__u32 *space;

	where->tgid = pid >> 32;
	where->tid = pid;
#if defined(__TARGET_ARCH_x86)
	where->ip = regs->ip;
	where->sp = regs->sp;
	where->bp = regs->bp;
	where->bx = regs->bx;
	where->how = how_of(regs);
#else
	where->ip = regs->pc;
	where->sp = regs->sp;
	where->bp = where->bx = 0;
	where->how = how_of(regs);
#endif
	space = bpf_map_lookup_elem(&space_of_process, &where->tgid);
	where->space = space ? *space : 0;
}

inlined struct stack_scratch *scratch_here(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&stack_scratches, &cpu);
}

/* ---- stacks that are recognised -------------------------------------------------------------- */

inlined struct pl_stack_place *place_of_stack(const struct where *where)
{
	__u32 number = mix(mix(where->tid, where->ip), where->sp) >> 40 & (PL_PLACES - 1);

	return bpf_map_lookup_elem(&stack_places, &number);
}

/* All words of the place in one read, as they are mostly close together. */
inlined bool words_are_near(struct stack_scratch *scratch, const struct pl_stack_place *place,
			    __u64 sp)
{
	__u32 bytes = place->bytes, words = place->words;
	__u64 difference = 0;

	if (bytes > PL_COPY_PAGE)
		return false;
	asm volatile("" : "+r"(bytes));
	if (bytes > PL_COPY_PAGE || bpf_probe_read_user(scratch->bytes, bytes, (void *)sp))
		return false;
	for (__u32 i = 0; i < PL_PLACE_WORDS; i++) {
		if (i >= words)
			break;
		difference |=
			*(__u64 *)(scratch->bytes + (place->offsets[i] & (PL_COPY_PAGE - 8))) ^
			place->values[i];
	}
	return !difference;
}

inlined bool words_are_far(const struct pl_stack_place *place, __u64 sp)
{
	__u64 value, difference = 0;
	__u32 words = place->words;

	for (__u32 i = 0; i < PL_PLACE_WORDS; i++) {
		if (i >= words)
			break;
		if (bpf_probe_read_user(&value, sizeof(value), (void *)(sp + place->offsets[i])))
			return false;
		difference |= value ^ place->values[i];
	}
	return !difference;
}

/* The id of a stack that is known by its words, or 0. Two threads may share the memory of a place,
 * and one may be writing it: then it is not the first one's any more when that looks again. */
__weak __noinline __u32 recognise(const struct where *where)
{
	struct stack_scratch *scratch = scratch_here();
	struct pl_stack_place *place;
	__u32 id;

	if (!where || !scratch)
		return 0;
	place = place_of_stack(where);
	if (!place || READ_ONCE(place->tid) != where->tid || place->ip != where->ip ||
	    place->sp != where->sp || place->space != where->space || place->how != where->how)
		return 0;
	if (place->used & PL_USED_BP && place->bp != where->bp)
		return 0;
	if (place->used & PL_USED_BX && place->bx != where->bx)
		return 0;
	id = place->stack;
	if (place->bytes <= PL_COPY_PAGE ? !words_are_near(scratch, place, where->sp)
					 : !words_are_far(place, where->sp))
		return 0;
	asm volatile("" ::: "memory");
	return READ_ONCE(place->tid) == where->tid ? id : 0;
}

inlined bool keep_words(struct pl_stack_place *place, const struct stack_scratch *scratch, __u64 sp)
{
	__u32 words = scratch->words, bytes = 0;

	for (__u32 i = 0; i < PL_PLACE_WORDS; i++) {
		__u64 offset;

		if (i >= words)
			break;
		offset = scratch->word[i].address - sp;
		if (offset & 7 || offset >> 31)
			return false;
		if (offset + 8 > bytes)
			bytes = offset + 8;
		place->offsets[i] = offset;
		place->values[i] = scratch->word[i].value;
	}
	place->words = words;
	place->bytes = bytes;
	return true;
}

__weak __noinline __u32 remember(const struct where *where, __u32 used, __u32 id)
{
	struct stack_scratch *scratch = scratch_here();
	struct pl_stack_place *place;

	if (!where || !scratch || used & PL_USED_OTHER || scratch->words > PL_PLACE_WORDS)
		return 0;
	place = place_of_stack(where);
	if (!place || __sync_val_compare_and_swap(&place->busy, 0, 1))
		return 0;
	WRITE_ONCE(place->tid, 0);
	asm volatile("" ::: "memory");
	place->ip = where->ip;
	place->sp = where->sp;
	place->bp = where->bp;
	place->bx = where->bx;
	place->space = where->space;
	place->how = where->how;
	place->used = used;
	place->stack = id;
	if (keep_words(place, scratch, where->sp)) {
		asm volatile("" ::: "memory");
		WRITE_ONCE(place->tid, where->tid);
	}
	WRITE_ONCE(place->busy, 0);
	return 1;
}

/* ---- stacks that are sent -------------------------------------------------------------------- */

inlined __u64 hash_of(const struct stack_scratch *scratch, const struct walk *walk, __u32 space)
{
	__u64 hash = mix(space, walk->stop);

	for (__u32 i = 0; i < PL_STACK_FRAMES; i++) {
		if (i >= walk->count)
			break;
		hash = mix(hash, scratch->frames.address[i]);
	}
	return mix(hash, walk->count);
}

/* The id of the stack in the scratch memory, which is sent if it has none yet. */
__weak __noinline __u32 id_of(const struct walk *walk, const struct where *where)
{
	struct stack_scratch *scratch = scratch_here();
	__u32 number, id, count;
	__u64 hash, *known;

	if (!scratch || !walk || !where)
		return 0;
	count = walk->count;
	hash = hash_of(scratch, walk, where->space);
	number = hash & (PL_STACK_IDS - 1);
	known = bpf_map_lookup_elem(&stack_ids, &number);
	if (!known)
		return 0;
	if (*known >> ID_BITS == hash >> ID_BITS)
		return *known & ID_MASK;
	id = new_id();
	if (count > PL_STACK_FRAMES)
		return 0;
	head_fill(&scratch->frames.head, where->tgid, where->tid, where->space, PL_STACK_FRAMES_OF,
		  id);
	scratch->frames.head.stop = walk->stop;
	scratch->frames.head.count = count;
	if (!id || bpf_ringbuf_output(&stack_ring, &scratch->frames,
				      sizeof(struct pl_stack_head) + count * sizeof(__u64),
				      ring_flags())) {
		__sync_fetch_and_add(&stack_control.lost, 1);
		return 0;
	}
	*known = (hash & ~(__u64)ID_MASK) | id;
	return id;
}

/* The thread's registers and the memory above its stack pointer. */
__weak __noinline __u32 send_copy(const struct where *where, __u32 id, __u32 stop)
{
	struct pl_stack_copy *copy;
	__u64 begin;

	if (!where)
		return 0;
	begin = where->sp & ~(__u64)(PL_COPY_PAGE - 1);
	copy = bpf_ringbuf_reserve(&stack_ring, sizeof(*copy), 0);
	if (!copy) {
		__sync_fetch_and_add(&stack_control.lost, 1);
		return 0;
	}
	head_fill(&copy->head, where->tgid, where->tid, where->space, PL_STACK_COPY, id);
	copy->head.stop = stop;
	copy_registers(copy->registers, current_regs());
	copy->thread = thread_pointer(bpf_get_current_task_btf());
	copy->begin = begin;
	copy->how = where->how;
	copy->bytes = 0;
	for (__u32 page = 0; page < PL_COPY_PAGES; page++) {
		if (bpf_probe_read_user(copy->memory + page * PL_COPY_PAGE, PL_COPY_PAGE,
					(void *)(begin + page * PL_COPY_PAGE)))
			break;
		copy->bytes = (page + 1) * PL_COPY_PAGE;
	}
	/* Somebody should make the table soon; not so for a mere second opinion. */
	bpf_ringbuf_submit(copy, stack_settings.kinds & PL_STACKS_ORACLE ? ring_flags()
									 : BPF_RB_FORCE_WAKEUP);
	return id;
}

/* ---- the whole ------------------------------------------------------------------------------- */

inlined void walk_begin(struct walk *walk, const struct where *where)
{
	__u32 number = where->space;
	struct pl_space *space = number ? bpf_map_lookup_elem(&spaces, &number) : 0;

	__builtin_memset(walk, 0, sizeof(*walk));
	walk->state.ip = where->ip;
	walk->state.sp = where->sp;
	walk->state.bp.value = where->bp;
	walk->state.bx.value = where->bx;
	walk->state.is_return = where->how == PL_HOW_RETURNING;
	walk->state.is_inner = 1;
	walk->cpu = bpf_get_smp_processor_id();
	walk->stop = PL_STOP_DEPTH;
	if (space)
		walk->space = *space;
}

/* Code that was mapped a moment ago, or by a process that we know nothing of yet: user space makes
 * the table, and unwinds this one itself. There is a limit to how many in a while, as code without
 * any table stays so. */
inlined bool may_copy(__u32 stop)
{
	if (stop != PL_STOP_NO_MODULE || READ_ONCE(stack_control.copies) <= 0)
		return false;
	return __sync_fetch_and_add(&stack_control.copies, -1) > 0;
}

/* A thread that ends has given its memory back, and one whose exec has gone far enough has other
 * memory than that which its registers speak of. */
inlined bool has_memory(const struct where *where)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (!task->mm)
		return false;
	return !bpf_core_field_exists(task->in_execve) || !BPF_CORE_READ_BITFIELD(task, in_execve);
}

inlined __u32 unwind_current(struct stack_scratch *scratch, const struct where *where, bool keep)
{
	struct walk walk;
	__u32 id;

	scratch->words = 0;
	walk_begin(&walk, where);
	bpf_loop(PL_STACK_FRAMES + 1, walk_step, &walk, 0);
	if (walk.stop == PL_STOP_NONE)
		walk.stop = PL_STOP_DEPTH;
	__sync_fetch_and_add(&stack_control.walked, 1);
	if (walk.stop != PL_STOP_ROOT && !has_memory(where))
		walk.stop = PL_STOP_NO_MEMORY;
	if (where->how == PL_HOW_TRAPPED)
		scratch->frames.address[0]--;
	if (may_copy(walk.stop))
		return send_copy(where, new_id(), walk.stop);
	id = id_of(&walk, where);
	if (keep && id && walk.stop != PL_STOP_NO_MODULE && walk.stop != PL_STOP_READ)
		remember(where, walk.state.used, id);
	return id;
}

__weak __noinline __u32 stack_of_place(const struct where *where, __u32 keep)
{
	struct stack_scratch *scratch = scratch_here();
	__u32 id;

	if (!where || !scratch)
		return 0;
	id = keep ? recognise(where) : 0;
	if (id)
		stack_control.known++;
	else
		id = unwind_current(scratch, where, keep);
	if (stack_settings.kinds & PL_STACKS_ORACLE && id)
		send_copy(where, id, PL_STOP_ROOT);
	return id;
}

/* Python's frames are walked from here, not from within the other walk: until Linux 6.12 all
 * functions that are under way at once have 512 bytes of stack together. */
inlined __u32 stack_with_python(const struct where *where, __u32 keep)
{
	struct stack_scratch *scratch = scratch_here();
	__u32 id;

	if (!scratch)
		return 0;
	if (stack_settings.kinds & PL_STACKS_WATCHES) {
		if (READ_ONCE(scratch->busy))
			return 0;
		WRITE_ONCE(scratch->busy, 1);
	}
	id = stack_of_place(where, keep);
	if (id && !(stack_settings.kinds & PL_STACKS_ORACLE))
		id = python_of_current(id, where->space);
	if (stack_settings.kinds & PL_STACKS_WATCHES)
		WRITE_ONCE(scratch->busy, 0);
	return id;
}

__noinline __u32 stack_of_current(__u32 keep)
{
	struct where where;

	/* Known when this is loaded: the rest is then left out. */
	if (!stack_settings.kinds)
		return 0;
	where_is_current(&where);
	return stack_with_python(&where, keep);
}

__noinline __u32 stack_of_trapped(void)
{
	struct where where;

	if (!(stack_settings.kinds & PL_STACKS_WATCHES))
		return 0;
	where_is_current(&where);
	if (where.how == PL_HOW_INTERRUPTED)
		where.how = PL_HOW_TRAPPED;
	return stack_with_python(&where, 1);
}

/* The clock that strikes on each CPU. Its interrupt comes while interrupts are on, and no other
 * comes while it is served: so the lane has still one writer at a time. */
SEC("perf_event")
int on_sample(void *context)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pl_sample *sample;
	struct lane_cursor lane;
	__u32 id, kernel = 0;
	__u64 now;

	if (control.end || !slot_find(task) || !lane_open(&lane))
		return 0;
	now = bpf_ktime_get_ns();
	if (now < lane.lane->last_time)
		now = lane.lane->last_time;
	if (!lane_has_room(&lane, 2)) {
		lane_lose(&lane, 1, now);
		return 0;
	}
	if (lane.lane->gap_lost)
		lane_gap(&lane, now);
	id = task->flags & PF_KTHREAD ? 0 : stack_of_current(0);
	if (stack_settings.kinds & PL_STACKS_KERNEL)
		kernel = kernel_stack_of(context);
	sample = &lane_next(&lane)->sample;
	__builtin_memset(sample, 0, sizeof(*sample));
	sample->kind = PL_SAMPLE;
	sample->tid = task->pid;
	sample->stack = id;
	sample->kernel_stack = kernel;
	sample->period = stack_settings.period;
	sample->time = now;
	lane_publish(&lane, now);
	return 0;
}
