// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "show/show.h"

static int run_schema(void *settings, int argc, char **argv)
{
	bool of_pcb = argc == 1 && !strcmp(argv[0], "pcb");

	if (argc > 1 || (argc && !of_pcb && strcmp(argv[0], "report"))) {
		log_error("there are the schemas `report` (the default) and `pcb`");
		return EXIT_USAGE;
	}
	return output_note(of_pcb ? show_pcb_schema(stdout) : show_schema(stdout));
}

const struct command command_schema = {
	.name = "schema",
	.synopsis = "[report|pcb]",
	.summary = "print the JSON schema of the JSON report, or of control blocks",
	.details =
		"What is written there stays: later versions add members, and neither rename nor "
		"remove any without a new schema version.",
	.run = run_schema,
};
