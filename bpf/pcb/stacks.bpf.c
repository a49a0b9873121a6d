// SPDX-License-Identifier: GPL-2.0-only
/* stacks.bpf.c - where in the kernel each task is */
#include "bpf/pcb/pieces.h"

SEC("iter/task")
int show_stack(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task;
	union pl_pcb *record = room();
	struct pl_pcb_stack *to;
	long bytes;

	if (!record || !is_wanted(task))
		return 0;
	to = &record->stack;
	head_of(&to->head, PL_PCB_STACK, sizeof(*to), task);
	bytes = bpf_get_task_stack(task, to->addresses, sizeof(to->addresses), 0);
	/* It runs, or has ended. */
	if (bytes <= 0)
		return 0;
	to->count = (__u32)bytes / sizeof(__u64);
	bpf_seq_write(context->meta->seq, to, sizeof(*to));
	return 0;
}
