// SPDX-License-Identifier: GPL-2.0-only
/*
 * tasks.bpf.c - threads that were there before us, and that are there after us
 *
 * Task iterators, run once when the other programs are attached and once at the end. Those that
 * were there are first all taken up, and then announced with the place where they are blocked: by
 * then every thread that may hold a lock is known, and the second program may sleep, which it has
 * to for reading the memory of the process it looks at. (A program that may sleep cannot use all
 * kinds of maps before Linux 6.3, which is why the first one may not.)
 */
#include "bpf/life.h"
#include "bpf/memory.h"
#include "bpf/area.h"
#include "bpf/begin.h"
#include "bpf/stack_send.h"

/* Who is in the midst of being woken waits for a CPU: its waker was there before us. */
inlined __u8 state_of(struct task_struct *task)
{
	__u32 state;

	if (READ_ONCE(task->on_cpu))
		return PL_STATE_RUNNING;
	state = READ_ONCE(task->__state);
	return state && !(state & TASK_WAKING) ? PL_STATE_BLOCKED : PL_STATE_PREEMPTED;
}

SEC("iter/task")
int take_up(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task;
	struct pl_slot *slot;
	__u64 now;
	__u8 state;

	if (!task || !task->pid || (task->__state & TASK_DEAD))
		return 0;
	if (!settings.whole_machine && (__u32)task->tgid != control.wanted)
		return 0;
	/* It begins by itself, when it runs. */
	if (is_armed(task))
		return 0;
	if (slot_find(task))
		return 0;
	now = bpf_ktime_get_ns();
	state = state_of(task);
	slot = slot_new(task, now, state);
	if (!slot)
		return 0;
	/* It may have switched between the look at its state and the moment from which its switches
	 * are seen. Then nothing has touched the slot yet, and a second look is right. */
	if (state_of(task) != state && slot->last == now) {
		state = state_of(task);
		slot->state = state;
	}
	slot->begin_state = state;
	return 0;
}

inlined void read_futex_of(struct place *place, const struct pl_slot *slot,
			   struct task_struct *task, __u32 value)
{
	struct futex_reader reader = {task->tgid, numbers_of(slot, task)};
	void *address = (void *)place->arg0;
	struct futex_view view = {};
	struct futex_answer answer;

	if (bpf_copy_from_user_task(&view, sizeof(view), address - FUTEX_VIEW_BEFORE, task, 0))
		bpf_copy_from_user_task(&view.after, sizeof(view.after), address, task, 0);
	answer = futex_judge(&view, place->arg0, place->arg1, value, &reader);
	place->futex_kind = answer.kind;
	place->holder = answer.holder;
}

inlined void find_place_of(struct task_struct *task, struct pl_slot *slot, struct place *place)
{
	struct syscall_view call;
	__u32 value;

	if (task->flags & PF_KTHREAD) {
		place->syscall = PL_NO_SYSCALL;
		return;
	}
	place_of(place, slot, task, &call);
	if (is_futex_wait(place->syscall)) {
		place_futex(place, &call, &value);
		read_futex_of(place, slot, task, value);
	}
}

inlined __u8 flag_of(__u8 state)
{
	return state == PL_STATE_RUNNING     ? PL_TASK_RUNNING
	       : state == PL_STATE_PREEMPTED ? PL_TASK_READY
					     : 0;
}

/* Its stack is copied when user space has room for it: here it gets its number. */
inlined __u32 owe_stack(struct task_struct *task)
{
	struct pl_told *told;

	if (!(stack_settings.kinds & PL_STACKS_BLOCKED) || task->flags & PF_KTHREAD)
		return 0;
	told = told_of(task->pid);
	if (!told)
		return 0;
	told->owed = new_id();
	return told->owed;
}

SEC("iter.s/task")
int announce(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task;
	struct place place = {};
	struct pl_slot *slot;
	__u8 state;

	if (!task)
		return 0;
	slot = slot_of_its_tid(task);
	if (!slot || slot->task != (__u64)task || !slot->begin_state)
		return 0;
	state = slot->begin_state;
	slot->begin_state = 0;
	/* Still in the wait in which it was found? */
	if (state == PL_STATE_BLOCKED && slot->last == slot->totals.begin) {
		find_place_of(task, slot, &place);
		place_keep(&place, slot);
		place.stack = owe_stack(task);
		life_task(task, PL_LIFE_TASK, 0, 0, &place, slot->totals.begin);
		if (area_matters(&place) &&
		    !area_tell_of(task, place.inode, place.futex_kind, slot->totals.begin))
			place_forget(slot);
	} else {
		life_task(task, PL_LIFE_TASK, flag_of(state), 0, 0, slot->totals.begin);
	}
	if (task->pid == task->tgid)
		memory_tell(task, PL_MEMORY_FOUND, slot->totals.begin);
	return 0;
}

inlined void copy_memory_of(struct pl_stack_copy *copy, struct task_struct *task)
{
	for (__u32 page = 0; page < PL_COPY_PAGES; page++) {
		if (bpf_copy_from_user_task(copy->memory + page * PL_COPY_PAGE, PL_COPY_PAGE,
					    (void *)(copy->begin + page * PL_COPY_PAGE), task, 0))
			break;
		copy->bytes = (page + 1) * PL_COPY_PAGE;
	}
}

/* The stacks of threads that were found waiting, and do still. As many as the ring has room for: it
 * is run again for the rest. */
SEC("iter.s/task")
int copy_stacks(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task;
	struct pl_stack_head head = {};
	struct pl_stack_copy *copy;
	struct pl_slot *slot;
	struct pl_told *told;
	__u32 id;

	if (!task)
		return 0;
	slot = slot_of_its_tid(task);
	told = slot ? told_of(task->pid) : 0;
	if (!told || !told->owed || slot->task != (__u64)task)
		return 0;
	id = told->owed;
	/* It went on, and its memory with it. */
	if (slot->last != slot->totals.begin) {
		told->owed = 0;
		head_fill(&head, task->tgid, task->pid, 0, PL_STACK_FRAMES_OF, id);
		head.stop = PL_STOP_LATE;
		bpf_ringbuf_output(&stack_ring, &head, sizeof(head), BPF_RB_NO_WAKEUP);
		return 0;
	}
	copy = bpf_ringbuf_reserve(&stack_ring, sizeof(*copy), 0);
	if (!copy) {
		stack_control.owed++;
		return 0;
	}
	told->owed = 0;
	head_fill(&copy->head, task->tgid, task->pid, 0, PL_STACK_COPY, id);
	copy->head.stop = PL_STOP_NO_TABLE;
	copy_registers(copy->registers, (struct pt_regs *)bpf_task_pt_regs(task));
	copy->how = how_of((struct pt_regs *)bpf_task_pt_regs(task));
	copy->thread = thread_pointer(task);
	copy->begin = copy->registers[PL_REG_RSP] & ~(__u64)(PL_COPY_PAGE - 1);
	copy->bytes = 0;
	copy_memory_of(copy, task);
	bpf_ringbuf_submit(copy, BPF_RB_NO_WAKEUP);
	return 0;
}

/* The accounts of the threads that live on. */
SEC("iter/task")
int settle(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task;
	struct pl_slot *slot;
	__u64 end;

	if (!task || !task->pid)
		return 0;
	slot = slot_find(task);
	if (!slot)
		return 0;
	/* It may have been born in the moment in which the end was set. */
	end = control.end > slot->last ? control.end : slot->last;
	account(slot, end);
	life_totals(slot, task, PL_TASK_ALIVE, end);
	if (task->pid == task->tgid)
		memory_tell(task, PL_MEMORY_END, end);
	return 0;
}
