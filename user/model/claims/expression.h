/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * expression.h - works out one expression of a claim while reading it
 *
 * Three things can come of it: a value; a value that is not known, with the reason; or a text that
 * cannot be understood, with what is wrong with it and where.
 */
#ifndef MODEL_CLAIMS_EXPRESSION_H
#define MODEL_CLAIMS_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>

struct model;

struct claim_value {
	bool truth; /* true or false rather than a number */
	bool known;
	long double number;
};

struct claim_expression {
	const struct model *model;
	const char *text, *at;
	unsigned int depth;
	char mistake[160]; /* "": none */
	char unknown[192]; /* why the first value that is not known is not */
};

void claim_expression_begin(struct claim_expression *expression, const struct model *model,
			    const char *text);
/* Reads on as far as it goes. */
struct claim_value claim_expression_read(struct claim_expression *expression);
/* Takes the word if it comes next. */
bool claim_expression_word(struct claim_expression *expression, const char *word);
/* False, with a mistake set unless there is one already, if anything is left. */
bool claim_expression_end(struct claim_expression *expression);
__attribute__((format(printf, 2, 3))) void
claim_expression_mistake(struct claim_expression *expression, const char *format, ...);

#endif
