// SPDX-License-Identifier: GPL-2.0-only
#include "cli/tracing.h"

#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "bpf/stacks.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "capture/scenarios.h"

/* One of the embedded names, which live as long as the program; NULL if none is near. */
static const char *nearest_scenario(const char *name)
{
	struct scenario_list list = {0};
	const char **names, *near = NULL;

	if (scenario_list(&list))
		return NULL;
	names = calloc(list.items.count + 1, sizeof(*names));
	for (size_t i = 0; names && i < list.items.count; i++)
		names[i] = list.items.items[i].name;
	if (names)
		near = nearest_word(name, names, list.items.count);
	free(names);
	scenario_list_free(&list);
	return near;
}

int tracing_check_scenario(const char *name)
{
	const char *near;
	char shown[256];

	if (scenario_exists(name))
		return EXIT_OK;
	near = nearest_scenario(name);
	escape_text(shown, sizeof(shown), name);
	if (near)
		log_error("there is no scenario '%s': did you mean '%s'? (`ptrace-lab run -- %s` "
			  "runs a command)",
			  shown, near, shown);
	else
		log_error("there is no scenario '%s': `ptrace-lab list` shows them all, "
			  "`ptrace-lab run -- %s` runs a command",
			  shown, shown);
	return EXIT_NO_TARGET;
}

static void use_stacks(const struct stack_settings *settings, struct capture_options *ret)
{
	if (settings->blocked || settings->wakers)
		ret->stacks |= PL_STACKS_BLOCKED;
	if (settings->wakers)
		ret->stacks |= PL_STACKS_WAKERS;
	if (settings->frequency)
		ret->stacks |= PL_STACKS_SAMPLES;
	if (settings->kernel)
		ret->stacks |= PL_STACKS_KERNEL;
	if (settings->kernel && !settings->frequency)
		ret->stacks |= PL_STACKS_BLOCKED;
	ret->sample_rate = (uint32_t)settings->frequency;
	ret->stack_options.names = settings->names;
}

int tracing_options(const struct tracing_settings *settings, struct capture_options *ret)
{
	if (settings->locks && strcmp(settings->locks, "all") != 0) {
		log_error("--locks: `all` is the one choice there is besides that of every run");
		return EXIT_USAGE;
	}
	ret->output = settings->output;
	ret->duration = settings->duration;
	ret->buffer_bytes = settings->buffer;
	ret->pcb_every = settings->pcb_every;
	ret->marks = settings->marks;
	ret->mark_files = settings->mark_files;
	ret->all_locks = settings->locks;
	ret->faults = settings->faults;
	ret->watch = (struct watch_settings){.names = settings->watch.items,
					     .count = settings->watch.count,
					     .limit = settings->watch_limit};
	ret->invoker = invoker_find();
	ret->quiet = log_get_level() < LOG_INFO;
	use_stacks(&settings->stacks, ret);
	return tracing_ring(&settings->ring, ret);
}

int tracing_report(const struct capture_options *options, const struct present_options *present,
		   int (*status_of)(const struct capture_result *result))
{
	struct present_options present_options = *present;
	struct capture_result result;
	int status = capture(options, &result);

	if (status)
		return status;
	present_options.name = options->output ? options->output : "the recording";
	present_options.invoker = options->invoker;
	status = present_recording(result.recording_fd, &present_options);
	if (result.abandoned)
		log_warning("the target goes on running");
	if (result.incomplete)
		return EXIT_NO_OUTPUT;
	if (status)
		return status;
	return status_of ? status_of(&result) : EXIT_OK;
}
