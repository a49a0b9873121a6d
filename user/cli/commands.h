/* SPDX-License-Identifier: GPL-2.0-only */
/* commands.h - what the tables hold, for those who walk over all of them */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/command.h"

extern const struct command command_run;
extern const struct command command_record;
extern const struct command command_attach;
extern const struct command command_report;
extern const struct command command_flame;
extern const struct command command_states;
extern const struct command command_list;
extern const struct command command_explain;
extern const struct command command_compare;
extern const struct command command_pcb;
extern const struct command command_memory;
extern const struct command command_doctor;
extern const struct command command_schema;
extern const struct command command_version;
extern const struct command command_help;

/* ptrace-lab itself, as far as its own options go: it has no name and is never run. */
struct program_settings {
	bool version;
};
extern const struct command program;

/* What every command has; ends with a NULL name. */
extern const struct option_spec common_options[];

/* A heading over `first` and the commands that follow it; ends with a NULL title. */
struct command_group {
	const char *title;
	const struct command *first;
};
extern const struct command_group command_groups[];

struct example {
	const char *line;
	const char *meaning;
};
/* Ends with a NULL line. */
extern const struct example examples[];

/* NULL if there is none of that name. */
const struct command *command_find(const char *name);
/* The command with the nearest name, or NULL. */
const struct command *command_nearest(const char *name);

#endif
