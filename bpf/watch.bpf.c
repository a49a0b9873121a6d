// SPDX-License-Identifier: GPL-2.0-only
/* watch.bpf.c - accesses to watched variables, from the processor's watchpoints */
#include "bpf/begin.h"
#include "bpf/memory.h"
#include "bpf/stack.h"
#include "bpf/watch_events.h"
#include <bpf/bpf_tracing.h>

#define SIGSTOP	   19
#define FLAGS_ZERO 0x40

/* All that is needed here of a memory map; vmlinux/pcb.h has more of it. */
struct mm_struct___watched {
	unsigned long start_stack;
} __attribute__((preserve_access_index));

/* Without relocations: the context of a program has a layout of its own, which never changes. */
struct trap_registers {
#if defined(__TARGET_ARCH_x86)
	__u64 r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs,
		flags, sp, ss;
#else
	__u64 regs[31], sp, ip, pstate;
#endif
};

struct trap {
	struct trap_registers registers;
	__u64 sample_period;
	__u64 address;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096); /* set by the loader */
} watch_ring SEC(".maps");

/* What is being told: too much for the stack, beside that of the unwinding. One for each CPU, as no
 * trap comes in the midst of another's program. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pl_watch_full);
} watch_told SEC(".maps");

/* ip -> the number of the register that the instruction before it needs. Until user space has said
 * so, all of them are sent. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u32);
} watch_operands SEC(".maps");

struct pl_watch_control watch;

/* What the child that is held executed: told when it goes on. */
char watch_program[PL_PATH_LEN];

inlined void copy_registers(struct trap *trap, __u64 registers[PL_WATCH_REGISTER])
{
#if defined(__TARGET_ARCH_x86)
	registers[0] = trap->registers.ax;
	registers[1] = trap->registers.cx;
	registers[2] = trap->registers.dx;
	registers[3] = trap->registers.bx;
	registers[4] = trap->registers.sp;
	registers[5] = trap->registers.bp;
	registers[6] = trap->registers.si;
	registers[7] = trap->registers.di;
	registers[8] = trap->registers.r8;
	registers[9] = trap->registers.r9;
	registers[10] = trap->registers.r10;
	registers[11] = trap->registers.r11;
	registers[12] = trap->registers.r12;
	registers[13] = trap->registers.r13;
	registers[14] = trap->registers.r14;
	registers[15] = trap->registers.r15;
#endif
}

inlined __u8 trap_flags(struct trap *trap)
{
	__u8 flags = 0;

#if defined(__TARGET_ARCH_x86)
	if (!(trap->registers.cs & 3))
		flags |= PL_WATCH_KERNEL;
	if (trap->registers.flags & FLAGS_ZERO)
		flags |= PL_WATCH_ZERO;
#endif
	return flags;
}

/* A mutex that nobody contends for is taken and given without a system call, but its owner is
 * written in it. */
inlined __u8 locks_of(__u32 tid)
{
	__u8 locks = 0;

	for (__u32 i = 0; i < PL_WATCH_LOCKS && i < watch.lock_count; i++) {
		__u32 owner = 0;

		bpf_probe_read_user(&owner, sizeof(owner), (void *)watch.owners[i]);
		if (owner == tid)
			locks |= 1 << i;
	}
	return locks;
}

inlined __u32 ran_for(struct task_struct *task, __u64 now)
{
	struct pl_slot *slot = slot_of_its_tid(task);

	if (!slot || slot->task != (__u64)task || slot->state != PL_STATE_RUNNING ||
	    now - slot->last >= PL_WATCH_UNKNOWN)
		return PL_WATCH_UNKNOWN;
	return now - slot->last;
}

/* The trap comes after the access, and the locked addition below sees to it that a store has
 * reached the memory that all CPUs share before the clock is read. */
inlined void look(struct pl_watch_hit *hit, __u32 index)
{
	__u64 later;

	hit->time = bpf_ktime_get_ns();
	hit->seen = 0;
	/* Where reads are watched, ours would trap as well. */
	if (watch.reads & 1 << index || bpf_probe_read_user(&hit->seen, watch.sizes[index] & 15,
							    (void *)watch.addresses[index]))
		hit->flags |= PL_WATCH_BLIND;
	later = bpf_ktime_get_ns() - hit->time;
	hit->seen_ns = later < 0xffff ? later : 0xffff;
}

inlined void send(struct trap *trap, struct pl_watch_full *full)
{
	struct pl_watch_hit *hit = &full->hit;
	__u32 *known = bpf_map_lookup_elem(&watch_operands, &hit->ip);
	__u32 size = sizeof(*hit);
	__u64 wake = BPF_RB_NO_WAKEUP;

	copy_registers(trap, full->registers);
	if (known) {
		hit->operand = full->registers[*known & (PL_WATCH_REGISTER - 1)];
	} else {
		hit->flags |= PL_WATCH_FULL;
		size = sizeof(*full);
		wake = BPF_RB_FORCE_WAKEUP;
	}
	if (bpf_ringbuf_query(&watch_ring, BPF_RB_AVAIL_DATA) >
	    bpf_ringbuf_query(&watch_ring, BPF_RB_RING_SIZE) / 4)
		wake = BPF_RB_FORCE_WAKEUP;
	if (bpf_ringbuf_output(&watch_ring, full, size, wake))
		__sync_fetch_and_add(&watch.lost, 1);
}

SEC("perf_event")
int on_watch(struct trap *trap)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 index = bpf_get_attach_cookie(trap), zero = 0;
	struct mm_struct___watched *mm;
	struct pl_watch_full *full = bpf_map_lookup_elem(&watch_told, &zero);
	struct pl_watch_hit *hit;

	if (!full || index >= PL_WATCHES)
		return 0;
	mm = (struct mm_struct___watched *)task->mm;
	if (control.end || !mm || mm->start_stack != watch.start_stack) {
		__sync_fetch_and_add(&watch.foreign, 1);
		return 0;
	}
	if (__sync_fetch_and_add(&watch.hits, 1) >= watch.limit)
		return 0;
	__builtin_memset(full, 0, sizeof(*full));
	hit = &full->hit;
	hit->flags = trap_flags(trap);
	look(hit, index);
	hit->tid = task->pid;
	hit->tgid = task->tgid;
	hit->cpu = bpf_get_smp_processor_id();
	hit->watch = index;
	hit->locks = locks_of(hit->tid);
	hit->ran_ns = ran_for(task, hit->time);
	hit->ip = trap->registers.ip;
	hit->stack = stack_of_trapped();
	send(trap, full);
	return 0;
}

/* Where its variables lie is known only now, and it must not get at them before they are watched.
 */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_watch_exec, struct task_struct *task, pid_t old_tid, struct linux_binprm *program)
{
	if (!watch.hold || watch.hold != (__u32)task->pid)
		return 0;
	forget_space(task->tgid);
	bpf_probe_read_kernel_str(watch_program, sizeof(watch_program), program->filename);
	bpf_send_signal(SIGSTOP);
	return 0;
}

/* The child goes on, and only now the capture begins: it was stopped for our sake, and no report
 * should speak of that. Runs after the account of switches, which does not know it yet. */
SEC("tp_btf/sched_switch")
int BPF_PROG(on_watch_begin, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	__u64 now;

	if (control.end || !is_armed(next))
		return 0;
	now = bpf_ktime_get_ns();
	if (!begin_capture(next, now))
		return 0;
	life_exec(next, next->pid, watch_program, now);
	memory_tell(next, PL_MEMORY_EXEC, now);
	return 0;
}

/* The program's first instruction: the libraries are in memory. */
SEC("perf_event")
int on_watch_entry(struct trap *trap)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (watch.hold && watch.hold == (__u32)task->pid)
		bpf_send_signal(SIGSTOP);
	return 0;
}
