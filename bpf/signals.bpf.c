// SPDX-License-Identifier: GPL-2.0-only
/*
 * signals.bpf.c - who sent which signal to whom, and what the receiver did about it
 *
 * Told are signals that a followed thread sends or gets. A million a second must not hurt: those
 * alike are counted, and a record is written for the first few and then now and then, with the
 * count since the one before. What is left over at the end user space reads from the map.
 *
 * The kernel ends the threads of a process that exits, too, by making SIGKILL pending for them. It
 * sends them nothing, and so there is nothing of it here: see tell_how() in life.bpf.c.
 */
#include "bpf/life.h"
#include "bpf/slot.h"
#include <bpf/bpf_tracing.h>

#define SIGKILL	 9
#define SIGCHLD	 17
#define SI_TIMER -2

/* siginfo_t as user space gets it, which never changes. */
struct siginfo_view {
	__s32 number, error, code, padding;
	union {
		__u64 address;
		__u32 pid;
	};
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PL_SIGNAL_FLOWS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct pl_signal_key);
	__type(value, struct pl_signal_flow);
} signal_flows SEC(".maps");

/* Memory to pass a stack pointer through (in_interrupt). */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} signal_scratch SEC(".maps");

/* False for 0 and 1, which stand for "a program sent it" and "the kernel did" without details. */
inlined bool read_info(struct siginfo_view *view, struct kernel_siginfo *info)
{
	return !bpf_probe_read_kernel(view, sizeof(*view), info);
}

/* An instruction's own fault: SIGILL, TRAP, BUS, FPE, SEGV, SYS with a reason from the kernel. */
inlined bool is_fault(__u32 number, __s32 code)
{
	const __u64 faults =
		1ull << 4 | 1ull << 5 | 1ull << 7 | 1ull << 8 | 1ull << 11 | 1ull << 31;

	return code > 0 && number < 64 && (faults >> number & 1);
}

inlined __u8 action_of_handler(__u64 handler)
{
	return handler == 0   ? PL_ACTION_DEFAULT
	       : handler == 1 ? PL_ACTION_IGNORE
			      : PL_ACTION_HANDLER;
}

/* The handler's address lies in an array of the kernel's: its entry is found by hand, as CO-RE
 * knows constant indices only. */
inlined __u8 action_of(struct task_struct *task, __u32 number)
{
	__u64 entry = (__u64)BPF_CORE_READ(task, sighand), handler = 0;

	if (!entry || !number || number > 64)
		return PL_ACTION_DEFAULT;
	entry += bpf_core_field_offset(struct sighand_struct, action);
	entry += (__u64)(number - 1) * bpf_core_type_size(struct k_sigaction);
	bpf_probe_read_kernel(&handler, sizeof(handler), (void *)entry);
	return action_of_handler(handler);
}

/* How many alike are to be told of now; 0: they wait for the next one. */
inlined __u32 count_to_tell(const struct pl_signal_key *key, bool at_once, __u64 now)
{
	struct pl_signal_flow *flow = bpf_map_lookup_elem(&signal_flows, key);
	struct pl_signal_flow empty = {};

	if (!flow) {
		bpf_map_update_elem(&signal_flows, key, &empty, BPF_NOEXIST);
		flow = bpf_map_lookup_elem(&signal_flows, key);
		if (!flow)
			return 1;
	}
	__sync_fetch_and_add(&flow->waiting, 1);
	if (!at_once && flow->records >= PL_SIGNAL_RECORDS && now - flow->told < PL_SIGNAL_PAUSE_NS)
		return 0;
	flow->told = now;
	flow->records++;
	return __sync_lock_test_and_set(&flow->waiting, 0);
}

inlined __u64 instruction_of(struct task_struct *task)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

#if defined(__TARGET_ARCH_x86)
	return regs->ip;
#else
	return regs->pc;
#endif
}

inlined void tell(struct pl_life_signal *record, struct task_struct *task, __u32 count, __u64 now)
{
	life_head(&record->head, task, PL_LIFE_SIGNAL, sizeof(*record), now);
	life_comm(record->comm, task);
	record->count = count;
	if (bpf_ringbuf_output(&life, record, sizeof(*record), life_wakeup()))
		__sync_fetch_and_add(&control.lost_life, 1);
}

/* A function of its own, so that it has a small stack: since 6.13 the kernel moves what needs more
 * than 64 bytes off its own stack, which in_interrupt() wants to see. */
static __noinline bool is_interrupted(void)
{
	struct task_struct *current = bpf_get_current_task_btf();
	__u32 zero = 0;
	__u64 *scratch = bpf_map_lookup_elem(&signal_scratch, &zero);

	return !scratch || in_interrupt(current, scratch);
}

/* Whose deed it is. Whatever runs in an interrupt is nobody's. */
inlined void find_source(struct pl_life_signal *record, struct task_struct *task,
			 struct task_struct *current)
{
	if (current == task && is_fault(record->number, record->code)) {
		record->source = PL_SOURCE_FAULT;
		record->ip = instruction_of(task);
		return;
	}
	record->source = PL_SOURCE_KERNEL;
	if (is_interrupted() || current->flags & PF_KTHREAD)
		return;
	/* What a program sends has a code of 0 or less, but so has a timer's; a child's end is the
	 * child's deed. */
	if ((record->code > 0 && record->number != SIGCHLD) || record->code == SI_TIMER)
		return;
	record->source = PL_SOURCE_THREAD;
	record->sender = current->pid;
	record->sender_tgid = current->tgid;
	life_comm(record->sender_comm, current);
}

SEC("tp_btf/signal_generate")
int BPF_PROG(on_signal, int number, struct kernel_siginfo *info, struct task_struct *task,
	     int group, int result)
{
	struct task_struct *current = bpf_get_current_task_btf();
	struct pl_life_signal record = {};
	struct siginfo_view view = {};
	struct pl_signal_key key = {};
	__u32 count;
	__u64 now;

	if (control.end || (!slot_find(task) && !slot_find(current)))
		return 0;
	/* That a child ended is told to every parent; who does not listen does not count. */
	if (number == SIGCHLD && result == PL_SIGNAL_IGNORED)
		return 0;
	if (read_info(&view, info)) {
		record.code = view.code;
	} else {
		record.code = info ? 0x80 : 0;
	}
	record.step = PL_SIGNAL_SENT;
	record.number = number;
	record.result = result;
	record.action = action_of(task, number);
	find_source(&record, task, current);
	if (record.source == PL_SOURCE_FAULT)
		record.address = view.address;
	if (group)
		record.flags |= PL_SIGNAL_PROCESS;
	if (result == PL_SIGNAL_QUEUED && task->signal->flags & SIGNAL_GROUP_EXIT)
		record.flags |= PL_SIGNAL_FATAL;

	key.from = record.sender;
	key.to = task->tgid;
	key.step = PL_SIGNAL_SENT;
	key.number = number;
	key.result = result;
	key.action = record.action;
	key.source = record.source;
	now = bpf_ktime_get_ns();
	count = count_to_tell(&key, record.flags & PL_SIGNAL_FATAL, now);
	if (count)
		tell(&record, task, count, now);
	return 0;
}

/* Only the stop signals are delivered by default and survived. */
inlined bool is_deadly(const struct pl_life_signal *record)
{
	return record->action == PL_ACTION_DEFAULT && (record->number < 19 || record->number > 22);
}

/* In the receiver's context, about to act on it. */
SEC("tp_btf/signal_deliver")
int BPF_PROG(on_deliver, int number, struct kernel_siginfo *info, struct k_sigaction *action)
{
	struct task_struct *current = bpf_get_current_task_btf();
	struct pl_life_signal record = {};
	struct siginfo_view view = {};
	struct pl_signal_key key = {};
	__u32 count;
	__u64 now;
	bool fault;

	/* A SIGKILL is never delivered as others are: this is the process's end. */
	if (control.end || number == SIGKILL || !slot_find(current))
		return 0;
	read_info(&view, info);
	record.step = PL_SIGNAL_DELIVERED;
	record.number = number;
	record.code = view.code;
	record.action = action_of_handler((__u64)BPF_CORE_READ(action, sa.sa_handler));
	fault = is_fault(number, view.code);
	record.source = fault ? PL_SOURCE_FAULT : PL_SOURCE_KERNEL;
	if (fault) {
		record.address = view.address;
		record.ip = instruction_of(current);
	} else if (view.code <= 0 || number == SIGCHLD) {
		record.source = PL_SOURCE_THREAD;
		record.sender_tgid = view.pid;
	}

	key.from = record.sender_tgid;
	key.to = current->pid;
	key.step = PL_SIGNAL_DELIVERED;
	key.number = number;
	key.action = record.action;
	key.source = record.source;
	now = bpf_ktime_get_ns();
	count = count_to_tell(&key, is_deadly(&record), now);
	if (count)
		tell(&record, current, count, now);
	return 0;
}
