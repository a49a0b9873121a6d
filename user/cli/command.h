/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * command.h - one table of commands and options
 *
 * Parsing, --help, the man page and the shell completions all come from these tables, so that they
 * cannot disagree. A command is one file in this folder that defines one `struct command`.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_type {
	OPTION_FLAG,	  /* bool: given or not */
	OPTION_TEXT,	  /* const char * */
	OPTION_NUMBER,	  /* int64_t within min..max */
	OPTION_DURATION,  /* uint64_t nanoseconds */
	OPTION_SIZE,	  /* uint64_t bytes */
	OPTION_TEXTS,	  /* struct option_texts: may be given several times */
	OPTION_SEPARATOR, /* bool: `--` was given before the words; its name is "" */
};

#define OPTION_TEXTS_MAX 16
struct option_texts {
	const char *items[OPTION_TEXTS_MAX];
	size_t count;
};

struct option_spec {
	const char *name; /* "output" for --output */
	char letter;	  /* 'o' for -o, 0 for none */
	enum option_type type;
	size_t offset;	      /* of the member in the command's settings struct */
	const char *argument; /* "FILE", NULL for a flag; "text|json" for a choice, which completion
			       * offers and the command checks */
	const char *help;     /* one line */
	int64_t min, max;     /* NUMBER; both 0: any that is not negative */
};

struct command {
	const char *name;
	/* "SCENARIO [ARGS…] | -- COMMAND [ARGS…]": alternatives are parted by " | ". Completion
	 * offers names for SCENARIO, commands after "-- COMMAND", files for RECORDING and FILE, and
	 * our own commands for TOPIC. */
	const char *synopsis;
	const char *summary; /* one line */
	/* For `help NAME` and the man page, or NULL. Each line is a paragraph; one that begins with
	 * two spaces is printed as it stands. */
	const char *details;
	const struct option_spec *options; /* ends with a NULL name; may be NULL */
	size_t settings_size;
	/* Options end at the first word that is none: the rest is the target's. */
	bool options_first;
	/* The same at the first such word only. NULL: there is none. */
	bool (*is_target)(const char *word);
	/* `settings` starts zeroed and holds what was given. Returns an enum exit_status, or for
	 * `run` the target's status. */
	int (*run)(void *settings, int argc, char **argv);
};

/* NULL-terminated: the one list of all commands. */
extern const struct command *const commands[];

/* -h or --help was given. */
#define COMMAND_HELP (-1)

/* Splits argv, which begins after the command's name, into settings and the remaining words, for
 * which it is put in order in place. -v and -q, which all commands have, set the level of the log.
 * 0, or EXIT_USAGE after a message, or COMMAND_HELP. */
int command_parse(const struct command *command, int argc, char **argv, void *settings,
		  int *ret_argc, char ***ret_argv);

/* The nearest of `count` words to `word`, or NULL if none is near: for "did you mean". A word that
 * was only begun is near. */
const char *nearest_word(const char *word, const char *const *words, size_t count);

#endif
