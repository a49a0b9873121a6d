// SPDX-License-Identifier: GPL-2.0-only
/*
 * tasks.bpf.c - the control block of every task
 *
 * A task iterator that may sleep, as it reads futex words in the memory of the processes that it
 * looks at. Each task is read in one go, but they go on living meanwhile: what belongs together (a
 * state and its place, say) is read close together, and the record has its own time.
 */
#include "bpf/pcb/identity.h"
#include "bpf/pcb/memory.h"
#include "bpf/pcb/resources.h"
#include "bpf/pcb/rights.h"
#include "bpf/pcb/scheduling.h"
#include "bpf/pcb/state.h"

SEC("iter.s/task")
int show_task(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task;
	union pl_pcb *record = room();
	struct pl_pcb_task *to;

	if (!record || !is_wanted(task))
		return 0;
	to = &record->task;
	head_of(&to->head, PL_PCB_TASK, sizeof(*to), task);
	place_in(to, task);
	state_in(to, whole(task));
	names_of(to, whole(task));
	namespaces_of(to, whole(task));
	family_of(to, whole(task));
	scheduling_of(to, whole(task));
	rights_of(to, whole(task));
	faults_of(to, whole(task));
	objects_of(to, whole(task));
	signals_of(to, whole(task));
	traffic_of(to, whole(task));
	/* Its threads share the rest, and get it from this record in user space; unless it has
	 * ended before them, and has nothing any more. */
	if (task->pid == task->tgid || !BPF_CORE_READ(whole(task), group_leader, mm)) {
		memory_of(to, whole(task));
		shared_signals_of(to, whole(task));
		resources_of(to, whole(task));
	}
	bpf_seq_write(context->meta->seq, to, sizeof(*to));
	return 0;
}
