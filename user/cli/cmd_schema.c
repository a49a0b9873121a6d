// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "show/show.h"

static int run_schema(void *settings, int argc, char **argv)
{
	if (argc) {
		log_error("schema takes no further words; see 'ptrace-lab schema --help'");
		return EXIT_USAGE;
	}
	return output_note(show_schema(stdout));
}

const struct command command_schema = {
	.name = "schema",
	.summary = "print the JSON schema of the JSON report",
	.details =
		"What is written there stays: later versions add members, and neither rename nor "
		"remove any without a new schema version.",
	.run = run_schema,
};
