/* SPDX-License-Identifier: GPL-2.0-only */
/* memory.h - a task's address space */
#ifndef PTRACE_LAB_PCB_MEMORY_H
#define PTRACE_LAB_PCB_MEMORY_H

#include "bpf/pcb/pieces.h"

/* How far the variables of that CPU lie from where the kernel's pointers to them point. The kernel
 * has a table of that, whose address it does not tell everywhere; but a map of ours has a place for
 * each CPU too, and its distance from the map's own pointer is the same. `scratch` is memory of a
 * map: pointers that pass through it come back as numbers, with which one may reckon. */
inlined __u64 offset_of_cpu(__u64 *scratch, __u32 cpu)
{
	struct bpf_array *map;
	__u32 zero = 0;
	__u64 base = 0;
	void *place = bpf_map_lookup_percpu_elem(&pcb_room, &zero, cpu);

	if (!place)
		return 0;
	WRITE_ONCE(*scratch, (__u64)&pcb_room);
	map = (void *)READ_ONCE(*scratch);
	if (bpf_core_read(&base, sizeof(base), &map->pptrs))
		return 0;
	WRITE_ONCE(*scratch, (__u64)place);
	return READ_ONCE(*scratch) - base;
}

struct shares {
	__u64 where;
	__s64 sum;
};

static long add_share(__u32 cpu, void *context)
{
	struct shares *shares = context;
	union pl_pcb *record = room_in_use();
	__u64 offset = record ? offset_of_cpu(&record->task.page_tables, cpu) : 0;
	__s32 share = 0;

	if (offset && !bpf_probe_read_kernel(&share, sizeof(share), (void *)shares->where + offset))
		shares->sum += share;
	return 0;
}

/* Resident sizes are counted by each CPU for itself, and only added up now and then. */
inlined __s64 sum_of(struct percpu_counter *counter)
{
	struct shares shares = {
		.where = (__u64)BPF_CORE_READ(counter, counters),
		.sum = BPF_CORE_READ(counter, count),
	};

	bpf_loop(pcb_settings.cpus, add_share, &shares, 0);
	return shares.sum;
}

inlined void keep_resident(struct pl_pcb_task *to, int which, __s64 pages)
{
	to->resident[which] = pages > 0 ? pages * pcb_settings.page_size : 0;
}

inlined void resident_of(struct pl_pcb_task *to, struct mm_struct___whole *mm)
{
	__s64 pages[4] = {};

	if (resident_is_plain(mm, pages)) {
		for (int i = 0; i < 4; i++)
			keep_resident(to, i, pages[i]);
		return;
	}
	for (int i = 0; i < 4; i++)
		keep_resident(to, i,
			      sum_of((void *)mm + bpf_core_field_offset(mm->rss_stat) +
				     i * bpf_core_type_size(struct percpu_counter)));
}

inlined void bounds_of(struct pl_pcb_task *to, struct mm_struct___whole *mm)
{
	to->code_begin = BPF_CORE_READ(mm, start_code);
	to->code_end = BPF_CORE_READ(mm, end_code);
	to->data_begin = BPF_CORE_READ(mm, start_data);
	to->data_end = BPF_CORE_READ(mm, end_data);
	to->heap_begin = BPF_CORE_READ(mm, start_brk);
	to->heap_end = BPF_CORE_READ(mm, brk);
	to->stack_begin = BPF_CORE_READ(mm, start_stack);
	to->arguments_begin = BPF_CORE_READ(mm, arg_start);
	to->arguments_end = BPF_CORE_READ(mm, arg_end);
	to->environment_begin = BPF_CORE_READ(mm, env_start);
	to->environment_end = BPF_CORE_READ(mm, env_end);
	to->mmap_base = BPF_CORE_READ(mm, mmap_base);
}

inlined void faults_of(struct pl_pcb_task *to, struct task_struct___whole *task)
{
	to->minor_faults = task->min_flt;
	to->major_faults = task->maj_flt;
}

inlined void memory_of(struct pl_pcb_task *to, struct task_struct___whole *task)
{
	struct mm_struct___whole *mm = task->mm;
	__u64 page = pcb_settings.page_size;

	if (!mm)
		return;
	to->flags |= PL_PCB_HAS_MEMORY;
	bounds_of(to, mm);
	to->total = BPF_CORE_READ(mm, total_vm) * page;
	to->locked = BPF_CORE_READ(mm, locked_vm) * page;
	to->pinned = BPF_CORE_READ(mm, pinned_vm.counter) * page;
	to->data_size = BPF_CORE_READ(mm, data_vm) * page;
	to->code_size = BPF_CORE_READ(mm, exec_vm) * page;
	to->stack_size = BPF_CORE_READ(mm, stack_vm) * page;
	to->total_peak = BPF_CORE_READ(mm, hiwater_vm) * page;
	to->resident_peak = BPF_CORE_READ(mm, hiwater_rss) * page;
	to->areas = BPF_CORE_READ(mm, map_count);
	to->users = BPF_CORE_READ(mm, mm_users.counter);
	resident_of(to, mm);
	to->page_tables = BPF_CORE_READ(mm, pgtables_bytes.counter);
}

#endif
