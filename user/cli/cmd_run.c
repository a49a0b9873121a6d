// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "capture/capture.h"
#include "capture/scenarios.h"
#include "cli/commands.h"
#include "cli/present.h"
#include "cli/run_all.h"
#include "cli/tracing.h"

struct run_settings {
	struct tracing_settings tracing;
	const char *report, *json;
	bool as_root, is_command, all, no_watch;
};

static const struct option_spec options[] = {
	TRACING_OPTIONS(struct run_settings),
	STACK_OPTIONS(struct run_settings),
	WATCH_OPTIONS(struct run_settings),
	PRESENT_OPTIONS(struct run_settings),
	{.name = "all",
	 .type = OPTION_FLAG,
	 .offset = offsetof(struct run_settings, all),
	 .help = "every scenario, one after another, and one table of their claims"},
	{.name = "no-watch",
	 .type = OPTION_FLAG,
	 .offset = offsetof(struct run_settings, no_watch),
	 .help = "a scenario is not run again to watch its variable"},
	{.name = "as-root",
	 .type = OPTION_FLAG,
	 .offset = offsetof(struct run_settings, as_root),
	 .help = "under sudo: run the target as root, not as the user who called sudo"},
	{.name = "",
	 .type = OPTION_SEPARATOR,
	 .offset = offsetof(struct run_settings, is_command),
	 .help = "what follows is a command"},
	{0},
};

static int target_status(const struct capture_result *result)
{
	if (!result->has_status)
		return result->deadlocked ? EXIT_DEADLOCK : EXIT_OK;
	if (WIFSIGNALED(result->status))
		return 128 + WTERMSIG(result->status);
	return WEXITSTATUS(result->status);
}

static bool asks_for_help(char **arguments)
{
	for (; *arguments; arguments++)
		if (!strcmp(*arguments, "--help") || !strcmp(*arguments, "-h"))
			return true;
	return false;
}

/* There is nothing to trace, and nobody needs to be root for it. */
static int help_of_scenario(char **argv)
{
	int fd = scenario_open(argv[0]);

	if (fd >= 0)
		fexecve(fd, argv, environ);
	log_error("the scenario %s cannot be started: %s", argv[0], strerror(errno));
	return EXIT_INTERNAL;
}

/* With --all that would have to be said of each scenario. */
static bool says_how_to_trace(const struct tracing_settings *it)
{
	const struct stack_settings *stacks = &it->stacks;

	return it->output || it->duration || it->pcb_every || it->marks || it->mark_files ||
	       it->locks || it->faults || it->ring.ring || it->ring.triggers.count ||
	       it->ring.dumps || it->watch.count || it->watch_limit || stacks->blocked ||
	       stacks->wakers || stacks->kernel || stacks->frequency || stacks->names.inlines ||
	       stacks->names.debuginfod;
}

static int run_everything(const struct run_settings *settings, int argc)
{
	struct present_options present = {
		.report = settings->report, .json = settings->json, .invoker = invoker_find()};

	if (argc || settings->is_command || settings->no_watch ||
	    says_how_to_trace(&settings->tracing)) {
		log_error("--all runs all scenarios to their ends, each as it is made to be "
			  "traced: of the options it takes --buffer, --as-root, --report and "
			  "--json only, and no names");
		return EXIT_USAGE;
	}
	return run_all(&present, settings->tracing.buffer, settings->as_root);
}

static int run(void *given, int argc, char **argv)
{
	struct run_settings *settings = given;
	struct capture_options capture_options = {
		.mode = CAPTURE_RUN,
		.argv = argv,
		.no_proof = settings->no_watch,
		.target_as_root = settings->as_root,
	};
	int status;

	if (settings->all)
		return run_everything(settings, argc);
	if (!argc) {
		log_error("what shall be run? `ptrace-lab run SCENARIO` (`ptrace-lab list` shows "
			  "them) or `ptrace-lab run -- COMMAND`");
		return EXIT_USAGE;
	}
	if (!settings->is_command) {
		status = tracing_check_scenario(argv[0]);
		if (status)
			return status;
		if (asks_for_help(argv + 1))
			return help_of_scenario(argv);
		capture_options.scenario = argv[0];
	}
	status = tracing_options(&settings->tracing, &capture_options);
	if (status)
		return status;
	return tracing_report(
		&capture_options,
		&(struct present_options){.report = settings->report, .json = settings->json},
		target_status);
}

const struct command command_run = {
	.name = "run",
	.synopsis = "SCENARIO [ARGUMENTS…] | -- COMMAND [ARGUMENTS…] | --all",
	.summary = "start a scenario or a command, trace it to its end, report",
	.details =
		"The target and all its descendants are followed from the first instruction on. Its "
		"own output passes through; the report follows on standard output.\n"
		"The capture ends when the target does, after --duration, or at the second Ctrl-C; "
		"the first one is the target's, as in a shell. ptrace-lab ends with the target's "
		"exit status, or 128 and the signal that killed it. Threads that have been waiting "
		"for each other in a circle for a second are named while the target hangs; where "
		"--duration or Ctrl-C ended the capture of such a target, the status is 117.\n"
		"`run --all` is all of that for every scenario, without their output: a table says "
		"what became of the claims, and the exit status is 0 if none was found not to hold. "
		"A claim that cannot be decided, for a reason that is given, is not counted "
		"against it.\n"
		"--watch records every write to a variable, by hardware watchpoints: NAME, FILE.c:NAME, "
		"NAME.MEMBER, NAME[3] or 0xADDRESS, with :SIZE if it is not what the variable has, "
		"and :rw for reads as well. Up to four. The report says how many updates were lost, "
		"and shows how. A scenario about a race is run a second time for that, shorter, with "
		"its variable watched; --no-watch leaves that out.\n"
		"--ring keeps the last part only, in memory, for hours if need be: Ctrl-backslash or SIGUSR1 "
		"writes it to FILE-1.ptl, FILE-2.ptl, … beside FILE.ptl, which gets the last part of "
		"all, and so does a wait that --trigger calls too long, with a tenth of a second of "
		"what followed. It need not be over: a deadlock is written while it lasts. The "
		"target ignores Ctrl-backslash then.\n"
		"Under sudo the target runs as the user who called sudo, and files belong to them.",
	.options = options,
	.settings_size = sizeof(struct run_settings),
	.options_first = true,
	.run = run,
};
