// SPDX-License-Identifier: GPL-2.0-only
#include <stddef.h>

#include "base/escape.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/help.h"

struct help_settings {
	bool man;
	const char *completion;
};

static int unknown_topic(const char *topic)
{
	const struct command *nearest = command_nearest(topic);
	char shown[160];

	escape_text(shown, sizeof(shown), topic);
	if (nearest)
		log_error(
			"there is no command '%s'; did you mean '%s'? 'ptrace-lab help' lists all",
			shown, nearest->name);
	else
		log_error("there is no command '%s'; 'ptrace-lab help' lists all", shown);
	return EXIT_USAGE;
}

static int run_help(void *data, int argc, char **argv)
{
	const struct help_settings *settings = data;
	const struct command *command;

	if (argc > 1 || (argc && (settings->man || settings->completion)) ||
	    (settings->man && settings->completion)) {
		log_error("help explains one thing at a time; see 'ptrace-lab help --help'");
		return EXIT_USAGE;
	}
	if (settings->man) {
		help_man(stdout);
		return EXIT_OK;
	}
	if (settings->completion) {
		if (help_completion(stdout, settings->completion))
			return EXIT_OK;
		log_error("--completion knows bash, zsh and fish");
		return EXIT_USAGE;
	}
	if (!argc)
		return output_note(help_overview(stdout));
	command = command_find(argv[0]);
	if (!command)
		return unknown_topic(argv[0]);
	return output_note(help_command(stdout, command));
}

static const struct option_spec help_options[] = {
	{"man", 0, OPTION_FLAG, offsetof(struct help_settings, man), NULL,
	 "print the manual page, for `man -l -`", 0, 0},
	{"completion", 0, OPTION_TEXT, offsetof(struct help_settings, completion), "bash|zsh|fish",
	 "print a completion script for that shell", 0, 0},
	{0},
};

const struct command command_help = {
	.name = "help",
	.synopsis = "[TOPIC]",
	.summary = "explain a command, or list all of them",
	.details = "TOPIC is the name of a command.\n\n"
		   "  ptrace-lab help --man | man -l -\n"
		   "  source <(ptrace-lab help --completion bash)",
	.options = help_options,
	.settings_size = sizeof(struct help_settings),
	.run = run_help,
};
