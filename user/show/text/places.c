// SPDX-License-Identifier: GPL-2.0-only
/* places.c - where in the program threads blocked and ran, as far as stacks were kept */
#include "show/text/text.h"

#include <inttypes.h>

#include "base/units.h"
#include "show/derive.h"

#define PLACES_DEFAULT 6

enum {
	PLACE_TOTAL,
	PLACE_TIMES,
	PLACE_LONGEST,
	PLACE_REASON,
	PLACE_WHERE,
	PLACE_COLUMNS,
};

static const struct table_column blocked_columns[PLACE_COLUMNS] = {
	[PLACE_TOTAL] = {.head = "blocked", .right = true},
	[PLACE_TIMES] = {.head = "times", .right = true, .drop = 2},
	[PLACE_LONGEST] = {.head = "longest", .right = true, .drop = 1},
	[PLACE_REASON] = {.head = "for", .min = 4},
	[PLACE_WHERE] = {.head = "at", .min = 50},
};

static const struct table_column holding_columns[PLACE_COLUMNS] = {
	[PLACE_TOTAL] = {.head = "held up", .right = true},
	[PLACE_TIMES] = {.head = "times", .right = true, .drop = 2},
	[PLACE_LONGEST] = {.head = "longest", .right = true, .drop = 1},
	[PLACE_REASON] = {.head = "for", .min = 4},
	[PLACE_WHERE] = {.head = "given back at", .min = 50},
};

enum {
	CPU_TIME,
	CPU_SAMPLES,
	CPU_SHARE,
	CPU_WHERE,
	CPU_COLUMNS,
};

static const struct table_column cpu_columns[CPU_COLUMNS] = {
	[CPU_TIME] = {.head = "on CPU", .right = true},
	[CPU_SAMPLES] = {.head = "samples", .right = true, .drop = 1},
	[CPU_SHARE] = {.head = "share", .right = true, .drop = 2},
	[CPU_WHERE] = {.head = "at", .min = 50},
};

struct where {
	char text[512];
};

/* "pthread_mutex_lock < count_up (counter-lock.c:31) < thread_main": each called by the next. */
static struct where where_of(const struct place *place)
{
	struct where where = {""};
	size_t length = 0;

	for (unsigned int i = 0; i < place->frame_count; i++) {
		const struct place_frame *frame = &place->frames[i];
		const char *file = strrchr(frame->file, '/');
		int added = snprintf(where.text + length, sizeof(where.text) - length, "%s%s",
				     i ? " < " : "", *frame->function ? frame->function : "?");

		if (added < 0 || (size_t)added >= sizeof(where.text) - length)
			break;
		length += added;
		if (i != place->own || !frame->line)
			continue;
		file = file ? file + 1 : frame->file;
		added = snprintf(where.text + length, sizeof(where.text) - length,
				 " (%s:%" PRIu32 ")", file, frame->line);
		if (added < 0 || (size_t)added >= sizeof(where.text) - length)
			break;
		length += added;
	}
	return where;
}

static void put_blocked(struct table *table, const struct model *model, const struct place *place)
{
	table_row(table);
	table_cell(table, PLACE_TOTAL, STYLE_PLAIN, "%s", format_duration(place->total_ns).text);
	table_cell(table, PLACE_TIMES, STYLE_PLAIN, "%s", format_count(place->count).text);
	table_cell(table, PLACE_LONGEST, STYLE_PLAIN, "%s", format_duration(place->max_ns).text);
	table_cell(table, PLACE_REASON, STYLE_PLAIN, "%s",
		   reason_label(model, place->reason, place->syscall).text);
	table_cell(table, PLACE_WHERE, STYLE_PLAIN, "%s", where_of(place).text);
}

static void put_running(struct table *table, const struct place *place, uint64_t all)
{
	table_row(table);
	table_cell(table, CPU_TIME, STYLE_PLAIN, "%s", format_duration(place->total_ns).text);
	table_cell(table, CPU_SAMPLES, STYLE_PLAIN, "%s", format_count(place->count).text);
	table_cell(table, CPU_SHARE, STYLE_PLAIN, "%s", format_share(place->total_ns, all).text);
	table_cell(table, CPU_WHERE, STYLE_PLAIN, "%s", where_of(place).text);
}

enum what { WHAT_BLOCKED, WHAT_HOLDING, WHAT_RUNNING, WHAT_COUNT };

static enum what what_of(const struct place *place)
{
	if (place->reason == REASON_NONE)
		return WHAT_RUNNING;
	return place->holds ? WHAT_HOLDING : WHAT_BLOCKED;
}

static void show_some(struct text *text, const struct model *model, enum what what, uint64_t all,
		      size_t count)
{
	static const struct table_column *const columns[WHAT_COUNT] = {
		[WHAT_BLOCKED] = blocked_columns,
		[WHAT_HOLDING] = holding_columns,
		[WHAT_RUNNING] = cpu_columns,
	};
	unsigned int most = text->options.threads ? text->options.threads : PLACES_DEFAULT,
		     shown = 0;
	const struct place *place;
	struct table table;

	text_gap(text);
	table_start(&table, text, columns[what],
		    what == WHAT_RUNNING ? (int)CPU_COLUMNS : (int)PLACE_COLUMNS, 0);
	vector_for_each (&model->places, place) {
		if (what_of(place) != what || shown == most)
			continue;
		if (what == WHAT_RUNNING)
			put_running(&table, place, all);
		else
			put_blocked(&table, model, place);
		shown++;
	}
	if (count > shown)
		table_line(&table, STYLE_DIM, "… and %zu more places: `ptrace-lab flame`",
			   count - shown);
	table_finish(&table);
}

void show_places(struct text *text, const struct model *model)
{
	size_t counts[WHAT_COUNT] = {0};
	const struct place *place;
	uint64_t all = 0;

	vector_for_each (&model->places, place) {
		counts[what_of(place)]++;
		all += place->reason == REASON_NONE ? place->total_ns : 0;
	}
	for (enum what what = 0; what < WHAT_COUNT; what++)
		if (counts[what])
			show_some(text, model, what, all, counts[what]);
}
