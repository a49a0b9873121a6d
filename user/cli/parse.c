// SPDX-License-Identifier: GPL-2.0-only
/*
 * The words of a command line against the table of one command. Options are never completed from a
 * unique beginning: a script that relied on it would break with the next option.
 */
#include "cli/command.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "base/units.h"
#include "cli/commands.h"

#define NAMES_MAX 64

/* Enough of a wrong word to recognise it. */
struct shown {
	char text[160];
};

static struct shown show(const char *word)
{
	struct shown shown;

	escape_text(shown.text, sizeof(shown.text), word);
	return shown;
}

struct parser {
	const struct command *command;
	char *settings;
	char **argv;
	int argc;
	int next;     /* word to look at */
	char **words; /* that are no options: moved together, ahead of `next` */
	int count;
	bool help;
};

/* "ptrace-lab run": how to call this command. */
static struct shown invocation(const struct parser *parser)
{
	struct shown shown;

	snprintf(shown.text, sizeof(shown.text), "ptrace-lab%s%s", parser->command->name ? " " : "",
		 parser->command->name ? parser->command->name : "");
	return shown;
}

/* Walks over the command's own options and then the common ones; NULL at the end. */
static const struct option_spec *option_at(const struct command *command, size_t index)
{
	size_t i = 0;

	for (; command->options && command->options[i].name; i++) {
		if (i == index)
			return &command->options[i];
	}
	for (size_t common = 0; common_options[common].name; common++, i++) {
		if (i == index)
			return &common_options[common];
	}
	return NULL;
}

static const struct option_spec *find_name(const struct command *command, const char *name,
					   size_t length)
{
	const struct option_spec *option;

	for (size_t i = 0; (option = option_at(command, i)); i++) {
		if (length && strlen(option->name) == length && !memcmp(option->name, name, length))
			return option;
	}
	return NULL;
}

static const struct option_spec *find_letter(const struct command *command, char letter)
{
	const struct option_spec *option;

	for (size_t i = 0; (option = option_at(command, i)); i++) {
		if (option->letter && option->letter == letter)
			return option;
	}
	return NULL;
}

/* "`run`, `attach`": the commands that have it. Empty if none does. */
static struct shown commands_with(const char *given)
{
	struct shown shown = {""};
	size_t used = 0;

	for (size_t c = 0; *given && commands[c]; c++)
		for (size_t i = 0; commands[c]->options && commands[c]->options[i].name; i++)
			if (!strcmp(commands[c]->options[i].name, given) &&
			    used < sizeof(shown.text))
				used += (size_t)snprintf(shown.text + used,
							 sizeof(shown.text) - used, "%s`%s`",
							 used ? ", " : "", commands[c]->name);
	return shown;
}

static int unknown_name(const struct parser *parser, const char *name, size_t length)
{
	const struct option_spec *option;
	const char *names[NAMES_MAX], *nearest;
	struct shown others;
	char given[160];
	size_t count = 0;

	for (size_t i = 0; count < NAMES_MAX && (option = option_at(parser->command, i)); i++) {
		if (*option->name)
			names[count++] = option->name;
	}
	snprintf(given, sizeof(given), "%.*s", (int)(length < 150 ? length : 150), name);
	nearest = nearest_word(given, names, count);
	others = commands_with(given);
	if (*others.text && parser->command->name)
		log_error("`%s` has no option --%s, but these have: %s", parser->command->name,
			  show(given).text, others.text);
	else if (nearest)
		log_error("there is no option --%s; did you mean --%s? '%s --help' lists all",
			  show(given).text, nearest, invocation(parser).text);
	else
		log_error("there is no option --%s; '%s --help' lists all", show(given).text,
			  invocation(parser).text);
	return EXIT_USAGE;
}

static int unknown_letter(const struct parser *parser, const char *letter)
{
	char one[8] = "";
	size_t length = utf8_length(letter);

	memcpy(one, letter, length ? length : 1);
	log_error("there is no option -%s; '%s --help' lists all", show(one).text,
		  invocation(parser).text);
	return EXIT_USAGE;
}

static void apply_common(struct parser *parser, const struct option_spec *option)
{
	enum log_level level = log_get_level();

	if (option->letter == 'h')
		parser->help = true;
	else if (option->letter == 'v' && level < LOG_DEBUG)
		log_set_level(level + 1);
	else if (option->letter == 'q' && level > LOG_ERROR)
		log_set_level(level - 1);
}

static bool is_common(const struct option_spec *option)
{
	for (const struct option_spec *common = common_options; common->name; common++) {
		if (option == common)
			return true;
	}
	return false;
}

static void set_flag(struct parser *parser, const struct option_spec *option)
{
	if (is_common(option))
		apply_common(parser, option);
	else
		*(bool *)(parser->settings + option->offset) = true;
}

static int bad_value(const struct option_spec *option, int err, const char *value)
{
	const struct shown given = show(value);
	int64_t max = !option->min && !option->max ? INT64_MAX : option->max;

	if (option->type == OPTION_NUMBER && max == INT64_MAX)
		log_error("--%s takes a whole number, at least %" PRId64 ", not '%s'", option->name,
			  option->min, given.text);
	else if (option->type == OPTION_NUMBER)
		log_error("--%s takes a whole number from %" PRId64 " to %" PRId64 ", not '%s'",
			  option->name, option->min, max, given.text);
	else if (err == -ERANGE)
		log_error("--%s cannot be as much as '%s'", option->name, given.text);
	else if (option->type == OPTION_DURATION)
		log_error("--%s takes a duration such as 200ms, 1.5s or 2min, not '%s'",
			  option->name, given.text);
	else
		log_error("--%s takes a size such as 4096, 64K or 8M, not '%s'", option->name,
			  given.text);
	return EXIT_USAGE;
}

static int add_text(const struct parser *parser, const struct option_spec *option,
		    struct option_texts *texts, const char *value)
{
	if (texts->count == OPTION_TEXTS_MAX) {
		log_error("--%s is given more than %d times; '%s --help' explains it", option->name,
			  OPTION_TEXTS_MAX, invocation(parser).text);
		return EXIT_USAGE;
	}
	texts->items[texts->count++] = value;
	return 0;
}

static int set_value(struct parser *parser, const struct option_spec *option, const char *value)
{
	char *member = parser->settings + option->offset;
	bool any = !option->min && !option->max;
	int err = 0;

	if (!*value) {
		log_error("--%s needs %s after it; '%s --help' explains it", option->name,
			  option->argument ? option->argument : "a value", invocation(parser).text);
		return EXIT_USAGE;
	}
	switch (option->type) {
	case OPTION_FLAG:
	case OPTION_SEPARATOR:
		break;
	case OPTION_TEXT:
		*(const char **)member = value;
		break;
	case OPTION_TEXTS:
		return add_text(parser, option, (struct option_texts *)member, value);
	case OPTION_NUMBER:
		err = parse_number(value, option->min, any ? INT64_MAX : option->max,
				   (int64_t *)member);
		break;
	case OPTION_DURATION:
		err = parse_duration(value, (uint64_t *)member);
		break;
	case OPTION_SIZE:
		err = parse_size(value, (uint64_t *)member);
		break;
	}
	return err ? bad_value(option, err, value) : 0;
}

/* The value is the next word, if there is one. */
static int take_value(struct parser *parser, const struct option_spec *option)
{
	return set_value(parser, option,
			 parser->next < parser->argc ? parser->argv[parser->next++] : "");
}

static int take_long(struct parser *parser, const char *name)
{
	size_t length = strcspn(name, "=");
	const char *value = name[length] ? name + length + 1 : NULL;
	const struct option_spec *option = find_name(parser->command, name, length);

	if (!option)
		return unknown_name(parser, name, length);
	if (option->type != OPTION_FLAG)
		return value ? set_value(parser, option, value) : take_value(parser, option);
	if (value) {
		log_error("--%s is either given or not: it takes no value such as '%s'",
			  option->name, show(value).text);
		return EXIT_USAGE;
	}
	set_flag(parser, option);
	return 0;
}

/* "-qv", "-oFILE", "-qo" "FILE". */
static int take_letters(struct parser *parser, const char *letters)
{
	for (; *letters; letters++) {
		const struct option_spec *option = find_letter(parser->command, *letters);

		if (!option)
			return unknown_letter(parser, letters);
		if (option->type != OPTION_FLAG)
			return letters[1] ? set_value(parser, option, letters + 1)
					  : take_value(parser, option);
		set_flag(parser, option);
	}
	return 0;
}

static void note_separator(struct parser *parser)
{
	const struct option_spec *option = parser->command->options;

	for (; option && option->name; option++) {
		if (option->type == OPTION_SEPARATOR)
			*(bool *)(parser->settings + option->offset) = true;
	}
}

/* Without a word among the options so far, the rest can stay where it is. */
static void take_rest(struct parser *parser)
{
	if (!parser->count)
		parser->words = parser->argv + parser->next;
	while (parser->next < parser->argc)
		parser->words[parser->count++] = parser->argv[parser->next++];
}

static bool begins_target(const struct command *command, const char *word)
{
	return command->options_first || (command->is_target && command->is_target(word));
}

static int take_word(struct parser *parser)
{
	char *word = parser->argv[parser->next];
	bool is_option = word[0] == '-' && word[1]; /* "-" is standard input or output */

	if (!is_option && begins_target(parser->command, word)) {
		take_rest(parser);
		return 0;
	}
	parser->next++;
	if (!strcmp(word, "--")) {
		note_separator(parser);
		take_rest(parser);
	} else if (!strncmp(word, "--", 2)) {
		return take_long(parser, word + 2);
	} else if (is_option) {
		return take_letters(parser, word + 1);
	} else {
		parser->words[parser->count++] = word;
	}
	return 0;
}

int command_parse(const struct command *command, int argc, char **argv, void *settings,
		  int *ret_argc, char ***ret_argv)
{
	struct parser parser = {.command = command,
				.settings = settings,
				.argv = argv,
				.argc = argc,
				.words = argv};

	while (parser.next < parser.argc) {
		int err = take_word(&parser);

		if (err)
			return err;
		if (parser.help)
			return COMMAND_HELP;
	}
	parser.words[parser.count] = NULL;
	*ret_argc = parser.count;
	*ret_argv = parser.words;
	return 0;
}
