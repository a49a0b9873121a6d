// SPDX-License-Identifier: GPL-2.0-only
/* areas.bpf.c - the mappings of a process's memory */
#include "bpf/pcb/pieces.h"

#define MINOR_BITS 20

SEC("iter/task_vma")
int show_area(struct bpf_iter__task_vma *context)
{
	struct task_struct *task = context->task;
	struct vm_area_struct___whole *area = context->vma;
	union pl_pcb *record = room();
	struct file___whole *file;
	struct pl_pcb_area *to;

	/* The other threads have the same. */
	if (!record || !area || !is_wanted(task) || task->pid != task->tgid)
		return 0;
	to = &record->area;
	head_of(&to->head, PL_PCB_AREA, sizeof(*to), task);
	to->begin = area->vm_start;
	to->end = area->vm_end;
	to->flags = area->vm_flags;
	file = area->vm_file;
	if (file) {
		struct inode___whole *inode = file->f_inode;
		__u32 device = BPF_CORE_READ(inode, i_sb, s_dev);

		to->offset = area->vm_pgoff * pcb_settings.page_size;
		to->inode = BPF_CORE_READ(inode, i_ino);
		to->device_major = device >> MINOR_BITS;
		to->device_minor = device & ((1u << MINOR_BITS) - 1);
		if (bpf_d_path(&file->f_path, to->name, sizeof(to->name)) < 0)
			to->name[0] = '\0';
	}
	bpf_seq_write(context->meta->seq, to, sizeof(*to));
	return 0;
}
