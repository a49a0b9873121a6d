// SPDX-License-Identifier: GPL-2.0-only
#include "show/text/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"

#define COLUMNS_DEFAULT 80
#define COLUMNS_MIN	20
#define COLUMNS_MAX	1000

static const char *const style_codes[] = {
	[STYLE_PLAIN] = "",	      [STYLE_TITLE] = "\033[1m",    [STYLE_HEAD] = "\033[1m",
	[STYLE_DIM] = "\033[2m",      [STYLE_GOOD] = "\033[32m",    [STYLE_BAD] = "\033[1;31m",
	[STYLE_DOUBT] = "\033[33m",   [STYLE_RUNNING] = "\033[32m", [STYLE_READY] = "\033[33m",
	[STYLE_BLOCKED] = "\033[36m",
};
static const char style_end[] = "\033[0m";

/* How the signs that reports and claims use are spelt in ASCII. */
static const struct {
	const char *sign, *ascii;
} spellings[] = {
	{"…", "..."},  {"·", "-"},   {"×", "x"},   {"−", "-"},	{"–", "-"},	 {"—", "-"},
	{"≈", "~"},    {"≤", "<="},  {"≥", ">="},  {"≠", "!="}, {"→", "->"},	 {"µ", "u"},
	{"μ", "u"},    {"‘", "'"},   {"’", "'"},   {"“", "\""}, {"”", "\""},	 {"✔", "[ok]"},
	{"✘", "[NO]"}, {"├─", "|-"}, {"└─", "`-"}, {"│", "|"},	{"\u00a0", " "},
};

void text_start(struct text *text, FILE *out, const struct text_options *options)
{
	memset(text, 0, sizeof(*text));
	text->out = out;
	text->options = *options;
	if (!text->options.columns)
		text->options.columns = COLUMNS_DEFAULT;
	if (text->options.columns < COLUMNS_MIN)
		text->options.columns = COLUMNS_MIN;
	if (text->options.columns > COLUMNS_MAX)
		text->options.columns = COLUMNS_MAX;
	text->limit = text->options.columns;
}

int text_finish(struct text *text)
{
	int error = text->error;

	free(text->line);
	text->line = NULL;
	errno = 0;
	if (fflush(text->out) && !error)
		error = errno ? -errno : -EIO;
	if (!error && ferror(text->out))
		error = -EIO;
	return error;
}

/* Bytes that count for no column. */
static bool append(struct text *text, const char *bytes, size_t length)
{
	if (text->capacity - text->length < length) {
		size_t wanted = (text->capacity + length) * 2 + 256;
		char *grown = realloc(text->line, wanted);

		if (!grown) {
			text->error = text->error ? text->error : -ENOMEM;
			return false;
		}
		text->line = grown;
		text->capacity = wanted;
	}
	memcpy(text->line + text->length, bytes, length);
	text->length += length;
	return true;
}

/* Spells one character that is not ASCII: how many bytes of `from` that took. */
static size_t spell(char **to, const char *from)
{
	size_t length = utf8_length(from);

	for (size_t i = 0; i < sizeof(spellings) / sizeof(*spellings); i++) {
		size_t taken = strlen(spellings[i].sign);

		if (!strncmp(from, spellings[i].sign, taken)) {
			*to = stpcpy(*to, spellings[i].ascii);
			return taken;
		}
	}
	for (size_t i = 0; i < length; i++)
		*to += sprintf(*to, "\\x%02x", (unsigned char)from[i]);
	return length;
}

/* `words` as they may be printed, or NULL when memory is out. */
static char *prepare(struct text *text, const char *words)
{
	size_t size = strlen(words) * 4 + 1;
	CLEANUP_FREE char *safe = malloc(size);
	CLEANUP_FREE char *ascii = NULL;
	char *to;

	if (!safe)
		goto out_of_memory;
	escape_text(safe, size, words);
	if (text->options.utf8)
		return take_pointer(&safe);
	ascii = malloc(strlen(safe) * 4 + 1);
	if (!ascii)
		goto out_of_memory;
	to = ascii;
	for (const char *from = safe; *from;) {
		if ((unsigned char)*from < 0x80)
			*to++ = *from++;
		else
			from += spell(&to, from);
	}
	*to = '\0';
	return take_pointer(&ascii);
out_of_memory:
	text->error = text->error ? text->error : -ENOMEM;
	return NULL;
}

/* The bytes of the first character, and the columns that it takes. */
static size_t first_character(const char *words, unsigned int *ret_width)
{
	char one[8] = "";
	size_t length = utf8_length(words);

	if (!length)
		length = 1;
	memcpy(one, words, length);
	*ret_width = (unsigned int)text_width(one);
	return length;
}

unsigned int text_measure(struct text *text, const char *words)
{
	CLEANUP_FREE char *safe = prepare(text, words);

	return safe ? (unsigned int)text_width(safe) : 0;
}

static unsigned int ellipsis_width(const struct text *text)
{
	return text->options.utf8 ? 1 : 3;
}

/* Spaces keep the style that was on: it shows in letters only. */
static void set_style(struct text *text, enum style style)
{
	if (!text->options.colour || style == text->style)
		return;
	if (text->style != STYLE_PLAIN)
		append(text, style_end, strlen(style_end));
	append(text, style_codes[style], strlen(style_codes[style]));
	text->style = style;
}

static void set_mark(struct text *text)
{
	text->mark_length = text->length;
	text->mark_width = text->width;
	text->mark_style = text->style;
}

/* The line is full: goes back to where an ellipsis fits. */
static void cut_off(struct text *text)
{
	text->length = text->mark_length;
	text->width = text->mark_width;
	text->style = text->mark_style;
	text->cut = true;
	if (text->options.utf8 && text->width < text->limit) {
		append(text, "…", strlen("…"));
		text->width++;
	}
	for (int i = 0; !text->options.utf8 && i < 3 && text->width < text->limit; i++) {
		append(text, ".", 1);
		text->width++;
	}
}

void text_put(struct text *text, enum style style, const char *words)
{
	CLEANUP_FREE char *safe = text->cut ? NULL : prepare(text, words);

	if (!safe || !*safe)
		return;
	set_style(text, style);
	for (const char *at = safe; *at;) {
		unsigned int width;
		size_t length = first_character(at, &width);

		if (text->width + width > text->limit) {
			cut_off(text);
			return;
		}
		if (!append(text, at, length))
			return;
		text->width += width;
		at += length;
		if (text->width + ellipsis_width(text) <= text->limit)
			set_mark(text);
	}
}

/* The bytes at the begin of `words` that take at most `room` columns. */
static size_t fitting(struct text *text, const char *words, unsigned int room)
{
	size_t taken = 0;

	while (words[taken]) {
		char one[8] = "";
		size_t length = utf8_length(words + taken);
		unsigned int width;

		length = length ? length : 1;
		memcpy(one, words + taken, length);
		width = text_measure(text, one);
		if (width > room)
			break;
		room -= width;
		taken += length;
	}
	return taken;
}

void text_put_ends(struct text *text, enum style style, const char *words)
{
	unsigned int room = text->limit > text->width ? text->limit - text->width : 0;
	unsigned int sign = ellipsis_width(text);
	CLEANUP_FREE char *shorter = NULL;
	size_t head, tail;

	if (text_measure(text, words) <= room || room < sign + 2) {
		text_put(text, style, words);
		return;
	}
	head = fitting(text, words, (room - sign) / 2);
	/* As little as is needed goes, so that what is left fits. */
	for (tail = head; text_measure(text, words + tail) > room - sign - (room - sign) / 2;)
		tail += utf8_length(words + tail) ? utf8_length(words + tail) : 1;
	if (asprintf(&shorter, "%.*s…%s", (int)head, words, words + tail) < 0) {
		shorter = NULL;
		text->error = text->error ? text->error : -ENOMEM;
		return;
	}
	text_put(text, style, shorter);
}

/* NULL, and the error kept, for lack of memory. */
static char *words_of(struct text *text, const char *format, va_list arguments)
{
	char *words;

	if (vasprintf(&words, format, arguments) >= 0)
		return words;
	text->error = text->error ? text->error : -ENOMEM;
	return NULL;
}

void text_print(struct text *text, enum style style, const char *format, ...)
{
	CLEANUP_FREE char *words = NULL;
	va_list arguments;

	va_start(arguments, format);
	words = words_of(text, format, arguments);
	va_end(arguments);
	if (words)
		text_put(text, style, words);
}

/* A name, its number and the unit stay together: what ends in a digit goes on with the next word,
 * if that is short. */
static unsigned int width_with_unit(struct text *text, const char *word, const char *rest)
{
	unsigned int width = text_measure(text, word);
	size_t length = strlen(word);

	while (length && isdigit((unsigned char)word[length - 1]) && rest) {
		char unit[8] = "";

		length = strcspn(rest, " ");
		if (!length || length >= sizeof(unit))
			break;
		memcpy(unit, rest, length);
		width += 1 + text_measure(text, unit);
		word = rest;
		rest += length + (rest[length] == ' ');
	}
	return width;
}

void text_wrap(struct text *text, unsigned int indent, enum style style, const char *words)
{
	CLEANUP_FREE char *copy = strdup(words);
	char *rest = copy, *word;
	bool first = true;

	if (!copy) {
		text->error = text->error ? text->error : -ENOMEM;
		return;
	}
	while ((word = strsep(&rest, " "))) {
		unsigned int width = width_with_unit(text, word, rest);

		if (!*word)
			continue;
		if (text->width > indent && text->width + !first + width > text->limit) {
			text_end(text);
			text_pad(text, indent);
		} else if (!first) {
			text_spaces(text, 1);
		}
		text_put(text, style, word);
		first = false;
	}
}

void text_paragraph(struct text *text, const char *mark, enum style style, const char *format, ...)
{
	CLEANUP_FREE char *words = NULL;
	va_list arguments;

	va_start(arguments, format);
	words = words_of(text, format, arguments);
	va_end(arguments);
	if (!words)
		return;
	text_put(text, style, mark);
	text_wrap(text, 2, style, words);
	text_end(text);
}

void text_spaces(struct text *text, unsigned int count)
{
	while (count-- && !text->cut && text->width < text->limit) {
		if (!append(text, " ", 1))
			return;
		text->width++;
		if (text->width + ellipsis_width(text) <= text->limit)
			set_mark(text);
	}
}

void text_pad(struct text *text, unsigned int column)
{
	if (column > text->width)
		text_spaces(text, column - text->width);
}

void text_end(struct text *text)
{
	while (text->length && text->line[text->length - 1] == ' ')
		text->length--;
	set_style(text, STYLE_PLAIN);
	append(text, "\n", 1);
	errno = 0;
	if (!text->error && fwrite(text->line, 1, text->length, text->out) != text->length)
		text->error = errno ? -errno : -EIO;
	text->length = 0;
	text->width = 0;
	text_unlimit(text);
	set_mark(text);
}

void text_gap(struct text *text)
{
	text_end(text);
}

void text_limit(struct text *text, unsigned int width)
{
	unsigned int limit = text->width + width;

	text->limit = limit < text->options.columns ? limit : text->options.columns;
	text->cut = false;
	set_mark(text);
}

void text_unlimit(struct text *text)
{
	text->limit = text->options.columns;
	text->cut = false;
}
