// SPDX-License-Identifier: GPL-2.0-only
#include "show/text/path_lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/tasks/name_kind.h"
#include "show/derive.h"

static bool is_same_line(const struct path_line *line, const struct path_part *part)
{
	if (line->thread != part->thread || line->kind != part->kind || line->what != part->what)
		return false;
	return part->what == PATH_RUNNING ||
	       (line->reason == part->reason && line->syscall == part->syscall);
}

static int compare_lines(const void *a, const void *b)
{
	const struct path_line *one = a, *two = b;

	if (one->ns != two->ns)
		return one->ns > two->ns ? -1 : 1;
	if (one->thread != two->thread)
		return one->thread < two->thread ? -1 : 1;
	if (one->kind != two->kind)
		return one->kind < two->kind ? -1 : 1;
	return (int)one->what - (int)two->what;
}

/* Parts come with those of most time first, so lines of any weight are found near the front. */
static int lines_of_parts(const struct critical_path *path, struct path_lines *lines)
{
	const struct path_part *part;
	struct path_line *line;

	vector_for_each (&path->parts, part) {
		bool found = false;

		vector_for_each (&lines->items, line) {
			found = is_same_line(line, part);
			if (found)
				break;
		}
		if (!found)
			line = vector_add(&lines->items);
		if (!line)
			return -ENOMEM;
		line->thread = part->thread;
		line->kind = part->kind;
		line->threads = part->thread != NO_THREAD;
		line->what = part->what;
		line->reason = part->reason;
		line->syscall = part->syscall;
		line->ns += part->ns;
		if (part->what == PATH_RUNNING && part->reason)
			line->awaited_ns[part->reason] += part->ns;
	}
	return 0;
}

/* ---- several of a kind --------------------------------------------------------------------- */

#define SEVERAL_LEAST 4

/* A line that may be told together with others of its kind. */
struct kin {
	struct name_kind kind;
	struct path_line *line;
};

static int compare_kin(const void *a, const void *b)
{
	const struct kin *one = a, *two = b;
	int order = strcmp(one->kind.text, two->kind.text);

	if (order)
		return order;
	if (one->line->what != two->line->what)
		return (int)one->line->what - (int)two->line->what;
	if (one->line->what == PATH_RUNNING)
		return 0;
	if (one->line->reason != two->line->reason)
		return (int)one->line->reason - (int)two->line->reason;
	return (int)one->line->syscall - (int)two->line->syscall;
}

/* `one` has no time then. */
static void take_in(struct path_line *all, struct path_line *one)
{
	all->thread = NO_THREAD;
	/* Of a crowd it is not known how many. */
	all->threads = all->threads && one->threads ? all->threads + one->threads : 0;
	all->ns += one->ns;
	for (unsigned int reason = 0; reason < REASON_COUNT; reason++)
		all->awaited_ns[reason] += one->awaited_ns[reason];
	one->ns = 0;
}

static bool is_crowd(const struct path_line *line)
{
	return line->thread == NO_THREAD;
}

/* So many kin from `kin` on do the same; whether they are to be told together. */
static size_t count_kin(const struct kin *kin, const struct kin *end, bool *ret_together)
{
	size_t count = 0;
	bool crowd = false;

	for (; kin + count < end && !compare_kin(kin, kin + count); count++)
		crowd |= is_crowd(kin[count].line);
	*ret_together = crowd || count >= SEVERAL_LEAST;
	return count;
}

/* Makes one line of those that are small, or no thread's, and of a kind. */
static int join_kin(const struct model *model, struct path_lines *lines, uint64_t small)
{
	CLEANUP_FREE struct kin *kin = calloc(lines->items.count + 1, sizeof(*kin));
	struct path_line *line;
	size_t count = 0, alike;
	bool together;

	if (!kin)
		return -ENOMEM;
	vector_for_each (&lines->items, line) {
		if (line->kind >= model->threads.count || (!is_crowd(line) && line->ns >= small))
			continue;
		kin[count++] = (struct kin){name_kind(model->threads.items[line->kind].name), line};
	}
	qsort(kin, count, sizeof(*kin), compare_kin);
	for (size_t i = 0; i < count; i += alike) {
		alike = count_kin(kin + i, kin + count, &together);
		for (size_t j = 1; j < alike && together; j++)
			take_in(kin[i].line, kin[i + j].line);
	}
	return 0;
}

uint64_t path_lines_small(const struct model *model)
{
	return model_wall_ns(model) / 100;
}

int path_lines_collect(const struct model *model, struct path_lines *lines)
{
	struct path_line *line, *to;

	if (lines_of_parts(&model->path, lines) || join_kin(model, lines, path_lines_small(model)))
		return -ENOMEM;
	to = lines->items.items;
	vector_for_each (&lines->items, line)
		if (line->ns)
			*to++ = *line;
	lines->items.count = to - lines->items.items;
	if (lines->items.count)
		qsort(lines->items.items, lines->items.count, sizeof(*line), compare_lines);
	return 0;
}
