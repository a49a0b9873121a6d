// SPDX-License-Identifier: GPL-2.0-only
/* command_words.c - any lines as the words of a command line, and as what words may stand for */
#include "fuzz.h"

#include "base/escape.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "base/units.h"
#include "cli/command.h"
#include "model/claims/text.h"
#include "symbols/variable.h"

#define WORDS 16

static void read_values(const char *text)
{
	struct variable_request request;
	struct variable_error error = {""};
	char shown[64];
	uint64_t number;
	int64_t within = 0;

	parse_duration(text, &number);
	parse_size(text, &number);
	if (!parse_number(text, -5, 5, &within))
		expect(within >= -5 && within <= 5);
	expect(!variable_parse(text, &request, &error) || error.text[0]);
	escape_text(shown, sizeof(shown), text);
}

static void read_command(const struct command *command, char **words, int count)
{
	void *settings = calloc(1, command->settings_size ? command->settings_size : 1);
	char **rest;
	int rest_count, r;

	expect(settings != NULL);
	r = command_parse(command, count, words, settings, &rest_count, &rest);
	expect(r == 0 || r == EXIT_USAGE || r == COMMAND_HELP);
	expect(r || (rest_count >= 0 && rest_count <= count));
	free(settings);
}

/* The first byte is the command; each line after it is a word. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size), *line = text, *words[WORDS + 1];
	struct scenario_heading heading = {0};
	struct scenario_text scenario = {0};
	size_t which = 0;
	int count = 0;

	log_set_level(LOG_NOTHING);
	if (!scenario_heading_parse(text, &heading))
		scenario_heading_free(&heading);
	if (!scenario_text_parse(text, &scenario))
		scenario_text_free(&scenario);
	for (char *word; count < WORDS && (word = strsep(&line, "\n"));) {
		read_values(word);
		words[count++] = word;
	}
	words[count] = NULL;
	while (commands[which])
		which++;
	if (count > 1)
		read_command(commands[(uint8_t)words[0][0] % which], words + 1, count - 1);
	free(text);
	return 0;
}
