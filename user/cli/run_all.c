// SPDX-License-Identifier: GPL-2.0-only
#include "cli/run_all.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/exit_status.h"
#include "base/interrupts.h"
#include "base/log.h"
#include "base/units.h"
#include "capture/capture.h"
#include "capture/scenarios.h"
#include "cli/listing.h"
#include "model/model.h"
#include "recording/recording.h"
#include "show/show.h"

static int take_result(int recording_fd, const char *name, struct set_row *row)
{
	struct recording *recording = NULL;
	struct model *model = NULL;
	int status = model_from_fd(recording_fd, name, &recording, &model);

	if (status)
		return status;
	set_row_take(row, model);
	model_free(&model);
	recording_close(&recording);
	return EXIT_OK;
}

/* One that hangs must not keep the others from running. */
#define LONGEST_NS (60 * NS_PER_S)

static int run_one(const struct scenario *scenario, const struct capture_options *common,
		   struct set_row *row, int *ret_interrupt)
{
	char *argv[] = {(char *)scenario->name, NULL};
	struct capture_options options = *common;
	struct capture_result result;
	int status;

	options.argv = argv;
	options.scenario = scenario->name;
	*row = (struct set_row){
		.name = scenario->name,
		.title = scenario->title,
		.chapter = scenario->chapter,
		.chapter_title = listing_chapter(scenario->chapter),
	};
	status = capture(&options, &result);
	if (status)
		return status;
	*ret_interrupt = result.interrupt;
	return take_result(result.recording_fd, scenario->name, row);
}

static void show_progress(const struct set *set, const char *name, uint64_t began)
{
	fprintf(stderr, "\r\033[K%zu of %zu  %s  %s", set->count + 1, set->planned,
		format_duration(monotonic_ns() - began).text, name);
	fflush(stderr);
}

static int run_each(const struct scenario_list *list, const struct capture_options *common,
		    struct set_row *rows, struct set *set)
{
	bool watched = isatty(STDERR_FILENO) && log_get_level() >= LOG_INFO;
	uint64_t began = monotonic_ns();
	int status = EXIT_OK, interrupt = 0;

	while (!status && !interrupt && set->count < list->items.count) {
		const struct scenario *scenario = &list->items.items[set->count];

		if (watched)
			show_progress(set, scenario->name, began);
		status = run_one(scenario, common, &rows[set->count], &interrupt);
		set->elapsed_ns = monotonic_ns() - began;
		/* An interrupted one shows nothing but that. */
		if (interrupt)
			set_row_free(&rows[set->count]);
		else if (!status)
			set->count++;
		/* It may also come between two, or while one is worked out. */
		if (!interrupt)
			interrupt = interrupts_noted();
		if (watched)
			fputs("\r\033[K", stderr);
	}
	return interrupt ? 128 + interrupt : status;
}

static int write_text(FILE *out, const void *set)
{
	struct text_options options = text_options_for(out);

	return show_set_text(out, set, &options);
}

static int write_json(FILE *out, const void *set)
{
	return show_set_json(out, set);
}

static int show(const struct set *set, const struct present_options *present)
{
	int status = EXIT_OK, second = EXIT_OK;

	if (present_wants_text(present))
		status = present_output(present->report, &present->invoker, write_text, set);
	if (present->json)
		second = present_output(present->json, &present->invoker, write_json, set);
	return status ? status : second;
}

static int run_list(const struct scenario_list *list, const struct present_options *present,
		    const struct capture_options *common)
{
	CLEANUP_FREE struct set_row *rows = calloc(list->items.count + 1, sizeof(*rows));
	struct set set = {.rows = rows, .planned = list->items.count};
	struct interrupts interrupts;
	int status, shown = EXIT_OK;
	bool good;

	if (!rows) {
		log_error("out of memory");
		return EXIT_INTERNAL;
	}
	interrupts_note(&interrupts);
	status = run_each(list, common, rows, &set);
	/* The next one ends the showing of what there is. */
	interrupts_restore(&interrupts);
	if (set.count)
		shown = show(&set, present);
	/* While the rows are still there to be looked at. */
	good = set_is_good(&set);
	for (size_t i = 0; i < set.count; i++)
		set_row_free(&rows[i]);
	if (status)
		return status;
	if (shown)
		return shown;
	return good ? EXIT_OK : EXIT_NOT_HELD;
}

int run_all(const struct present_options *present, uint64_t buffer_bytes, bool as_root)
{
	struct capture_options common = {
		.mode = CAPTURE_RUN,
		.duration = LONGEST_NS,
		.buffer_bytes = buffer_bytes,
		.invoker = present->invoker,
		.target_as_root = as_root,
		.silent_target = true,
		.quiet = true,
		.kill_target = true,
	};
	struct scenario_list list;
	int status;

	if (scenario_list(&list)) {
		log_error("out of memory");
		return EXIT_INTERNAL;
	}
	status = run_list(&list, present, &common);
	scenario_list_free(&list);
	return status;
}
