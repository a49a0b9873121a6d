// SPDX-License-Identifier: GPL-2.0-only
/* claims.c - what the scenario said would happen, and whether it did */
#include "show/text/text.h"

#define INDENT 2

static const struct {
	const char *sign;
	enum style style;
} verdicts[] = {
	[VERDICT_HELD] = {"✔", STYLE_GOOD},
	[VERDICT_NOT_HELD] = {"✘", STYLE_BAD},
	[VERDICT_UNDECIDED] = {"?", STYLE_DOUBT},
};

static unsigned int sign_width(struct text *text)
{
	unsigned int width = 0;

	for (size_t i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++) {
		unsigned int one = text_measure(text, verdicts[i].sign);

		width = one > width ? one : width;
	}
	return width;
}

static const char *or_empty(const char *words)
{
	return words ? words : "";
}

/* The figure stands in its column, or below the sentence where the line is too short. */
static void put_claim(struct text *text, const struct claim *claim, unsigned int sentence,
		      unsigned int figure)
{
	enum verdict verdict =
		claim->verdict <= VERDICT_UNDECIDED ? claim->verdict : VERDICT_UNDECIDED;
	const char *words = or_empty(claim->measured);

	text_spaces(text, INDENT);
	text_put(text, verdicts[verdict].style, verdicts[verdict].sign);
	text_pad(text, sentence);
	text_wrap(text, sentence, STYLE_PLAIN, or_empty(claim->text));
	if (*words) {
		if (text->width + 2 > figure ||
		    figure + text_measure(text, words) > text->options.columns) {
			text_end(text);
			figure = sentence + 2;
		}
		text_pad(text, figure);
		text_wrap(text, figure, STYLE_PLAIN, words);
	}
	text_end(text);
	if (verdict == VERDICT_HELD)
		return;
	text_pad(text, sentence + 2);
	if (verdict == VERDICT_NOT_HELD)
		text_put(text, STYLE_BAD, "NOT HELD");
	else
		text_put(text, STYLE_DOUBT, "undecided");
	if (*or_empty(claim->because)) {
		text_put(text, STYLE_PLAIN, ": ");
		text_wrap(text, sentence + 2, STYLE_PLAIN, claim->because);
	}
	text_end(text);
}

void show_claims(struct text *text, const struct model *model)
{
	const struct claim *claim;
	unsigned int sentence, widest = 0, figures = 0;

	if (!model->claims.count)
		return;
	sentence = INDENT + sign_width(text) + 1;
	vector_for_each (&model->claims, claim) {
		unsigned int words = text_measure(text, or_empty(claim->text));
		unsigned int figure = text_measure(text, or_empty(claim->measured));

		widest = words > widest ? words : widest;
		figures = figure > figures ? figure : figures;
	}
	/* One long sentence shall not push the figures off the line. */
	if (sentence + widest + 2 + figures > text->options.columns)
		widest = text->options.columns > sentence + 2 + figures
				 ? text->options.columns - sentence - 2 - figures
				 : 0;
	text_gap(text);
	text_put(text, STYLE_HEAD, "claims");
	if (model->claims_of)
		text_print(text, STYLE_HEAD, " of %s", model->claims_of);
	text_end(text);
	vector_for_each (&model->claims, claim)
		put_claim(text, claim, sentence, sentence + widest + 2);
}
