// SPDX-License-Identifier: GPL-2.0-only
/*
 * switch.bpf.c - who runs, who waits, who woke whom
 *
 * The hot path: everything here runs at each context switch and wake-up of the whole machine, with
 * interrupts off and scheduler locks held. For threads that are not followed it is two array
 * look-ups.
 *
 * The account in the slot and the record in the lane are made from the same numbers, so that the
 * model, which only sees the records, comes to the same totals to the nanosecond.
 */
#define PTRACE_LAB_HOT_PATH
#include "bpf/area.h"
#include "bpf/lane.h"
#include "bpf/life.h"
#include "bpf/moved.h"
#include "bpf/place.h"
#include "bpf/kernel_stack.h"
#include "bpf/stack.h"
#include <bpf/bpf_tracing.h>

/* A second wake-up before the thread was seen to run. If it waited for the first one, it has run
 * unseen; resume() tells. */
inlined void keep_waking_before(struct pl_slot *slot)
{
	if (slot->state != PL_STATE_BLOCKED)
		return;
	slot->woken_before = slot->woken;
	slot->waker_before = slot->waker;
	slot->waker_cpu_before = slot->waker_cpu;
	slot->waker_context_before = slot->waker_context;
}

/* A thread gets ready. Its waker is kept until it runs: a wake-up may come between a thread's
 * decision to sleep and its switch, and is then older than the wait that it ends. */
SEC("tp_btf/sched_waking")
int BPF_PROG(on_waking, struct task_struct *task)
{
	struct pl_slot *slot = slot_find(task);
	struct task_struct *waker;

	if (!slot)
		return 0;
	waker = bpf_get_current_task_btf();
	/* Interrupted on its way to sleep, before it left the CPU: it never blocks. Interrupts may
	 * be on here, the one case in which another wake-up can come in between. */
	if (waker == task)
		return 0;
	if (slot->woken)
		keep_waking_before(slot);
	slot->waker = waker->pid;
	slot->waker_cpu = bpf_get_smp_processor_id();
	slot->waker_context =
		in_interrupt(waker, &slot->scratch_of_waker) ? PL_WAKER_INTERRUPT : PL_WAKER_TASK;
	slot->totals.wakeups++;
	if (!settings.no_locks && slot->waker_context == PL_WAKER_TASK)
		look_for_moves(task, slot, waker);
	keep_waking_stack(task, slot->waker_context == PL_WAKER_TASK);
	WRITE_ONCE(slot->woken, bpf_ktime_get_ns());
	return 0;
}

/* A function of its own for the verifier's sake, as file_kind_at(). */
__noinline __u64 find_futex(__u64 address, __u32 operation, __u32 value, __u32 tgid, __u64 numbers)
{
	struct futex_reader reader = {tgid, numbers};
	struct futex_view view = {};
	struct futex_answer answer;

	/* The words in front may lie on a page that is not there. */
	if (bpf_probe_read_user(&view, sizeof(view), (void *)address - FUTEX_VIEW_BEFORE))
		bpf_probe_read_user(&view.after, sizeof(view.after), (void *)address);
	answer = futex_judge(&view, address, operation, value, &reader);
	return (__u64)answer.holder << 32 | answer.kind;
}

/* Reading user memory takes 60 ns. Who waits as it did the last time, and not for a 2, waits for
 * the same nameless thing as then. */
inlined bool is_nameless_again(const struct place *place, const struct pl_slot *slot, __u32 value)
{
	return slot->futex_kind == PL_FUTEX_OTHER && slot->arg0 == place->arg0 &&
	       slot->arg1 == place->arg1 && value != 2 &&
	       (place->arg1 & FUTEX_CMD_MASK) == FUTEX_CMD_WAIT;
}

/* Returns whether prev blocks where it blocked the last time. */
inlined bool find_place(struct task_struct *prev, struct pl_slot *slot, struct place *place)
{
	struct syscall_view call;
	__u64 futex = 0;
	__u32 value;

	if (prev->flags & PF_KTHREAD) {
		place->syscall = PL_NO_SYSCALL;
	} else {
		place_of(place, slot, prev, &call);
		if (!settings.no_locks && is_futex_wait(place->syscall)) {
			place_futex(place, &call, &value);
			futex = PL_FUTEX_OTHER;
			if (!is_nameless_again(place, slot, value))
				futex = find_futex(place->arg0, place->arg1, value, slot->tgid,
						   numbers_of(slot, prev));
		} else if (place->syscall == __NR_futex_waitv) {
			futex = PL_FUTEX_VECTOR;
		}
		place->futex_kind = futex;
		place->holder = futex >> 32;
	}
	return place_is_same(place, slot);
}

/* A function of its own, as find_futex(). */
__noinline int tell_futex(__u64 address, __u32 kind, __u64 now)
{
	return area_tell_of(bpf_get_current_task_btf(), address, kind, now);
}

/* A futex other than the one of the last time may be new. Returns false if it could not be told. */
inlined bool tell_area(const struct place *place, const struct pl_slot *slot, __u64 now)
{
	return place->inode == slot->inode || !area_matters(place) ||
	       tell_futex(place->inode, place->futex_kind, now);
}

inlined void account_out(struct pl_slot *slot, struct task_struct *prev, __u8 flags, __u64 now)
{
	account(slot, now);
	slot->state = flags & PL_BLOCKED ? PL_STATE_BLOCKED : PL_STATE_PREEMPTED;
	if (flags & PL_VOLUNTARY)
		slot->totals.voluntary++;
	else
		slot->totals.involuntary++;
	slot->nvcsw = prev->nvcsw;
	slot->runtime = prev->se.sum_exec_runtime;
}

/* The task iterator found it on a CPU that it was just leaving, its switch already behind it. It
 * may have been announced as running meanwhile: the model comes to the same conclusion. */
inlined void correct_beginning(struct pl_slot *slot)
{
	if (slot->state != PL_STATE_RUNNING || slot->last != slot->totals.begin)
		return;
	slot->state = slot->woken ? PL_STATE_BLOCKED : PL_STATE_PREEMPTED;
	if (slot->begin_state)
		slot->begin_state = slot->state;
}

/* Tells how long next had been ready, 0 if it was not blocked. */
inlined __u64 account_in(struct pl_slot *slot, __u64 woken, __u64 now)
{
	__u16 cpu = bpf_get_smp_processor_id();
	__u64 ready = account_woken(slot, woken, now);

	if (slot->cpu != cpu && slot->cpu != 0xffff)
		slot->totals.migrations++;
	slot->cpu = cpu;
	slot->state = PL_STATE_RUNNING;
	return ready;
}

/* Whether prev leaves the CPU to wait for something. A signal that comes in between makes it ready
 * again (state 0, still queued); newer kernels leave a sleeper queued for a while (state kept). */
inlined bool is_blocking(struct task_struct *prev, bool preempt, __u32 prev_state)
{
	return !preempt && prev_state && !(prev->on_rq && !prev->__state);
}

/* Whether somebody is in the midst of waking a thread that is not RUNNING. Read in this order: a
 * waker takes the lock, tells us, changes the state to WAKING or RUNNING, gives the lock back. */
inlined bool is_being_woken(struct task_struct *task)
{
	__u32 state;

	if (READ_ONCE(task->pi_lock.raw_lock.locked))
		return true;
	state = READ_ONCE(task->__state);
	return !state || state & TASK_WAKING;
}

/* A wake-up that came while prev was still awake, and is over, is not that of the wait that begins
 * now. One that comes in between is kept by the exchange. */
inlined void forget_past_waking(struct pl_slot *slot, struct task_struct *prev)
{
	__u64 woken = READ_ONCE(slot->woken);

	if (woken && !is_being_woken(prev))
		__sync_val_compare_and_swap(&slot->woken, woken, 0);
}

/*
 * A wake-up belongs to the wait that ends. But next may only have been on its way to sleep when it
 * lost the CPU, and its waker may be waiting for the run queue that we hold: then next is not in
 * the state RUNNING yet, may go to sleep before its waker gets on, and is woken from that.
 */
inlined void forget_waking(struct pl_slot *slot, struct task_struct *next, bool was_blocked)
{
	slot->woken_before = 0;
	if (was_blocked || !READ_ONCE(next->__state))
		slot->woken = 0;
}

inlined void tell_wake(struct lane_cursor *lane, const struct pl_slot *slot, __u64 ready, __u64 now)
{
	struct pl_wake *wake = &lane_next(lane)->wake;

	wake->kind = PL_WAKE;
	wake->waker_context = slot->waker_context;
	wake->waker_cpu = slot->waker_cpu;
	wake->tid = slot->tid;
	wake->waker = slot->waker;
	wake->reserved_12 = 0;
	wake->woken = now - ready;
	wake->time = now;
}

/* Which wake-up ended the wait of a thread that was resumed unseen at `since`. A later one belongs
 * to the wait that it is about to begin, and is kept. */
struct past_waking {
	__u64 woken;
	__u32 waker;
	__u16 cpu;
	__u8 context;
};

inlined struct past_waking take_past_waking(struct pl_slot *slot, struct task_struct *prev,
					    __u64 since)
{
	struct past_waking past = {.context = PL_WAKER_UNKNOWN};
	__u64 woken = READ_ONCE(slot->woken);

	if (slot->state != PL_STATE_BLOCKED)
		return past;
	if (slot->woken_before) {
		past.woken = slot->woken_before;
		past.waker = slot->waker_before;
		past.cpu = slot->waker_cpu_before;
		past.context = slot->waker_context_before;
		slot->woken_before = 0;
	} else if (woken && (woken <= since || !is_being_woken(prev))) {
		past.woken = woken;
		past.waker = slot->waker;
		past.cpu = slot->waker_cpu;
		past.context = slot->waker_context;
		__sync_val_compare_and_swap(&slot->woken, woken, 0);
	}
	return past;
}

/* prev leaves a CPU that we did not see it get (struct pl_resume). How long it ran, the kernel
 * knows; the account is put right first, whether or not there is room to tell. */
inlined void resume(struct lane_cursor *lane, struct pl_slot *slot, struct task_struct *prev,
		    bool room, __u64 now)
{
	__u64 ran = prev->se.sum_exec_runtime - slot->runtime;
	struct past_waking past;
	struct pl_resume *record;

	if (ran > 0xffffffff)
		ran = 0xffffffff;
	if (ran > now - slot->last)
		ran = now - slot->last;
	past = take_past_waking(slot, prev, now - ran);
	account_in(slot, past.woken, now - ran);
	if (!room)
		return;
	record = &lane_next(lane)->resume;
	record->kind = PL_RESUME;
	record->waker_context = past.context;
	record->waker_cpu = past.cpu;
	record->tid = slot->tid;
	record->waker = past.waker;
	record->ran_ns = ran;
	record->woken = past.woken;
	record->time = now;
}

/* For who reads the account meanwhile (bpf/checkpoint.bpf.c). */
inlined void mark_writing(struct pl_slot *slot)
{
	if (!settings.checkpoints || !slot)
		return;
	barrier();
	WRITE_ONCE(slot->sequence, slot->sequence + 1);
	barrier();
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next,
	     unsigned int prev_state)
{
	struct pl_slot *out = slot_find(prev), *in = slot_find(next);
	struct place place = {};
	struct lane_cursor lane;
	__u64 now, ready = 0;
	__u8 flags = 0;
	bool room, was_blocked = false;

	if (!out) {
		/* Keeps the compiler from or-ing two pointers, which the verifier forbids. */
		asm volatile("");
		if (!in)
			return 0;
	}
	if (control.end || !lane_open(&lane))
		return 0;

	/* The clock may differ by a little between CPUs; a thread's own time must not run back. */
	now = bpf_ktime_get_ns();
	if (now < lane.lane->last_time)
		now = lane.lane->last_time;
	if (out && now <= out->last)
		now = out->last + 1;
	if (in && now <= in->last)
		now = in->last + 1;
	mark_writing(out);
	mark_writing(in);

	room = lane_has_room(&lane, 8);
	if (room && lane.lane->gap_lost)
		lane_gap(&lane, now);

	if (out) {
		if (out->state != PL_STATE_RUNNING)
			resume(&lane, out, prev, room, now);
		flags |= PL_PREV;
		if (prev->nvcsw != out->nvcsw)
			flags |= PL_VOLUNTARY;
		if (is_blocking(prev, preempt, prev_state)) {
			flags |= PL_BLOCKED;
			forget_past_waking(out, prev);
			if (BPF_CORE_READ_BITFIELD(prev, in_iowait))
				flags |= PL_IOWAIT;
			if (!(prev_state & TASK_DEAD)) {
				flags |= tell_blocking_stack(&lane, prev, room);
				if (room && stack_settings.kinds & PL_STACKS_KERNEL &&
				    stack_settings.kinds & PL_STACKS_BLOCKED)
					tell_kernel_stack(&lane, prev, kernel_stack_of(ctx));
				if (find_place(prev, out, &place)) {
					flags |= PL_SAME;
				} else if (room) {
					bool told = tell_area(&place, out, now);

					place_keep(&place, out);
					if (!told)
						place_forget(out);
					place_tell(&place, prev->pid, &lane_next(&lane)->block);
				}
			}
		}
		account_out(out, prev, flags, now);
	}
	if (in) {
		flags |= PL_NEXT;
		correct_beginning(in);
		was_blocked = in->state == PL_STATE_BLOCKED && in->woken;
		ready = account_in(in, in->woken, now);
		tell_waking_stack(&lane, next->pid, was_blocked, room);
		if (was_blocked)
			flags |= PL_WOKEN;
		if (room && ready > 0xffffffffull) {
			tell_wake(&lane, in, ready, now);
			ready = 0xffffffff;
		}
	}

	if (room) {
		struct pl_switch *record = &lane_next(&lane)->sw;

		record->kind = PL_SWITCH;
		record->flags = flags;
		record->prev_state = prev_state;
		record->prev = prev->pid;
		record->next = next->pid;
		record->waker = was_blocked ? in->waker : 0;
		record->ready_ns = ready;
		record->waker_context = was_blocked ? in->waker_context : 0;
		record->reserved_8 = 0;
		record->waker_cpu = was_blocked ? in->waker_cpu : 0;
		record->time = now;
		lane_publish(&lane, now);
	} else {
		lane_lose(&lane, 1, now);
	}
	if (in)
		forget_waking(in, next, was_blocked);
	mark_writing(out);
	mark_writing(in);
	if (out && prev_state & TASK_DEAD) {
		life_totals(out, prev, 0, now);
		slot_release(out, prev);
	}
	return 0;
}
