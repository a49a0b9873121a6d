/* SPDX-License-Identifier: GPL-2.0-only */
/* pieces.h - what the iterators over control blocks share: settings, the record in the making */
#ifndef PTRACE_LAB_PCB_PIECES_H
#define PTRACE_LAB_PCB_PIECES_H

#include "bpf/pcb/pcb.h"
#include "bpf/pcb/settings.h"
#include "bpf/kernel.h"
#include "bpf/pcb/compat.h"
#include "vmlinux/pcb.h"

extern const volatile struct pl_pcb_settings pcb_settings;

/* A record does not fit on a program's stack. One reader at a time: each tracer loads its own. */
struct pl_pcb_room {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(union pl_pcb));
};
extern struct pl_pcb_room pcb_room;

inlined union pl_pcb *room_in_use(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&pcb_room, &zero);
}

/* Empty. A word at a time and volatile, or clang makes a memset of it that BPF has no room for. */
inlined union pl_pcb *room(void)
{
	union pl_pcb *record = room_in_use();

	for (__u32 i = 0; record && i < sizeof(*record) / sizeof(__u64); i++)
		WRITE_ONCE(((__u64 *)record)[i], 0);
	return record;
}

inlined struct task_struct___whole *whole(struct task_struct *task)
{
	return (struct task_struct___whole *)task;
}

inlined bool is_wanted(struct task_struct *task)
{
	return task && task->pid && (__u32)task->tgid != pcb_settings.tracer &&
	       (!pcb_settings.process || (__u32)task->tgid == pcb_settings.process);
}

inlined void head_of(struct pl_pcb_head *head, __u16 kind, __u32 size, struct task_struct *task)
{
	head->size = size;
	head->kind = kind;
	head->reserved = 0;
	head->time = bpf_ktime_get_ns();
	head->tid = task->pid;
	head->tgid = task->tgid;
}

#endif
