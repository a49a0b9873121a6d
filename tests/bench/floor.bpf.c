// SPDX-License-Identifier: GPL-2.0-only
/*
 * floor.bpf.c - the least that any tracer of switches and wake-ups costs
 *
 * One record with the time per switch and per wake-up into a BPF ring buffer, and no more: no
 * account, no reason, no filter. What ptrace-lab costs beyond this is its own doing. `empty` leaves
 * not even that: what it costs to be called, at each switch and wake-up.
 */
#include "vmlinux/vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20);
} records SEC(".maps");

__u64 lost;
const volatile bool empty;

struct record {
	__u64 time;
	__u32 first, second;
	__u64 more[2];
};

static __always_inline void tell(__u32 first, __u32 second, __u64 more)
{
	struct record *record;

	if (empty)
		return;
	record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);
	if (!record) {
		__sync_fetch_and_add(&lost, 1);
		return;
	}
	record->time = bpf_ktime_get_ns();
	record->first = first;
	record->second = second;
	record->more[0] = more;
	record->more[1] = 0;
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}

SEC("tp_btf/sched_switch")
int BPF_PROG(floor_switch, bool preempt, struct task_struct *prev, struct task_struct *next,
	     unsigned int prev_state)
{
	tell(prev->pid, next->pid, prev_state);
	return 0;
}

SEC("tp_btf/sched_waking")
int BPF_PROG(floor_waking, struct task_struct *task)
{
	tell(task->pid, 0, 0);
	return 0;
}
