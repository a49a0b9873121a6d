// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "base/units.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/present.h"
#include "recording/recording.h"
#include "show/states/states.h"

struct states_settings {
	const char *thread, *format, *output;
};

static const struct option_spec options[] = {
	{.name = "thread",
	 .letter = 't',
	 .type = OPTION_TEXT,
	 .offset = offsetof(struct states_settings, thread),
	 .argument = "NAME",
	 .help = "only threads with that name (* for any text) or tid"},
	{.name = "format",
	 .type = OPTION_TEXT,
	 .offset = offsetof(struct states_settings, format),
	 .argument = "text|svg",
	 .help = "as text (the default) or as a picture"},
	{.name = "output",
	 .letter = 'o',
	 .type = OPTION_TEXT,
	 .offset = offsetof(struct states_settings, output),
	 .argument = "FILE",
	 .help = "write it to FILE"},
	{0},
};

static bool is_wanted(const struct thread *thread, const void *context)
{
	const char *pattern = context;
	int64_t tid;

	if (!parse_number(pattern, 1, INT32_MAX, &tid))
		return thread->tid == (uint32_t)tid;
	return !fnmatch(pattern, thread->name, FNM_NOESCAPE);
}

/* EXIT_OK, or another status after a sentence. */
static int check_thread(const struct model *model, const char *wanted)
{
	const struct thread *thread;
	char shown[128];

	if (!wanted)
		return EXIT_OK;
	vector_for_each (&model->threads, thread) {
		if (is_wanted(thread, wanted))
			return EXIT_OK;
	}
	escape_text(shown, sizeof(shown), wanted);
	log_error("no thread of the recording has the name or tid '%s'", shown);
	return EXIT_NO_TARGET;
}

static int write_states(FILE *out, const struct model *model,
			const struct states_settings *settings, const char *file)
{
	struct states_view view = {
		.text = text_options_for(out),
		.title = settings->thread  ? settings->thread
			 : model->scenario ? model->scenario
					   : file,
		.wanted = settings->thread ? is_wanted : NULL,
		.context = settings->thread,
	};

	if (settings->format && !strcmp(settings->format, "svg"))
		return show_states_svg(out, model, &view);
	return show_states_text(out, model, &view);
}

static int present(const struct model *model, const struct states_settings *settings,
		   const char *name)
{
	struct invoker invoker = invoker_find();
	int status = EXIT_OK;
	FILE *out = output_open(settings->output, &invoker, &status);

	if (!out)
		return status;
	return output_close(out, settings->output, write_states(out, model, settings, name));
}

static int run(void *given, int argc, char **argv)
{
	struct states_settings *settings = given;
	struct recording *recording;
	struct model *model;
	int fd, status;

	if (argc != 1) {
		log_error("states needs one recording: `ptrace-lab states FILE.ptl`");
		return EXIT_USAGE;
	}
	if (settings->format && strcmp(settings->format, "text") &&
	    strcmp(settings->format, "svg")) {
		log_error("`%s` is no format: text or svg", settings->format);
		return EXIT_USAGE;
	}
	fd = open(argv[0], O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0) {
		log_error("%s cannot be read: %s", argv[0], strerror(errno));
		return EXIT_BAD_RECORDING;
	}
	status = model_from_fd(fd, argv[0], &recording, &model);
	if (status)
		return status;
	status = check_thread(model, settings->thread);
	if (!status)
		status = present(model, settings, argv[0]);
	model_free(&model);
	recording_close(&recording);
	return status;
}

const struct command command_states = {
	.name = "states",
	.synopsis = "RECORDING",
	.summary = "how often threads went from state to state, and how long they stayed",
	.details =
		"The diagram of the textbooks (new, ready, running, blocked, stopped, ended) with the "
		"counted arrows and the times of this recording. Born, dispatched, preempted, blocked, "
		"woken and ended are counted from the kernel's own record of every switch.",
	.options = options,
	.settings_size = sizeof(struct states_settings),
	.run = run,
};
