// SPDX-License-Identifier: GPL-2.0-only
#include "cli/snapshots.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "base/units.h"
#include "capture/launch.h"
#include "capture/scenarios.h"
#include "capture/snapshot.h"

#define AFTER_DEFAULT (100 * NS_PER_MS)

/* Whom the words name. */
struct wanted {
	VECTOR(uint32_t) tids; /* empty: everybody */
	bool family;	       /* their descendants too */
};

static bool is_named(const struct wanted *wanted, uint32_t tid)
{
	const uint32_t *named;

	vector_for_each (&wanted->tids, named)
		if (*named == tid)
			return true;
	return false;
}

static bool is_wanted(const struct pl_pcb_head *head, void *context)
{
	const struct wanted *wanted = context;

	return is_named(wanted, head->tgid) || is_named(wanted, head->tid);
}

static int name_tid(struct wanted *wanted, uint32_t tid)
{
	uint32_t *named = vector_add(&wanted->tids);

	if (!named)
		return -ENOMEM;
	*named = tid;
	return 0;
}

/* Children may stand before their parents: until nobody is found any more. */
static int name_descendants(struct wanted *wanted, const struct snapshot *snapshot)
{
	const struct pl_pcb_task *task;
	bool found = wanted->family;
	int error = 0;

	while (found && !error) {
		found = false;
		vector_for_each (&snapshot->tasks, task) {
			if (error || !pcb_is_leader(task) || is_named(wanted, task->head.tgid) ||
			    !is_named(wanted, task->parent))
				continue;
			error = name_tid(wanted, task->head.tgid);
			found = true;
		}
	}
	return error;
}

static int take(struct snapshot_reader *reader, struct wanted *wanted, struct snapshot *ret)
{
	struct snapshot snapshot = {0};
	int status = snapshot_read(reader, &snapshot), error;

	if (status || !wanted->tids.count) {
		*ret = snapshot;
		return status;
	}
	error = name_descendants(wanted, &snapshot);
	if (!error)
		error = snapshot_choose(&snapshot, is_wanted, wanted);
	if (error) {
		log_error("no memory for the tasks");
		snapshot_free(&snapshot);
		return EXIT_INTERNAL;
	}
	*ret = snapshot;
	return EXIT_OK;
}

/* ---- looking ------------------------------------------------------------------------------- */

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

static void sleep_for(uint64_t ns)
{
	struct timespec time = {.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};

	nanosleep(&time, NULL);
}

/* Until Ctrl-C, the end of standard output, or of everybody that was named. Takes over `first`. */
static int watch(struct snapshot_reader *reader, struct wanted *wanted, struct snapshot *first,
		 const struct look *look, const struct pcb_view *view)
{
	struct sigaction action = {.sa_handler = on_interrupt};
	struct snapshot before = *first;
	int status = EXIT_OK;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	while (!status && !interrupted && snapshot_shown(&before)) {
		struct snapshot after = {0};

		sleep_for(look->every);
		if (interrupted)
			break;
		status = take(reader, wanted, &after);
		if (!status)
			status = look->show_changes(&before, &after, view, look->context);
		snapshot_free(&before);
		before = after;
	}
	snapshot_free(&before);
	*first = (struct snapshot){0};
	return status;
}

static int look_at_named(struct wanted *wanted, const struct look *look,
			 const struct pcb_view *view)
{
	struct snapshot_options reading = {.files = look->files, .areas = look->areas};
	struct snapshot_reader *reader = NULL;
	struct snapshot snapshot = {0};
	int status = snapshot_reader_new(&reading, &reader);

	if (!status)
		status = take(reader, wanted, &snapshot);
	if (!status && wanted->tids.count && !snapshot_shown(&snapshot)) {
		log_error("there is no process or thread %u", wanted->tids.items[0]);
		status = EXIT_NO_TARGET;
	}
	if (!status)
		status = look->show(&snapshot, view, look->context);
	if (!status && look->every)
		status = watch(reader, wanted, &snapshot, look, view);
	snapshot_free(&snapshot);
	snapshot_reader_free(&reader);
	return status;
}

/* ---- whom ---------------------------------------------------------------------------------- */

static int name_by_number(struct wanted *wanted, const char *word)
{
	int64_t tid;

	if (parse_number(word, 1, INT32_MAX, &tid)) {
		log_error("`%s` is neither the number of a process or thread nor a scenario", word);
		return EXIT_USAGE;
	}
	if (name_tid(wanted, (uint32_t)tid)) {
		log_error("no memory");
		return EXIT_INTERNAL;
	}
	return EXIT_OK;
}

/* Starts the scenario, looks at it in the middle of its life, and ends it. */
static int look_at_scenario(struct wanted *wanted, const struct look *look,
			    const struct pcb_view *view)
{
	char **argv = look->argv;
	CLEANUP_CLOSE int program_fd = scenario_open(argv[0]);
	sigset_t signals;
	struct launch_options launching = {
		.argv = argv,
		.program_fd = program_fd,
		.result_fd = -1,
		.silent = true,
		.runs_as = invoker_find(),
		.signals = &signals,
	};
	struct launched target;
	int error, status;

	sigemptyset(&signals);
	error = program_fd < 0 ? program_fd : launch(&launching, &target);
	if (error) {
		log_error("the scenario %s cannot be started: %s", argv[0], strerror(-error));
		return EXIT_INTERNAL;
	}
	error = launch_release(&target);
	if (error) {
		log_error("the scenario %s cannot be started: %s", argv[0], strerror(-error));
		status = EXIT_INTERNAL;
	} else {
		sleep_for(look->after ? look->after : AFTER_DEFAULT);
		wanted->family = true;
		status = name_tid(wanted, (uint32_t)target.pid) ? EXIT_INTERNAL
								: look_at_named(wanted, look, view);
	}
	kill(target.pid, SIGKILL);
	waitpid(target.pid, NULL, 0);
	launch_cleanup(&target);
	return status;
}

int look_at(const struct look *look)
{
	struct utsname system;
	struct pcb_view view = {
		.text = text_options_for(stdout),
		.arch = system.machine,
		.registers = look->registers,
		.cpus = (unsigned int)sysconf(_SC_NPROCESSORS_CONF),
	};
	struct wanted wanted = {.family = look->family};
	int status = EXIT_OK;

	uname(&system);
	if (look->argc && scenario_exists(look->argv[0])) {
		status = look_at_scenario(&wanted, look, &view);
	} else {
		for (int i = 0; i < look->argc && !status; i++)
			status = name_by_number(&wanted, look->argv[i]);
		if (!status)
			status = look_at_named(&wanted, look, &view);
	}
	vector_free(&wanted.tids);
	return status;
}
