// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "capture/scenarios.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/version.h"

/* If we were started without the three standard files, the next file opened would take their place,
 * and messages would end up in a recording. Opened for reading, so that writing still fails. */
static bool standard_files_are_open(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
			return false;
	}
	return true;
}

static int unknown_command(const char *name)
{
	const struct command *nearest = command_nearest(name);
	char shown[160];

	escape_text(shown, sizeof(shown), name);
	if (scenario_exists(name))
		log_error("'%s' is a scenario, not a command; did you mean 'ptrace-lab run %s'?",
			  shown, shown);
	else if (nearest)
		log_error(
			"there is no command '%s'; did you mean '%s'? 'ptrace-lab help' lists all",
			shown, nearest->name);
	else
		log_error("there is no command '%s'; 'ptrace-lab help' lists all, and "
			  "'ptrace-lab run' runs a scenario or a program",
			  shown);
	return EXIT_USAGE;
}

static int run_command(const struct command *command, int argc, char **argv)
{
	void *settings CLEANUP_FREE = calloc(1, command->settings_size + 1);
	int status;

	if (!settings) {
		log_error("there is not enough memory");
		return EXIT_INTERNAL;
	}
	status = command_parse(command, argc, argv, settings, &argc, &argv);
	if (status == COMMAND_HELP)
		return output_note(help_command(stdout, command));
	return status ? status : command->run(settings, argc, argv);
}

static int run_program(int argc, char **argv)
{
	struct program_settings settings = {0};
	const struct command *command;
	int status = command_parse(&program, argc, argv, &settings, &argc, &argv);

	if (status == COMMAND_HELP)
		return output_note(help_overview(stdout));
	if (status)
		return status;
	if (settings.version) {
		version_print(stdout);
		return EXIT_OK;
	}
	if (!argc) {
		help_short(stderr);
		return EXIT_USAGE;
	}
	command = command_find(argv[0]);
	return command ? run_command(command, argc - 1, argv + 1) : unknown_command(argv[0]);
}

int main(int argc, char **argv)
{
	if (!standard_files_are_open())
		return EXIT_INTERNAL;
	setlocale(LC_CTYPE, "");
	/* A reader that goes away is an error like any other, and no reason to abandon a target. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	return output_finish(run_program(argc > 0 ? argc - 1 : 0, argc > 0 ? argv + 1 : argv));
}
