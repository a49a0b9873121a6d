// SPDX-License-Identifier: GPL-2.0-only
/* capture_target.c - the target, from its start or from finding it to the moment it is followed */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "base/units.h"
#include "capture/capture_inside.h"
#include "capture/scenarios.h"

int session_launch(struct session *session)
{
	const struct capture_options *options = session->options;
	struct launch_options launch_options = {
		.argv = options->argv,
		.program_fd = -1,
		.result_fd = -1,
		.silent = options->silent_target,
		/* Ctrl-\ asks us for the last part, and must not end the target. */
		.ignores_quit = session->flight != NULL,
		.signals = &session->signals_before,
	};
	int error;

	if (!options->target_as_root)
		launch_options.runs_as = options->invoker;
	if (options->scenario) {
		session->program_fd = scenario_open(options->scenario);
		session->result_fd = memfd_create("ptrace-lab result", MFD_CLOEXEC);
		/* Threads that report at once must not write over each other. */
		if (session->program_fd < 0 || session->result_fd < 0 ||
		    fcntl(session->result_fd, F_SETFL, O_APPEND)) {
			log_error("the scenario %s cannot be started: %s", options->scenario,
				  strerror(errno));
			return EXIT_INTERNAL;
		}
		launch_options.program_fd = session->program_fd;
		launch_options.result_fd = session->result_fd;
	}
	error = launch(&launch_options, &session->target);
	if (error) {
		log_error("the target cannot be started: %s", strerror(-error));
		return EXIT_INTERNAL;
	}
	return 0;
}

/* As a shell would say it. */
static int explain_exec(const char *name, int error)
{
	if (error == -ENOENT) {
		log_error("%s: command not found", name);
		return EXIT_NOT_FOUND;
	}
	log_error("%s cannot be executed: %s", name, strerror(-error));
	return EXIT_NOT_EXECUTABLE;
}

int session_find_target(struct session *session)
{
	session->exit_fd = syscall(SYS_pidfd_open, session->options->pid, 0);
	if (session->exit_fd >= 0)
		return 0;
	if (errno == EINVAL)
		log_error("%d is a thread, not a process: attach to the process it belongs to "
			  "(Tgid in /proc/%d/status)",
			  session->options->pid, session->options->pid);
	else
		log_error("there is no process %d", session->options->pid);
	return EXIT_NO_TARGET;
}

static int explain_nobody(const struct session *session)
{
	struct pollfd ended = {.fd = session->exit_fd, .events = POLLIN};

	if (poll(&ended, 1, 0) == 1)
		log_error("process %d ended while it was being attached to", session->options->pid);
	else
		log_error("this kernel hides process %d from tracers", session->options->pid);
	return EXIT_NO_TARGET;
}

/* Of threads that wait already, and perhaps will for ever. */
static int copy_stacks(struct session *session)
{
	size_t left, before = SIZE_MAX;
	int status;

	for (;; before = left) {
		status = kernel_side_copy_stacks(session->side, &left);
		if (status)
			return status;
		stacks_fetch(session->stacks);
		if (!left || left >= before)
			return 0;
	}
}

int session_explain_watch(const struct session *session, int status)
{
	if (status)
		log_error("%s", watcher_problem(session->watcher));
	return status;
}

static int take_up(struct session *session, size_t *ret_threads)
{
	CLEANUP_FREE pid_t *pids = calloc(1 + session->others.items.count, sizeof(*pids));
	size_t count = 0;
	const struct holder *other;

	if (!pids) {
		log_error("out of memory");
		return EXIT_INTERNAL;
	}
	pids[count++] = session->options->pid;
	vector_for_each (&session->others.items, other)
		pids[count++] = other->pid;
	return kernel_side_take_up(session->side, pids, count, ret_threads);
}

/* What was asked for and is not looked for in the other processes, where there are any. */
static void note_target_only(const struct session *session)
{
	const struct capture_options *options = session->options;
	const struct {
		bool used;
		const char *name;
	} looks[] = {
		{options->watch.count > 0, "--watch"},
		{options->marks != NULL, "--mark"},
		{options->all_locks, "--locks=all"},
	};
	char words[64] = "";
	size_t length = 0;

	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
		if (looks[i].used)
			length += (size_t)snprintf(words + length, sizeof(words) - length, "%s%s",
						   length ? ", " : "", looks[i].name);
	if (!length || !session->others.items.count)
		return;
	log_info("of these processes nothing is told by %s", words);
	recording_write_note(session->writer, NOTE_TARGET_ONLY, "%s", words);
}

int session_find_others(struct session *session)
{
	if (session->options->mode != CAPTURE_ATTACH)
		return 0;
	if (holders_find(session->options->pid, &session->others)) {
		log_error("out of memory");
		return EXIT_INTERNAL;
	}
	holders_tell(&session->others);
	return 0;
}

static int begin_run(struct session *session)
{
	int status, error;

	kernel_side_arm(session->side, session->target.pid);
	status = kernel_side_attach(session->side);
	if (status)
		return status;
	session->begin = monotonic_ns();
	error = launch_release(&session->target);
	return error ? explain_exec(session->options->argv[0], error) : 0;
}

/* Its variables are looked for while it is stopped, and the capture begins when it goes on. (Where
 * they are in a library, the constructors of libraries have run by then: threads that these made
 * are taken up, processes are not.) */
static int begin_held(struct session *session)
{
	pid_t pid = session->target.pid;
	size_t threads;
	int status = kernel_side_attach(session->side), error;

	if (status)
		return status;
	watcher_hold(session->watcher, pid);
	error = launch_release(&session->target);
	if (error)
		return explain_exec(session->options->argv[0], error);
	status = session_explain_watch(session, watcher_set_held(session->watcher, pid));
	if (status)
		return status;
	/* The tables of its code are there before its first access. */
	if (session->stacks)
		stacks_fetch(session->stacks);
	kernel_side_arm(session->side, pid);
	status = kernel_side_take_up(session->side, &pid, 1, &threads);
	if (status) {
		kill(pid, SIGKILL);
		return status;
	}
	session->begin = monotonic_ns();
	watcher_go_on(pid);
	return 0;
}

int session_begin(struct session *session)
{
	const struct capture_options *options = session->options;
	size_t threads = 0;
	int status;

	if (options->mode == CAPTURE_RUN)
		return session->watcher ? begin_held(session) : begin_run(session);
	status = kernel_side_attach(session->side);
	if (status)
		return status;
	session->begin = monotonic_ns();
	status = take_up(session, &threads);
	note_target_only(session);
	if (!status && options->stacks & PL_STACKS_BLOCKED)
		status = copy_stacks(session);
	if (status)
		return status;
	if (!threads)
		return explain_nobody(session);
	if (!session->watcher)
		return 0;
	return session_explain_watch(session, watcher_set(session->watcher, options->pid));
}
