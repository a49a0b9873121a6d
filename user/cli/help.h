/* SPDX-License-Identifier: GPL-2.0-only */
/* help.h - the tables as a person reads them, and in the languages of man and the shells */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdio.h>

#include "cli/command.h"

/* All commands by groups, and how to begin. 0 or -errno, as the next two. */
int help_overview(FILE *out);
/* What to type when nothing was typed. */
int help_short(FILE *out);
int help_command(FILE *out, const struct command *command);

/* The manual page of everything, for roff (man.c). Errors stay in the stream. */
void help_man(FILE *out);

/* A completion script (completion.c). False if we do not know the shell. */
bool help_completion(FILE *out, const char *shell);

#endif
