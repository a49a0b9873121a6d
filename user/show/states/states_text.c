// SPDX-License-Identifier: GPL-2.0-only
/* states_text.c - the diagram of the textbooks in letters, and a table of its arrows */
#include <string.h>

#include "base/units.h"
#include "model/timeline/transitions.h"
#include "show/states/states.h"
#include "show/text/text.h"

struct states_figures states_add_up(const struct model *model, const struct states_view *view)
{
	struct states_figures sum = {.threads = 0};
	const struct thread *thread;

	vector_for_each (&model->threads, thread) {
		if (view->wanted && !view->wanted(thread, view->context))
			continue;
		sum.threads++;
		sum.alive += thread->alive_at_end;
		for (int arrow = 0; arrow < ARROW_COUNT; arrow++)
			sum.arrows[arrow] += thread->arrows[arrow];
		sum.running_ns += thread->state_ns[STATE_RUNNING];
		sum.ready_ns += thread_ready_ns(thread);
		sum.blocked_ns += thread->state_ns[STATE_BLOCKED];
		sum.stopped_ns += thread->state_ns[STATE_STOPPED];
		sum.unknown_ns += thread->state_ns[STATE_UNKNOWN];
	}
	return sum;
}

/* ---- the diagram --------------------------------------------------------------------------- */

/* One line of it; what begins with a digit is the count of that arrow. */
struct canvas {
	struct text *text;
	const struct states_figures *figures;
	bool utf8;
};

static void put(struct canvas *canvas, unsigned int column, const char *sign, const char *ascii)
{
	text_pad(canvas->text, column);
	text_put(canvas->text, STYLE_PLAIN, canvas->utf8 ? sign : ascii);
}

static void put_state(struct canvas *canvas, unsigned int column, const char *name,
		      enum style style)
{
	text_pad(canvas->text, column);
	text_put(canvas->text, style, name);
}

static void put_count(struct canvas *canvas, unsigned int column, enum arrow arrow)
{
	text_pad(canvas->text, column);
	text_print(canvas->text, STYLE_PLAIN, "%s %s",
		   format_count(canvas->figures->arrows[arrow]).text, arrow_name(arrow));
}

static void end(struct canvas *canvas)
{
	text_end(canvas->text);
}

#define LEFT  18 /* where the line goes by which preempted threads go back */
#define MID   30 /* new, ready, running, ended */
#define RIGHT 50 /* blocked */

static void draw(struct canvas *canvas)
{
	const uint64_t *arrows = canvas->figures->arrows;

	put_state(canvas, MID - 1, "new", STYLE_HEAD);
	end(canvas);
	put(canvas, MID, "│", "|");
	put_count(canvas, MID + 2, ARROW_BORN);
	end(canvas);
	put(canvas, MID, "▼", "v");
	end(canvas);
	put(canvas, LEFT, "┌───────▶", "+------->");
	put_state(canvas, MID - 2, "ready", STYLE_READY);
	put(canvas, MID + 4, "◀──────────────┐", "<--------------+");
	end(canvas);
	put(canvas, LEFT, "│", "|");
	put(canvas, MID, "│", "|");
	put(canvas, RIGHT - 1, "│", "|");
	end(canvas);
	put_count(canvas, 0, ARROW_PREEMPTED);
	put(canvas, LEFT, "│", "|");
	put(canvas, MID, "│", "|");
	put_count(canvas, MID + 2, ARROW_DISPATCHED);
	put(canvas, RIGHT - 1, "│", "|");
	put_count(canvas, RIGHT + 1, ARROW_WOKEN);
	end(canvas);
	put(canvas, LEFT, "│", "|");
	put(canvas, MID, "▼", "v");
	put(canvas, RIGHT - 1, "│", "|");
	end(canvas);
	put(canvas, LEFT, "└──────", "+------");
	put_state(canvas, MID - 3, "running", STYLE_RUNNING);
	put(canvas, MID + 5, "──────────▶", "---------->");
	put_state(canvas, RIGHT - 3, "blocked", STYLE_BLOCKED);
	end(canvas);
	put(canvas, MID, "│", "|");
	put_count(canvas, MID + 7, ARROW_BLOCKED);
	end(canvas);
	put(canvas, MID, "▼", "v");
	if (arrows[ARROW_STOPPED]) {
		text_pad(canvas->text, MID + 7);
		text_print(canvas->text, STYLE_DOUBT, "%s stopped, %s continued",
			   format_count(arrows[ARROW_STOPPED]).text,
			   format_count(arrows[ARROW_CONTINUED]).text);
	}
	end(canvas);
	put_state(canvas, MID - 2, "ended", STYLE_HEAD);
	put_count(canvas, MID + 7, ARROW_ENDED);
	end(canvas);
}

/* ---- the table ----------------------------------------------------------------------------- */

enum column { STATE, ENTERED, TOTAL, SHARE, MEAN, COLUMNS };

static const struct table_column columns[COLUMNS] = {
	[STATE] = {.head = "state"},
	[ENTERED] = {.head = "entered", .right = true},
	[TOTAL] = {.head = "time in it", .right = true},
	[SHARE] = {.head = "of all", .right = true},
	[MEAN] = {.head = "each time, mean", .right = true},
};

static void put_row(struct table *table, const char *name, uint64_t entered, uint64_t ns,
		    uint64_t whole)
{
	if (!entered && !ns)
		return;
	table_row(table);
	table_cell(table, STATE, STYLE_PLAIN, "%s", name);
	table_cell(table, ENTERED, STYLE_PLAIN, "%s", format_count(entered).text);
	table_cell(table, TOTAL, STYLE_PLAIN, "%s", format_duration(ns).text);
	table_cell(table, SHARE, STYLE_PLAIN, "%s", format_share(ns, whole).text);
	if (entered)
		table_cell(table, MEAN, STYLE_PLAIN, "%s", format_duration(ns / entered).text);
}

static void put_table(struct text *text, const struct states_figures *sum)
{
	const uint64_t *arrows = sum->arrows;
	uint64_t whole = sum->ready_ns + sum->running_ns + sum->blocked_ns + sum->stopped_ns +
			 sum->unknown_ns;
	struct table table;

	table_start(&table, text, columns, COLUMNS, 0);
	put_row(&table, "ready",
		arrows[ARROW_BORN] + arrows[ARROW_PREEMPTED] + arrows[ARROW_WOKEN] +
			arrows[ARROW_CONTINUED],
		sum->ready_ns, whole);
	put_row(&table, "running", arrows[ARROW_DISPATCHED], sum->running_ns, whole);
	put_row(&table, "blocked", arrows[ARROW_BLOCKED], sum->blocked_ns, whole);
	put_row(&table, "stopped", arrows[ARROW_STOPPED], sum->stopped_ns, whole);
	put_row(&table, "not recorded", arrows[ARROW_UNSEEN], sum->unknown_ns, whole);
	table_finish(&table);
}

void put_states(struct text *text, const struct model *model, const struct states_view *view)
{
	struct states_figures sum = states_add_up(model, view);
	struct canvas canvas = {.text = text, .figures = &sum, .utf8 = view->text.utf8};

	draw(&canvas);
	text_gap(text);
	put_table(text, &sum);
}

int show_states_text(FILE *out, const struct model *model, const struct states_view *view)
{
	struct states_figures sum = states_add_up(model, view);
	struct text text;

	text_start(&text, out, &view->text);
	text_put(&text, STYLE_TITLE, view->title);
	text_print(&text, STYLE_PLAIN, " · %s thread%s, %s of them alive at the end",
		   format_count(sum.threads).text, sum.threads == 1 ? "" : "s",
		   format_count(sum.alive).text);
	text_end(&text);
	text_gap(&text);
	put_states(&text, model, view);
	return text_finish(&text);
}
