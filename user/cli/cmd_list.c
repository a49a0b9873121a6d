// SPDX-License-Identifier: GPL-2.0-only
#include <stddef.h>
#include <stdio.h>

#include "base/exit_status.h"
#include "base/json.h"
#include "base/log.h"
#include "capture/scenarios.h"
#include "cli/commands.h"
#include "cli/listing.h"
#include "cli/output.h"
#include "show/show.h"
#include "show/text/text.h"

#define COLUMNS_MAX 100
#define INDENT	    2

struct list_settings {
	bool names, json;
};

static const char *const chapters[] = {
	"Further scenarios",
	"Counting together",
	"The life of a thread",
	"The life of a process",
	"Talking between processes",
	"Adding up a hundred million numbers",
	"Thread models",
	"A pool of workers, and thread safety",
	"What the operating system keeps",
	"What goes wrong in real programs",
};

#define CHAPTERS (sizeof(chapters) / sizeof(chapters[0]))

static unsigned int known_chapter(const struct scenario *scenario)
{
	return scenario->chapter < CHAPTERS ? scenario->chapter : 0;
}

const char *listing_chapter(unsigned int chapter)
{
	return chapters[chapter < CHAPTERS ? chapter : 0];
}

static int print_names(const struct scenario_list *list)
{
	const struct scenario *scenario;

	vector_for_each (&list->items, scenario)
		puts(scenario->name);
	return 0; /* an error stays in the stream */
}

static int print_json(const struct scenario_list *list)
{
	struct json json = json_start(stdout, true);
	const struct scenario *scenario;

	json_object(&json, NULL);
	json_array(&json, "scenarios");
	vector_for_each (&list->items, scenario) {
		json_object(&json, NULL);
		json_string(&json, "name", scenario->name);
		json_string(&json, "title", scenario->title);
		json_unsigned(&json, "chapter", scenario->chapter);
		json_string(&json, "chapter_title", chapters[known_chapter(scenario)]);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_object_end(&json);
	return json_finish(&json);
}

static void print_chapter_title(struct text *text, unsigned int chapter)
{
	if (chapter)
		text_print(text, STYLE_HEAD, "%u  %s", chapter, chapters[chapter]);
	else
		text_put(text, STYLE_HEAD, chapters[0]);
	text_end(text);
}

static void print_scenarios(struct text *text, const struct scenario_list *list,
			    unsigned int chapter, unsigned int column)
{
	const struct scenario *scenario;
	bool any = false;

	vector_for_each (&list->items, scenario) {
		if (known_chapter(scenario) != chapter)
			continue;
		if (!any)
			print_chapter_title(text, chapter);
		any = true;
		text_spaces(text, INDENT);
		text_put(text, STYLE_TITLE, scenario->name);
		text_pad(text, column);
		text_wrap(text, column, STYLE_PLAIN, scenario->title);
		text_end(text);
	}
	if (any)
		text_gap(text);
}

static int print_list(const struct scenario_list *list, const char *hint)
{
	struct text_options options = text_options_for(stdout);
	const struct scenario *scenario;
	unsigned int widest = 0;
	struct text text;

	if (options.columns > COLUMNS_MAX)
		options.columns = COLUMNS_MAX;
	text_start(&text, stdout, &options);
	vector_for_each (&list->items, scenario) {
		unsigned int width = text_measure(&text, scenario->name);

		widest = width > widest ? width : widest;
	}
	for (unsigned int i = 1; i <= CHAPTERS; i++)
		print_scenarios(&text, list, i % CHAPTERS, INDENT + widest + 2);
	text_wrap(&text, 0, STYLE_PLAIN, hint);
	text_end(&text);
	return text_finish(&text);
}

static int get_list(struct scenario_list *ret)
{
	if (!scenario_list(ret))
		return EXIT_OK;
	log_error("there is not enough memory to list the scenarios");
	return EXIT_INTERNAL;
}

int listing_print(const char *hint)
{
	struct scenario_list list;
	int error = get_list(&list);

	if (error)
		return error;
	error = print_list(&list, hint);
	scenario_list_free(&list);
	return output_note(error);
}

static int run_list(void *data, int argc, char **argv)
{
	const struct list_settings *settings = data;
	struct scenario_list list;
	int error;

	if (argc || (settings->names && settings->json)) {
		log_error("list takes one of --names and --json and no further words; see "
			  "'ptrace-lab list --help'");
		return EXIT_USAGE;
	}
	error = get_list(&list);
	if (error)
		return error;
	if (settings->names)
		error = print_names(&list);
	else if (settings->json)
		error = print_json(&list);
	else
		error = print_list(&list, "Run one with `sudo ptrace-lab run NAME`, or read about "
					  "it first: `ptrace-lab explain NAME`.");
	scenario_list_free(&list);
	return output_note(error);
}

static const struct option_spec list_options[] = {
	{"names", 0, OPTION_FLAG, offsetof(struct list_settings, names), NULL,
	 "only the names, one a line", 0, 0},
	{"json", 0, OPTION_FLAG, offsetof(struct list_settings, json), NULL, "print JSON", 0, 0},
	{0},
};

const struct command command_list = {
	.name = "list",
	.summary = "list the scenarios by chapter",
	.details =
		"A scenario is a small program inside ptrace-lab that makes one thing about "
		"threads and processes happen. `ptrace-lab run NAME` traces it and checks what it "
		"claims; `ptrace-lab run NAME --help` shows the sizes that can be changed.",
	.options = list_options,
	.settings_size = sizeof(struct list_settings),
	.run = run_list,
};
