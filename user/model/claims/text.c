// SPDX-License-Identifier: GPL-2.0-only
#include "model/claims/text.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A piece of the text. */
struct span {
	const char *begin, *end;
};

struct line {
	unsigned int number;
	bool indented;
	bool has_key; /* it has a colon */
	struct span key, value, all;
};

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct span trim(struct span span)
{
	while (span.begin < span.end && blank(span.begin[0]))
		span.begin++;
	while (span.begin < span.end && blank(span.end[-1]))
		span.end--;
	return span;
}

static bool span_is(struct span span, const char *word)
{
	size_t length = strlen(word);

	return (size_t)(span.end - span.begin) == length && !memcmp(span.begin, word, length);
}

static char *span_copy(struct span span)
{
	return strndup(span.begin, span.end - span.begin);
}

/* Chapters and orders are small numbers; anything else is none. */
static unsigned int span_number(struct span span)
{
	unsigned int number = 0;

	if (span.end - span.begin > 6)
		return 0;
	for (const char *c = span.begin; c < span.end; c++) {
		if (*c < '0' || *c > '9')
			return 0;
		number = number * 10 + (unsigned int)(*c - '0');
	}
	return number;
}

/* Takes the next line that is not empty off `rest`; false at the end. */
static bool next_line(struct span *rest, struct line *ret)
{
	while (rest->begin < rest->end) {
		struct span all = {.begin = rest->begin};
		const char *colon;

		all.end = memchr(rest->begin, '\n', rest->end - rest->begin);
		if (!all.end)
			all.end = rest->end;
		rest->begin = all.end < rest->end ? all.end + 1 : rest->end;
		ret->number++;
		ret->indented = all.begin < all.end && blank(all.begin[0]);
		all = trim(all);
		if (all.begin == all.end)
			continue;
		colon = memchr(all.begin, ':', all.end - all.begin);
		ret->all = all;
		ret->has_key = colon;
		if (colon) {
			ret->key = trim((struct span){all.begin, colon});
			ret->value = trim((struct span){colon + 1, all.end});
		}
		return true;
	}
	return false;
}

/* Only the first mistake of a claim is kept. */
__attribute__((format(printf, 2, 3))) static int set_mistake(struct claim_text *claim,
							     const char *format, ...)
{
	va_list arguments;
	int length;

	if (claim->mistake)
		return 0;
	va_start(arguments, format);
	length = vasprintf(&claim->mistake, format, arguments);
	va_end(arguments);
	if (length < 0) {
		claim->mistake = NULL;
		return -ENOMEM;
	}
	return 0;
}

/* NULL when memory is out. */
static struct claim_text *new_claim(struct scenario_text *text, struct span sentence)
{
	struct claim_text *claim = vector_add(&text->claims);

	if (!claim)
		return NULL;
	claim->sentence = span_copy(sentence);
	return claim->sentence ? claim : NULL;
}

/* A claim that stands for a mistake outside of all claims. */
static int mistaken_claim(struct scenario_text *text, unsigned int line, const char *what)
{
	static const char sentence[] = "the scenario's text can be understood";
	struct claim_text *claim =
		new_claim(text, (struct span){sentence, sentence + sizeof(sentence) - 1});

	return claim ? set_mistake(claim, "line %u of it %s", line, what) : -ENOMEM;
}

static int claim_line(struct claim_text *claim, const struct line *line)
{
	char **slot;

	if (!line->has_key)
		return set_mistake(claim, "line %u of the text has no key", line->number);
	if (span_is(line->key, "needs")) {
		slot = vector_add(&claim->needs);
		if (!slot)
			return -ENOMEM;
	} else if (span_is(line->key, "holds")) {
		slot = &claim->holds;
	} else if (span_is(line->key, "shows")) {
		slot = &claim->shows;
	} else {
		return set_mistake(claim, "line %u of the text has the unknown key '%.*s'",
				   line->number,
				   (int)(line->key.end - line->key.begin > 24
						 ? 24
						 : line->key.end - line->key.begin),
				   line->key.begin);
	}
	if (*slot)
		return set_mistake(claim, "line %u of the text says the same key again",
				   line->number);
	*slot = span_copy(line->value);
	return *slot ? 0 : -ENOMEM;
}

static int subject_line(struct scenario_heading *heading, const struct line *line)
{
	static const char *const keys[] = {
		[SUBJECT_ABOUT] = "about", [SUBJECT_TABLE] = "table", [SUBJECT_ROW] = "row"};
	struct subject_text *subject;
	size_t key = 0;

	while (key < sizeof(keys) / sizeof(*keys) && !span_is(line->key, keys[key]))
		key++;
	if (key == sizeof(keys) / sizeof(*keys) || heading->subjects.count == SCENARIO_SUBJECTS_MAX)
		return 0;
	subject = vector_add(&heading->subjects);
	if (!subject)
		return -ENOMEM;
	*subject = (struct subject_text){.line = (enum subject_line)key,
					 .text = span_copy(line->value)};
	return subject->text ? 0 : -ENOMEM;
}

static int heading_line(struct scenario_heading *heading, const struct line *line)
{
	if (span_is(line->key, "chapter")) {
		heading->chapter = span_number(line->value);
	} else if (span_is(line->key, "order")) {
		heading->order = span_number(line->value);
	} else if (span_is(line->key, "watch") && !heading->watch) {
		heading->watch = span_copy(line->value);
		if (!heading->watch)
			return -ENOMEM;
	} else if (span_is(line->key, "title") && !heading->title) {
		heading->title = span_copy(line->value);
		if (!heading->title)
			return -ENOMEM;
	} else if (span_is(line->key, "compare") && !heading->compare) {
		heading->compare = span_copy(line->value);
		if (!heading->compare)
			return -ENOMEM;
	} else {
		return subject_line(heading, line);
	}
	/* Other keys are for a newer version than this one, and say nothing about the claims. */
	return 0;
}

/* `open` is whether indented lines belong to the last claim. */
static int text_line(struct scenario_text *text, const struct line *line, bool *open)
{
	if (line->indented) {
		if (!*open)
			return mistaken_claim(text, line->number, "belongs to no claim");
		return claim_line(&text->claims.items[text->claims.count - 1], line);
	}
	*open = false;
	if (!line->has_key)
		return mistaken_claim(text, line->number, "has no key");
	if (span_is(line->key, "claim")) {
		*open = true;
		return new_claim(text, line->value) ? 0 : -ENOMEM;
	}
	return heading_line(&text->heading, line);
}

int scenario_text_parse(const char *text, struct scenario_text *ret)
{
	size_t length = strnlen(text, SCENARIO_TEXT_MAX);
	struct span rest = {.begin = text, .end = text + length};
	struct scenario_text parsed = {0};
	struct claim_text *claim;
	struct line line = {0};
	bool open = false, full = false;
	int error = 0;

	while (!error && !full && next_line(&rest, &line)) {
		full = parsed.claims.count >= SCENARIO_CLAIMS_MAX && !(line.indented && open);
		if (full)
			error = mistaken_claim(&parsed, line.number,
					       "is too much: there are too many claims before it");
		else
			error = text_line(&parsed, &line, &open);
	}
	if (!error && !full && length == SCENARIO_TEXT_MAX && text[length])
		error = mistaken_claim(&parsed, line.number, "is too much: the text is too long");
	vector_for_each (&parsed.claims, claim)
		if (!error && !claim->holds)
			error = set_mistake(claim, "it has no condition (holds)");
	if (error) {
		scenario_text_free(&parsed);
		return error;
	}
	*ret = parsed;
	return 0;
}

void scenario_text_free(struct scenario_text *text)
{
	struct claim_text *claim;
	char **need;

	vector_for_each (&text->claims, claim) {
		free(claim->sentence);
		vector_for_each (&claim->needs, need)
			free(*need);
		vector_free(&claim->needs);
		free(claim->holds);
		free(claim->shows);
		free(claim->mistake);
	}
	vector_free(&text->claims);
	scenario_heading_free(&text->heading);
}

int scenario_heading_parse(const char *text, struct scenario_heading *ret)
{
	struct scenario_heading heading = {0};
	struct span rest = {.begin = text, .end = text + strnlen(text, SCENARIO_TEXT_MAX)};
	struct line line = {0};

	while (next_line(&rest, &line)) {
		int error = 0;

		if (!line.indented && line.has_key)
			error = heading_line(&heading, &line);
		if (error) {
			scenario_heading_free(&heading);
			return error;
		}
	}
	*ret = heading;
	return 0;
}

void scenario_heading_free(struct scenario_heading *heading)
{
	struct subject_text *subject;

	free(heading->title);
	free(heading->compare);
	free(heading->watch);
	vector_for_each (&heading->subjects, subject)
		free(subject->text);
	vector_free(&heading->subjects);
	*heading = (struct scenario_heading){0};
}
