/* SPDX-License-Identifier: GPL-2.0-only */
/* maps.h - the memory that all programs share; maps.bpf.c defines it, the others refer to it */
#ifndef PTRACE_LAB_MAPS_H
#define PTRACE_LAB_MAPS_H

#include "vmlinux/vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "bpf/settings.h"

#ifdef PTRACE_LAB_DEFINE_MAPS
#define SHARED
#else
#define SHARED extern
#endif

/* Sizes that depend on the machine are set by the loader. */

SHARED struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* CPUs */
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct pl_lane));
} lanes SEC(".maps");

SHARED struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* CPUs */
	__uint(key_size, sizeof(__u32));
	__uint(value_size, 4096); /* lane bytes */
} lane_data SEC(".maps");

SHARED struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2); /* settings.slots */
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct pl_slot));
} slots SEC(".maps");

/* tid -> slot. An array as large as the largest tid: three instructions where a hash or task
 * storage takes tens of nanoseconds, twice per switch. May name the slot of a thread that had the
 * tid before: pl_slot.task tells. */
SHARED struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* largest tid + 1 */
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} slot_of_tid SEC(".maps");

/* The same by the task itself: the slow way, right even where the tid has changed hands. No task
 * storage, which is allocated for each thread: that took 1 us of the 30 us that a thread takes. */
SHARED struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2); /* settings.slots */
	__uint(key_size, sizeof(__u64));
	__uint(value_size, sizeof(__u32));
} slot_of_task SEC(".maps");

/* The same by the number that a thread has inside a pid namespace which is not the first one. Its
 * namespaces are told apart by where they lie. Takes memory only where there are such threads. */
struct inner_number {
	__u64 namespace; /* 0: its number is the one that the kernel uses */
	__u64 tid;
};

SHARED struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 2); /* settings.slots */
	__type(key, struct inner_number);
	__type(value, __u32);
} slot_of_number SEC(".maps");

/* Slots whose threads have ended. */
SHARED struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 2); /* settings.slots */
	__uint(key_size, 0);
	__uint(value_size, sizeof(__u32));
} free_slots SEC(".maps");

/* Copy-on-write faults, by slot: not in the slot, which the scheduler's programs want small. */
SHARED struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2); /* settings.slots, if they are counted */
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} cow_faults SEC(".maps");

SHARED struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} life SEC(".maps");

/* Futexes whose mapping has been told. Those used last lie in an array in front, which is looked
 * into with a few instructions where the table takes tens of nanoseconds. */
struct futex_key {
	__u64 address;
	__u32 tgid;
	__u32 exec; /* what the process has executed since has other things there */
};

#define FUTEXES_NEAR 1024 /* a power of two */

SHARED struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FUTEXES_NEAR);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct futex_key));
} futexes_near SEC(".maps");

SHARED struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__uint(key_size, sizeof(struct futex_key));
	__uint(value_size, sizeof(__u32));
} futexes_told SEC(".maps");

/* Futexes whose waiters were moved to another one, the last time (bpf/moved.h). */
struct move_key {
	__u64 address;
	__u64 tgid;
};

struct move {
	__u64 address; /* to where */
	__u64 time;
	__u32 mover; /* tid */
	__u32 holder;
	__u64 futex_kind;
};

SHARED struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__uint(key_size, sizeof(struct move_key));
	__uint(value_size, sizeof(struct move));
} moves SEC(".maps");

SHARED const volatile struct pl_settings settings;
SHARED struct pl_control control;

#endif
