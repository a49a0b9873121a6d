// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "base/units.h"
#include "cli/commands.h"
#include "cli/present.h"
#include "cli/tracing.h"
#include "model/tasks/instant.h"

struct report_settings {
	const char *report, *json, *claims, *at;
};

static const struct option_spec options[] = {
	PRESENT_OPTIONS(struct report_settings),
	{.name = "claims",
	 .type = OPTION_TEXT,
	 .offset = offsetof(struct report_settings, claims),
	 .argument = "SCENARIO",
	 .help = "judge it by the claims of that scenario, whatever was run"},
	{.name = "at",
	 .type = OPTION_TEXT,
	 .offset = offsetof(struct report_settings, at),
	 .argument = "TIME",
	 .help = "instead: who did what, and who waited for whom, so long after its begin (or `end`)"},
	{0},
};

static int run(void *given, int argc, char **argv)
{
	struct report_settings *settings = given;
	struct present_options present = {
		.report = settings->report,
		.json = settings->json,
		.claims = settings->claims,
		.invoker = invoker_find(),
	};
	uint64_t at = INSTANT_END;
	int fd, status;

	if (argc != 1) {
		log_error("report needs one recording: `ptrace-lab report FILE.ptl`");
		return EXIT_USAGE;
	}
	if (settings->at && strcmp(settings->at, "end") != 0 && parse_duration(settings->at, &at)) {
		log_error("`%s` is no time: 1.5 (seconds), 200ms, 2min, or `end`", settings->at);
		return EXIT_USAGE;
	}
	if (settings->at && settings->claims) {
		log_error("--claims judges a whole recording, and no moment of it");
		return EXIT_USAGE;
	}
	status = settings->claims ? tracing_check_scenario(settings->claims) : EXIT_OK;
	if (status)
		return status;
	/* Without O_NONBLOCK a named pipe would keep us waiting before we can refuse it. */
	fd = open(argv[0], O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0) {
		log_error("%s cannot be read: %s", argv[0], strerror(errno));
		return EXIT_BAD_RECORDING;
	}
	present.name = argv[0];
	if (settings->at)
		return present_instant(fd, at, &present);
	return present_recording(fd, &present);
}

const struct command command_report = {
	.name = "report",
	.synopsis = "RECORDING",
	.summary = "show a recording again: on any machine, without root",
	.details = "A recording that was cut short shows what it has, and is marked incomplete.\n"
		   "With --claims a recording of counter-race can be held against what "
		   "counter-lock claims: that is how one sees that a claim is not always true.\n"
		   "With --at it shows one moment instead: what each thread did, for which locks "
		   "they waited, who held those, and deadlocks.",
	.options = options,
	.settings_size = sizeof(struct report_settings),
	.run = run,
};
