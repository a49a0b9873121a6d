// SPDX-License-Identifier: GPL-2.0-only
/* cmd_flame.c - where time went, as flame graphs and profiles */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "base/units.h"
#include "cli/commands.h"
#include "cli/present.h"
#include "model/model.h"
#include "model/stacks/tree.h"
#include "recording/recording.h"
#include "recording/stacks.h"
#include "show/flame/flame.h"

struct flame_settings {
	const char *kind, *thread, *time, *reason, *format, *output, *diff;
	bool tids, lines, no_inlines;
};

static const struct option_spec options[] = {
	{.name = "kind",
	 .letter = 'k',
	 .type = OPTION_TEXT,
	 .offset = offsetof(struct flame_settings, kind),
	 .argument = "on-cpu|off-cpu|wall|lock|wakeup|run-queue|switches",
	 .help = "what to add up (default: wall)"},
	{.name = "thread",
	 .letter = 't',
	 .type = OPTION_TEXT,
	 .offset = offsetof(struct flame_settings, thread),
	 .argument = "THREAD",
	 .help = "only threads of that tid or name (* and ? stand for anything)"},
	{.name = "time",
	 .type = OPTION_TEXT,
	 .offset = offsetof(struct flame_settings, time),
	 .argument = "FROM..TO",
	 .help = "only that part of the recording, such as 1.5s..2s, or 200ms.."},
	{.name = "reason",
	 .type = OPTION_TEXT,
	 .offset = offsetof(struct flame_settings, reason),
	 .argument = "REASON",
	 .help = "only what was blocked for that, such as lock, sleep or pipe"},
	{.name = "format",
	 .letter = 'f',
	 .type = OPTION_TEXT,
	 .offset = offsetof(struct flame_settings, format),
	 .argument = "folded|svg|speedscope|pprof",
	 .help = "(default: what FILE's name says, else folded)"},
	{.name = "output",
	 .letter = 'o',
	 .type = OPTION_TEXT,
	 .offset = offsetof(struct flame_settings, output),
	 .argument = "FILE",
	 .help = "write to FILE instead of standard output"},
	{.name = "diff",
	 .type = OPTION_TEXT,
	 .offset = offsetof(struct flame_settings, diff),
	 .argument = "FILE",
	 .help = "show what changed since that recording (folded, svg)"},
	{.name = "tids",
	 .type = OPTION_FLAG,
	 .offset = offsetof(struct flame_settings, tids),
	 .help = "tell threads of one name apart"},
	{.name = "lines",
	 .type = OPTION_FLAG,
	 .offset = offsetof(struct flame_settings, lines),
	 .help = "tell the lines of one function apart"},
	{.name = "no-inline",
	 .type = OPTION_FLAG,
	 .offset = offsetof(struct flame_settings, no_inlines),
	 .help = "leave out functions that the compiler put into others"},
	{0},
};

/* ---- what was asked for ---------------------------------------------------------------------- */

enum format { FORMAT_FOLDED, FORMAT_SVG, FORMAT_SPEEDSCOPE, FORMAT_PPROF, FORMATS };

static const char *const format_names[FORMATS] = {
	[FORMAT_FOLDED] = "folded",
	[FORMAT_SVG] = "svg",
	[FORMAT_SPEEDSCOPE] = "speedscope",
	[FORMAT_PPROF] = "pprof",
};

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && !strcmp(text + length - end_length, end);
}

static enum format format_of_file(const char *path)
{
	if (ends_with(path, ".svg"))
		return FORMAT_SVG;
	if (ends_with(path, ".json"))
		return FORMAT_SPEEDSCOPE;
	if (ends_with(path, ".pb.gz") || ends_with(path, ".pprof"))
		return FORMAT_PPROF;
	return FORMAT_FOLDED;
}

static int find_format(const struct flame_settings *settings, enum format *ret)
{
	enum format format = FORMAT_FOLDED;

	if (!settings->format) {
		*ret = settings->output ? format_of_file(settings->output) : FORMAT_FOLDED;
		return EXIT_OK;
	}
	while (format < FORMATS && strcmp(format_names[format], settings->format))
		format++;
	if (format == FORMATS) {
		log_error("there is no format %s: folded, svg, speedscope or pprof",
			  settings->format);
		return EXIT_USAGE;
	}
	*ret = format;
	return EXIT_OK;
}

static bool parse_bound(const char *text, size_t length, uint64_t *ret)
{
	char bound[64];

	if (!length)
		return true;
	if (length >= sizeof(bound))
		return false;
	memcpy(bound, text, length);
	bound[length] = '\0';
	return parse_duration(bound, ret) == 0;
}

static int find_times(const char *text, struct tree_options *ret)
{
	const char *dots = strstr(text, "..");

	if (dots && parse_bound(text, dots - text, &ret->begin) &&
	    parse_bound(dots + 2, strlen(dots + 2), &ret->end) &&
	    (!ret->end || ret->end > ret->begin) && strlen(text) > 2)
		return EXIT_OK;
	log_error("%s is no part of the time: say it as 1.5s..2s, 200ms.. or ..1s", text);
	return EXIT_USAGE;
}

static int find_options(const struct flame_settings *settings, struct tree_options *ret)
{
	*ret = (struct tree_options){
		.kind = TREE_WALL,
		.thread = settings->thread,
		.reason = settings->reason,
		.tids = settings->tids,
		.lines = settings->lines,
		.no_inlines = settings->no_inlines,
	};
	if (settings->kind && !tree_kind_parse(settings->kind, &ret->kind)) {
		log_error("there is no kind %s: on-cpu, off-cpu, wall, lock, wakeup, run-queue or "
			  "switches",
			  settings->kind);
		return EXIT_USAGE;
	}
	if (settings->reason && (ret->kind == TREE_ON_CPU || ret->kind == TREE_RUN_QUEUE)) {
		log_error("--reason says what was blocked, which %s is not about: try off-cpu",
			  tree_kind_name(ret->kind));
		return EXIT_USAGE;
	}
	return settings->time ? find_times(settings->time, ret) : EXIT_OK;
}

/* ---- recordings ------------------------------------------------------------------------------ */

struct source {
	struct recording *recording;
	struct model *model;
};

static void source_close(struct source *source)
{
	model_free(&source->model);
	recording_close(&source->recording);
}

static int source_open(const char *path, struct source *ret)
{
	/* Without O_NONBLOCK a named pipe would keep us waiting before we can refuse it. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0) {
		log_error("%s cannot be read: %s", path, strerror(errno));
		return EXIT_BAD_RECORDING;
	}
	return model_from_fd(fd, path, &ret->recording, &ret->model);
}

static int build(struct stack_tree *tree, const struct source *main, const struct source *other,
		 const struct tree_options *tree_options)
{
	int r;

	tree->has_stacks = recording_stack_count(main->recording) > 0 ||
			   (other->recording && recording_stack_count(other->recording) > 0);
	r = stack_tree_add(tree, main->recording, main->model, tree_options, false);
	if (!r && other->recording)
		r = stack_tree_add(tree, other->recording, other->model, tree_options, true);
	return r ? r : stack_tree_finish(tree);
}

/* ---- output ---------------------------------------------------------------------------------- */

/* What was run, or what the recording is called. */
static void find_title(const struct model *model, const char *path, char *out, size_t size)
{
	const char **argument;
	size_t length = 0;

	snprintf(out, size, "%s", model->scenario ? model->scenario : path);
	if (model->scenario)
		return;
	vector_for_each (&model->command, argument) {
		int added =
			snprintf(out + length, size - length, "%s%s", length ? " " : "", *argument);

		if (added < 0 || (size_t)added >= size - length)
			return;
		length += added;
	}
}

struct shown {
	enum format format;
	const struct stack_tree *tree;
	const struct model *model;
	struct flame_options flame;
};

static int show(FILE *out, const void *what)
{
	const struct shown *shown = what;

	switch (shown->format) {
	case FORMAT_SVG:
		return show_flame_svg(out, shown->tree, shown->model, &shown->flame);
	case FORMAT_SPEEDSCOPE:
		return show_flame_speedscope(out, shown->tree, shown->model, &shown->flame);
	case FORMAT_PPROF:
		return show_flame_pprof(out, shown->tree, shown->model, &shown->flame);
	default:
		return show_flame_folded(out, shown->tree, &shown->flame);
	}
}

static int write_out(const struct flame_settings *settings, enum format format,
		     const struct stack_tree *tree, const struct model *model, const char *path)
{
	char title[256];
	struct shown shown = {
		.format = format,
		.tree = tree,
		.model = model,
		.flame = {.title = title, .diff = settings->diff, .lines = settings->lines},
	};
	struct invoker invoker = invoker_find();

	find_title(model, path, title, sizeof(title));
	if (format == FORMAT_PPROF && !settings->output && isatty(STDOUT_FILENO)) {
		log_error("pprof's format is no text for a terminal: name a file with -o");
		return EXIT_USAGE;
	}
	return present_output(settings->output, &invoker, show, &shown);
}

static int check_words(const struct flame_settings *settings, int argc, enum format format)
{
	if (argc != 1) {
		log_error("flame needs one recording: `ptrace-lab flame FILE.ptl -o flame.svg`");
		return EXIT_USAGE;
	}
	if (settings->diff && (format == FORMAT_SPEEDSCOPE || format == FORMAT_PPROF)) {
		log_error("%s has no place for two recordings: --diff goes with folded and svg",
			  format_names[format]);
		return EXIT_USAGE;
	}
	return EXIT_OK;
}

static int run(void *given, int argc, char **argv)
{
	struct flame_settings *settings = given;
	CLEANUP(source_close)
	struct source main = {0};
	CLEANUP(source_close)
	struct source other = {0};
	CLEANUP(stack_tree_free)
	struct stack_tree *tree = NULL;
	struct tree_options tree_options;
	enum format format;
	int status;

	status = find_format(settings, &format);
	if (!status)
		status = check_words(settings, argc, format);
	if (!status)
		status = find_options(settings, &tree_options);
	if (!status)
		status = source_open(argv[0], &main);
	if (!status && settings->diff)
		status = source_open(settings->diff, &other);
	if (status)
		return status;
	/* Viewers of this format show lines by themselves. */
	tree_options.lines |= format == FORMAT_PPROF;
	if (stack_tree_new(tree_options.kind, &tree) || build(tree, &main, &other, &tree_options)) {
		log_error("out of memory");
		return EXIT_INTERNAL;
	}
	status = write_out(settings, format, tree, main.model, argv[0]);
	if (!status && !tree->weights.count)
		log_warning(
			"nothing in the recording is of that kind and fits: the output is empty");
	return status;
}

const struct command command_flame = {
	.name = "flame",
	.synopsis = "RECORDING",
	.summary = "show where time went, as a flame graph or a profile",
	.details =
		"Adds up one kind of time (or of events) by process, thread and stack. The sum is "
		"what the report says, to the nanosecond; time without a stack lies under a frame "
		"that says so. Without any stacks in the recording it is shown by state and reason."
		"\n"
		"  on-cpu     running\n"
		"  off-cpu    blocked or stopped\n"
		"  wall       the whole life of each thread: running, ready, blocked\n"
		"  lock       blocked for what another thread held\n"
		"  wakeup     blocked, by who ended it and where\n"
		"  run-queue  ready, waiting for a CPU\n"
		"  switches   times that a thread left its CPU\n"
		"Formats: an interactive picture for a browser (svg), text for other tools "
		"(folded), files for speedscope.app (speedscope) and for go tool pprof and what "
		"reads its format (pprof).",
	.options = options,
	.settings_size = sizeof(struct flame_settings),
	.run = run,
};
