/* SPDX-License-Identifier: GPL-2.0-only */
/* resources.h - what a task holds: files, limits, signals, timers, and how much it read and wrote
 */
#ifndef PTRACE_LAB_PCB_RESOURCES_H
#define PTRACE_LAB_PCB_RESOURCES_H

#include "bpf/pcb/pieces.h"

#define SIGNALS	      64
#define FILE_WORDS    1024 /* descriptors are counted up to 64 times that */
#define TIMERS_MAX    64
#define SIGNAL_IGNORE 1

/* Numbers for objects that tasks may share: told apart, never followed. */
inlined void objects_of(struct pl_pcb_task *to, struct task_struct___whole *task)
{
	bpf_core_read(&to->mm, sizeof(to->mm), &task->mm);
	bpf_core_read(&to->files, sizeof(to->files), &task->files);
	bpf_core_read(&to->fs, sizeof(to->fs), &task->fs);
	bpf_core_read(&to->handlers, sizeof(to->handlers), &task->sighand);
}

inlined __u32 ones_in(__u64 word)
{
	word -= word >> 1 & 0x5555555555555555;
	word = (word & 0x3333333333333333) + (word >> 2 & 0x3333333333333333);
	word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0f;
	return word * 0x0101010101010101 >> 56;
}

struct descriptors {
	void *bits;
	__u32 count;
};

static long count_word(__u32 index, void *context)
{
	struct descriptors *descriptors = context;
	__u64 word = 0;

	bpf_probe_read_kernel(&word, sizeof(word), descriptors->bits + index * sizeof(word));
	descriptors->count += ones_in(word);
	return 0;
}

inlined void count_files(struct pl_pcb_task *to, struct task_struct___whole *task)
{
	struct fdtable___whole *table = BPF_CORE_READ(task, files, fdt);
	struct descriptors descriptors = {.bits = BPF_CORE_READ(table, open_fds)};
	__u32 words;

	to->file_slots = BPF_CORE_READ(table, max_fds);
	words = to->file_slots / 64;
	if (words > FILE_WORDS) {
		words = FILE_WORDS;
		to->flags |= PL_PCB_FILES_CUT;
	}
	bpf_loop(words, count_word, &descriptors, 0);
	to->open_files = descriptors.count;
}

inlined void handlers_of(struct pl_pcb_task *to, struct sighand_struct *handlers)
{
	__u64 ignored = 0, handled = 0;

	for (__u32 i = 0; i < SIGNALS; i++) {
		__u64 handler = 0;

		bpf_core_read(&handler, sizeof(handler),
			      (void *)handlers + bpf_core_field_offset(handlers->action) +
				      i * bpf_core_type_size(struct k_sigaction));
		if (handler == SIGNAL_IGNORE)
			ignored |= 1ull << i;
		else if (handler)
			handled |= 1ull << i;
	}
	to->signals_ignored = ignored;
	to->signals_handled = handled;
}

inlined void signals_of(struct pl_pcb_task *to, struct task_struct___whole *task)
{
	to->signals_pending = task->pending.signal.sig[0];
	to->signals_blocked = task->blocked.sig[0];
}

inlined void shared_signals_of(struct pl_pcb_task *to, struct task_struct___whole *task)
{
	struct sighand_struct *handlers = task->sighand;

	to->signals_pending_process = BPF_CORE_READ(task, signal, shared_pending.signal.sig[0]);
	if (handlers)
		handlers_of(to, handlers);
}

inlined void timers_of(struct pl_pcb_task *to, struct signal_struct___whole *signal)
{
	void *end, *node = first_timer(signal, &end);
	__u32 count = 0;

	for (int i = 0; i < TIMERS_MAX && node && node != end; i++) {
		void *next = 0;

		count++;
		bpf_probe_read_kernel(&next, sizeof(next), node);
		node = next;
	}
	to->posix_timers = count;
}

inlined void traffic_of(struct pl_pcb_task *to, struct task_struct___whole *task)
{
	if (bpf_core_field_exists(task->ioac.rchar)) {
		to->read_chars = task->ioac.rchar;
		to->written_chars = task->ioac.wchar;
		to->read_calls = task->ioac.syscr;
		to->write_calls = task->ioac.syscw;
	}
	if (bpf_core_field_exists(task->ioac.read_bytes)) {
		to->read_bytes = task->ioac.read_bytes;
		to->written_bytes = task->ioac.write_bytes;
	}
}

inlined void resources_of(struct pl_pcb_task *to, struct task_struct___whole *task)
{
	struct signal_struct___whole *signal = task->signal;

	if (to->files)
		count_files(to, task);
	if (!signal)
		return;
	bpf_core_read(to->limits, sizeof(to->limits), &signal->rlim);
	to->oom_adjust = BPF_CORE_READ(signal, oom_score_adj);
	timers_of(to, signal);
}

#endif
