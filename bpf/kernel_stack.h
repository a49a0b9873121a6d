/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kernel_stack.h - where inside the kernel a thread is
 *
 * The kernel unwinds itself, which takes it a microsecond: only for who asks. Static, as programs
 * of different kinds have contexts of different kinds.
 */
#ifndef PTRACE_LAB_KERNEL_STACK_H
#define PTRACE_LAB_KERNEL_STACK_H

#include "bpf/stack_send.h"

inlined __u64 kernel_hash(const struct pl_stack_frames *frames, __u32 count)
{
	__u64 hash = count;

	for (__u32 i = 0; i < PL_KERNEL_FRAMES; i++) {
		if (i >= count)
			break;
		hash = (hash ^ frames->address[i]) * 0x9e3779b97f4a7c15ull;
		hash ^= hash >> 29;
	}
	return hash;
}

/* The id of the current thread's stack in the kernel; 0: it is not there, or there was no room. */
static __noinline __u32 kernel_stack_of(void *context)
{
	__u32 cpu = bpf_get_smp_processor_id(), number, count, id;
	struct pl_stack_frames *frames = bpf_map_lookup_elem(&kernel_scratches, &cpu);
	__u64 hash, *known;
	long bytes;

	if (!frames)
		return 0;
	bytes = bpf_get_stack(context, frames->address, PL_KERNEL_FRAMES * sizeof(__u64), 0);
	if (bytes <= 0)
		return 0;
	count = bytes / sizeof(__u64);
	if (count > PL_KERNEL_FRAMES)
		return 0;
	hash = kernel_hash(frames, count);
	number = hash & (PL_STACK_IDS - 1);
	known = bpf_map_lookup_elem(&stack_ids, &number);
	if (!known)
		return 0;
	if (*known >> ID_BITS == hash >> ID_BITS)
		return *known & ID_MASK;
	id = new_id();
	head_fill(&frames->head, 0, 0, 0, PL_STACK_KERNEL_FRAMES, id);
	frames->head.count = count;
	if (!id || bpf_ringbuf_output(&stack_ring, frames,
				      sizeof(struct pl_stack_head) + count * sizeof(__u64),
				      ring_flags())) {
		__sync_fetch_and_add(&stack_control.lost, 1);
		return 0;
	}
	*known = (hash & ~(__u64)ID_MASK) | id;
	return id;
}

#endif
