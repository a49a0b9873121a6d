// SPDX-License-Identifier: GPL-2.0-only
#include "show/text/text.h"

#include <assert.h>
#include <errno.h>

#define SPACING	  2
#define DRAWN_MIN 6

void table_start(struct table *table, struct text *text, const struct table_column *columns,
		 size_t count, unsigned int indent)
{
	assert(count <= TABLE_COLUMNS);
	memset(table, 0, sizeof(*table));
	table->text = text;
	table->columns = columns;
	table->count = count;
	table->indent = indent;
}

void table_row(struct table *table)
{
	if (!vector_add(&table->rows))
		table->text->error = -ENOMEM;
}

/* NULL when memory was out, and the report has failed already. */
static struct table_cell *last_row_cell(struct table *table, size_t column)
{
	if (table->text->error)
		return NULL;
	return &table->rows.items[table->rows.count - 1].cells[column];
}

static void set_words(struct table *table, struct table_cell *cell, enum style style,
		      const char *format, va_list arguments)
{
	free(cell->words);
	cell->style = style;
	if (vasprintf(&cell->words, format, arguments) < 0) {
		cell->words = NULL;
		table->text->error = -ENOMEM;
	}
}

void table_cell(struct table *table, size_t column, enum style style, const char *format, ...)
{
	struct table_cell *cell = last_row_cell(table, column);
	va_list arguments;

	if (!cell)
		return;
	va_start(arguments, format);
	set_words(table, cell, style, format, arguments);
	va_end(arguments);
}

void table_draw(struct table *table, size_t column, draw_function draw, const void *data)
{
	struct table_cell *cell = last_row_cell(table, column);

	if (cell) {
		cell->draw = draw;
		cell->data = data;
	}
}

void table_draw_head(struct table *table, size_t column, draw_function draw, const void *data)
{
	table->head[column].draw = draw;
	table->head[column].data = data;
}

void table_line(struct table *table, enum style style, const char *format, ...)
{
	struct table_cell *cell;
	va_list arguments;

	table_row(table);
	cell = last_row_cell(table, 0);
	if (!cell)
		return;
	table->rows.items[table->rows.count - 1].whole = true;
	va_start(arguments, format);
	set_words(table, cell, style, format, arguments);
	va_end(arguments);
}

/* What each column would like to have; 0 if nothing is in it. */
static void measure_columns(struct table *table)
{
	const struct table_row *row;

	for (size_t c = 0; c < table->count; c++) {
		const struct table_column *column = &table->columns[c];
		unsigned int width = 0;
		bool drawn = false;

		vector_for_each (&table->rows, row) {
			const char *words = row->cells[c].words;
			unsigned int needed =
				words && !row->whole ? text_measure(table->text, words) : 0;

			width = needed > width ? needed : width;
			drawn |= row->cells[c].draw != NULL;
		}
		if (drawn && width < column->min)
			width = column->min;
		if (width && column->head) {
			unsigned int head = text_measure(table->text, column->head);

			width = head > width ? head : width;
		}
		table->widths[c] = width;
	}
}

static unsigned int total_width(const struct table *table)
{
	unsigned int total = table->indent;
	bool first = true;

	for (size_t c = 0; c < table->count; c++) {
		if (!table->widths[c])
			continue;
		total += table->widths[c] + (first ? 0 : SPACING);
		first = false;
	}
	return total;
}

/* Shrinks what may shrink, so far as needed, the last columns first. False if it is still too
 * wide. */
static bool shrink_columns(struct table *table)
{
	for (size_t c = table->count; c-- > 0;) {
		unsigned int total = total_width(table);
		unsigned int min = table->columns[c].min, *width = &table->widths[c];
		unsigned int excess;

		if (total <= table->text->options.columns)
			return true;
		if (!min || *width <= min)
			continue;
		excess = total - table->text->options.columns;
		*width = *width - min > excess ? *width - excess : min;
	}
	return total_width(table) <= table->text->options.columns;
}

static bool drop_column(struct table *table)
{
	size_t worst = table->count;

	for (size_t c = 0; c < table->count; c++) {
		if (!table->widths[c] || !table->columns[c].drop)
			continue;
		if (worst == table->count || table->columns[c].drop > table->columns[worst].drop)
			worst = c;
	}
	if (worst == table->count)
		return false;
	table->widths[worst] = 0;
	return true;
}

static void stretch_columns(struct table *table)
{
	for (size_t c = 0; c < table->count; c++) {
		unsigned int total = total_width(table), *width = &table->widths[c];
		unsigned int left = total < table->text->options.columns
					    ? table->text->options.columns - total
					    : 0;

		if (!*width || *width >= table->columns[c].stretch)
			continue;
		if (left > table->columns[c].stretch - *width)
			left = table->columns[c].stretch - *width;
		*width += left;
	}
}

/* When nothing else can give way any more, what is drawn does. */
static void squeeze_drawings(struct table *table)
{
	for (size_t c = 0; c < table->count; c++) {
		unsigned int total = total_width(table), *width = &table->widths[c];
		unsigned int excess;

		if (!table->columns[c].stretch || total <= table->text->options.columns)
			continue;
		excess = total - table->text->options.columns;
		if (*width > DRAWN_MIN)
			*width = *width - DRAWN_MIN > excess ? *width - excess : DRAWN_MIN;
	}
}

/* A column leaves before the others are cut to less than what they can be read at. */
static void lay_out(struct table *table)
{
	unsigned int wanted[TABLE_COLUMNS];

	measure_columns(table);
	memcpy(wanted, table->widths, sizeof(wanted));
	while (!shrink_columns(table)) {
		if (!drop_column(table)) {
			squeeze_drawings(table);
			break;
		}
		for (size_t c = 0; c < table->count; c++) {
			if (table->widths[c])
				table->widths[c] = wanted[c];
		}
	}
	stretch_columns(table);
}

static void put_cell(struct text *text, const struct table_cell *cell, unsigned int width,
		     const struct table_column *column)
{
	if (column->right && cell->words) {
		unsigned int needed = text_measure(text, cell->words);

		if (needed < width) {
			text_spaces(text, width - needed);
			width = needed;
		}
	}
	text_limit(text, width);
	if (cell->draw)
		cell->draw(text, width, cell->data);
	else if (cell->words && column->ends)
		text_put_ends(text, cell->style, cell->words);
	else if (cell->words)
		text_put(text, cell->style, cell->words);
	text_unlimit(text);
}

static void put_row(struct table *table, const struct table_cell *cells)
{
	struct text *text = table->text;
	unsigned int at = table->indent;
	bool first = true;

	for (size_t c = 0; c < table->count; c++) {
		if (!table->widths[c])
			continue;
		if (!first)
			at += SPACING;
		first = false;
		text_pad(text, at);
		put_cell(text, &cells[c], table->widths[c], &table->columns[c]);
		at += table->widths[c];
	}
	text_end(text);
}

static bool has_head(const struct table *table)
{
	for (size_t c = 0; c < table->count; c++) {
		if (table->widths[c] && table->columns[c].head)
			return true;
	}
	return false;
}

static void put_head(struct table *table)
{
	struct table_cell cells[TABLE_COLUMNS] = {0};

	for (size_t c = 0; c < table->count; c++) {
		cells[c] = table->head[c];
		if (!cells[c].draw) {
			/* Only read from here on. */
			cells[c].words = (char *)table->columns[c].head;
			cells[c].style = STYLE_HEAD;
		}
	}
	put_row(table, cells);
}

void table_finish(struct table *table)
{
	struct table_row *row;

	if (!table->text->error && table->rows.count) {
		lay_out(table);
		if (has_head(table))
			put_head(table);
		vector_for_each (&table->rows, row) {
			if (!row->whole) {
				put_row(table, row->cells);
				continue;
			}
			text_pad(table->text, table->indent);
			text_put(table->text, row->cells[0].style, row->cells[0].words);
			text_end(table->text);
		}
	}
	vector_for_each (&table->rows, row) {
		for (size_t c = 0; c < TABLE_COLUMNS; c++)
			free(row->cells[c].words);
	}
	vector_free(&table->rows);
}
