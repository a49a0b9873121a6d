// SPDX-License-Identifier: GPL-2.0-only
/* What the shells can offer after TAB. The names of scenarios are asked for when they are needed.
 */
#include "cli/help.h"

#include <string.h>

#include "cli/commands.h"
#include "cli/pieces.h"

enum kind {
	KIND_OTHER, /* nothing to offer */
	KIND_FILE,
	KIND_PID,
	KIND_CHOICE,
};

static enum kind argument_kind(const char *argument)
{
	if (strchr(argument, '|'))
		return KIND_CHOICE;
	if (!strcmp(argument, "FILE") || !strcmp(argument, "RECORDING"))
		return KIND_FILE;
	if (!strcmp(argument, "PID"))
		return KIND_PID;
	return KIND_OTHER;
}

struct words {
	bool scenarios, files, topics, command;
};

static struct words command_words(const struct command *command)
{
	const char *synopsis = command->synopsis ? command->synopsis : "";

	return (struct words){
		.scenarios = strstr(synopsis, "SCENARIO"),
		.files = strstr(synopsis, "RECORDING") || strstr(synopsis, "FILE"),
		.topics = strstr(synopsis, "TOPIC"),
		.command = strstr(synopsis, "-- COMMAND"),
	};
}

/* Inside single quotes; `also` gets a backslash, because it means something to who reads it. */
static void put_quoted(FILE *out, const char *words, const char *also)
{
	for (; *words; words++) {
		if (*words == '\'')
			fputs("'\\''", out);
		else if (strchr(also, *words))
			fprintf(out, "\\%c", *words);
		else
			putc(*words, out);
	}
}

static void put_choices(FILE *out, const char *argument)
{
	struct piece choice;
	const char *gap = "";

	for (; next_choice(&argument, &choice); gap = " ")
		fprintf(out, "%s%.*s", gap, (int)choice.length, choice.text);
}

static void put_command_names(FILE *out)
{
	for (size_t i = 0; commands[i]; i++)
		fprintf(out, "%s%s", i ? " " : "", commands[i]->name);
}

/* ---- bash ---------------------------------------------------------------------------------- */

static void bash_option_words(FILE *out, const struct option_spec *options)
{
	for (; options && options->name; options++) {
		if (options->type == OPTION_SEPARATOR)
			continue;
		fprintf(out, "--%s ", options->name);
		if (options->letter)
			fprintf(out, "-%c ", options->letter);
	}
}

static void bash_value(FILE *out, const struct option_spec *option)
{
	enum kind kind = argument_kind(option->argument);

	fprintf(out, "\t\t--%s", option->name);
	if (option->letter)
		fprintf(out, "|-%c", option->letter);
	fputs(") ", out);
	if (kind == KIND_FILE) {
		fputs("offer -f; ", out);
	} else if (kind == KIND_PID) {
		fputs("offer -W \"$(command ps -eo pid=)\"; ", out);
	} else if (kind == KIND_CHOICE) {
		fputs("offer -W '", out);
		put_choices(out, option->argument);
		fputs("'; ", out);
	}
	fputs("return ;;\n", out);
}

static void bash_command(FILE *out, const struct command *command)
{
	struct words words = command_words(command);
	const struct option_spec *option;

	fprintf(out, "\t%s)\n\t\tcase $previous in\n", command->name);
	for (option = command->options; option && option->name; option++) {
		if (option->argument)
			bash_value(out, option);
	}
	fputs("\t\tesac\n", out);
	fputs("\t\tif [[ $current == -* ]]; then\n\t\t\toffer -W '", out);
	bash_option_words(out, command->options);
	bash_option_words(out, common_options);
	fputs("'\n\t\t\treturn\n\t\tfi\n", out);
	if (words.scenarios)
		fputs("\t\toffer -W \"$(ptrace-lab list --names 2>/dev/null)\"\n", out);
	if (words.topics) {
		fputs("\t\toffer -W '", out);
		put_command_names(out);
		fputs("'\n", out);
	}
	if (words.files)
		fputs("\t\toffer -f\n", out);
	fputs("\t\t;;\n", out);
}

static void complete_bash(FILE *out)
{
	fputs("# Completion of ptrace-lab for bash: put it into\n"
	      "# ~/.local/share/bash-completion/completions/ptrace-lab\n"
	      "_ptrace_lab()\n{\n"
	      "\tlocal current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
	      "\tlocal command= i word\n"
	      "\tCOMPREPLY=()\n"
	      "\toffer()\n\t{\n"
	      "\t\t[[ $1 == -f ]] && compopt -o filenames\n"
	      "\t\twhile IFS= read -r word; do\n"
	      "\t\t\tCOMPREPLY+=(\"$word\")\n"
	      "\t\tdone < <(compgen \"$@\" -- \"$current\")\n\t}\n"
	      "\t# bash takes --output=x for three words\n"
	      "\t[[ $previous == = ]] && previous=${COMP_WORDS[COMP_CWORD - 2]}\n"
	      "\t[[ $current == = ]] && current=\n"
	      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	      "\t\tword=${COMP_WORDS[i]}\n"
	      "\t\tif [[ $word == -- && -n $command ]]; then\n"
	      "\t\t\tif ((COMP_CWORD == i + 1)); then offer -c; else offer -f; fi\n"
	      "\t\t\treturn\n"
	      "\t\tfi\n"
	      "\t\t[[ -z $command && $word != -* ]] && command=$word\n"
	      "\tdone\n"
	      "\tcase $command in\n"
	      "\t'')\n\t\toffer -W '",
	      out);
	bash_option_words(out, program.options);
	bash_option_words(out, common_options);
	put_command_names(out);
	fputs("'\n\t\t;;\n", out);
	for (size_t i = 0; commands[i]; i++)
		bash_command(out, commands[i]);
	fputs("\tesac\n}\ncomplete -F _ptrace_lab ptrace-lab\n", out);
}

/* ---- zsh ----------------------------------------------------------------------------------- */

static void zsh_option(FILE *out, const struct option_spec *option)
{
	enum kind kind = option->argument ? argument_kind(option->argument) : KIND_OTHER;

	if (option->type == OPTION_SEPARATOR)
		return;
	/* '*': given twice is no mistake, the last one counts. */
	if (option->letter)
		fprintf(out, " \\\n\t\t'*'{-%c%s,--%s%s}'[", option->letter,
			option->argument ? "+" : "", option->name, option->argument ? "=" : "");
	else
		fprintf(out, " \\\n\t\t'*--%s%s[", option->name, option->argument ? "=" : "");
	put_quoted(out, option->help, "[]:\\");
	putc(']', out);
	if (option->argument) {
		putc(':', out);
		put_quoted(out, option->argument, ":\\");
		putc(':', out);
	}
	if (kind == KIND_FILE) {
		fputs("_files", out);
	} else if (kind == KIND_PID) {
		fputs("_pids", out);
	} else if (kind == KIND_CHOICE) {
		putc('(', out);
		put_choices(out, option->argument);
		putc(')', out);
	}
	putc('\'', out);
}

static void zsh_options(FILE *out, const struct option_spec *options)
{
	for (; options && options->name; options++)
		zsh_option(out, options);
}

static void zsh_command(FILE *out, const struct command *command)
{
	struct words words = command_words(command);

	fprintf(out, "\t%s)\n\t\t_arguments -s -S", command->name);
	zsh_options(out, command->options);
	zsh_options(out, common_options);
	if (words.scenarios && words.command)
		fputs(" \\\n\t\t'1: :_ptrace_lab_targets' '*: :_files'", out);
	else if (words.scenarios)
		fputs(" \\\n\t\t'*: :_ptrace_lab_scenarios'", out);
	else if (words.topics)
		fputs(" \\\n\t\t'1: :_ptrace_lab_commands'", out);
	else if (words.files)
		fputs(" \\\n\t\t'*: :_files'", out);
	fputs("\n\t\t;;\n", out);
}

static void complete_zsh(FILE *out)
{
	fputs("#compdef ptrace-lab\n"
	      "# Completion of ptrace-lab for zsh: put it as _ptrace-lab into a directory of $fpath\n"
	      "_ptrace_lab_scenarios()\n{\n"
	      "\tlocal -a names\n"
	      "\tnames=(${(f)\"$(ptrace-lab list --names 2>/dev/null)\"})\n"
	      "\t_describe -t scenarios scenario names\n}\n"
	      "_ptrace_lab_targets()\n{\n"
	      "\t_alternative 'scenarios:scenario:_ptrace_lab_scenarios' \\\n"
	      "\t\t'commands:command:_command_names -e' 'files:program:_files'\n}\n"
	      "_ptrace_lab_commands()\n{\n"
	      "\tlocal -a names\n"
	      "\tnames=(",
	      out);
	for (size_t i = 0; commands[i]; i++) {
		fprintf(out, "\n\t\t'%s:", commands[i]->name);
		put_quoted(out, commands[i]->summary, ":\\");
		putc('\'', out);
	}
	fputs("\n\t)\n\t_describe -t commands command names\n}\n"
	      "_ptrace_lab()\n{\n"
	      "\tlocal curcontext=$curcontext state line\n"
	      "\t_arguments -s -S -C",
	      out);
	zsh_options(out, program.options);
	zsh_options(out, common_options);
	fputs(" \\\n\t\t'1: :_ptrace_lab_commands' '*:: :->rest'\n"
	      "\t[[ $state == rest ]] || return\n"
	      "\tcase $words[1] in\n",
	      out);
	for (size_t i = 0; commands[i]; i++)
		zsh_command(out, commands[i]);
	fputs("\tesac\n}\n"
	      "if [[ $funcstack[1] == _ptrace-lab ]]; then\n\t_ptrace_lab \"$@\"\nelse\n"
	      "\tcompdef _ptrace_lab ptrace-lab\nfi\n",
	      out);
}

/* ---- fish ---------------------------------------------------------------------------------- */

static void fish_option(FILE *out, const char *condition, const struct option_spec *option)
{
	enum kind kind = option->argument ? argument_kind(option->argument) : KIND_OTHER;

	if (option->type == OPTION_SEPARATOR)
		return;
	fprintf(out, "complete -c ptrace-lab%s -l %s", condition, option->name);
	if (option->letter)
		fprintf(out, " -s %c", option->letter);
	if (kind == KIND_FILE) {
		fputs(" -r -F", out);
	} else if (kind == KIND_PID) {
		fputs(" -x -a '(__fish_complete_pids)'", out);
	} else if (kind == KIND_CHOICE) {
		fputs(" -x -a '", out);
		put_choices(out, option->argument);
		putc('\'', out);
	} else if (option->argument) {
		fputs(" -x", out);
	}
	fputs(" -d '", out);
	put_quoted(out, option->help, "\\");
	fputs("'\n", out);
}

static void fish_options(FILE *out, const char *condition, const struct option_spec *options)
{
	for (; options && options->name; options++)
		fish_option(out, condition, options);
}

static void fish_command(FILE *out, const struct command *command)
{
	struct words words = command_words(command);
	char condition[128];

	snprintf(condition, sizeof(condition), " -n '__fish_seen_subcommand_from %s'",
		 command->name);
	fprintf(out, "complete -c ptrace-lab -n __fish_use_subcommand -a %s -d '", command->name);
	put_quoted(out, command->summary, "\\");
	fputs("'\n", out);
	fish_options(out, condition, command->options);
	if (words.scenarios)
		fprintf(out,
			"complete -c ptrace-lab%s -a '(ptrace-lab list --names 2>/dev/null)'\n",
			condition);
	if (words.command)
		fprintf(out, "complete -c ptrace-lab%s -a '(__fish_complete_command)'\n",
			condition);
	if (words.files)
		fprintf(out, "complete -c ptrace-lab%s -F\n", condition);
	if (words.topics) {
		fprintf(out, "complete -c ptrace-lab%s -a '", condition);
		put_command_names(out);
		fputs("'\n", out);
	}
}

static void complete_fish(FILE *out)
{
	fputs("# Completion of ptrace-lab for fish: put it into\n"
	      "# ~/.config/fish/completions/ptrace-lab.fish\n"
	      "complete -c ptrace-lab -f\n",
	      out);
	fish_options(out, " -n __fish_use_subcommand", program.options);
	fish_options(out, "", common_options);
	for (size_t i = 0; commands[i]; i++)
		fish_command(out, commands[i]);
}

bool help_completion(FILE *out, const char *shell)
{
	static const struct {
		const char *shell;
		void (*complete)(FILE *out);
	} shells[] = {{"bash", complete_bash}, {"zsh", complete_zsh}, {"fish", complete_fish}};

	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
		if (!strcmp(shell, shells[i].shell)) {
			shells[i].complete(out);
			return true;
		}
	}
	return false;
}
