/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * area.h - telling in which mapping a futex lies, once for each futex
 *
 * Most waits are on a futex that was told before, which the slot of the thread, an array, and then
 * a table know.
 */
#ifndef PTRACE_LAB_AREA_H
#define PTRACE_LAB_AREA_H

#include "bpf/life.h"

inlined struct futex_key *futex_near(const struct futex_key *key)
{
	__u64 mixed = (key->address ^ (__u64)key->tgid << 32) * 0x9e3779b97f4a7c15ull;
	__u32 index = mixed >> 54;

	return bpf_map_lookup_elem(&futexes_near, &index);
}

inlined bool futex_is_told(const struct futex_key *key, struct futex_key *near)
{
	if (near->address == key->address && near->tgid == key->tgid && near->exec == key->exec)
		return true;
	if (!bpf_map_lookup_elem(&futexes_told, key))
		return false;
	*near = *key;
	return true;
}

inlined void area_of_file(struct pl_life_futex *record, struct file *file)
{
	if (!file)
		return;
	record->inode = BPF_CORE_READ(file, f_inode, i_ino);
	record->device = BPF_CORE_READ(file, f_inode, i_sb, s_dev);
	bpf_probe_read_kernel_str(record->name, sizeof(record->name),
				  BPF_CORE_READ(file, f_path.dentry, d_name.name));
}

inlined void area_of_program(struct pl_life_futex *record, struct mm_struct *mm)
{
	__u64 start_brk = BPF_CORE_READ(mm, start_brk), brk = BPF_CORE_READ(mm, brk);
	__u64 stack = BPF_CORE_READ(mm, start_stack);
	struct file *program = BPF_CORE_READ(mm, exe_file);

	record->program_start = BPF_CORE_READ(mm, start_code);
	record->program_inode = BPF_CORE_READ(program, f_inode, i_ino);
	record->program_device = BPF_CORE_READ(program, f_inode, i_sb, s_dev);
	if (record->address >= start_brk && record->address < brk)
		record->flags |= PL_AREA_HEAP;
	if (stack >= record->start && stack < record->end)
		record->flags |= PL_AREA_STACK;
}

static long area_found(struct task_struct *task, struct vm_area_struct *area,
		       struct pl_life_futex *record)
{
	record->start = area->vm_start;
	record->end = area->vm_end;
	record->offset = area->vm_pgoff << 12;
	if (area->vm_flags & VM_MAYSHARE)
		record->flags |= PL_AREA_SHARED;
	area_of_file(record, area->vm_file);
	return 0;
}

/* Returns false if the map is just changing, or CPU and map are busy with the last such question:
 * then the next wait must tell it. */
inlined bool area_tell_of(struct task_struct *task, __u64 address, __u32 kind, __u64 time)
{
	struct pl_life_futex record = {.address = address, .futex_kind = kind};
	struct futex_key key = {.address = address, .tgid = task->tgid, .exec = task->self_exec_id};
	struct futex_key *near = futex_near(&key);
	__u32 one = 1;

	if (!near || futex_is_told(&key, near))
		return true;
	if (bpf_find_vma(task, address, area_found, &record, 0))
		return false;
	life_head(&record.head, task, PL_LIFE_FUTEX, sizeof(record), time);
	area_of_program(&record, task->mm);
	record.stack = task_registers(task)->sp;
	*near = key; /* also if there is no room: it is lost once, not at each wait */
	if (bpf_ringbuf_output(&life, &record, sizeof(record), life_wakeup()))
		__sync_fetch_and_add(&control.lost_life, 1);
	else
		bpf_map_update_elem(&futexes_told, &key, &one, BPF_ANY);
	return true;
}

/* A thread's end is no lock, and of several at once only the list's address is known. */
inlined bool area_matters(const struct place *place)
{
	return place->futex_kind && place->inode && place->futex_kind != PL_FUTEX_JOIN &&
	       place->futex_kind != PL_FUTEX_VECTOR;
}

#endif
