// SPDX-License-Identifier: GPL-2.0-only
/* present_instant.c - one moment of a recording */
#include "cli/present.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "base/units.h"
#include "model/tasks/instant.h"
#include "recording/recording.h"
#include "show/pcb/instant.h"

struct moment {
	const struct instant *instant;
	const char *arch;
};

static int write_text(FILE *out, const void *what)
{
	const struct moment *moment = what;
	struct text_options options = text_options_for(out);

	return show_instant_text(out, moment->instant, moment->arch, &options);
}

static int write_json(FILE *out, const void *what)
{
	const struct moment *moment = what;

	return show_instant_json(out, moment->instant, moment->arch);
}

static int present(const struct moment *moment, const struct present_options *options)
{
	int status = EXIT_OK, second = EXIT_OK;

	if (present_wants_text(options))
		status = present_output(options->report, &options->invoker, write_text, moment);
	if (!status && options->json)
		second = present_output(options->json, &options->invoker, write_json, moment);
	return status ? status : second;
}

int present_instant(int recording_fd, uint64_t at, const struct present_options *options)
{
	CLEANUP(recording_close)
	struct recording *recording = NULL;
	CLEANUP(instant_free)
	struct instant instant = {0};
	struct recording_error error = {.text = ""};
	struct moment moment = {.instant = &instant};
	int r;

	if (recording_open_fd(recording_fd, &recording, &error)) {
		log_error("%s: %s", options->name, error.text);
		return EXIT_BAD_RECORDING;
	}
	r = instant_build(recording, at, &instant, &error);
	if (r == -ERANGE) {
		log_error("%s ends before %s", options->name, format_duration(at).text);
		return EXIT_USAGE;
	}
	if (r) {
		log_error("%s: %s", options->name, error.text);
		return r == -ENOMEM ? EXIT_INTERNAL : EXIT_BAD_RECORDING;
	}
	moment.arch = recording_note(recording, NOTE_ARCH);
	moment.arch = moment.arch ? moment.arch : "";
	return present(&moment, options);
}
