// SPDX-License-Identifier: GPL-2.0-only
/*
 * holds.bpf.c - every lock that is taken, also those that nobody waits for (--locks=all)
 *
 * Probes at the begin of the C library's functions. None at their ends: a probe there changes the
 * return address, on which the unwinding of cancelled threads and our own stacks would run aground.
 * So a lock is had from the call on, or from the end of the last sleep for it, as the scheduler
 * tells; and what a thread does next tells that it got it. Nothing is sent: sums are kept for each
 * lock, and read at the end.
 */
#include "bpf/area.h"
#include "bpf/holds_sums.h"
#include "bpf/life.h"
#include "bpf/slot.h"
#include <bpf/bpf_tracing.h>

/* Sizes of the C library's objects: a futex word anywhere in them belongs to them. */
#define LOCK_SIZE      56
#define CONDITION_SIZE 48

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct pl_hold_lock);
	__type(value, struct pl_hold_sum);
} hold_sums SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct pl_hold_key);
	__type(value, struct pl_hold);
} holds SEC(".maps");

/* By tid. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct pl_hold_call);
} hold_calls SEC(".maps");

__u64 holds_lost; /* that found no room */

inlined bool is_followed(struct task_struct *task)
{
	struct pl_slot *slot = slot_of_its_tid(task);

	return !control.end && slot && slot->task == (__u64)task;
}

inlined struct pl_hold_key key_of(struct task_struct *task, __u64 address)
{
	return (struct pl_hold_key){.address = address, .tid = task->pid, .tgid = task->tgid};
}

static __noinline struct pl_hold_sum *sum_of(struct task_struct *task, __u64 address)
{
	struct pl_hold_lock key = {.address = address, .tgid = task->tgid};
	struct pl_hold_sum *sum = bpf_map_lookup_elem(&hold_sums, &key), none = {};

	if (!sum) {
		bpf_map_update_elem(&hold_sums, &key, &none, BPF_NOEXIST);
		sum = bpf_map_lookup_elem(&hold_sums, &key);
	}
	/* Its mapping gives it a name, as that of a lock that is waited for. */
	if (!sum)
		__sync_fetch_and_add(&holds_lost, 1);
	else if (!sum->told)
		sum->told = area_tell_of(task, address, PL_FUTEX_MUTEX, bpf_ktime_get_ns());
	return sum;
}

inlined void count_hold(struct task_struct *task, __u64 address, __u64 since, __u64 now)
{
	struct pl_hold_sum *sum = sum_of(task, address);
	__u64 ns = now > since ? now - since : 0;

	if (!sum)
		return;
	/* Readers may give a lock up at the same time. */
	__sync_fetch_and_add(&sum->taken, 1);
	__sync_fetch_and_add(&sum->held_ns, ns);
	if (ns > sum->held_max_ns)
		sum->held_max_ns = ns;
}

/* It does something else now: so it has got what it called for. */
inlined void settle_call(struct task_struct *task, struct pl_hold_call *call)
{
	struct pl_hold_key key = key_of(task, call->address);
	struct pl_hold hold = {.since = call->since, .depth = 1, .tried = call->tried};
	struct pl_hold *held;

	if (!call->address)
		return;
	held = bpf_map_lookup_elem(&holds, &key);
	if (held)
		held->depth++;
	else if (bpf_map_update_elem(&holds, &key, &hold, BPF_ANY))
		__sync_fetch_and_add(&holds_lost, 1);
	call->address = 0;
}

/* A try that was never followed by giving it up had been in vain. */
inlined void forget_try(struct task_struct *task, struct pl_hold_call *call, __u64 address)
{
	struct pl_hold_key key = key_of(task, address);
	struct pl_hold *held = bpf_map_lookup_elem(&holds, &key);
	struct pl_hold_sum *sum;
	bool pending = call->address == address && call->tried;

	if (!pending && !(held && held->tried))
		return;
	if (pending)
		call->address = 0;
	else
		bpf_map_delete_elem(&holds, &key);
	sum = sum_of(task, address);
	if (sum)
		__sync_fetch_and_add(&sum->refused, 1);
}

inlined void call_for(__u64 address, __u64 condition, bool tried)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pl_hold_call fresh = {}, *call;
	__u32 tid = task->pid;

	call = bpf_map_lookup_elem(&hold_calls, &tid);
	if (!call) {
		bpf_map_update_elem(&hold_calls, &tid, &fresh, BPF_ANY);
		call = bpf_map_lookup_elem(&hold_calls, &tid);
		if (!call) {
			__sync_fetch_and_add(&holds_lost, 1);
			return;
		}
	}
	forget_try(task, call, address);
	settle_call(task, call);
	call->asleep = 0;
	call->condition = condition;
	call->tried = tried;
	call->since = bpf_ktime_get_ns();
	call->address = address;
}

inlined void give_up(__u64 address)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pl_hold_key key = key_of(task, address);
	__u64 now = bpf_ktime_get_ns(), since;
	struct pl_hold_call *call;
	struct pl_hold *held;
	__u32 tid = task->pid;

	held = bpf_map_lookup_elem(&holds, &key);
	call = bpf_map_lookup_elem(&hold_calls, &tid);
	if (call && call->address == address) {
		call->address = 0;
		if (!held)
			count_hold(task, address, call->since, now);
		return; /* it had it before as well, and still does */
	}
	if (!held || --held->depth)
		return;
	since = held->since;
	bpf_map_delete_elem(&holds, &key);
	count_hold(task, address, since, now);
}

SEC("uprobe")
int on_lock(struct pt_regs *context)
{
	if (is_followed(bpf_get_current_task_btf()))
		call_for(PT_REGS_PARM1(context), 0, false);
	return 0;
}

SEC("uprobe")
int on_try_lock(struct pt_regs *context)
{
	if (is_followed(bpf_get_current_task_btf()))
		call_for(PT_REGS_PARM1(context), 0, true);
	return 0;
}

SEC("uprobe")
int on_unlock(struct pt_regs *context)
{
	if (is_followed(bpf_get_current_task_btf()))
		give_up(PT_REGS_PARM1(context));
	return 0;
}

/* It gives the lock up for the time of the wait, and comes back with it. */
SEC("uprobe")
int on_condition(struct pt_regs *context)
{
	if (!is_followed(bpf_get_current_task_btf()))
		return 0;
	give_up(PT_REGS_PARM2(context));
	call_for(PT_REGS_PARM2(context), PT_REGS_PARM1(context), false);
	return 0;
}

inlined bool sleeps_for(const struct pl_hold_call *call, const struct pl_slot *slot)
{
	return slot->state == PL_STATE_BLOCKED && slot->futex_kind &&
	       (slot->arg0 - call->address < LOCK_SIZE ||
		(call->condition && slot->arg0 - call->condition < CONDITION_SIZE));
}

/* Attached after the account of the switch, which says where prev sleeps. */
SEC("tp_btf/sched_switch")
int BPF_PROG(on_hold_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	__u32 out = prev->pid, in = next->pid;
	struct pl_hold_call *call;
	struct pl_slot *slot;

	slot = slot_of_its_tid(prev);
	call = slot ? bpf_map_lookup_elem(&hold_calls, &out) : 0;
	if (call && call->address && sleeps_for(call, slot))
		call->asleep = 1;
	slot = slot_of_its_tid(next);
	call = slot ? bpf_map_lookup_elem(&hold_calls, &in) : 0;
	if (call && call->asleep) {
		call->asleep = 0;
		call->since = bpf_ktime_get_ns();
	}
	return 0;
}
