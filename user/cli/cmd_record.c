// SPDX-License-Identifier: GPL-2.0-only
#include "base/exit_status.h"
#include "base/log.h"
#include "capture/capture.h"
#include "cli/commands.h"
#include "cli/tracing.h"

struct record_settings {
	struct tracing_settings tracing;
	const char *report, *json;
	bool all;
};

static const struct option_spec options[] = {
	{.name = "all",
	 .letter = 'a',
	 .type = OPTION_FLAG,
	 .offset = offsetof(struct record_settings, all),
	 .help = "every thread of the machine, the kernel's own included"},
	TRACING_OPTIONS(struct record_settings),
	STACK_OPTIONS(struct record_settings),
	PRESENT_OPTIONS(struct record_settings),
	{0},
};

static int run(void *given, int argc, char **argv)
{
	struct record_settings *settings = given;
	struct capture_options capture_options = {.mode = CAPTURE_RECORD};
	int status;

	if (!settings->all || argc) {
		log_error("what shall be recorded? `ptrace-lab record -a` records the whole "
			  "machine; for one program there are `run` and `attach`");
		return EXIT_USAGE;
	}
	status = tracing_options(&settings->tracing, &capture_options);
	if (status)
		return status;
	return tracing_report(
		&capture_options,
		&(struct present_options){.report = settings->report, .json = settings->json},
		NULL);
}

const struct command command_record = {
	.name = "record",
	.synopsis = "-a",
	.summary = "trace the whole machine, report",
	.details = "Follows every thread but the tracer's own, until --duration has passed or "
		   "until Ctrl-C.",
	.options = options,
	.settings_size = sizeof(struct record_settings),
	.run = run,
};
