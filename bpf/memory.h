/* SPDX-License-Identifier: GPL-2.0-only */
/* memory.h - how much memory a process has, by the kernel's own counters */
#ifndef PTRACE_LAB_MEMORY_H
#define PTRACE_LAB_MEMORY_H

#include "bpf/life.h"

#define PAGE_SIZE 4096 /* x86; on arm64 the usual one */

/* Sums of what the CPUs have handed in: it may be a little off, below zero too. */
inlined __u64 counted(__s64 pages)
{
	return pages > 0 ? (__u64)pages * PAGE_SIZE : 0;
}

#define READ_COUNTERS(record, mm, type, member)                                                    \
	do {                                                                                       \
		(record)->file = counted(BPF_CORE_READ((type *)(mm), rss_stat member(0)));         \
		(record)->anonymous = counted(BPF_CORE_READ((type *)(mm), rss_stat member(1)));    \
		(record)->swapped = counted(BPF_CORE_READ((type *)(mm), rss_stat member(2)));      \
		(record)->shared = counted(BPF_CORE_READ((type *)(mm), rss_stat member(3)));       \
	} while (0)
#define SINCE_6_2(i)  [i].count
#define BEFORE_6_2(i) .count[i].counter

/* A function of its own, so that the verifier goes through it once. */
static __noinline int memory_tell(struct task_struct *task, __u8 moment, __u64 now)
{
	struct mm_struct___resident *mm = (void *)BPF_CORE_READ(task, mm);
	struct pl_life_memory *record;
	__u64 resident;

	if (!mm && moment != PL_MEMORY_EXIT)
		return 0; /* a kernel thread */
	record = life_reserve(struct pl_life_memory);
	if (!record)
		return 0;
	__builtin_memset(record, 0, sizeof(*record));
	life_head(&record->head, task, PL_LIFE_MEMORY, sizeof(*record), now);
	record->moment = moment;
	/* Kernels before 6.16 tell of the end when the memory is gone; they keep the peak. */
	record->peak = counted(BPF_CORE_READ(task, signal, maxrss));
	if (mm) {
		/* Not the type's existence: one that is nowhere libbpf looks for in all modules,
		 * for which CAP_BPF and CAP_PERFMON are not enough. */
		if (bpf_core_field_exists(
			    ((struct mm_struct___resident_before_6_2 *)mm)->rss_stat.count))
			READ_COUNTERS(record, mm, struct mm_struct___resident_before_6_2,
				      BEFORE_6_2);
		else
			READ_COUNTERS(record, mm, struct mm_struct___resident, SINCE_6_2);
		record->peak = counted(BPF_CORE_READ(mm, hiwater_rss));
		resident = record->file + record->anonymous + record->shared;
		if (record->peak < resident)
			record->peak = resident;
	}
	life_submit(record);
	return 0;
}

#endif
