/* SPDX-License-Identifier: GPL-2.0-only */
/* stack_maps.h - the memory of the programs that follow stacks */
#ifndef PTRACE_LAB_STACK_MAPS_H
#define PTRACE_LAB_STACK_MAPS_H

#include "bpf/maps.h"
#include "bpf/stacks.h"

struct stack_scratch;

/* Words of tables. All at once: to hand the kernel side more of them later, as a map in a map,
 * takes the system call that does it 15 ms. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* PL_CHUNKS */
	__uint(key_size, sizeof(__u32));
	__uint(value_size, PL_CHUNK_BYTES);
} unwind_words SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* PL_RULES_KEPT */
	__type(key, __u32);
	__type(value, struct pl_unwind_rule);
} unwind_rules SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* PL_MAPPINGS */
	__type(key, __u32);
	__type(value, struct pl_mapping);
} mappings SEC(".maps");

/* One per CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct stack_scratch);
} stack_scratches SEC(".maps");

/* Stacks by what lies in the thread's memory; by thread and place in the code. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* PL_PLACES */
	__type(key, __u32);
	__type(value, struct pl_stack_place);
} stack_places SEC(".maps");

#endif
