// SPDX-License-Identifier: GPL-2.0-only
/* memory_text.c - the segments of each process's memory, from the highest address to the lowest */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "show/pcb/pcb.h"
#include "show/text/text.h"

#define BAR_WIDTH 24
#define SMALL_GAP (64ull << 10)

enum column { ADDRESS, SIZE, BAR, RIGHTS, KIND, WHAT, COLUMNS };

static const struct table_column columns[COLUMNS] = {
	[ADDRESS] = {.head = "address", .right = true},
	[SIZE] = {.head = "size", .right = true},
	[BAR] = {.head = "to scale", .min = 8, .stretch = BAR_WIDTH, .drop = 1},
	[RIGHTS] = {.head = "rights"},
	[KIND] = {.head = "what"},
	[WHAT] = {.head = "", .min = 16},
};

struct length {
	uint64_t part, whole;
};

static void draw_length(struct text *text, unsigned int width, const void *data)
{
	const struct length *length = data;

	text_length(text, width, length->part, length->whole);
}

static enum style style_of(enum area_kind kind)
{
	switch (kind) {
	case AREA_CODE:
		return STYLE_GOOD;
	case AREA_DATA:
	case AREA_HEAP:
		return STYLE_READY;
	case AREA_STACK:
	case AREA_THREAD_STACK:
		return STYLE_BLOCKED;
	default:
		return STYLE_PLAIN;
	}
}

/* The last part of the path; that a memory file has no name on any disk goes without saying. */
static void base_name(const char *path, char *out, size_t size)
{
	const char *slash = strrchr(path, '/');
	char *deleted;

	snprintf(out, size, "%s", slash && slash[1] ? slash + 1 : path);
	deleted = strstr(out, " (deleted)");
	if (deleted && !strncmp(out, "memfd:", 6))
		*deleted = '\0';
}

static void put_what(struct table *table, const struct snapshot *snapshot,
		     const struct segment *segment)
{
	const struct pl_pcb_task *owner = snapshot_task(snapshot, segment->use.tid);
	char name[PL_PCB_NAME];

	if (owner && segment->guard)
		table_cell(table, WHAT, STYLE_PLAIN, "of %s %u + guard", owner->comm,
			   owner->head.tid);
	else if (owner)
		table_cell(table, WHAT, STYLE_PLAIN, "of %s %u", owner->comm, owner->head.tid);
	else if (*segment->name) {
		base_name(segment->name, name, sizeof(name));
		table_cell(table, WHAT, STYLE_PLAIN, "%s", name);
	}
}

/* `others`: areas in it that are left out. */
static void put_gap(struct table *table, uint64_t bytes, unsigned int others)
{
	if (bytes < SMALL_GAP && !others)
		return;
	table_row(table);
	table_cell(table, SIZE, STYLE_DIM, "%s", format_bytes(bytes).text);
	table_cell(table, KIND, STYLE_DIM, others ? "libraries" : "nothing");
	if (others)
		table_cell(table, WHAT, STYLE_DIM, "and others: %u area%s", others,
			   others == 1 ? "" : "s");
}

/* What a program is made of, and not what it needs to run. */
static bool is_its_own(enum area_kind kind)
{
	return kind == AREA_CODE || kind == AREA_CONSTANTS || kind == AREA_DATA ||
	       kind == AREA_HEAP || kind == AREA_STACK || kind == AREA_THREAD_STACK;
}

static void put_segment(struct table *table, const struct snapshot *snapshot,
			const struct segment *segment, struct length *length, uint64_t largest)
{
	uint64_t size = segment->end - segment->begin;

	*length = (struct length){.part = size, .whole = largest};
	table_row(table);
	table_cell(table, ADDRESS, STYLE_PLAIN, "%#" PRIx64, segment->begin);
	table_cell(table, SIZE, STYLE_PLAIN, "%s", format_bytes(size).text);
	table_draw(table, BAR, draw_length, length);
	table_cell(table, RIGHTS, STYLE_PLAIN, "%s", segment->rights);
	table_cell(table, KIND, style_of(segment->use.kind), "%s",
		   area_kind_name(segment->use.kind));
	put_what(table, snapshot, segment);
}

static void put_head(struct text *text, const struct pl_pcb_task *task)
{
	text_put(text, STYLE_TITLE, task->comm);
	text_print(text, STYLE_PLAIN, " · process %u · %s resident of %s mapped", task->head.tgid,
		   format_bytes(pcb_resident(task)).text, format_bytes(task->total).text);
	text_end(text);
}

/* Page faults are counted for each thread; all of the memory above belongs to all of them. */
static void put_threads(struct text *text, const struct snapshot *snapshot, uint32_t tgid)
{
	struct snapshot_range range = snapshot_threads(snapshot, tgid);
	uint64_t minor = 0, major = 0;
	char shared[80] = "", words[240];

	for (size_t i = range.begin; i < range.end; i++) {
		minor += snapshot->tasks.items[i].minor_faults;
		major += snapshot->tasks.items[i].major_faults;
	}
	if (range.end - range.begin > 1)
		snprintf(shared, sizeof(shared), "All of it is within reach of all %zu threads. ",
			 range.end - range.begin);
	snprintf(words, sizeof(words), "%sPage faults: %s without waiting for a disk, %s with.",
		 shared, format_count(minor).text, format_count(major).text);
	text_spaces(text, 2);
	text_wrap(text, 2, STYLE_PLAIN, words);
	text_end(text);
}

/* `own_only`: the areas of kinds that are its own. */
static int show_process(struct text *text, const struct snapshot *snapshot,
			const struct pl_pcb_task *task, bool own_only)
{
	VECTOR(struct length) lengths = {0};
	struct segments segments;
	const struct segment *segment;
	struct table table;
	uint64_t largest = 1, end = 0;
	unsigned int others = 0;
	int error = pcb_segments(snapshot, task->head.tgid, &segments);

	if (error)
		return error;
	vector_for_each (&segments.items, segment) {
		if ((!own_only || is_its_own(segment->use.kind)) &&
		    segment->end - segment->begin > largest)
			largest = segment->end - segment->begin;
		if (!vector_add(&lengths)) {
			error = -ENOMEM;
			goto done;
		}
	}
	put_head(text, task);
	table_start(&table, text, columns, COLUMNS, 2);
	for (size_t i = segments.items.count; i-- > 0;) {
		segment = &segments.items.items[i];
		if (own_only && !is_its_own(segment->use.kind)) {
			others += segment->areas;
			continue;
		}
		if (end)
			put_gap(&table, end - segment->end, others);
		put_segment(&table, snapshot, segment, &lengths.items[i], largest);
		end = segment->begin;
		others = 0;
	}
	table_finish(&table);
	put_threads(text, snapshot, task->head.tgid);
done:
	vector_free(&segments.items);
	vector_free(&lengths);
	return error;
}

int put_own_memory(struct text *text, const struct snapshot *snapshot,
		   const struct pl_pcb_task *task)
{
	return show_process(text, snapshot, task, true);
}

int show_memory_text(FILE *out, const struct snapshot *snapshot, const struct pcb_view *view)
{
	const struct pl_pcb_task *task;
	struct text text;
	bool first = true;
	int error = 0;

	text_start(&text, out, &view->text);
	snapshot_for_each(snapshot, task)
	{
		if (error || !pcb_is_leader(task) || !(task->flags & PL_PCB_HAS_MEMORY))
			continue;
		if (!first)
			text_gap(&text);
		first = false;
		error = show_process(&text, snapshot, task, false);
	}
	if (text_finish(&text) && !error)
		error = -EIO;
	return error;
}
