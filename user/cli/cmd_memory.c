// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "capture/scenarios.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/snapshots.h"

struct memory_settings {
	const char *format, *output;
	uint64_t after;
};

static const struct option_spec options[] = {
	{.name = "format",
	 .type = OPTION_TEXT,
	 .offset = offsetof(struct memory_settings, format),
	 .argument = "text|svg|json",
	 .help = "as text (the default), a picture, or JSON"},
	{.name = "output",
	 .letter = 'o',
	 .type = OPTION_TEXT,
	 .offset = offsetof(struct memory_settings, output),
	 .argument = "FILE",
	 .help = "write it to FILE"},
	{.name = "after",
	 .type = OPTION_DURATION,
	 .offset = offsetof(struct memory_settings, after),
	 .argument = "TIME",
	 .help = "SCENARIO: look so long after its start (100ms)"},
	{0},
};

static int (*writer_of(const char *format))(FILE *, const struct snapshot *,
					    const struct pcb_view *)
{
	if (!format || !strcmp(format, "text"))
		return show_memory_text;
	if (!strcmp(format, "svg"))
		return show_memory_svg;
	return strcmp(format, "json") ? NULL : show_pcb_json;
}

static int write_it(const struct snapshot *snapshot, const struct pcb_view *view, void *context)
{
	const struct memory_settings *settings = context;
	struct invoker invoker = invoker_find();
	struct pcb_view plain = *view;
	int status = EXIT_OK;
	FILE *out = output_open(settings->output, &invoker, &status);

	if (!out)
		return status;
	plain.text = text_options_for(out);
	return output_close(out, settings->output,
			    writer_of(settings->format)(out, snapshot, &plain));
}

static int run(void *given, int argc, char **argv)
{
	struct memory_settings *settings = given;
	struct look look = {
		.argc = argc,
		.argv = argv,
		.areas = true,
		.after = settings->after,
		.show = write_it,
		.context = settings,
	};

	if (!argc) {
		log_error("memory needs a process or a scenario: `ptrace-lab memory PID`");
		return EXIT_USAGE;
	}
	if (!writer_of(settings->format)) {
		log_error("`%s` is no format: text, svg or json", settings->format);
		return EXIT_USAGE;
	}
	return look_at(&look);
}

const struct command command_memory = {
	.name = "memory",
	.synopsis = "PID… | SCENARIO [ARGS…] | RECORDING",
	.summary = "the memory of a process: its segments to scale, and what lies in each",
	.details =
		"Code, data, heap, libraries and each thread's stack, from the highest address to the "
		"lowest. All of it is shared by the threads of the process, and none of it by another "
		"process unless it says `shared`.",
	.options = options,
	.settings_size = sizeof(struct memory_settings),
	.is_target = scenario_exists,
	.run = run,
};
