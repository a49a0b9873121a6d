// SPDX-License-Identifier: GPL-2.0-only
#include "cli/present.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "base/units.h"
#include "capture/scenarios.h"
#include "cli/output.h"
#include "model/model.h"
#include "recording/recording.h"
#include "show/show.h"

/* A line on the terminal while a large recording is worked through; nothing for a small one. */
struct replay_line {
	uint64_t began, drawn;
};

static void show_replay(void *context, uint64_t items, double share)
{
	struct replay_line *line = context;
	uint64_t now = monotonic_ns();

	if (now - line->began < NS_PER_S / 2 || now - line->drawn < NS_PER_S / 4)
		return;
	fprintf(stderr, "\r\033[K%.0f %%  %s events", share * 100, format_count(items).text);
	fflush(stderr);
	line->drawn = now;
}

static int build(struct recording *recording, struct model **ret_model,
		 struct recording_error *ret_error)
{
	struct replay_line line = {.began = monotonic_ns()};
	struct model_progress progress = {.advanced = show_replay, .context = &line};
	bool watched = isatty(STDERR_FILENO) && log_get_level() >= LOG_INFO;
	int error =
		model_build_watched(recording, watched ? &progress : NULL, ret_model, ret_error);

	if (line.drawn)
		fputs("\r\033[K", stderr);
	return error;
}

int model_from_fd(int recording_fd, const char *name, struct recording **ret_recording,
		  struct model **ret_model)
{
	struct recording_error error = {.text = ""};
	struct recording *recording = NULL;
	int status = recording_open_fd(recording_fd, &recording, &error);

	if (status) {
		log_error("%s: %s", name, error.text);
		return EXIT_BAD_RECORDING;
	}
	status = build(recording, ret_model, &error);
	if (status) {
		recording_close(&recording);
		log_error("%s: %s", name, *error.text ? error.text : strerror(-status));
		return status == -ENOMEM ? EXIT_INTERNAL : EXIT_BAD_RECORDING;
	}
	if (*error.text)
		log_warning("%s: %s; the report speaks of what came before", name, error.text);
	*ret_recording = recording;
	return EXIT_OK;
}

int present_output(const char *path, const struct invoker *invoker,
		   int (*write)(FILE *out, const void *what), const void *what)
{
	int status = EXIT_OK;
	FILE *out = output_open(path, invoker, &status);

	return out ? output_close(out, path, write(out, what)) : status;
}

static int write_text(FILE *out, const void *model)
{
	struct text_options options = text_options_for(out);

	return show_text(out, model, &options);
}

static int write_json(FILE *out, const void *model)
{
	return show_json(out, model);
}

bool present_wants_text(const struct present_options *options)
{
	return !options->json || strcmp(options->json, "-") || options->report;
}

static int out_of_memory(void)
{
	log_error("out of memory");
	return EXIT_INTERNAL;
}

int present_recording(int recording_fd, const struct present_options *options)
{
	struct recording *recording = NULL;
	struct model *model = NULL;
	int status = model_from_fd(recording_fd, options->name, &recording, &model);
	int second = EXIT_OK;

	if (status)
		return status;
	if (options->claims && claims_judge(model, options->claims, scenario_text(options->claims)))
		status = out_of_memory();
	if (!status && present_wants_text(options))
		status = present_output(options->report, &options->invoker, write_text, model);
	if (!status && options->json)
		second = present_output(options->json, &options->invoker, write_json, model);
	model_free(&model);
	recording_close(&recording);
	return status ? status : second;
}
