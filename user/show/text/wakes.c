// SPDX-License-Identifier: GPL-2.0-only
/* wakes.c - who woke whom */
#include "show/text/text.h"

#include "base/units.h"

#define PAIRS_MAX 6
/* Fewer have been told by the lines of the threads. */
#define PAIR_MIN  10
#define CHAIN_MIN 3

enum {
	WAKE_FROM,
	WAKE_TO,
	WAKE_TIMES,
	WAKE_SHARE,
	WAKE_WAITED,
	WAKE_COLUMNS,
};

static const struct table_column wake_columns[WAKE_COLUMNS] = {
	[WAKE_FROM] = {.head = "waker", .min = 10},
	[WAKE_TO] = {.head = "woke", .min = 10},
	[WAKE_TIMES] = {.head = "times", .right = true},
	[WAKE_SHARE] = {.head = "share", .right = true, .drop = 2},
	[WAKE_WAITED] = {.head = "had waited", .right = true, .drop = 1},
};

static const char *waker_name(const struct model *model, const struct wake *wake)
{
	if (wake->from < model->threads.count)
		return model->threads.items[wake->from].name;
	switch (wake->kind) {
	case WAKE_TIMER:
		return "(timer)";
	case WAKE_INTERRUPT:
		return "(interrupt)";
	case WAKE_UNKNOWN:
		return "(unknown)";
	default:
		return "(a thread outside)";
	}
}

static void put_chain(struct text *text, const struct model *model)
{
	const struct wake_chain *chain = &model->chain;
	char words[200];

	if (chain->length < CHAIN_MIN || chain->first >= model->threads.count ||
	    chain->last >= model->threads.count)
		return;
	snprintf(words, sizeof(words),
		 "longest chain: %s wake-ups, each by the one woken before, from %s to %s in %s",
		 format_count(chain->length).text, model->threads.items[chain->first].name,
		 model->threads.items[chain->last].name,
		 format_duration(chain->end - chain->begin).text);
	text_spaces(text, 2);
	text_wrap(text, 2, STYLE_DIM, words);
	text_end(text);
}

void show_wakes(struct text *text, const struct model *model)
{
	const struct wake *wake;
	uint64_t all = 0, rest = 0;
	struct table table;
	size_t shown = 0;

	vector_for_each (&model->wakes, wake)
		all += wake->count;
	if (!model->wakes.count || model->wakes.items[0].count < PAIR_MIN)
		return;
	text_gap(text);
	table_start(&table, text, wake_columns, WAKE_COLUMNS, 0);
	vector_for_each (&model->wakes, wake) {
		if (shown == PAIRS_MAX || wake->count < PAIR_MIN) {
			rest += wake->count;
			continue;
		}
		shown++;
		table_row(&table);
		table_cell(&table, WAKE_FROM, STYLE_PLAIN, "%s", waker_name(model, wake));
		table_cell(&table, WAKE_TO, STYLE_PLAIN, "%s", model->threads.items[wake->to].name);
		table_cell(&table, WAKE_TIMES, STYLE_PLAIN, "%s", format_count(wake->count).text);
		table_cell(&table, WAKE_SHARE, STYLE_PLAIN, "%s",
			   format_share(wake->count, all).text);
		table_cell(&table, WAKE_WAITED, STYLE_PLAIN, "%s",
			   format_duration(wake->waited_ns).text);
	}
	if (rest)
		table_line(&table, STYLE_PLAIN, "… and %s wake-ups by %s more pairs",
			   format_count(rest).text, format_count(model->wakes.count - shown).text);
	table_finish(&table);
	put_chain(text, model);
}
