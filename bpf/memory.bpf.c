// SPDX-License-Identifier: GPL-2.0-only
/*
 * memory.bpf.c - page faults by which a page is copied, or was to be
 *
 * The kernel counts faults, but not of which kind. The processor tells it: a write to a page that
 * is there, and that must not be written. That is copy-on-write: after a fork, of private data of
 * a file, of the page of zeroes. (The first write to a page of a file that is shared looks the
 * same; and the last who has a page of a fork keeps it and needs no copy.)
 */
#include "bpf/slot.h"
#include <bpf/bpf_tracing.h>

/* x86: the page was there; it was a write. */
#define FAULT_PRESENT 0x1
#define FAULT_WRITE   0x2

inlined int count_fault(__u64 error_code)
{
	struct task_struct *current;
	__u32 tid, *index, *count;
	struct pl_slot *slot;

	if ((error_code & (FAULT_PRESENT | FAULT_WRITE)) != (FAULT_PRESENT | FAULT_WRITE))
		return 0;
	if (control.end)
		return 0;
	current = bpf_get_current_task_btf();
	tid = current->pid;
	slot = slot_find(current);
	index = bpf_map_lookup_elem(&slot_of_tid, &tid);
	if (!slot || !index)
		return 0;
	count = bpf_map_lookup_elem(&cow_faults, index);
	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}

SEC("tp_btf/page_fault_user")
int BPF_PROG(on_user_fault, unsigned long address, struct pt_regs *regs, unsigned long error_code)
{
	return count_fault(error_code);
}

/* The kernel writes to a program's memory for it: read(2) and the like. */
SEC("tp_btf/page_fault_kernel")
int BPF_PROG(on_kernel_fault, unsigned long address, struct pt_regs *regs, unsigned long error_code)
{
	return count_fault(error_code);
}
