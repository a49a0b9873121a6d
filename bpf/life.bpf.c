// SPDX-License-Identifier: GPL-2.0-only
/* life.bpf.c - threads and processes that begin, turn into another program, end, get a name */
#include "bpf/begin.h"
#include "bpf/memory.h"
#include "bpf/stack.h"
#include <bpf/bpf_tracing.h>

/* The child of a thread that is followed is followed, from before its first instruction. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	struct pl_slot *slot;
	__u64 now;

	if (control.end || (!settings.whole_machine && !slot_find(parent)))
		return 0;
	now = bpf_ktime_get_ns();
	slot = slot_new(child, now, PL_STATE_WOKEN);
	if (!slot)
		return 0;
	inherit_space(parent->tgid, child->tgid);
	slot->waker = parent->pid;
	slot->waker_context = PL_WAKER_TASK;
	life_task(child, PL_LIFE_FORK, 0, parent->pid, 0, now);
	if (child->pid == child->tgid)
		memory_tell(child, PL_MEMORY_BORN, now);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, pid_t old_tid, struct linux_binprm *program)
{
	__u64 now = bpf_ktime_get_ns();
	struct pl_slot *slot;

	if (control.end)
		return 0;
	if (is_armed(task))
		begin_capture(task, now);
	slot = slot_find(task);
	if (!slot)
		return 0;
	number_learn_again(slot, task);
	forget_space(task->tgid);
	life_exec(task, old_tid, program->filename, now);
	memory_tell(task, PL_MEMORY_EXEC, now);
	return 0;
}

/* The kernel ends the other threads of a process as if by SIGKILL, and leaves no other trace than
 * these. */
inlined void tell_how(struct pl_life_exit *record, struct task_struct *task)
{
	struct syscall_view call;

	record->how = PL_END_ITSELF;
	record->reserved_29 = 0;
	record->syscall = PL_NO_SYSCALL;
	if (task->flags & PF_KTHREAD)
		return;
	syscall_of(task, &call);
	if (call.number >= 0 && call.number < PL_NO_SYSCALL)
		record->syscall = call.number;
	if (call.number == __NR_exit_group)
		record->how = PL_END_EXITED;
	else if (call.number != __NR_exit && task->signal->group_exec_task)
		record->how = PL_END_EXEC;
	else if (call.number != __NR_exit)
		record->how = PL_END_TAKEN;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	struct pl_life_exit *record;
	struct pl_slot *slot;
	bool last;
	__u64 now;

	if (control.end)
		return 0;
	slot = slot_find(task);
	if (!slot)
		return 0;
	number_forget(slot, task);
	now = bpf_ktime_get_ns();
	/* Counted down before we are called. */
	last = !task->signal->live.counter;
	record = life_reserve(struct pl_life_exit);
	if (record) {
		life_head(&record->head, task, PL_LIFE_EXIT, sizeof(*record), now);
		if (last)
			record->head.flags |= PL_TASK_LAST;
		record->code = task->exit_code;
		tell_how(record, task);
		life_submit(record);
	}
	if (last) {
		forget_space(task->tgid);
		memory_tell(task, PL_MEMORY_EXIT, now);
	}
	return 0;
}

SEC("tp_btf/task_rename")
int BPF_PROG(on_rename, struct task_struct *task, const char *name)
{
	struct pl_life_rename *record;

	if (control.end || !slot_find(task))
		return 0;
	record = life_reserve(struct pl_life_rename);
	if (!record)
		return 0;
	__builtin_memset(record, 0, sizeof(*record));
	life_head(&record->head, task, PL_LIFE_RENAME, sizeof(*record), bpf_ktime_get_ns());
	bpf_probe_read_kernel_str(record->comm, sizeof(record->comm), name);
	life_submit(record);
	return 0;
}
