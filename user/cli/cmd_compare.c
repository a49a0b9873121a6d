// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "capture/capture.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/tracing.h"
#include "model/model.h"
#include "recording/recording.h"
#include "show/show.h"

struct compare_settings {
	bool json;
};

static const struct option_spec options[] = {
	{.name = "json",
	 .type = OPTION_FLAG,
	 .offset = offsetof(struct compare_settings, json),
	 .help = "as JSON"},
	{0},
};

struct run_result {
	struct recording *recording;
	struct model *model;
};

static int run_one(const char *name, struct run_result *ret)
{
	char *argv[] = {(char *)name, NULL};
	struct capture_options capture_options = {
		.mode = CAPTURE_RUN,
		.argv = argv,
		.scenario = name,
		.invoker = invoker_find(),
		.silent_target = true,
		.quiet = true,
	};
	struct capture_result result;
	int status = capture(&capture_options, &result);

	if (!status)
		status = model_from_fd(result.recording_fd, name, &ret->recording, &ret->model);
	return status;
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
	struct compare_settings *settings = given;
	CLEANUP_FREE struct run_result *runs = calloc(argc + 1, sizeof(*runs));
	CLEANUP_FREE struct comparison_row *rows = calloc(argc + 1, sizeof(*rows));
	int status = EXIT_OK;

	if (!runs || !rows) {
		log_error("out of memory");
		return EXIT_INTERNAL;
	}
	if (!argc) {
		log_error("which scenarios? `ptrace-lab compare counter-single counter-lock`");
		return EXIT_USAGE;
	}
	for (int i = 0; !status && i < argc; i++)
		status = tracing_check_scenario(argv[i]);
	for (int i = 0; !status && i < argc; i++) {
		status = run_one(argv[i], &runs[i]);
		rows[i] = (struct comparison_row){.name = argv[i], .model = runs[i].model};
	}
	if (!status)
		status = show(rows, argc, settings->json);
	for (int i = 0; i < argc; i++) {
		model_free(&runs[i].model);
		recording_close(&runs[i].recording);
	}
	return status;
}

const struct command command_compare = {
	.name = "compare",
	.synopsis = "SCENARIO SCENARIO…",
	.summary = "run several scenarios, one after another, and show one table",
	.details = "Each scenario runs with its default sizes, traced, its own output left out. "
		   "The last column is the wall time as a multiple of the first scenario's.",
	.options = options,
	.settings_size = sizeof(struct compare_settings),
	.run = run,
};
