// SPDX-License-Identifier: GPL-2.0-only
#include "cli/help.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/exit_status.h"
#include "cli/commands.h"
#include "cli/pieces.h"
#include "show/show.h"
#include "show/text/text.h"

/* Longer lines are hard to read, whatever the terminal has. */
#define COLUMNS_MAX 100

#define INDENT 2

static void start(struct text *text, FILE *out)
{
	struct text_options options = text_options_for(out);

	if (options.columns > COLUMNS_MAX)
		options.columns = COLUMNS_MAX;
	text_start(text, out, &options);
}

static void put_wrapped(struct text *text, unsigned int indent, const char *words)
{
	text_pad(text, indent);
	text_wrap(text, indent, STYLE_PLAIN, words);
	text_end(text);
}

static void put_heading(struct text *text, const char *title)
{
	text_gap(text);
	text_put(text, STYLE_HEAD, title);
	text_end(text);
}

/* A term and what it means, which begins at `column`, on the next line if the term is too long. */
static void put_entry(struct text *text, unsigned int column, const char *term, const char *meaning)
{
	text_pad(text, INDENT);
	text_put(text, STYLE_TITLE, term);
	if (text->width + 2 > column)
		text_end(text);
	put_wrapped(text, column, meaning);
}

static void put_piece(struct text *text, const struct piece *piece)
{
	char *words CLEANUP_FREE = strndup(piece->text, piece->length);

	if (words)
		text_put(text, STYLE_PLAIN, words);
}

static void put_details(struct text *text, const char *details)
{
	bool was_verbatim = false;
	struct piece paragraph;

	while (details && next_paragraph(&details, &paragraph)) {
		char *words CLEANUP_FREE = strndup(paragraph.text, paragraph.length);
		bool verbatim = is_verbatim(&paragraph);

		if (!verbatim || !was_verbatim)
			text_gap(text);
		if (verbatim)
			put_piece(text, &paragraph);
		else if (words)
			text_wrap(text, 0, STYLE_PLAIN, words);
		text_end(text);
		was_verbatim = verbatim;
	}
}

/* One line for each way to call the command. */
static void put_usage(struct text *text, const struct command *command)
{
	const char *synopsis = command->synopsis ? command->synopsis : "";
	struct piece way = {.text = "", .length = 0};
	bool first = true;

	while (next_alternative(&synopsis, &way) || first) {
		text_put(text, STYLE_PLAIN, first ? "usage: " : "       ");
		text_put(text, STYLE_TITLE, "ptrace-lab ");
		if (command->name) {
			text_put(text, STYLE_TITLE, command->name);
			text_spaces(text, 1);
		}
		text_put(text, STYLE_PLAIN, "[OPTIONS] ");
		put_piece(text, &way);
		text_end(text);
		first = false;
	}
}

static unsigned int signature_width(struct text *text, const struct option_spec *options)
{
	unsigned int widest = 0;

	for (; options && options->name; options++) {
		unsigned int width = text_measure(text, option_signature(options).text);

		if (width > widest)
			widest = width;
	}
	return widest;
}

static void put_options(struct text *text, const struct command *command)
{
	unsigned int own = signature_width(text, command->options);
	unsigned int common = signature_width(text, common_options);
	unsigned int column = INDENT + 2 + (own > common ? own : common);
	const struct option_spec *option;

	/* An option of unusual length gets a line of its own rather than push all others right. */
	if (column > text->options.columns * 2 / 5)
		column = text->options.columns * 2 / 5;
	put_heading(text, "options");
	for (option = command->options; option && option->name; option++)
		put_entry(text, column, option_signature(option).text, option->help);
	for (option = common_options; option->name; option++)
		put_entry(text, column, option_signature(option).text, option->help);
}

static void put_exit_statuses(struct text *text)
{
	const unsigned int column = INDENT + strlen("other") + 2;
	const struct exit_status_text *status;
	char number[16];

	put_heading(text, "exit status");
	for (status = exit_statuses; status->sentence; status++) {
		snprintf(number, sizeof(number), "%d", status->status);
		put_entry(text, column, number, status->sentence);
	}
	put_entry(text, column, "other", exit_status_of_target);
}

static void put_examples(struct text *text)
{
	const struct example *example;
	unsigned int widest = 0;

	for (example = examples; example->line; example++) {
		unsigned int width = text_measure(text, example->line);

		if (width > widest)
			widest = width;
	}
	put_heading(text, "examples");
	for (example = examples; example->line; example++)
		put_entry(text, INDENT + widest + 2, example->line, example->meaning);
}

static void put_commands(struct text *text)
{
	const struct command_group *group = command_groups;

	for (size_t i = 0; commands[i]; i++) {
		if (group->title && commands[i] == group->first)
			put_heading(text, (group++)->title);
		put_entry(text, 12, commands[i]->name, commands[i]->summary);
	}
}

static void put_title(struct text *text)
{
	text_put(text, STYLE_TITLE, "ptrace-lab");
	text_spaces(text, 1);
	text_wrap(text, 0, STYLE_PLAIN, program.summary);
	text_end(text);
	text_gap(text);
}

int help_overview(FILE *out)
{
	struct text text;

	start(&text, out);
	put_title(&text);
	put_usage(&text, &program);
	put_commands(&text);
	put_options(&text, &program);
	put_examples(&text);
	text_gap(&text);
	put_wrapped(&text, 0,
		    "`ptrace-lab help COMMAND` explains a command, its options and the exit "
		    "status.");
	return text_finish(&text);
}

int help_short(FILE *out)
{
	struct text text;

	start(&text, out);
	put_title(&text);
	put_usage(&text, &program);
	put_examples(&text);
	text_gap(&text);
	put_wrapped(&text, 0, "`ptrace-lab help` lists all commands.");
	return text_finish(&text);
}

int help_command(FILE *out, const struct command *command)
{
	struct text text;

	start(&text, out);
	text_put(&text, STYLE_TITLE, "ptrace-lab ");
	text_put(&text, STYLE_TITLE, command->name);
	text_put(&text, STYLE_PLAIN, " · ");
	text_wrap(&text, 0, STYLE_PLAIN, command->summary);
	text_end(&text);
	text_gap(&text);
	put_usage(&text, command);
	put_details(&text, command->details);
	put_options(&text, command);
	put_exit_statuses(&text);
	return text_finish(&text);
}
