// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "base/units.h"
#include "capture/scenarios.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/snapshots.h"
#include "show/pcb/instant.h"

struct pcb_settings {
	bool all, tree, full, json, registers, stack;
	uint64_t watch, after;
	const char *at;
};

static const struct option_spec options[] = {
	{.name = "all",
	 .letter = 'a',
	 .type = OPTION_FLAG,
	 .offset = offsetof(struct pcb_settings, all),
	 .help = "every task of the machine (the same as naming none)"},
	{.name = "full",
	 .letter = 'f',
	 .type = OPTION_FLAG,
	 .offset = offsetof(struct pcb_settings, full),
	 .help = "all that is known of each task, threads too"},
	{.name = "tree",
	 .letter = 't',
	 .type = OPTION_FLAG,
	 .offset = offsetof(struct pcb_settings, tree),
	 .help = "children and threads below their parents"},
	{.name = "registers",
	 .type = OPTION_FLAG,
	 .offset = offsetof(struct pcb_settings, registers),
	 .help = "with the user registers"},
	{.name = "stack",
	 .type = OPTION_FLAG,
	 .offset = offsetof(struct pcb_settings, stack),
	 .help = "with the calls that led to where it is, its own and the kernel's"},
	{.name = "watch",
	 .letter = 'w',
	 .type = OPTION_DURATION,
	 .offset = offsetof(struct pcb_settings, watch),
	 .argument = "TIME",
	 .help = "look again every TIME, and show what changed, until Ctrl-C"},
	{.name = "at",
	 .type = OPTION_TEXT,
	 .offset = offsetof(struct pcb_settings, at),
	 .argument = "TIME",
	 .help = "RECORDING: what everybody did so long after its begin"},
	{.name = "after",
	 .type = OPTION_DURATION,
	 .offset = offsetof(struct pcb_settings, after),
	 .argument = "TIME",
	 .help = "SCENARIO: look so long after its start (100ms)"},
	{.name = "json",
	 .type = OPTION_FLAG,
	 .offset = offsetof(struct pcb_settings, json),
	 .help = "as JSON, with open files and areas of memory"},
	{0},
};

static int show(const struct snapshot *snapshot, const struct pcb_view *view, void *context)
{
	const struct pcb_settings *settings = context;

	if (settings->json)
		return output_note(show_pcb_json(stdout, snapshot, view));
	if (settings->full)
		return output_note(show_pcb_cards(stdout, snapshot, view));
	if (settings->tree)
		return output_note(show_pcb_tree(stdout, snapshot, view));
	return output_note(show_pcb_table(stdout, snapshot, view));
}

static int show_changes(const struct snapshot *before, const struct snapshot *after,
			const struct pcb_view *view, void *context)
{
	return output_note(show_pcb_changes(stdout, before, after, view));
}

static int show_instant(const struct instant *instant, const char *arch, void *context)
{
	const struct pcb_settings *settings = context;
	struct text_options text = text_options_for(stdout);

	if (settings->json)
		return output_note(show_instant_json(stdout, instant, arch));
	return output_note(show_instant_text(stdout, instant, arch, &text));
}

static int run(void *given, int argc, char **argv)
{
	struct pcb_settings *settings = given;
	struct look look = {
		.argc = argc,
		.argv = argv,
		.family = settings->tree,
		.files = settings->full || settings->json,
		.areas = settings->full || settings->json,
		.registers = settings->registers,
		.places = settings->full || settings->json,
		.stacks = settings->stack,
		.after = settings->after,
		.every = settings->watch,
		.at_given = settings->at,
		.show = show,
		.show_changes = show_changes,
		.show_instant = settings->at ? show_instant : NULL,
		.instant_only = !settings->full,
		.context = settings,
	};

	/* The table has no room for them. */
	if ((settings->stack || settings->registers) && !settings->json) {
		settings->full = look.files = look.areas = look.places = true;
		look.instant_only = false;
	}
	if (settings->all && argc) {
		log_error("with --all nobody is named");
		return EXIT_USAGE;
	}
	if (settings->at && parse_duration(settings->at, &look.at)) {
		log_error("`%s` is no time: 1.5 (seconds), 200ms, 2min", settings->at);
		return EXIT_USAGE;
	}
	return look_at(&look);
}

const struct command command_pcb = {
	.name = "pcb",
	.synopsis = "[PID…] | SCENARIO [ARGS…] | RECORDING",
	.summary = "what the kernel keeps of each task: its process control block",
	.details =
		"Identity, state, program counter, scheduling, rights, family, memory, resources and "
		"context: the nine things that textbooks list, as this kernel has them at this "
		"moment, read by a BPF iterator. A scenario is started for it, looked at, and "
		"ended.\n\n"
		"  ptrace-lab pcb                  everybody, one line each\n"
		"  ptrace-lab pcb --tree 1         a process, its threads and descendants\n"
		"  ptrace-lab pcb --full $$        all that is known of this shell\n"
		"  ptrace-lab pcb process-states   a scenario with a child in each state\n"
		"  ptrace-lab pcb x.ptl --at 1.5s  what everybody did at that moment",
	.options = options,
	.settings_size = sizeof(struct pcb_settings),
	.is_target = scenario_exists,
	.run = run,
};
