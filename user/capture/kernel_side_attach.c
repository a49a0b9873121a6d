// SPDX-License-Identifier: GPL-2.0-only
/* kernel_side_attach.c - the programs begin to see what happens */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "capture/kernel_side_inside.h"
#include "capture/marks.h"

static int attach_one(struct bpf_program *program, struct bpf_link **link)
{
	*link = bpf_program__attach_trace(program);
	return *link ? 0 : -errno;
}

/* A clock on each CPU: it strikes while that runs anything, and the program looks whom it struck.
 * Clocks on the threads would have to be wound at each switch. */
static int attach_clocks(struct kernel_side *side)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = side->skeleton->rodata->stack_settings.period,
	};

	side->clocks = calloc(side->cpus, sizeof(*side->clocks));
	if (!side->clocks)
		return -ENOMEM;
	for (unsigned int cpu = 0; cpu < side->cpus; cpu++) {
		int fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

		/* A CPU that is off line. */
		if (fd < 0 && errno == ENODEV)
			continue;
		if (fd < 0)
			return -errno;
		side->clocks[cpu] =
			bpf_program__attach_perf_event(side->skeleton->progs.on_sample, fd);
		if (!side->clocks[cpu]) {
			int error = -errno;

			close(fd);
			return error;
		}
	}
	return 0;
}

/* For every process that runs the file: those that are not followed are told apart in the kernel,
 * and children that the target forks are there from their first instruction. */
static int attach_marks(struct kernel_side *side)
{
	const struct mark *mark;

	if (!side->marks)
		return 0;
	vector_for_each (&side->marks->items, mark) {
		LIBBPF_OPTS(bpf_usdt_opts, options, .usdt_cookie = mark->definition);
		struct bpf_link **link = vector_add(&side->mark_links);

		if (!link)
			return -ENOMEM;
		*link = bpf_program__attach_usdt(kernel_side_mark_program(side, mark->program), -1,
						 mark->path, mark->provider, mark->name, &options);
		if (!*link) {
			side->mark_links.count--;
			side->marks_refused = errno;
		}
	}
	if (side->marks_refused == EACCES || side->marks_refused == EPERM)
		log_warning("the program's marks (USDT probes) are left out: they need root");
	else if (side->marks_refused)
		log_warning("not all of the program's marks (USDT probes) can be followed: %s",
			    strerror(side->marks_refused));
	return 0;
}

int kernel_side_marks_refused(const struct kernel_side *side)
{
	return side->marks_refused;
}

int kernel_side_attach(struct kernel_side *side)
{
	struct ptrace_lab_bpf *skeleton = side->skeleton;
	int error;

	/* Births before switches: no thread may switch before it has been announced. */
	error = attach_one(skeleton->progs.on_fork, &skeleton->links.on_fork);
	if (!error)
		error = attach_one(skeleton->progs.on_exit, &skeleton->links.on_exit);
	if (!error)
		error = attach_one(skeleton->progs.on_rename, &skeleton->links.on_rename);
	if (!error)
		error = attach_one(skeleton->progs.on_signal, &skeleton->links.on_signal);
	if (!error)
		error = attach_one(skeleton->progs.on_deliver, &skeleton->links.on_deliver);
	if (!error)
		error = attach_one(skeleton->progs.on_waking, &skeleton->links.on_waking);
	/* It looks at the account as it is before the switch. */
	if (!error && bpf_program__autoload(skeleton->progs.on_long_wait))
		error = attach_one(skeleton->progs.on_long_wait, &skeleton->links.on_long_wait);
	if (!error)
		error = attach_one(skeleton->progs.on_switch, &skeleton->links.on_switch);
	if (!error)
		error = attach_one(skeleton->progs.on_exec, &skeleton->links.on_exec);
	if (!error && side->stack_kinds & PL_STACKS_SAMPLES)
		error = attach_clocks(side);
	if (!error && bpf_program__autoload(skeleton->progs.on_watch_exec))
		error = attach_one(skeleton->progs.on_watch_exec, &skeleton->links.on_watch_exec);
	/* After the account of switches, to which it adds a thread. */
	if (!error && bpf_program__autoload(skeleton->progs.on_watch_begin))
		error = attach_one(skeleton->progs.on_watch_begin, &skeleton->links.on_watch_begin);
	/* After the account of switches, which it looks at. */
	if (!error && bpf_program__autoload(skeleton->progs.on_hold_switch))
		error = attach_one(skeleton->progs.on_hold_switch, &skeleton->links.on_hold_switch);
	if (!error && side->faults)
		error = attach_one(skeleton->progs.on_user_fault, &skeleton->links.on_user_fault);
	if (!error && side->faults)
		error = attach_one(skeleton->progs.on_kernel_fault,
				   &skeleton->links.on_kernel_fault);
	if (!error)
		error = attach_marks(side);
	return error ? kernel_side_explain(error) : 0;
}
