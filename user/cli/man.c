// SPDX-License-Identifier: GPL-2.0-only
/* ptrace-lab(1) in roff, in plain ASCII so that it formats in every locale. */
#include "cli/help.h"

#include <string.h>

#include "base/escape.h"
#include "base/exit_status.h"
#include "cli/commands.h"
#include "cli/pieces.h"

static void put_character(FILE *out, uint32_t character)
{
	static const struct {
		char character;
		const char *roff;
	} names[] = {
		{'\\', "\\e"},	{'-', "\\-"},	{'\'', "\\(aq"}, {'`', "\\(ga"},
		{'^', "\\(ha"}, {'~', "\\(ti"}, {'"', "\\(dq"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (character == (unsigned char)names[i].character) {
			fputs(names[i].roff, out);
			return;
		}
	}
	if (character < 0x80)
		putc((int)character, out);
	else
		fprintf(out, "\\[u%04X]", character);
}

/* Words that cannot be taken for requests; what stands between backticks is set in bold. */
static void put_words(FILE *out, const char *words, size_t length)
{
	const char *end = words + length;
	bool bold = false;

	if (length && (*words == '.' || *words == '\''))
		fputs("\\&", out);
	while (words < end) {
		uint32_t character = 0;
		size_t taken = utf8_decode(words, &character);

		if (character == '`') {
			bold = !bold;
			fputs(bold ? "\\fB" : "\\fR", out);
		} else {
			put_character(out, character);
		}
		words += taken ? taken : 1;
	}
	fputs(bold ? "\\fR\n" : "\n", out);
}

static void put_line(FILE *out, const char *words)
{
	put_words(out, words, strlen(words));
}

static void put_term(FILE *out, const char *term, const char *meaning)
{
	fputs(".TP\n.B ", out);
	put_line(out, term);
	put_line(out, meaning);
}

static void put_usage(FILE *out, const struct command *command)
{
	const char *synopsis = command->synopsis ? command->synopsis : "";
	struct piece way = {.text = "", .length = 0};
	bool first = true;

	while (next_alternative(&synopsis, &way) || first) {
		if (!first)
			fputs(".br\n", out);
		fprintf(out, "\\fBptrace\\-lab%s%s\\fR [OPTIONS] ", command->name ? " " : "",
			command->name ? command->name : "");
		put_words(out, way.text, way.length);
		first = false;
	}
}

static void put_options(FILE *out, const struct option_spec *options)
{
	for (; options && options->name; options++) {
		struct signature signature = option_signature(options);

		put_term(out, signature.text + strspn(signature.text, " "), options->help);
	}
}

static void put_details(FILE *out, const char *details)
{
	bool was_verbatim = false;
	struct piece paragraph;

	while (details && next_paragraph(&details, &paragraph)) {
		bool verbatim = is_verbatim(&paragraph);

		if (was_verbatim && !verbatim)
			fputs(".fi\n", out);
		if (!verbatim || !was_verbatim)
			fputs(".PP\n", out);
		if (verbatim && !was_verbatim)
			fputs(".nf\n", out);
		put_words(out, paragraph.text, paragraph.length);
		was_verbatim = verbatim;
	}
	if (was_verbatim)
		fputs(".fi\n", out);
}

static void put_command(FILE *out, const struct command *command)
{
	fputs(".SS ", out);
	put_line(out, command->name);
	put_usage(out, command);
	fputs(".PP\n", out);
	put_line(out, command->summary);
	put_details(out, command->details);
	put_options(out, command->options);
}

static void put_ending(FILE *out)
{
	const struct exit_status_text *status;
	const struct example *example;
	char number[16];

	fputs(".SH EXIT STATUS\n", out);
	for (status = exit_statuses; status->sentence; status++) {
		snprintf(number, sizeof(number), "%d", status->status);
		put_term(out, number, status->sentence);
	}
	put_term(out, "other", exit_status_of_target);
	fputs(".SH ENVIRONMENT\n", out);
	put_term(out, "NO_COLOR", "If set and not empty, nothing is coloured.");
	fputs(".SH EXAMPLES\n", out);
	for (example = examples; example->line; example++)
		put_term(out, example->line, example->meaning);
	fputs(".SH SEE ALSO\n.BR perf (1),\n.BR strace (1),\n.BR bpftool (8)\n", out);
}

void help_man(FILE *out)
{
	fprintf(out, ".TH PTRACE\\-LAB 1 \"\" \"ptrace\\-lab %s\" \"User Commands\"\n",
		PTRACE_LAB_VERSION);
	fputs(".SH NAME\nptrace\\-lab \\- ", out);
	put_line(out, program.summary);
	fputs(".SH SYNOPSIS\n", out);
	put_usage(out, &program);
	fputs(".SH DESCRIPTION\n", out);
	put_details(out, program.details);
	fputs(".SH OPTIONS\nAll commands have the last three of these.\n", out);
	put_options(out, program.options);
	put_options(out, common_options);
	fputs(".SH COMMANDS\n", out);
	for (size_t i = 0; commands[i]; i++)
		put_command(out, commands[i]);
	put_ending(out);
}
