// SPDX-License-Identifier: GPL-2.0-only
#include "model/claims/expression.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model/claims/names.h"

/* Nobody writes such a thing; a hostile text could otherwise use up our stack. */
#define DEPTH_MAX 64

/* Not those of <ctype.h>, which follow the locale. */
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_word(char c)
{
	return is_letter(c) || is_digit(c);
}

void claim_expression_begin(struct claim_expression *expression, const struct model *model,
			    const char *text)
{
	*expression = (struct claim_expression){.model = model, .text = text, .at = text};
}

static void skip_blanks(struct claim_expression *expression)
{
	while (*expression->at == ' ' || *expression->at == '\t')
		expression->at++;
}

void claim_expression_mistake(struct claim_expression *expression, const char *format, ...)
{
	char what[96];
	va_list arguments;

	if (!*expression->mistake) {
		skip_blanks(expression);
		va_start(arguments, format);
		vsnprintf(what, sizeof(what), format, arguments);
		va_end(arguments);
		if (*expression->at)
			snprintf(expression->mistake, sizeof(expression->mistake),
				 "%s near '%.24s'", what, expression->at);
		else
			snprintf(expression->mistake, sizeof(expression->mistake),
				 "%s near its end", what);
	}
	/* Nothing more is read: all loops end. */
	expression->at += strlen(expression->at);
}

static struct claim_value number_value(long double number)
{
	return (struct claim_value){.known = true, .number = number};
}

static struct claim_value truth_value(bool truth)
{
	return (struct claim_value){.known = true, .truth = true, .number = truth};
}

static struct claim_value unknown_value(bool truth)
{
	return (struct claim_value){.truth = truth};
}

static struct claim_value unknown_because(struct claim_expression *expression, const char *why)
{
	if (!*expression->unknown)
		snprintf(expression->unknown, sizeof(expression->unknown), "%s", why);
	return unknown_value(false);
}

static bool take(struct claim_expression *expression, const char *sign)
{
	size_t length = strlen(sign);

	skip_blanks(expression);
	if (strncmp(expression->at, sign, length))
		return false;
	expression->at += length;
	return true;
}

bool claim_expression_word(struct claim_expression *expression, const char *word)
{
	size_t length = strlen(word);

	skip_blanks(expression);
	if (strncmp(expression->at, word, length) || is_word(expression->at[length]))
		return false;
	expression->at += length;
	return true;
}

bool claim_expression_end(struct claim_expression *expression)
{
	skip_blanks(expression);
	if (*expression->at)
		claim_expression_mistake(expression, "nothing more was expected");
	return !*expression->mistake;
}

static void need_numbers(struct claim_expression *expression, struct claim_value a,
			 struct claim_value b)
{
	if ((a.truth || b.truth) && !*expression->mistake)
		claim_expression_mistake(expression, "a condition is used as a number");
}

static void need_truth(struct claim_expression *expression, struct claim_value a)
{
	if (!a.truth && !*expression->mistake)
		claim_expression_mistake(expression, "a number is used as a condition");
}

/* ---- numbers and names --------------------------------------------------------------------- */

static struct claim_value read_number(struct claim_expression *expression)
{
	static const struct {
		const char *name;
		long double factor;
	} units[] = {{"ns", 1}, {"us", 1e3L}, {"ms", 1e6L}, {"s", 1e9L}};
	long double value = 0, scale = 1;
	const char *begin = expression->at;

	for (; is_digit(*expression->at); expression->at++)
		value = value * 10 + (*expression->at - '0');
	if (expression->at[0] == '.' && is_digit(expression->at[1]))
		for (expression->at++; is_digit(*expression->at); expression->at++) {
			value = value * 10 + (*expression->at - '0');
			scale *= 10;
		}
	if (expression->at - begin > 40) {
		claim_expression_mistake(expression, "a number is too long");
		return number_value(0);
	}
	value /= scale;
	if (*expression->at == '%') {
		expression->at++;
		return number_value(value / 100);
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t length = strlen(units[i].name);

		if (strncmp(expression->at, units[i].name, length) ||
		    is_word(expression->at[length]))
			continue;
		expression->at += length;
		return number_value(value * units[i].factor);
	}
	if (is_word(*expression->at))
		claim_expression_mistake(expression, "there is no such unit");
	return number_value(value);
}

/* Copies what `belongs` into `out`; a mistake if there is nothing or too much of it. */
static void read_part(struct claim_expression *expression, char *out, bool (*belongs)(char c))
{
	size_t length = 0;

	while (expression->at[length] && belongs(expression->at[length]))
		length++;
	if (!length || length >= CLAIM_NAME_MAX) {
		claim_expression_mistake(expression,
					 length ? "a name is too long" : "a name is missing");
		return;
	}
	memcpy(out, expression->at, length);
	out[length] = '\0';
	expression->at += length;
}

static bool is_in_bracket(char c)
{
	return c != ']';
}

static bool is_in_tail(char c)
{
	return is_word(c) || c == '.';
}

static struct claim_value read_name(struct claim_expression *expression)
{
	const char *begin = expression->at;
	struct claim_name name = {0};
	long double number = 0;
	char why[160] = "";

	read_part(expression, name.head, is_word);
	if (*expression->at == '[') {
		expression->at++;
		name.has_bracket = true;
		read_part(expression, name.bracket, is_in_bracket);
		if (!*expression->at)
			claim_expression_mistake(expression, "']' is missing");
		else
			expression->at++;
	}
	if (*expression->at == '.') {
		expression->at++;
		read_part(expression, name.tail, is_in_tail);
	}
	if (*expression->mistake)
		return number_value(0);
	switch (claim_figure(expression->model, &name, &number, why, sizeof(why))) {
	case FIGURE_KNOWN:
		return number_value(number);
	case FIGURE_UNKNOWN:
		return unknown_because(expression, why);
	default:
		expression->at = begin;
		claim_expression_mistake(expression, "there is no such name");
		return number_value(0);
	}
}

/* ---- from the strongest to the weakest operator -------------------------------------------- */

static struct claim_value read_or(struct claim_expression *expression);

static bool enter(struct claim_expression *expression)
{
	if (expression->depth < DEPTH_MAX) {
		expression->depth++;
		return true;
	}
	claim_expression_mistake(expression, "it is nested too deeply");
	return false;
}

static struct claim_value read_unary(struct claim_expression *expression)
{
	struct claim_value value = number_value(0);

	if (take(expression, "(")) {
		if (!enter(expression))
			return value;
		value = read_or(expression);
		expression->depth--;
		if (!take(expression, ")"))
			claim_expression_mistake(expression, "')' is missing");
	} else if (take(expression, "-")) {
		if (!enter(expression))
			return value;
		value = read_unary(expression);
		expression->depth--;
		need_numbers(expression, value, value);
		value.number = -value.number;
	} else if (is_digit(*expression->at)) {
		value = read_number(expression);
	} else if (is_letter(*expression->at)) {
		value = read_name(expression);
	} else {
		claim_expression_mistake(expression, "a number or a name is missing");
	}
	return value;
}

static struct claim_value calculate(struct claim_expression *expression, char operator,
				    struct claim_value a, struct claim_value b)
{
	long double number;

	need_numbers(expression, a, b);
	if (!a.known || !b.known)
		return unknown_value(false);
	switch (operator) {
	case '+':
		number = a.number + b.number;
		break;
	case '-':
		number = a.number - b.number;
		break;
	case '*':
		number = a.number * b.number;
		break;
	default:
		if (b.number == 0)
			return unknown_because(expression, "there is a division by zero in it");
		number = a.number / b.number;
	}
	if (!isfinite(number))
		return unknown_because(expression, "a number in it is too large");
	return number_value(number);
}

static struct claim_value read_product(struct claim_expression *expression)
{
	struct claim_value value = read_unary(expression);

	for (;;) {
		if (take(expression, "*"))
			value = calculate(expression, '*', value, read_unary(expression));
		else if (take(expression, "/"))
			value = calculate(expression, '/', value, read_unary(expression));
		else
			return value;
	}
}

static struct claim_value read_sum(struct claim_expression *expression)
{
	struct claim_value value = read_product(expression);

	for (;;) {
		if (take(expression, "+"))
			value = calculate(expression, '+', value, read_product(expression));
		else if (take(expression, "-"))
			value = calculate(expression, '-', value, read_product(expression));
		else
			return value;
	}
}

enum comparison { EQUAL, NOT_EQUAL, AT_MOST, AT_LEAST, LESS, MORE, COMPARISONS };

static bool compare(enum comparison comparison, long double a, long double b)
{
	switch (comparison) {
	case EQUAL:
		return a == b;
	case NOT_EQUAL:
		return a != b;
	case AT_MOST:
		return a <= b;
	case AT_LEAST:
		return a >= b;
	case LESS:
		return a < b;
	default:
		return a > b;
	}
}

static struct claim_value read_near(struct claim_expression *expression, struct claim_value a)
{
	struct claim_value b = read_sum(expression), tolerance;

	if (!claim_expression_word(expression, "within"))
		claim_expression_mistake(expression, "'within' is missing");
	tolerance = read_sum(expression);
	need_numbers(expression, a, b);
	need_numbers(expression, tolerance, tolerance);
	if (!a.known || !b.known || !tolerance.known)
		return unknown_value(true);
	return truth_value(fabsl(a.number - b.number) <=
			   tolerance.number * fmaxl(fabsl(a.number), fabsl(b.number)));
}

static struct claim_value read_comparison(struct claim_expression *expression)
{
	/* The longer signs first, as the shorter ones begin like them. */
	static const char *const signs[COMPARISONS] = {
		[EQUAL] = "==",	   [NOT_EQUAL] = "!=", [AT_MOST] = "<=",
		[AT_LEAST] = ">=", [LESS] = "<",       [MORE] = ">",
	};
	struct claim_value a = read_sum(expression), b;
	enum comparison sign = 0;

	if (claim_expression_word(expression, "near"))
		return read_near(expression, a);
	while (sign < COMPARISONS && !take(expression, signs[sign]))
		sign++;
	if (sign == COMPARISONS)
		return a;
	b = read_sum(expression);
	need_numbers(expression, a, b);
	if (!a.known || !b.known)
		return unknown_value(true);
	return truth_value(compare(sign, a.number, b.number));
}

static struct claim_value read_not(struct claim_expression *expression)
{
	struct claim_value value;

	if (!claim_expression_word(expression, "not"))
		return read_comparison(expression);
	if (!enter(expression))
		return truth_value(false);
	value = read_not(expression);
	expression->depth--;
	need_truth(expression, value);
	value.number = !value.number;
	return value;
}

/* One side can be enough: "false and unknown" is false, "true or unknown" is true. */
static struct claim_value join(struct claim_expression *expression, bool is_and,
			       struct claim_value a, struct claim_value b)
{
	bool decisive = !is_and;

	need_truth(expression, a);
	need_truth(expression, b);
	if ((a.known && (a.number != 0) == decisive) || (b.known && (b.number != 0) == decisive))
		return truth_value(decisive);
	if (!a.known || !b.known)
		return unknown_value(true);
	return truth_value(!decisive);
}

static struct claim_value read_and(struct claim_expression *expression)
{
	struct claim_value value = read_not(expression);

	while (claim_expression_word(expression, "and"))
		value = join(expression, true, value, read_not(expression));
	return value;
}

static struct claim_value read_or(struct claim_expression *expression)
{
	struct claim_value value = read_and(expression);

	while (claim_expression_word(expression, "or"))
		value = join(expression, false, value, read_and(expression));
	return value;
}

struct claim_value claim_expression_read(struct claim_expression *expression)
{
	return read_or(expression);
}
