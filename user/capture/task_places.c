// SPDX-License-Identifier: GPL-2.0-only
#include "capture/task_places.h"

#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "model/tasks/pcb.h"
#include "symbols/kernel_names.h"
#include "symbols/live_stack.h"

#define FRAMES_MAX 64

static int add_user_frames(struct snapshot *snapshot, struct live_process *process,
			   const struct pl_pcb_task *task, size_t depth)
{
	/* From the order of machine code to DWARF's. */
	static const enum pl_pcb_register order[LIVE_REGISTERS] = {
		PL_REG_AX,  PL_REG_DX,	PL_REG_CX,  PL_REG_BX,	PL_REG_SI,  PL_REG_DI,
		PL_REG_BP,  PL_REG_SP,	PL_REG_R8,  PL_REG_R9,	PL_REG_R10, PL_REG_R11,
		PL_REG_R12, PL_REG_R13, PL_REG_R14, PL_REG_R15, PL_REG_IP,
	};
	struct live_frame frames[FRAMES_MAX];
	uint64_t registers[LIVE_REGISTERS];
	bool is_whole;
	size_t count;

	for (size_t i = 0; i < LIVE_REGISTERS; i++)
		registers[i] = task->registers[order[i]];
	count = live_stack(process, registers, task->block.syscall != PL_NO_SYSCALL, frames, depth,
			   &is_whole);
	for (size_t i = 0; i < count; i++) {
		struct pcb_frame *frame = vector_add(&snapshot->frames);

		if (!frame)
			return -ENOMEM;
		frame->tid = task->head.tid;
		frame->address = frames[i].address;
		frame->line = frames[i].line;
		frame->is_last = is_whole && i + 1 == count;
		snprintf(frame->function, sizeof(frame->function), "%s", frames[i].function);
		snprintf(frame->file, sizeof(frame->file), "%s", frames[i].file);
		snprintf(frame->module, sizeof(frame->module), "%s", frames[i].module);
	}
	return 0;
}

/* Tasks of a process stand side by side. */
static int find_user_frames(struct snapshot *snapshot, size_t depth)
{
	CLEANUP(live_process_close)
	struct live_process *process = NULL;
	const struct pl_pcb_task *task;
	uint32_t opened = 0;
	int error = 0;

	snapshot_for_each(snapshot, task)
	{
		if (error || !(task->flags & PL_PCB_HAS_REGISTERS) || pcb_is_kernel(task))
			continue;
		if (task->head.tgid != opened) {
			live_process_close(&process);
			opened = task->head.tgid;
			error = live_process_open((pid_t)opened, &process);
			/* It has ended meanwhile. */
			if (error == -ESRCH)
				error = 0;
		}
		if (process)
			error = add_user_frames(snapshot, process, task, depth);
	}
	return error;
}

static int find_kernel_frames(struct snapshot *snapshot)
{
	CLEANUP(kernel_names_free)
	struct kernel_names *names = NULL;
	const struct pl_pcb_stack *stack;
	int error = snapshot->stacks.count ? kernel_names_load("/proc/kallsyms", &names) : 0;

	if (error)
		return error;
	vector_for_each (&snapshot->stacks, stack) {
		for (uint32_t i = 0; i < stack->count; i++) {
			struct pcb_frame *frame = vector_add(&snapshot->frames);

			if (!frame)
				return -ENOMEM;
			frame->tid = stack->head.tid;
			frame->is_kernel = true;
			frame->is_last = i + 1 == stack->count;
			frame->address = stack->addresses[i];
			snprintf(frame->function, sizeof(frame->function), "%s",
				 kernel_names_find(names, stack->addresses[i] - (i > 0)));
		}
	}
	return 0;
}

int task_places_find(struct snapshot *snapshot, bool stacks)
{
	int error = find_user_frames(snapshot, stacks ? FRAMES_MAX : 1);

	return error || !stacks ? error : find_kernel_frames(snapshot);
}
