// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdio.h>
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
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/tracing.h"
#include "show/pcb.h"

#define PIDS_MAX      64
#define AFTER_DEFAULT (100 * NS_PER_MS)

struct pcb_settings {
	bool all, tree, full, json, registers;
	uint64_t watch, after;
};

static const struct option_spec options[] = {
	{.name = "all",
	 .letter = 'a',
	 .type = OPTION_FLAG,
	 .offset = offsetof(struct pcb_settings, all),
	 .help = "every task of the machine (the same as naming none)"},
	{.name = "full",
	 .letter = 'f',
	 .type = OPTION_FLAG,
	 .offset = offsetof(struct pcb_settings, full),
	 .help = "all that is known of each task, threads too"},
	{.name = "tree",
	 .letter = 't',
	 .type = OPTION_FLAG,
	 .offset = offsetof(struct pcb_settings, tree),
	 .help = "children and threads below their parents"},
	{.name = "registers",
	 .type = OPTION_FLAG,
	 .offset = offsetof(struct pcb_settings, registers),
	 .help = "with the user registers"},
	{.name = "watch",
	 .letter = 'w',
	 .type = OPTION_DURATION,
	 .offset = offsetof(struct pcb_settings, watch),
	 .argument = "TIME",
	 .help = "look again every TIME, and show what changed, until Ctrl-C"},
	{.name = "after",
	 .type = OPTION_DURATION,
	 .offset = offsetof(struct pcb_settings, after),
	 .argument = "TIME",
	 .help = "SCENARIO: look so long after its start (100ms)"},
	{.name = "json",
	 .type = OPTION_FLAG,
	 .offset = offsetof(struct pcb_settings, json),
	 .help = "as JSON, with open files and areas of memory"},
	{0},
};

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
		error = snapshot_filter(&snapshot, is_wanted, wanted);
	if (error) {
		log_error("no memory for the tasks");
		snapshot_free(&snapshot);
		return EXIT_INTERNAL;
	}
	*ret = snapshot;
	return EXIT_OK;
}

/* ---- showing ------------------------------------------------------------------------------- */

static int show(const struct snapshot *snapshot, const struct pcb_settings *settings,
		const struct pcb_view *view)
{
	if (settings->json)
		return show_pcb_json(stdout, snapshot, view);
	if (settings->full)
		return show_pcb_cards(stdout, snapshot, view);
	if (settings->tree)
		return show_pcb_tree(stdout, snapshot, view);
	return show_pcb_table(stdout, snapshot, view);
}

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

/* Until Ctrl-C, the end of standard output, or of everybody that was named. */
static int watch(struct snapshot_reader *reader, struct wanted *wanted, struct snapshot *first,
		 const struct pcb_settings *settings, const struct pcb_view *view)
{
	struct sigaction action = {.sa_handler = on_interrupt};
	struct snapshot before = *first;
	int status = EXIT_OK;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	while (!status && !interrupted && before.tasks.count) {
		struct snapshot after = {0};

		sleep_for(settings->watch);
		if (interrupted)
			break;
		status = take(reader, wanted, &after);
		if (!status)
			status = output_note(show_pcb_changes(stdout, &before, &after, view));
		snapshot_free(&before);
		before = after;
	}
	snapshot_free(&before);
	*first = (struct snapshot){0};
	return status;
}

static int look(struct wanted *wanted, const struct pcb_settings *settings,
		const struct pcb_view *view)
{
	struct snapshot_options reading = {
		.files = settings->full || settings->json,
		.areas = settings->full || settings->json,
	};
	struct snapshot_reader *reader = NULL;
	struct snapshot snapshot = {0};
	int status = snapshot_reader_new(&reading, &reader);

	if (!status)
		status = take(reader, wanted, &snapshot);
	if (!status && wanted->tids.count && !snapshot.tasks.count) {
		log_error("there is no process or thread %u", wanted->tids.items[0]);
		status = EXIT_NO_TARGET;
	}
	if (!status)
		status = output_note(show(&snapshot, settings, view));
	if (!status && settings->watch)
		status = watch(reader, wanted, &snapshot, settings, view);
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
static int look_at_scenario(char **argv, struct wanted *wanted, struct pcb_settings *settings,
			    const struct pcb_view *view)
{
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
		sleep_for(settings->after ? settings->after : AFTER_DEFAULT);
		wanted->family = true;
		status = name_tid(wanted, (uint32_t)target.pid) ? EXIT_INTERNAL
								: look(wanted, settings, view);
	}
	kill(target.pid, SIGKILL);
	waitpid(target.pid, NULL, 0);
	launch_cleanup(&target);
	return status;
}

static int run(void *given, int argc, char **argv)
{
	struct pcb_settings *settings = given;
	struct utsname system;
	struct pcb_view view = {
		.text = text_options_for(stdout),
		.registers = settings->registers,
		.cpus = (unsigned int)sysconf(_SC_NPROCESSORS_CONF),
	};
	struct wanted wanted = {.family = settings->tree};
	int status = EXIT_OK;

	uname(&system);
	view.arch = system.machine;
	if (settings->all && argc) {
		log_error("with --all nobody is named");
		return EXIT_USAGE;
	}
	if (argc && scenario_exists(argv[0])) {
		status = look_at_scenario(argv, &wanted, settings, &view);
	} else {
		for (int i = 0; i < argc && !status; i++)
			status = name_by_number(&wanted, argv[i]);
		if (!status)
			status = look(&wanted, settings, &view);
	}
	vector_free(&wanted.tids);
	return status;
}

const struct command command_pcb = {
	.name = "pcb",
	.synopsis = "[PID…] | SCENARIO [ARGS…]",
	.summary = "what the kernel keeps of each task: its process control block",
	.details =
		"Identity, state, program counter, scheduling, rights, family, memory, resources and "
		"context: the nine things that textbooks list, as this kernel has them at this "
		"moment, read by a BPF iterator. A scenario is started for it, looked at, and "
		"ended.\n\n"
		"  ptrace-lab pcb                  everybody, one line each\n"
		"  ptrace-lab pcb --tree 1         a process, its threads and descendants\n"
		"  ptrace-lab pcb --full $$        all that is known of this shell\n"
		"  ptrace-lab pcb process-states   a scenario with a child in each state",
	.options = options,
	.settings_size = sizeof(struct pcb_settings),
	.options_first = true,
	.run = run,
};
