// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "base/units.h"
#include "capture/capture.h"
#include "capture/scenarios.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/tracing.h"
#include "model/claims/text.h"
#include "model/model.h"
#include "recording/recording.h"
#include "show/compare/comparison.h"
#include "show/show.h"

#define REPEAT_MAX    1000
#define ARGUMENTS_MAX 16 /* of one scenario */

struct compare_settings {
	bool json;
	int64_t repeat;
};

static const struct option_spec options[] = {
	{.name = "json",
	 .type = OPTION_FLAG,
	 .offset = offsetof(struct compare_settings, json),
	 .help = "as JSON"},
	{.name = "repeat",
	 .letter = 'n',
	 .type = OPTION_NUMBER,
	 .offset = offsetof(struct compare_settings, repeat),
	 .argument = "N",
	 .help = "run each N times, in turns; the median counts",
	 .min = 1,
	 .max = REPEAT_MAX},
	{0},
};

/* Some scenarios do more than they are about, to compare themselves with; not here, where they are
 * compared anyway. "" if this one does not. 0 or -ENOMEM. */
static int comparing_option(const char *name, char *ret, size_t size)
{
	const char *text = scenario_text(name);
	struct scenario_heading heading;
	int error = scenario_heading_parse(text ? text : "", &heading);

	if (error)
		return error;
	snprintf(ret, size, "%s", heading.compare ? heading.compare : "");
	scenario_heading_free(&heading);
	return 0;
}

/* One of those that are compared: "NAME" or "NAME OPTION...", taken apart. */
struct entrant {
	char *words; /* with the blanks between them replaced */
	char *argv[ARGUMENTS_MAX + 2];
	char option[64]; /* that it has for being compared; "": none */
};

static int entrant_read(const char *text, struct entrant *ret)
{
	size_t count = 0;
	char *rest, *word;

	ret->words = strdup(text);
	if (!ret->words) {
		log_error("out of memory");
		return EXIT_INTERNAL;
	}
	for (word = strtok_r(ret->words, " \t", &rest); word && count < ARGUMENTS_MAX;
	     word = strtok_r(NULL, " \t", &rest))
		ret->argv[count++] = word;
	if (word) {
		log_error("`%s` has too many options", text);
		return EXIT_USAGE;
	}
	if (!count) {
		log_error("a scenario's name is empty");
		return EXIT_USAGE;
	}
	if (tracing_check_scenario(ret->argv[0]))
		return EXIT_NO_TARGET;
	if (comparing_option(ret->argv[0], ret->option, sizeof(ret->option))) {
		log_error("out of memory");
		return EXIT_INTERNAL;
	}
	ret->argv[count] = *ret->option ? ret->option : NULL;
	return EXIT_OK;
}

static int run_one(struct entrant *entrant, struct comparison_sample *ret, int *ret_interrupt)
{
	char **argv = entrant->argv;
	const char *name = argv[0];
	struct capture_options capture_options = {
		.mode = CAPTURE_RUN,
		.argv = argv,
		.scenario = name,
		.invoker = invoker_find(),
		.silent_target = true,
		.quiet = true,
	};
	struct recording *recording = NULL;
	struct capture_result result;
	struct model *model = NULL;
	int status;

	status = capture(&capture_options, &result);
	if (status)
		return status;
	*ret_interrupt = result.interrupt;
	status = model_from_fd(result.recording_fd, name, &recording, &model);
	if (status)
		return status;
	*ret = comparison_sample_of(model);
	model_free(&model);
	recording_close(&recording);
	return EXIT_OK;
}

static void show_progress(const char *name, size_t done, size_t all)
{
	if (!isatty(STDERR_FILENO) || log_get_level() < LOG_INFO)
		return;
	fprintf(stderr, "\r\033[K%zu of %zu  %s", done + 1, all, name);
	fflush(stderr);
}

static void clear_progress(void)
{
	if (isatty(STDERR_FILENO) && log_get_level() >= LOG_INFO)
		fputs("\r\033[K", stderr);
}

/* In turns, so that what disturbs the machine for a while disturbs all of them. `samples` has
 * `repeat` places for each name. */
static int run_all(struct entrant *entrants, size_t count, size_t repeat,
		   struct comparison_sample *samples)
{
	int status = EXIT_OK, interrupt = 0;

	for (size_t n = 0; !status && !interrupt && n < count * repeat; n++) {
		size_t which = n % count;

		show_progress(entrants[which].argv[0], n, count * repeat);
		status =
			run_one(&entrants[which], &samples[which * repeat + n / count], &interrupt);
	}
	clear_progress();
	return interrupt ? 128 + interrupt : status;
}

static int show(const struct comparison_row *rows, size_t count, bool json)
{
	struct text_options text = text_options_for(stdout);
	int error = json ? show_comparison_json(stdout, rows, count)
			 : show_comparison_text(stdout, rows, count, &text);

	return output_note(error);
}

static int run(void *given, int argc, char **argv)
{
	const struct compare_settings *settings = given;
	size_t count = (size_t)argc, repeat = settings->repeat ? (size_t)settings->repeat : 1;
	CLEANUP_FREE struct comparison_sample *samples =
		calloc(count * repeat + 1, sizeof(*samples));
	CLEANUP_FREE struct comparison_row *rows = calloc(count + 1, sizeof(*rows));
	CLEANUP_FREE struct entrant *entrants = calloc(count + 1, sizeof(*entrants));
	int status = EXIT_OK;

	if (!samples || !rows || !entrants) {
		log_error("out of memory");
		return EXIT_INTERNAL;
	}
	if (!argc) {
		log_error("which scenarios? `ptrace-lab compare counter-single counter-lock`");
		return EXIT_USAGE;
	}
	for (size_t i = 0; !status && i < count; i++) {
		status = entrant_read(argv[i], &entrants[i]);
		rows[i] = (struct comparison_row){
			.name = argv[i], .samples = &samples[i * repeat], .count = repeat};
	}
	if (!status)
		status = run_all(entrants, count, repeat, samples);
	if (!status)
		status = show(rows, count, settings->json);
	for (size_t i = 0; !status && i < count * repeat; i++)
		if (samples[i].has_status && samples[i].status)
			status = EXIT_NOT_HELD;
	for (size_t i = 0; i < count * repeat; i++)
		comparison_sample_free(&samples[i]);
	for (size_t i = 0; i < count; i++)
		free(entrants[i].words);
	return status;
}

const struct command command_compare = {
	.name = "compare",
	.synopsis = "SCENARIO SCENARIO… | 'SCENARIO OPTIONS…' …",
	.summary = "run several scenarios, show one table, and say why they differ",
	.details =
		"Each scenario runs traced, its own output left out, with its default sizes or, in "
		"quotes, with options of its own: `compare lock-convoy 'lock-convoy "
		"--own-locks'`. "
		"The ratios are to the first one's time: of what the scenario is about, where "
		"all of them tell it, otherwise from start to end.\n"
		"With --repeat the scenarios take turns, and the table has the median of each "
		"figure and the spread of the time. The status is 118 if one of them failed.",
	.options = options,
	.settings_size = sizeof(struct compare_settings),
	.run = run,
};
