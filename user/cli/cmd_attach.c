// SPDX-License-Identifier: GPL-2.0-only
#include <limits.h>

#include "base/escape.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "base/units.h"
#include "capture/capture.h"
#include "cli/commands.h"
#include "cli/tracing.h"

struct attach_settings {
	struct tracing_settings tracing;
	const char *report, *json;
	int64_t pid;
};

static const struct option_spec options[] = {
	{.name = "pid",
	 .letter = 'p',
	 .type = OPTION_NUMBER,
	 .offset = offsetof(struct attach_settings, pid),
	 .argument = "PID",
	 .help = "the process; all its threads are followed, and its children from now on",
	 .min = 1,
	 .max = INT_MAX},
	TRACING_OPTIONS(struct attach_settings),
	STACK_OPTIONS(struct attach_settings),
	WATCH_OPTIONS(struct attach_settings),
	PRESENT_OPTIONS(struct attach_settings),
	{0},
};

static int target_status(const struct capture_result *result)
{
	return result->deadlocked ? EXIT_DEADLOCK : EXIT_OK;
}

static int run(void *given, int argc, char **argv)
{
	struct attach_settings *settings = given;
	struct capture_options capture_options = {.mode = CAPTURE_ATTACH, .pid = settings->pid};
	int status;

	if (!settings->pid || argc) {
		log_error("attach needs a process and nothing else: `ptrace-lab attach -p PID`");
		return EXIT_USAGE;
	}
	status = tracing_options(&settings->tracing, &capture_options);
	if (status)
		return status;
	return tracing_report(
		&capture_options,
		&(struct present_options){.report = settings->report, .json = settings->json},
		target_status);
}

const struct command command_attach = {
	.name = "attach",
	.synopsis = "-p PID",
	.summary = "trace a process that is running already, report",
	.details =
		"Follows all threads of the process, those that have been blocked for long "
		"included, until it ends, until --duration has passed, or until Ctrl-C. The "
		"process is not stopped and nothing is written into it.\n"
		"--watch records every write to a variable (NAME, FILE.c:NAME, NAME.MEMBER, "
		"NAME[3], 0xADDRESS; :SIZE and :rw behind it), also of libraries that were loaded "
		"by dlopen.\n\n"
		"Threads that wait for each other in a circle are named at once, with the locks "
		"that they hold and wait for, and then with where in the program each waits. If "
		"they did so before, the capture ends there, unless --duration asks for more; the "
		"exit status is then 117.\n"
		"A process that holds a lock, in shared memory, that the target has been waiting "
		"for is followed too. But its memory is not watched (--watch), and probes (--mark, "
		"--locks=all) are looked for in the target's program and libraries only.",
	.options = options,
	.settings_size = sizeof(struct attach_settings),
	.run = run,
};
