/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * moved.h - waits that end on another futex than the one that they began with
 *
 * A thread that waits for several (futex_waitv) is woken on one of them. And waiters can be moved
 * to another futex while they sleep (requeue), which nothing tells: it shows when they are woken
 * there. When they were moved is known if the call that did it woke somebody too, as the usual
 * "wake one, move the others" does; else the wait stays that of its first futex.
 */
#ifndef PTRACE_LAB_MOVED_H
#define PTRACE_LAB_MOVED_H

#include "bpf/life.h"

#define FUTEX_CMD_WAKE		 1
#define FUTEX_CMD_REQUEUE	 3
#define FUTEX_CMD_CMP_REQUEUE	 4
#define FUTEX_CMD_UNLOCK_PI	 7
#define FUTEX_CMD_WAKE_BITSET	 10
#define FUTEX_CMD_CMP_REQUEUE_PI 12

struct futex_waitv_view {
	__u64 value, address;
	__u32 flags, reserved;
};

/* What the current thread does with futexes: wakes on `from`, and if `to` is one moves others
 * there. */
struct futex_deed {
	__u64 from, to;
	__u32 operation;
};

inlined void deed_of_classic_call(struct futex_deed *deed, const struct pt_regs *regs,
				  const struct syscall_view *call)
{
	__u32 command = call->arg1 & FUTEX_CMD_MASK;

	deed->operation = call->arg1;
	if (command == FUTEX_CMD_REQUEUE || command == FUTEX_CMD_CMP_REQUEUE ||
	    command == FUTEX_CMD_CMP_REQUEUE_PI)
		deed->to = fifth_argument(regs);
	else if (command != FUTEX_CMD_WAKE && command != FUTEX_CMD_WAKE_BITSET &&
		 command != FUTEX_CMD_UNLOCK_PI)
		return;
	deed->from = call->arg0;
}

inlined void deed_of_requeue(struct futex_deed *deed, const struct syscall_view *call)
{
	struct futex_waitv_view pair[2];

	if (bpf_probe_read_user(pair, sizeof(pair), (void *)call->arg0))
		return;
	deed->from = pair[0].address;
	deed->to = pair[1].address;
	deed->operation = pair[0].flags & FUTEX2_PRIVATE;
}

inlined void find_deed(struct futex_deed *deed, struct task_struct *current)
{
	struct syscall_view call;

	syscall_of(current, &call);
	if (call.number == __NR_futex) {
		deed_of_classic_call(deed, task_registers(current), &call);
	} else if (call.number == __NR_futex_wake) {
		deed->from = call.arg0;
	} else if (call.number == __NR_futex_requeue) {
		deed_of_requeue(deed, &call);
	}
}

/* What is known of the futex to which waiters are moved. */
inlined void judge_move(struct move *move, __u32 operation, const struct futex_reader *reader)
{
	bool inherits = (operation & FUTEX_CMD_MASK) == FUTEX_CMD_CMP_REQUEUE_PI;
	struct futex_view view = {};
	struct futex_answer answer;

	move->futex_kind = PL_FUTEX_OTHER;
	if (bpf_probe_read_user(&view, sizeof(view), (void *)move->address - FUTEX_VIEW_BEFORE) &&
	    bpf_probe_read_user(&view.after, sizeof(view.after), (void *)move->address))
		return;
	answer = futex_judge(&view, move->address,
			     (operation & FUTEX_PRIVATE) |
				     (inherits ? FUTEX_CMD_LOCK_PI : FUTEX_CMD_WAIT),
			     view.after[0], reader);
	/* Any word may be a 2. */
	if (!inherits && !answer.holder)
		return;
	move->futex_kind = answer.kind;
	move->holder = answer.holder;
}

/* `numbers`: as the waiters write them, which share the memory with who moves them. */
inlined void keep_move(const struct futex_deed *deed, struct task_struct *current, __u64 numbers,
		       __u64 now)
{
	struct futex_reader reader = {current->tgid, numbers};
	struct move_key key = {.address = deed->from, .tgid = current->tgid};
	struct move move = {.address = deed->to, .time = now, .mover = current->pid};

	judge_move(&move, deed->operation, &reader);
	bpf_map_update_elem(&moves, &key, &move, BPF_ANY);
}

/* switch.bpf.c: in which mapping of the current thread a futex lies. */
__noinline int tell_futex(__u64 address, __u32 kind, __u64 now);

/* Of a program that waits so all the time there may be many: births and deaths come first. */
inlined bool ring_is_half_full(void)
{
	return bpf_ringbuf_query(&life, BPF_RB_AVAIL_DATA) > settings.life_bytes / 2;
}

inlined void tell_moved(struct task_struct *task, const struct pl_slot *slot, __u64 address,
			__u64 now)
{
	struct move_key key = {.address = slot->arg0, .tgid = slot->tgid};
	struct pl_life_moved record = {.address = address, .futex_kind = PL_FUTEX_OTHER};
	struct move *move;

	if (slot->futex_kind != PL_FUTEX_VECTOR) {
		move = bpf_map_lookup_elem(&moves, &key);
		if (!move || move->address != address || move->time <= slot->last)
			return;
		record.since = move->time;
		record.mover = move->mover;
		record.holder = move->holder;
		record.futex_kind = move->futex_kind;
	}
	if (ring_is_half_full())
		return;
	if (bpf_get_current_task_btf()->tgid == task->tgid)
		tell_futex(address, record.futex_kind, now);
	life_head(&record.head, task, PL_LIFE_MOVED, sizeof(record), now);
	bpf_ringbuf_output(&life, &record, sizeof(record), BPF_RB_NO_WAKEUP);
}

/* Functions of their own, so that the one that they are for needs little stack. */
static __noinline int look_at_deed(struct task_struct *task, struct pl_slot *slot)
{
	struct task_struct *current = bpf_get_current_task_btf();
	struct futex_deed deed = {};
	__u64 now = bpf_ktime_get_ns();

	if (!slot)
		return 0;
	find_deed(&deed, current);
	if (now <= slot->last)
		now = slot->last + 1;
	if (deed.to && deed.from == slot->arg0)
		keep_move(&deed, current, numbers_of(slot, task), now);
	else if (deed.from && deed.from != slot->arg0)
		tell_moved(task, slot, deed.from, now);
	return 0;
}

/* Who is woken on the futex on which it waits, by somebody who moves nobody, is the usual case. */
inlined void look_for_moves(struct task_struct *task, struct pl_slot *slot,
			    struct task_struct *current)
{
	struct syscall_view call;

	if (!slot->futex_kind || slot->state != PL_STATE_BLOCKED ||
	    slot->futex_kind == PL_FUTEX_JOIN)
		return;
	syscall_of(current, &call);
	if (call.arg0 == slot->arg0 && (call.arg1 & FUTEX_CMD_MASK) <= FUTEX_CMD_WAKE)
		return;
	look_at_deed(task, slot);
}

#endif
