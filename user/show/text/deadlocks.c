// SPDX-License-Identifier: GPL-2.0-only
/* deadlocks.c - who waits for whom in a circle, and how long it lasted */
#include "show/text/text.h"

#include <inttypes.h>

#include "base/units.h"
#include "model/hang_place.h"
#include "show/lock_names.h"

#define DEADLOCKS_MAX 5
#define MEMBERS_MAX   20

enum {
	MEMBER_THREAD,
	MEMBER_TID,
	MEMBER_HOLDS,
	MEMBER_WAITS,
	MEMBER_HELD,
	MEMBER_SINCE,
	MEMBER_COLUMNS,
};

static const struct table_column member_columns[MEMBER_COLUMNS] = {
	[MEMBER_THREAD] = {.head = "thread"},
	[MEMBER_TID] = {.head = "tid", .right = true, .drop = 1},
	/* Locks without a name differ in their last digits. */
	[MEMBER_HOLDS] = {.head = "holds", .ends = true, .min = 20, .drop = 2},
	[MEMBER_WAITS] = {.head = "waits for", .ends = true, .min = 20},
	[MEMBER_HELD] = {.head = "held by"},
	[MEMBER_SINCE] = {.head = "since", .right = true, .drop = 3},
};

static struct lock_label label_of(const struct model *model, const struct deadlock_member *member)
{
	const struct lock *lock =
		member->lock < model->locks.count ? &model->locks.items[member->lock] : NULL;
	struct lock_label label;

	if (member->reason == REASON_JOIN && member->holder < model->threads.count)
		snprintf(label.text, sizeof(label.text), "the end of %s",
			 model->threads.items[member->holder].name);
	else
		label = lock_label(model, lock, member->address);
	return label;
}

static void put_member(struct table *table, const struct model *model,
		       const struct deadlock *deadlock, size_t index)
{
	const struct deadlock_member *member = &deadlock->members.items[index];
	/* What it holds is what the one before it waits for. */
	const struct deadlock_member *before =
		&deadlock->members.items[index ? index - 1 : deadlock->members.count - 1];
	const struct thread *thread = &model->threads.items[member->thread];

	table_row(table);
	table_cell(table, MEMBER_THREAD, STYLE_PLAIN, "%s", thread->name);
	table_cell(table, MEMBER_TID, STYLE_DIM, "%" PRIu32, thread->tid);
	table_cell(table, MEMBER_WAITS, STYLE_PLAIN, "%s", label_of(model, member).text);
	table_cell(table, MEMBER_HELD, STYLE_PLAIN, "%s",
		   model->threads.items[member->holder].name);
	if (before->reason != REASON_JOIN)
		table_cell(table, MEMBER_HOLDS, STYLE_PLAIN, "%s", label_of(model, before).text);
	if (member->open_begin)
		table_cell(table, MEMBER_SINCE, STYLE_PLAIN, "before");
	else
		table_cell(table, MEMBER_SINCE, STYLE_PLAIN, "%s",
			   format_duration(member->since - model->begin).text);
}

/* Where it waits, as far as it was found while it did. */
static void put_places(struct text *text, const struct model *model,
		       const struct deadlock *deadlock)
{
	char place[1024], words[1152];

	for (size_t i = 0; i < deadlock->members.count && i < MEMBERS_MAX; i++) {
		const struct deadlock_member *member = &deadlock->members.items[i];

		if (!member->way || !*hang_place_text(member->way, place, sizeof(place)))
			continue;
		snprintf(words, sizeof(words), "%s waits in %s",
			 model->threads.items[member->thread].name, place);
		text_spaces(text, 2);
		text_wrap(text, 4, STYLE_PLAIN, words);
		text_end(text);
	}
}

static void put_head(struct text *text, const struct deadlock *deadlock)
{
	static const char *const ends[] = {
		[DEADLOCK_GOES_ON] = " so far",
		[DEADLOCK_TIMED_OUT] = ", until one of the waits timed out",
		[DEADLOCK_KILLED] = ", until the process ended",
	};
	size_t count = deadlock->members.count;
	char words[160], who[64] = "a thread waits for itself";

	if (count > 1)
		snprintf(who, sizeof(who), "%zu threads wait for each other in a circle", count);
	snprintf(words, sizeof(words), "%s: for %s%s", who,
		 format_duration(deadlock->end - deadlock->begin).text, ends[deadlock->ended]);
	text_put(text, STYLE_BAD, "deadlock");
	text_spaces(text, 2);
	text_wrap(text, 2, STYLE_PLAIN, words);
	text_end(text);
}

static void put_deadlock(struct text *text, const struct model *model,
			 const struct deadlock *deadlock)
{
	struct table table;
	size_t count = deadlock->members.count;

	text_gap(text);
	put_head(text, deadlock);
	table_start(&table, text, member_columns, MEMBER_COLUMNS, 2);
	for (size_t i = 0; i < count && i < MEMBERS_MAX; i++)
		put_member(&table, model, deadlock, i);
	if (count > MEMBERS_MAX)
		table_line(&table, STYLE_PLAIN, "… and %zu more threads", count - MEMBERS_MAX);
	table_finish(&table);
	put_places(text, model, deadlock);
}

void show_deadlocks(struct text *text, const struct model *model)
{
	for (size_t i = 0; i < model->deadlocks.count && i < DEADLOCKS_MAX; i++)
		put_deadlock(text, model, &model->deadlocks.items[i]);
	if (model->deadlocks.count > DEADLOCKS_MAX) {
		text_gap(text);
		text_print(text, STYLE_BAD, "… and %zu more deadlocks",
			   model->deadlocks.count - DEADLOCKS_MAX);
		text_end(text);
	}
}
