/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * text.h - what the sections of the text report share
 *
 * Everything is put together a line at a time, and a line never grows wider than the columns it
 * has. Whatever is put is escaped on the way, so no section can forget it; without UTF-8 the few
 * signs that we use ourselves get an ASCII spelling, and all else that is not ASCII becomes \xNN.
 */
#ifndef SHOW_TEXT_H
#define SHOW_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/vector.h"
#include "model/model.h"
#include "show/show.h"

/* Colours repeat what words and glyphs say already. */
enum style {
	STYLE_PLAIN = 0,
	STYLE_TITLE,
	STYLE_HEAD,
	STYLE_DIM,
	STYLE_GOOD,
	STYLE_BAD,
	STYLE_DOUBT,
	STYLE_RUNNING,
	STYLE_READY,
	STYLE_BLOCKED,
};

/* ---- a line (line.c) ----------------------------------------------------------------------- */

struct text {
	FILE *out;
	struct text_options options; /* with the defaults filled in */
	char *line;
	size_t length, capacity;
	unsigned int width; /* columns that the line takes so far */
	unsigned int limit; /* columns that it may take */
	bool cut;	    /* the limit was met: no more until it moves */
	size_t mark_length; /* where an ellipsis would go */
	unsigned int mark_width;
	enum style style, mark_style; /* in which the line is just now, was at the mark */
	int error;		      /* the first that happened, -errno */
};

void text_start(struct text *text, FILE *out, const struct text_options *options);
/* Flushes and frees. 0 or -errno. */
int text_finish(struct text *text);

void text_put(struct text *text, enum style style, const char *words);
/* The same, but with too little room it is the middle that gives way to an ellipsis. */
void text_put_ends(struct text *text, enum style style, const char *words);
__attribute__((format(printf, 3, 4))) void text_print(struct text *text, enum style style,
						      const char *format, ...);
/* Breaks between words where the line ends; the next lines begin at column `indent`. */
void text_wrap(struct text *text, unsigned int indent, enum style style, const char *words);
/* The same for a line of its own, or several: what follows the first begins at column 2. */
__attribute__((format(printf, 4, 5))) void
text_paragraph(struct text *text, const char *mark, enum style style, const char *format, ...);
void text_spaces(struct text *text, unsigned int count);
/* Spaces up to that column; none if it is behind us. */
void text_pad(struct text *text, unsigned int column);
/* Ends the line. */
void text_end(struct text *text);
/* An empty line between sections. */
void text_gap(struct text *text);
/* The columns that `words` would take. */
unsigned int text_measure(struct text *text, const char *words);
/* What follows may take at most `width` columns, and is cut with an ellipsis. */
void text_limit(struct text *text, unsigned int width);
void text_unlimit(struct text *text);

/* ---- tables (table.c) ---------------------------------------------------------------------- */

#define TABLE_COLUMNS 10

/* Draws a cell that suits itself to the width it gets. */
typedef void (*draw_function)(struct text *text, unsigned int width, const void *data);

struct table_column {
	const char *head;
	bool right;	      /* aligned */
	bool ends;	      /* of words that are too long both ends are shown */
	unsigned int min;     /* it may shrink down to this; 0: it may not */
	unsigned int stretch; /* it takes what is left over, up to this; 0: it does not */
	unsigned int drop;    /* when short of room, the highest goes first; 0: never */
};

struct table_cell {
	char *words; /* NULL: empty */
	enum style style;
	draw_function draw;
	const void *data;
};

struct table_row {
	bool whole; /* cells[0] is the whole line */
	struct table_cell cells[TABLE_COLUMNS];
};

struct table {
	struct text *text;
	const struct table_column *columns;
	size_t count;
	unsigned int indent;
	struct table_cell head[TABLE_COLUMNS]; /* heads that are drawn */
	VECTOR(struct table_row) rows;
	unsigned int widths[TABLE_COLUMNS]; /* 0: left out */
};

void table_start(struct table *table, struct text *text, const struct table_column *columns,
		 size_t count, unsigned int indent);
void table_row(struct table *table);
/* Cells of the row begun last. */
__attribute__((format(printf, 4, 5))) void table_cell(struct table *table, size_t column,
						      enum style style, const char *format, ...);
void table_draw(struct table *table, size_t column, draw_function draw, const void *data);
void table_draw_head(struct table *table, size_t column, draw_function draw, const void *data);
/* A row of one piece. */
__attribute__((format(printf, 3, 4))) void table_line(struct table *table, enum style style,
						      const char *format, ...);
/* Prints and frees. */
void table_finish(struct table *table);

/* ---- bars (bar.c) -------------------------------------------------------------------------- */

enum bar_scale {
	BAR_STATES, /* the state that prevails; where it runs, the height says how much */
	BAR_CPUS,   /* the height says how many of `cpus` are busy */
};

struct bar_view {
	const struct bar_cell *cells;
	unsigned int first, count;
	double cell_ns; /* the length of one cell */
	enum bar_scale scale;
	unsigned int cpus;
	bool many; /* cells of several threads added up */
};

/* draw_functions for a struct bar_view and for a struct model. */
void draw_bar(struct text *text, unsigned int width, const void *view);
void draw_axis(struct text *text, unsigned int width, const void *model);
/* Which glyph means what, on one line. */
void text_legend(struct text *text, const struct model *model);
/* A length of part/whole of `width`, to an eighth of a column. */
void text_length(struct text *text, unsigned int width, uint64_t part, uint64_t whole);

/* ---- sections ------------------------------------------------------------------------------ */

/* Of a part of a longer watch. */
void show_ring(struct text *text, const struct model *model);
void show_header(struct text *text, const struct model *model);
void show_findings(struct text *text, const struct model *model);
void show_threads(struct text *text, const struct model *model);
/* The lane of the critical path, for a struct model; NULL: it is not worth one. */
draw_function path_lane(const struct model *model);
void show_path(struct text *text, const struct model *model);
/* One of its tables. */
struct subject;
void put_figures(struct text *text, const struct subject *subject);
void show_subjects(struct text *text, const struct model *model);
void show_processes(struct text *text, const struct model *model);
void show_signals(struct text *text, const struct model *model);
void show_slices(struct text *text, const struct model *model);
void show_resident(struct text *text, const struct model *model);
void show_reasons(struct text *text, const struct model *model);
void show_locks(struct text *text, const struct model *model);
void show_holds(struct text *text, const struct model *model);
void show_places(struct text *text, const struct model *model);
void show_deadlocks(struct text *text, const struct model *model);
void show_wakes(struct text *text, const struct model *model);
void show_latency(struct text *text, const struct model *model);
/* Snapshots of control blocks, if the recording has any. */
void show_moments(struct text *text, const struct model *model);
/* What was asked for stands first; the run that proves what a scenario is about, last. */
void show_race(struct text *text, const struct model *model);
void show_proof(struct text *text, const struct model *model);
void show_claims(struct text *text, const struct model *model);
void show_footer(struct text *text, const struct model *model);

#endif
