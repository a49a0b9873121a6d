// SPDX-License-Identifier: GPL-2.0-only
/* What is typed is understood, or refused with a message; and the tables keep their own rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/pieces.h"
#include "random_text.h"

struct settings {
	bool flag, other, separated;
	const char *text;
	int64_t number, signed_number;
	uint64_t duration, size;
};

static const struct option_spec options[] = {
	{"flag", 'f', OPTION_FLAG, offsetof(struct settings, flag), NULL, "a", 0, 0},
	{"other", 'x', OPTION_FLAG, offsetof(struct settings, other), NULL, "b", 0, 0},
	{"output", 'o', OPTION_TEXT, offsetof(struct settings, text), "FILE", "c", 0, 0},
	{"number", 'n', OPTION_NUMBER, offsetof(struct settings, number), "N", "d", 1, 10},
	{"signed", 0, OPTION_NUMBER, offsetof(struct settings, signed_number), "N", "d", -5, 5},
	{"duration", 0, OPTION_DURATION, offsetof(struct settings, duration), "TIME", "e", 0, 0},
	{"size", 0, OPTION_SIZE, offsetof(struct settings, size), "SIZE", "f", 0, 0},
	{"", 0, OPTION_SEPARATOR, offsetof(struct settings, separated), NULL, "g", 0, 0},
	{0},
};

static const struct command ordinary = {
	.name = "ordinary", .options = options, .settings_size = sizeof(struct settings)};
static const struct command wrapper = {.name = "wrapper",
				       .options = options,
				       .settings_size = sizeof(struct settings),
				       .options_first = true};

static bool is_scenario(const char *word)
{
	return !strcmp(word, "counter-race");
}

static const struct command looker = {.name = "looker",
				      .options = options,
				      .settings_size = sizeof(struct settings),
				      .is_target = is_scenario};

#define WORDS_MAX 32

struct outcome {
	struct settings settings;
	int result, argc;
	char *storage[WORDS_MAX + 1];
	char **argv;
	char message[2048]; /* on standard error */
};

/* Catches standard error, because the message is half of the promise. */
static void parse_words(struct outcome *outcome, const struct command *command,
			const char *const *words)
{
	FILE *caught = tmpfile();
	int saved = dup(STDERR_FILENO), argc = 0;
	size_t length;

	assert_non_null(caught);
	*outcome = (struct outcome){.argc = -1};
	for (; words[argc]; argc++) {
		assert_true(argc < WORDS_MAX);
		outcome->storage[argc] = (char *)words[argc];
	}
	fflush(stderr);
	dup2(fileno(caught), STDERR_FILENO);
	outcome->result = command_parse(command, argc, outcome->storage, &outcome->settings,
					&outcome->argc, &outcome->argv);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(caught);
	length = fread(outcome->message, 1, sizeof(outcome->message) - 1, caught);
	outcome->message[length] = '\0';
	fclose(caught);
	if (outcome->result)
		assert_int_equal(outcome->argc, -1);
}

#define PARSE(outcome, command, ...)                                                               \
	parse_words(outcome, command, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static void assert_words(const struct outcome *outcome, int count, ...)
{
	va_list words;

	assert_int_equal(outcome->result, 0);
	assert_int_equal(outcome->argc, count);
	va_start(words, count);
	for (int i = 0; i < count; i++)
		assert_string_equal(outcome->argv[i], va_arg(words, const char *));
	va_end(words);
	assert_null(outcome->argv[count]);
}

/* Refused with one line that contains `part`. */
#define assert_refused(outcome, part)                                                              \
	do {                                                                                       \
		assert_int_equal((outcome)->result, EXIT_USAGE);                                   \
		if (!strstr((outcome)->message, part))                                             \
			assert_string_equal((outcome)->message, part);                             \
		assert_ptr_equal(strchr((outcome)->message, '\n') + 1,                             \
				 (outcome)->message + strlen((outcome)->message));                 \
	} while (0)

static void every_form_of_an_option_is_understood(void **state)
{
	static const char *const forms[][4] = {
		{"--output", "x"}, {"--output=x"}, {"-o", "x"}, {"-ox"}, {"-fo", "x"}, {"-fxox"},
	};
	struct outcome outcome;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		parse_words(&outcome, &ordinary, forms[i]);
		assert_words(&outcome, 0);
		assert_string_equal(outcome.settings.text, "x");
		assert_int_equal(outcome.settings.flag, i >= 4);
		assert_int_equal(outcome.settings.other, i == 5);
	}
	PARSE(&outcome, &ordinary);
	assert_words(&outcome, 0);
	assert_null(outcome.settings.text);
}

static void values_may_look_like_options(void **state)
{
	struct outcome outcome;

	PARSE(&outcome, &ordinary, "--signed", "-3", "-o", "--", "--output==");
	assert_words(&outcome, 0);
	assert_int_equal(outcome.settings.signed_number, -3);
	assert_string_equal(outcome.settings.text, "=");
	assert_false(outcome.settings.separated);
}

static void the_last_of_repeated_options_counts(void **state)
{
	struct outcome outcome;

	PARSE(&outcome, &ordinary, "-n1", "--output=a", "-n", "7", "-ob");
	assert_words(&outcome, 0);
	assert_int_equal(outcome.settings.number, 7);
	assert_string_equal(outcome.settings.text, "b");
}

static void words_and_options_may_be_mixed(void **state)
{
	struct outcome outcome;

	PARSE(&outcome, &ordinary, "a", "-f", "b", "-n", "2", "-", "--", "-x", "--");
	assert_words(&outcome, 5, "a", "b", "-", "-x", "--");
	assert_true(outcome.settings.flag);
	assert_false(outcome.settings.other);
	assert_true(outcome.settings.separated);
	assert_int_equal(outcome.settings.number, 2);
}

static void what_follows_the_target_is_the_targets(void **state)
{
	struct outcome outcome;

	PARSE(&outcome, &wrapper, "-f", "counter-race", "--count", "5", "--help", "--");
	assert_words(&outcome, 5, "counter-race", "--count", "5", "--help", "--");
	assert_true(outcome.settings.flag);
	assert_false(outcome.settings.separated);

	PARSE(&outcome, &wrapper, "-o", "file", "--", "-strange", "-f");
	assert_words(&outcome, 2, "-strange", "-f");
	assert_false(outcome.settings.flag);
	assert_true(outcome.settings.separated);
	assert_string_equal(outcome.argv[-1], "--");

	/* Where only some words are one. */
	PARSE(&outcome, &looker, "x.ptl", "-f", "counter-race", "-n", "2");
	assert_words(&outcome, 4, "x.ptl", "counter-race", "-n", "2");
	assert_true(outcome.settings.flag);
}

static void values_are_checked_by_their_type(void **state)
{
	struct outcome outcome;

	PARSE(&outcome, &ordinary, "--duration=1.5s", "--size", "64K");
	assert_words(&outcome, 0);
	assert_int_equal(outcome.settings.duration, 1500000000);
	assert_int_equal(outcome.settings.size, 65536);

	PARSE(&outcome, &ordinary, "-n", "11");
	assert_refused(&outcome, "--number takes a whole number from 1 to 10, not '11'");
	PARSE(&outcome, &ordinary, "-nten");
	assert_refused(&outcome, "from 1 to 10, not 'ten'");
	PARSE(&outcome, &ordinary, "--duration=soon");
	assert_refused(&outcome, "such as 200ms, 1.5s or 2min, not 'soon'");
	PARSE(&outcome, &ordinary, "--duration=999999999999h");
	assert_refused(&outcome, "--duration cannot be as much as '999999999999h'");
	PARSE(&outcome, &ordinary, "--size=64KB");
	assert_refused(&outcome, "such as 4096, 64K or 8M, not '64KB'");
}

static void missing_and_superfluous_values_are_refused(void **state)
{
	struct outcome outcome;

	PARSE(&outcome, &ordinary, "--output");
	assert_refused(&outcome, "--output needs FILE after it");
	PARSE(&outcome, &ordinary, "--output=");
	assert_refused(&outcome, "--output needs FILE after it");
	PARSE(&outcome, &ordinary, "-fo");
	assert_refused(&outcome, "'ptrace-lab ordinary --help'");
	PARSE(&outcome, &ordinary, "--flag=yes");
	assert_refused(&outcome, "it takes no value such as 'yes'");
}

static void unknown_options_get_a_suggestion(void **state)
{
	struct outcome outcome;

	PARSE(&outcome, &ordinary, "--ouput=x");
	assert_refused(&outcome, "there is no option --ouput; did you mean --output? "
				 "'ptrace-lab ordinary --help' lists all");
	PARSE(&outcome, &ordinary, "--verbos");
	assert_refused(&outcome, "did you mean --verbose?");
	PARSE(&outcome, &ordinary, "--zebra");
	assert_refused(&outcome, "there is no option --zebra; 'ptrace-lab");
	PARSE(&outcome, &ordinary, "-fZ");
	assert_refused(&outcome, "there is no option -Z");
	PARSE(&outcome, &ordinary, "--=x");
	assert_refused(&outcome, "there is no option --;");
}

static void a_unique_beginning_is_not_enough(void **state)
{
	struct outcome outcome;

	PARSE(&outcome, &ordinary, "--dur=1");
	assert_refused(&outcome, "did you mean --duration?");
}

static void hostile_words_do_not_reach_the_terminal(void **state)
{
	struct outcome outcome;

	PARSE(&outcome, &ordinary, "--\x1b[2J\n");
	assert_refused(&outcome, "--\\x1b[2J\\x0a;");
	PARSE(&outcome, &ordinary, "-\x1b");
	assert_refused(&outcome, "-\\x1b;");
	PARSE(&outcome, &ordinary, "-n", "\u202e7");
	assert_refused(&outcome, "'\\xe2\\x80\\xae7'");
}

static void common_options_work_everywhere(void **state)
{
	static const struct command bare = {.name = "bare"};
	struct outcome outcome;

	PARSE(&outcome, &bare, "--help");
	assert_int_equal(outcome.result, COMMAND_HELP);
	PARSE(&outcome, &ordinary, "word", "-fh", "--bad");
	assert_int_equal(outcome.result, COMMAND_HELP);

	log_set_level(LOG_INFO);
	PARSE(&outcome, &bare, "-vv");
	assert_int_equal(log_get_level(), LOG_DEBUG);
	log_set_level(LOG_INFO);
	PARSE(&outcome, &bare, "--quiet");
	assert_int_equal(log_get_level(), LOG_WARNING);
	PARSE(&outcome, &bare, "-qqq");
	assert_int_equal(log_get_level(), LOG_ERROR);
	log_set_level(LOG_INFO);
}

static void any_words_are_understood_or_refused(void **state)
{
	static const char *const pieces[] = {"-", "--",	      "-f",	"-o",	"-n", "--output",
					     "=", "--number", "--help", "word", "3",  "--size="};
	uint64_t seed = 9;

	for (int i = 0; i < 3000; i++) {
		char texts[8][64];
		const char *words[9] = {NULL};
		struct outcome outcome;
		size_t count = random_next(&seed) % 9;

		for (size_t word = 0; word < count && word < 8; word++) {
			size_t used =
				(size_t)snprintf(texts[word], 32, "%s",
						 pieces[random_next(&seed) % ARRAY_SIZE(pieces)]);

			if (random_next(&seed) % 2)
				random_text(&seed, texts[word] + used, 32);
			words[word] = texts[word];
		}
		parse_words(&outcome, i % 2 ? &ordinary : &wrapper, words);
		log_set_level(LOG_INFO);
		if (outcome.result == EXIT_USAGE)
			assert_refused(&outcome, "ptrace-lab: ");
		else if (outcome.result != COMMAND_HELP)
			assert_null(outcome.argv[outcome.argc]);
	}
}

static void the_nearest_word_is_near(void **state)
{
	static const char *const words[] = {"run", "record", "report", "counter-race",
					    "counter-lock"};
	static const struct {
		const char *word, *nearest;
	} cases[] = {
		{"rnu", "run"},
		{"runn", "run"},
		{"RUN", "run"},
		{"rec", "record"},
		{"recrod", "record"},
		{"reprot", "report"},
		{"counterrace", "counter-race"},
		{"conter-lokc", "counter-lock"},
		{"", NULL},
		{"x", NULL},
		{"zzz", NULL},
		{"banana", NULL},
		{"deadlock", NULL},
	};
	char endless[1000];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *nearest = nearest_word(cases[i].word, words, ARRAY_SIZE(words));

		if (cases[i].nearest)
			assert_string_equal(nearest, cases[i].nearest);
		else
			assert_null(nearest);
	}
	memset(endless, 'r', sizeof(endless));
	endless[sizeof(endless) - 1] = '\0';
	assert_null(nearest_word(endless, words, ARRAY_SIZE(words)));
	assert_null(nearest_word("run", words, 0));
}

/* ---- the tables ---------------------------------------------------------------------------- */

static void check_options(const struct option_spec *list, size_t settings_size)
{
	bool letters[256] = {false};

	for (const struct option_spec *common = common_options; common->name; common++)
		letters[(unsigned char)common->letter] = true;
	for (; list && list->name; list++) {
		bool bare = list->type == OPTION_FLAG || list->type == OPTION_SEPARATOR;

		assert_true(list->offset < settings_size);
		assert_non_null(list->help);
		assert_true(bare == !list->argument);
		assert_true((list->type == OPTION_SEPARATOR) == !*list->name);
		for (const struct option_spec *other = list + 1; other->name; other++)
			assert_string_not_equal(other->name, list->name);
		for (const struct option_spec *other = common_options; other->name; other++)
			assert_string_not_equal(other->name, list->name);
		if (list->letter)
			assert_false(letters[(unsigned char)list->letter]);
		letters[(unsigned char)list->letter] = true;
	}
}

static void no_two_commands_or_options_collide(void **state)
{
	for (size_t i = 0; commands[i]; i++) {
		assert_ptr_equal(command_find(commands[i]->name), commands[i]);
		assert_non_null(commands[i]->summary);
		assert_non_null(commands[i]->run);
		check_options(commands[i]->options, commands[i]->settings_size);
	}
	check_options(program.options, program.settings_size);
	assert_null(command_find("nonsense"));
}

static char *printed_by(void (*print)(FILE *out, const void *data), const void *data)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	print(out, data);
	fclose(out);
	return text;
}

static void print_help(FILE *out, const void *data)
{
	if (data)
		help_command(out, data);
	else
		help_overview(out);
}

static void print_man(FILE *out, const void *data)
{
	help_man(out);
}

static void print_completion(FILE *out, const void *data)
{
	assert_true(help_completion(out, data));
}

static void assert_mentions(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is missing", part);
}

static void assert_lines_fit(const char *text, size_t columns)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		assert_in_range(length, 0, columns);
		text += length + (text[length] == '\n');
	}
}

/* In the "C" locale, where every column is a byte. */
static void help_names_every_command_and_option_in_80_columns(void **state)
{
	char *overview;

	unsetenv("LC_ALL");
	unsetenv("LC_CTYPE");
	unsetenv("LANG");
	overview = printed_by(print_help, NULL);
	assert_lines_fit(overview, 80);
	for (size_t i = 0; commands[i]; i++) {
		const struct option_spec *option = commands[i]->options;
		char *help = printed_by(print_help, commands[i]);

		assert_mentions(overview, commands[i]->name);
		assert_lines_fit(help, 80);
		for (; option && option->name; option++)
			assert_mentions(help, option_signature(option).text + 2);
		free(help);
	}
	free(overview);
}

static void the_man_page_names_all_and_is_plain_ascii(void **state)
{
	char *man = printed_by(print_man, NULL);

	assert_mentions(man, ".SH EXIT STATUS\n");
	for (size_t i = 0; commands[i]; i++)
		assert_mentions(man, commands[i]->name);
	for (const char *c = man; *c; c++)
		assert_true(*c == '\n' || isprint((unsigned char)*c));
	free(man);
}

static void every_shell_is_told_of_every_option(void **state)
{
	static const char *const shells[] = {"bash", "zsh", "fish"};

	for (size_t shell = 0; shell < ARRAY_SIZE(shells); shell++) {
		char *script = printed_by(print_completion, shells[shell]);

		for (size_t i = 0; commands[i]; i++) {
			const struct option_spec *option = commands[i]->options;

			assert_mentions(script, commands[i]->name);
			for (; option && option->name; option++)
				assert_mentions(script, option->name);
		}
		free(script);
	}
	assert_false(help_completion(stdout, "cmd.exe"));
}

/* It is there wherever this is built; the other two shells need not be. */
static void bash_can_read_its_script(void **state)
{
	FILE *bash = popen("bash -n", "w");

	assert_non_null(bash);
	assert_true(help_completion(bash, "bash"));
	assert_int_equal(pclose(bash), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_an_option_is_understood),
		cmocka_unit_test(values_may_look_like_options),
		cmocka_unit_test(the_last_of_repeated_options_counts),
		cmocka_unit_test(words_and_options_may_be_mixed),
		cmocka_unit_test(what_follows_the_target_is_the_targets),
		cmocka_unit_test(values_are_checked_by_their_type),
		cmocka_unit_test(missing_and_superfluous_values_are_refused),
		cmocka_unit_test(unknown_options_get_a_suggestion),
		cmocka_unit_test(a_unique_beginning_is_not_enough),
		cmocka_unit_test(hostile_words_do_not_reach_the_terminal),
		cmocka_unit_test(common_options_work_everywhere),
		cmocka_unit_test(any_words_are_understood_or_refused),
		cmocka_unit_test(the_nearest_word_is_near),
		cmocka_unit_test(no_two_commands_or_options_collide),
		cmocka_unit_test(help_names_every_command_and_option_in_80_columns),
		cmocka_unit_test(the_man_page_names_all_and_is_plain_ascii),
		cmocka_unit_test(every_shell_is_told_of_every_option),
		cmocka_unit_test(bash_can_read_its_script),
	};

	return cmocka_run_group_tests_name("cli", tests, NULL, NULL);
}
