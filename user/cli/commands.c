// SPDX-License-Identifier: GPL-2.0-only
#include "cli/commands.h"

#include <string.h>

/* In the order in which `help` lists them. */
/* clang-format off */
const struct command *const commands[] = {
	&command_run,
	&command_record,
	&command_attach,
	&command_report,
	&command_flame,
	&command_states,
	&command_list,
	&command_explain,
	&command_compare,
	&command_pcb,
	&command_memory,
	&command_doctor,
	&command_schema,
	&command_version,
	&command_help,
	NULL,
};
/* clang-format on */

#define COMMANDS_MAX (sizeof(commands) / sizeof(commands[0]))

const struct command_group command_groups[] = {
	{"trace", &command_run},
	{"look again", &command_report},
	{"learn", &command_list},
	{"look at tasks", &command_pcb},
	{"about this tool", &command_doctor},
	{NULL, NULL},
};

const struct example examples[] = {
	{"sudo ptrace-lab run counter-race", "watch two threads lose each other's updates"},
	{"sudo ptrace-lab run -- ./server", "trace a program of your own"},
	{"sudo ptrace-lab attach -p 4242", "find out what a running process waits for"},
	{"ptrace-lab list", "all scenarios, by chapter"},
	{"ptrace-lab explain counter-race", "what one of them shows, and why"},
	{NULL, NULL},
};

static const struct option_spec program_options[] = {
	{"version", 'V', OPTION_FLAG, offsetof(struct program_settings, version), NULL,
	 "print the version", 0, 0},
	{0},
};

const struct command program = {
	.name = NULL,
	.synopsis = "COMMAND [ARGS…]",
	.summary = "shows what threads and processes really do",
	.details =
		"The kernel's own account of a program: who ran, who waited, for what, because of "
		"whom, and what it cost. Programs are traced as they are, without recompiling. "
		"The scenarios are small programs that make one thing about threads and processes "
		"happen, with claims about it that are checked against what was recorded.\n\n"
		"Tracing needs root; what is recorded can be looked at anywhere, without it.",
	.options = program_options,
	.settings_size = sizeof(struct program_settings),
	.options_first = true,
};

const struct option_spec common_options[] = {
	{"verbose", 'v', OPTION_FLAG, 0, NULL, "say more, and what libbpf says", 0, 0},
	{"quiet", 'q', OPTION_FLAG, 0, NULL, "only warnings and errors; twice: only errors", 0, 0},
	{"help", 'h', OPTION_FLAG, 0, NULL, "explain and do nothing", 0, 0},
	{0},
};

const struct command *command_find(const char *name)
{
	for (size_t i = 0; commands[i]; i++) {
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	}
	return NULL;
}

const struct command *command_nearest(const char *name)
{
	const char *names[COMMANDS_MAX], *nearest;
	size_t count = 0;

	for (; commands[count]; count++)
		names[count] = commands[count]->name;
	nearest = nearest_word(name, names, count);
	return nearest ? command_find(nearest) : NULL;
}
