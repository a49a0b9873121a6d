// SPDX-License-Identifier: GPL-2.0-only
/*
 * page.c - a page of Markdown as one reads it in a terminal
 *
 * Of Markdown it knows what our own pages use: headings, paragraphs, lists, text that is indented
 * by four and stands as it is, `code`, *emphasis* and **more of it**. Everything else is ordinary
 * text.
 */
#include "show/show.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "show/text/text.h"

/* Longer lines of prose are hard to read, whatever the terminal has. */
#define PAGE_COLUMNS 80

#define INDENT	    2
#define CODE_INDENT 4

struct page {
	struct text text;
	VECTOR(char) paragraph; /* its lines so far, with spaces between them */
	unsigned int indent;	/* of the lines of the paragraph after the first */
	bool any;		/* something was printed */
	bool gap;		/* an empty line was, and another paragraph is to follow */
};

/* ---- words --------------------------------------------------------------------------------- */

/* One word, which may change its style within. */
struct word {
	char bytes[256];
	enum style styles[256];
	size_t length;
};

static void put_word(struct page *page, const struct word *word)
{
	struct text *text = &page->text;
	char piece[sizeof(word->bytes) + 1];
	unsigned int width;

	memcpy(piece, word->bytes, word->length);
	piece[word->length] = '\0';
	width = text_measure(text, piece);
	if (text->width > page->indent && text->width + 1 + width > text->limit) {
		text_end(text);
		text_pad(text, page->indent);
	} else if (text->width > page->indent) {
		text_spaces(text, 1);
	}
	for (size_t begin = 0, end; begin < word->length; begin = end) {
		end = begin + 1;
		while (end < word->length && word->styles[end] == word->styles[begin])
			end++;
		memcpy(piece, word->bytes + begin, end - begin);
		piece[end - begin] = '\0';
		text_put(text, word->styles[begin], piece);
	}
}

/* Whether marks are shown by colour. Without it the back-quotes stay: they say where a command
 * begins and ends. */
static size_t take_mark(const struct page *page, const char *at, bool *code, bool *strong)
{
	if (*at == '`') {
		*code = !*code;
		return page->text.options.colour ? 1 : 0;
	}
	if (!*code && !strncmp(at, "**", 2)) {
		*strong = !*strong;
		return 2;
	}
	/* One before a blank multiplies. */
	if (!*code && *at == '*' && (*strong || (at[1] && at[1] != ' '))) {
		*strong = !*strong;
		return 1;
	}
	return 0;
}

static void put_words(struct page *page, const char *words)
{
	bool code = false, strong = false;
	struct word word = {.length = 0};

	while (*words) {
		size_t mark = take_mark(page, words, &code, &strong);

		if (mark) {
			words += mark;
			continue;
		}
		if (*words == ' ' || word.length == sizeof(word.bytes)) {
			if (word.length)
				put_word(page, &word);
			word.length = 0;
		}
		if (*words != ' ') {
			word.styles[word.length] = code || strong ? STYLE_TITLE : STYLE_PLAIN;
			word.bytes[word.length++] = *words;
		}
		words++;
	}
	if (word.length)
		put_word(page, &word);
}

/* ---- lines --------------------------------------------------------------------------------- */

static void begin_block(struct page *page)
{
	if (page->gap && page->any)
		text_gap(&page->text);
	page->gap = false;
	page->any = true;
}

static void end_paragraph(struct page *page)
{
	char *end;

	if (!page->paragraph.count)
		return;
	end = vector_add(&page->paragraph);
	if (!end) {
		page->text.error = page->text.error ? page->text.error : -ENOMEM;
		return;
	}
	begin_block(page);
	put_words(page, page->paragraph.items);
	text_end(&page->text);
	page->paragraph.count = 0;
	page->indent = 0;
}

static void add_words(struct page *page, const char *words)
{
	for (bool gap = page->paragraph.count; gap || *words; words += !gap, gap = false) {
		char *place = vector_add(&page->paragraph);

		if (!place) {
			page->text.error = page->text.error ? page->text.error : -ENOMEM;
			return;
		}
		*place = gap ? ' ' : *words;
	}
}

static void put_heading(struct page *page, const char *line)
{
	size_t level = strspn(line, "#");

	end_paragraph(page);
	page->gap = true;
	begin_block(page);
	line += level;
	while (*line == ' ')
		line++;
	text_wrap(&page->text, 0, level > 1 ? STYLE_HEAD : STYLE_TITLE, line);
	text_end(&page->text);
	page->gap = level == 1;
}

static void put_code(struct page *page, const char *line)
{
	end_paragraph(page);
	begin_block(page);
	text_spaces(&page->text, CODE_INDENT);
	text_put(&page->text, STYLE_PLAIN, line);
	text_end(&page->text);
}

static void begin_item(struct page *page, const char *words)
{
	end_paragraph(page);
	begin_block(page);
	text_spaces(&page->text, INDENT);
	text_put(&page->text, STYLE_PLAIN, "- ");
	page->indent = INDENT + 2;
	add_words(page, words);
}

static void put_line(struct page *page, const char *line)
{
	if (!line[strspn(line, " ")]) {
		end_paragraph(page);
		page->gap = true;
	} else if (*line == '#') {
		put_heading(page, line);
	} else if (!page->paragraph.count && !strncmp(line, "    ", CODE_INDENT)) {
		put_code(page, line + CODE_INDENT);
	} else if (!strncmp(line, "- ", 2)) {
		begin_item(page, line + 2);
	} else {
		add_words(page, line + strspn(line, " "));
	}
}

int show_page(FILE *out, const char *markdown, const struct text_options *options)
{
	struct text_options narrow = *options;
	CLEANUP_FREE char *copy = strdup(markdown);
	char *rest = copy, *line;
	struct page page = {.any = false};
	int error;

	if (!copy)
		return -ENOMEM;
	if (narrow.columns > PAGE_COLUMNS)
		narrow.columns = PAGE_COLUMNS;
	text_start(&page.text, out, &narrow);
	while ((line = strsep(&rest, "\n")))
		put_line(&page, line);
	end_paragraph(&page);
	error = text_finish(&page.text);
	vector_free(&page.paragraph);
	return error;
}
