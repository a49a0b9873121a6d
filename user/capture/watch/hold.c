// SPDX-License-Identifier: GPL-2.0-only
/* hold.c - a child that is held until its variables are watched */
#include <errno.h>
#include <linux/hw_breakpoint.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/exit_status.h"
#include "capture/watch/watch_inside.h"

void watcher_hold(struct watcher *watcher, pid_t child)
{
	__atomic_store_n(&watcher->kernel.control->hold, child, __ATOMIC_SEQ_CST);
}

/* Only the stop is taken: if it ends, that is for others to see. */
static int await_stop(struct watcher *watcher, pid_t child)
{
	siginfo_t info = {0};
	int result;

	do
		result = waitid(P_PID, child, &info, WSTOPPED | WEXITED | WNOWAIT);
	while (result && errno == EINTR);
	if (result || info.si_code != CLD_STOPPED)
		return watcher_fail(watcher, EXIT_NO_TARGET,
				    "the program ended before its variables could be found");
	waitid(P_PID, child, &info, WSTOPPED);
	watcher_hold(watcher, 0);
	return EXIT_OK;
}

/* Goes on until the program's first instruction: the libraries are in memory then. */
static int run_to_entry(struct watcher *watcher, pid_t child)
{
	struct mapped_file *program = files_program(&watcher->modules);
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_BREAKPOINT,
		.bp_type = HW_BREAKPOINT_X,
		.bp_addr = program->image->entry + program->bias,
		.bp_len = sizeof(long),
		.sample_period = 1,
		.exclude_kernel = 1,
	};
	int fd = watcher_open_event(&attr, child, -1), error = fd, status;

	if (fd >= 0)
		error = watcher_add_event(watcher, fd, watcher->kernel.on_entry, 0);
	if (error < 0)
		return watcher_explain_refusal(watcher, "the program's first instruction", error);
	watcher_hold(watcher, child);
	kill(child, SIGCONT);
	status = await_stop(watcher, child);
	watcher_stop(watcher);
	watcher->trapped = 0;
	return status;
}

int watcher_set_held(struct watcher *watcher, pid_t child)
{
	struct mapped_file *program;
	bool complete = false;
	int status = await_stop(watcher, child);

	if (!status)
		status = watcher_find(watcher, child, false, &complete);
	program = files_program(&watcher->modules);
	if (!status && !complete && program->image && program->image->dynamic)
		status = run_to_entry(watcher, child);
	if (!status && !complete)
		status = watcher_find(watcher, child, true, &complete);
	watcher->is_held = true;
	if (!status)
		status = watcher_set_found(watcher, child);
	if (status)
		kill(child, SIGKILL);
	return status;
}

void watcher_go_on(pid_t child)
{
	kill(child, SIGCONT);
}
