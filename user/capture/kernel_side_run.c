// SPDX-License-Identifier: GPL-2.0-only
/* kernel_side_run.c - begin and end of a capture: who is there, and what they came to */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/units.h"
#include "capture/kernel_side_inside.h"

void kernel_side_arm(struct kernel_side *side, pid_t tid)
{
	__atomic_store_n(&side->skeleton->bss->control.armed, tid, __ATOMIC_SEQ_CST);
}

/* Reading an iterator to its end runs its program for every task. */
static int run_iterator(struct bpf_program *program)
{
	struct bpf_link *link = bpf_program__attach_iter(program, NULL);
	char buffer[4096];
	ssize_t got;
	int fd, error = 0;

	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0) {
		error = -errno;
	} else {
		do
			got = read(fd, buffer, sizeof(buffer));
		while (got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN)));
		if (got < 0)
			error = -errno;
		close(fd);
	}
	bpf_link__destroy(link);
	return error;
}

int kernel_side_take_up(struct kernel_side *side, const pid_t *pids, size_t count,
			size_t *ret_threads)
{
	struct pl_control *control = &side->skeleton->bss->control;
	int error = 0;

	for (size_t i = 0; !error && i < count; i++) {
		__atomic_store_n(&control->wanted, pids[i], __ATOMIC_SEQ_CST);
		error = run_iterator(side->skeleton->progs.take_up);
	}
	if (!error)
		error = run_iterator(side->skeleton->progs.announce);
	if (error)
		return kernel_side_explain(error);
	*ret_threads = __atomic_load_n(&control->next_slot, __ATOMIC_SEQ_CST) - 1;
	return 0;
}

int kernel_side_copy_stacks(struct kernel_side *side, size_t *ret_left)
{
	struct pl_stack_control *control = &side->skeleton->bss->stack_control;
	int error;

	__atomic_store_n(&control->owed, 0, __ATOMIC_SEQ_CST);
	error = run_iterator(side->skeleton->progs.copy_stacks);
	if (error)
		return kernel_side_explain(error);
	*ret_left = __atomic_load_n(&control->owed, __ATOMIC_SEQ_CST);
	return 0;
}

int kernel_side_settle(struct kernel_side *side)
{
	int error = run_iterator(side->skeleton->progs.settle);

	return error ? kernel_side_explain(error) : 0;
}

void kernel_side_new_epoch(struct kernel_side *side)
{
	__atomic_add_fetch(&side->skeleton->bss->control.epoch, 1, __ATOMIC_RELAXED);
}

/* Waits until every program that may still see the old control block has ended: they all run as
 * readers of RCU, and this system call waits for those. */
void kernel_side_wait(void)
{
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		usleep(20000);
}

static bool has_threads(struct kernel_side *side, pid_t pid)
{
	const struct pl_slot *slot;

	for (uint32_t i = 1; (slot = kernel_side_slot(side, i)); i++)
		if (slot->tgid == (uint32_t)pid && __atomic_load_n(&slot->task, __ATOMIC_ACQUIRE))
			return true;
	return false;
}

void kernel_side_await_end(struct kernel_side *side, pid_t pid)
{
	/* Some microseconds, unless the machine is very busy; and nothing is wrong then, either. */
	for (int i = 0; i < 500 && has_threads(side, pid); i++)
		usleep(100);
}

void kernel_side_stop(struct kernel_side *side, uint64_t *ret_end)
{
	struct pl_control *control = &side->skeleton->bss->control;
	uint64_t end = monotonic_ns();

	__atomic_store_n(&control->end, end, __ATOMIC_SEQ_CST);
	kernel_side_wait();
	/* A program that was under way may have written a slightly later time. */
	for (unsigned int cpu = 0; cpu < side->cpus; cpu++)
		if (side->lanes[cpu].last_time > end)
			end = side->lanes[cpu].last_time;
	__atomic_store_n(&control->end, end, __ATOMIC_SEQ_CST);
	*ret_end = end;
}
