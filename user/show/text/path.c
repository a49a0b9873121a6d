// SPDX-License-Identifier: GPL-2.0-only
/* path.c - what made the run as long as it was, and what it would have been without */
#include "show/text/text.h"

#include <errno.h>
#include <inttypes.h>

#include "base/units.h"
#include "model/tasks/name_kind.h"
#include "show/derive.h"
#include "show/lock_names.h"
#include "show/text/path_lines.h"

#define LINES_MAX 8
#define LETTERS	  26

/* ---- letters ------------------------------------------------------------------------------- */

/* The threads that ran on the path, most first, have the letters A to Z. */
struct path_letters {
	uint32_t threads[LETTERS];
	unsigned int count;
};

static struct path_letters letters_of(const struct path_lines *lines)
{
	struct path_letters letters = {.count = 0};
	const struct path_line *line;

	vector_for_each (&lines->items, line) {
		if (letters.count < LETTERS && line->what == PATH_RUNNING &&
		    line->thread != NO_THREAD)
			letters.threads[letters.count++] = line->thread;
	}
	return letters;
}

static char letter_of(const struct path_letters *letters, uint32_t thread)
{
	for (unsigned int i = 0; i < letters->count; i++) {
		if (letters->threads[i] == thread)
			return (char)('A' + i);
	}
	return '*';
}

/* ---- the lane ------------------------------------------------------------------------------ */

static bool is_shown(const struct model *model)
{
	return model->path.known && model->threads.count > 1 && model->path.segments.count > 1 &&
	       model->mode && strcmp(model->mode, "record") != 0;
}

/* What prevails between two times. */
static const struct path_segment *prevailing(const struct critical_path *path, uint64_t begin,
					     uint64_t end)
{
	const struct path_segment *segment, *best = NULL;
	uint64_t most = 0;

	vector_for_each (&path->segments, segment) {
		uint64_t from = segment->begin > begin ? segment->begin : begin;
		uint64_t to = segment->end < end ? segment->end : end;

		if (from < to && to - from > most) {
			most = to - from;
			best = segment;
		}
	}
	return best;
}

static void put_sign(struct text *text, const struct path_letters *letters,
		     const struct path_segment *segment)
{
	char letter[2] = {0};

	if (!segment) {
		text_spaces(text, 1);
		return;
	}
	switch (segment->what) {
	case PATH_RUNNING:
		letter[0] = letter_of(letters, segment->thread);
		text_put(text, STYLE_RUNNING, letter);
		break;
	case PATH_READY:
		text_put(text, STYLE_READY, text->options.utf8 ? "▒" : "=");
		break;
	case PATH_WAITING:
		text_put(text, STYLE_BLOCKED, text->options.utf8 ? "░" : ".");
		break;
	default:
		text_put(text, STYLE_BAD, "?");
	}
}

static void draw_path(struct text *text, unsigned int width, const void *data)
{
	const struct model *model = data;
	uint64_t wall = model_wall_ns(model);
	struct path_lines lines = {0};
	struct path_letters letters;

	if (path_lines_collect(model, &lines))
		text->error = -ENOMEM;
	letters = letters_of(&lines);
	for (unsigned int column = 0; column < width; column++) {
		uint64_t begin = (uint64_t)((double)wall * column / width);
		uint64_t end = (uint64_t)((double)wall * (column + 1) / width);

		put_sign(text, &letters,
			 prevailing(&model->path, model->begin + begin, model->begin + end));
	}
	vector_free(&lines.items);
}

draw_function path_lane(const struct model *model)
{
	return is_shown(model) ? draw_path : NULL;
}

/* ---- the table ----------------------------------------------------------------------------- */

enum {
	PATH_WHO,
	PATH_TIME,
	PATH_SHARE,
	PATH_HOW,
	PATH_COLUMNS,
};

static const struct table_column path_columns[PATH_COLUMNS] = {
	[PATH_WHO] = {.head = "critical path", .min = 17},
	[PATH_TIME] = {.head = "time", .right = true},
	[PATH_SHARE] = {.head = "share", .right = true},
	[PATH_HOW] = {.head = "what made the run as long as it was", .min = 20},
};

static void put_what(struct table *table, const struct model *model, const struct path_line *line)
{
	struct reason_label label = reason_label(model, line->reason, line->syscall);
	enum reason most = REASON_NONE;

	for (unsigned int reason = 0; reason < REASON_COUNT; reason++)
		if (line->awaited_ns[reason] > line->awaited_ns[most])
			most = reason;
	switch (line->what) {
	case PATH_RUNNING:
		if (most != REASON_NONE)
			table_cell(table, PATH_HOW, STYLE_PLAIN, "ran; %s awaited by others: %s",
				   format_duration(line->awaited_ns[most]).text,
				   reason_label(model, most, PL_NO_SYSCALL).text);
		else
			table_cell(table, PATH_HOW, STYLE_PLAIN, "ran");
		break;
	case PATH_READY:
		table_cell(table, PATH_HOW, STYLE_PLAIN, "waited for a CPU");
		break;
	case PATH_WAITING:
		table_cell(table, PATH_HOW, STYLE_PLAIN, "waited: %s", label.text);
		break;
	default:
		table_cell(table, PATH_HOW, STYLE_BAD, "is not known: records lost");
	}
}

static void put_line(struct table *table, const struct model *model,
		     const struct path_letters *letters, const struct path_line *line)
{
	char name[64] = "others";

	if (line->thread < model->threads.count)
		snprintf(name, sizeof(name), "%s", model->threads.items[line->thread].name);
	else if (line->kind < model->threads.count)
		snprintf(name, sizeof(name), "%s × %s",
			 line->threads ? format_count(line->threads).text : "many",
			 name_kind(model->threads.items[line->kind].name).text);

	table_row(table);
	if (line->what == PATH_RUNNING)
		table_cell(table, PATH_WHO, STYLE_PLAIN, "%c %s", letter_of(letters, line->thread),
			   name);
	else
		table_cell(table, PATH_WHO, STYLE_PLAIN, "  %s", name);
	table_cell(table, PATH_TIME, STYLE_PLAIN, "%s", format_duration(line->ns).text);
	table_cell(table, PATH_SHARE, STYLE_PLAIN, "%s",
		   format_share(line->ns, model_wall_ns(model)).text);
	put_what(table, model, line);
}

static void put_rest(struct table *table, const struct model *model, const char *who, uint64_t ns,
		     const char *how)
{
	if (!ns)
		return;
	table_row(table);
	table_cell(table, PATH_WHO, STYLE_DIM, "  %s", who);
	table_cell(table, PATH_TIME, STYLE_PLAIN, "%s", format_duration(ns).text);
	table_cell(table, PATH_SHARE, STYLE_PLAIN, "%s",
		   format_share(ns, model_wall_ns(model)).text);
	table_cell(table, PATH_HOW, STYLE_PLAIN, "%s", how);
}

/* There were threads before the path begins: what led to it was forgotten. */
static bool begins_late(const struct model *model)
{
	const struct thread *thread;

	vector_for_each (&model->threads, thread)
		if (thread->begin < model->begin + model->path.before_ns)
			return true;
	return false;
}

/* What is less than a hundredth of the run is told in one line. */
static void put_table(struct text *text, const struct model *model, const struct path_lines *lines)
{
	const struct critical_path *path = &model->path;
	struct path_letters letters = letters_of(lines);
	uint64_t rest = 0, small = path_lines_small(model);
	const struct path_line *line;
	struct table table;
	char more[48];
	size_t put = 0;

	text_gap(text);
	table_start(&table, text, path_columns, PATH_COLUMNS, 0);
	vector_for_each (&lines->items, line) {
		if (put < LINES_MAX && (line->ns >= small || line == lines->items.items)) {
			put_line(&table, model, &letters, line);
			put++;
		} else {
			rest += line->ns;
		}
	}
	snprintf(more, sizeof(more), "… and %s more", format_count(lines->items.count - put).text);
	put_rest(&table, model, more, rest, "in all");
	if (begins_late(model))
		put_rest(&table, model, "not known", path->before_ns,
			 "further back than could be followed");
	else
		put_rest(&table, model, "nobody", path->before_ns,
			 "before the first thread was there");
	put_rest(&table, model, "nobody", path->after_ns, "after the last thread had ended");
	table_finish(&table);
}

/* ---- what if ------------------------------------------------------------------------------- */

enum {
	GAIN_WITHOUT,
	GAIN_TIME,
	GAIN_SHARE,
	GAIN_HOW,
	GAIN_COLUMNS,
};

static const struct table_column gain_columns[GAIN_COLUMNS] = {
	[GAIN_WITHOUT] = {.head = "without waiting for", .min = 19},
	[GAIN_TIME] = {.head = "shorter by", .right = true},
	[GAIN_SHARE] = {.head = "share", .right = true},
	[GAIN_HOW] = {.head = "in a replay of the run", .min = 12, .drop = 1},
};

static void put_gains(struct text *text, const struct model *model)
{
	uint64_t wall = model_wall_ns(model);
	const struct what_if *what_if;
	bool begun = false;
	struct table table;

	vector_for_each (&model->what_ifs, what_if) {

		if (what_if->gain_ns < wall / 100 || !what_if->gain_ns ||
		    what_if->reason == REASON_CONDITION)
			continue;
		if (!begun) {
			text_gap(text);
			table_start(&table, text, gain_columns, GAIN_COLUMNS, 0);
			begun = true;
		}
		table_row(&table);
		table_cell(&table, GAIN_WITHOUT, STYLE_PLAIN, "%s",
			   what_if->kind == WHAT_IF_CPUS
				   ? "a CPU"
				   : lock_label(model, NULL, what_if->address).text);
		table_cell(&table, GAIN_TIME, STYLE_PLAIN, "%s",
			   format_duration(what_if->gain_ns).text);
		table_cell(&table, GAIN_SHARE, STYLE_PLAIN, "%s",
			   format_share(what_if->gain_ns, wall).text);
		if (what_if->kind == WHAT_IF_CPUS)
			table_cell(&table, GAIN_HOW, STYLE_PLAIN, "with a CPU for each thread");
		else if (what_if->from > what_if->first)
			table_cell(&table, GAIN_HOW, STYLE_PLAIN, "the last %s only",
				   format_duration(model->end - what_if->from).text);
		else
			table_cell(&table, GAIN_HOW, STYLE_PLAIN, "on %u CPU%s", model->cpus,
				   model->cpus == 1 ? "" : "s");
	}
	if (begun)
		table_finish(&table);
}

void show_path(struct text *text, const struct model *model)
{
	struct path_lines lines = {0};

	if (!is_shown(model))
		return;
	if (path_lines_collect(model, &lines))
		text->error = -ENOMEM;
	else
		put_table(text, model, &lines);
	vector_free(&lines.items);
	put_gains(text, model);
}
