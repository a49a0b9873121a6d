// SPDX-License-Identifier: GPL-2.0-only
#include "model/claims/claims.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "model/claims/expression.h"
#include "model/claims/text.h"
#include "model/model.h"

/* Beyond this a figure is not printed: it would not fit into 64 bits in all units. */
#define FIGURE_MAX 1e18L

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_HELD] = "held",
		[VERDICT_NOT_HELD] = "not held",
		[VERDICT_UNDECIDED] = "undecided",
	};

	if ((size_t)verdict >= sizeof(names) / sizeof(names[0]))
		return "unknown";
	return names[verdict];
}

/* ---- figures ------------------------------------------------------------------------------- */

enum figure_unit {
	UNIT_COUNT,
	UNIT_DURATION,
	UNIT_RATIO,
	UNIT_SHARE,
	UNIT_BYTES,
	UNIT_ADDRESS,
	UNITS
};

static const char *const unit_names[UNITS] = {
	[UNIT_COUNT] = "count", [UNIT_DURATION] = "duration", [UNIT_RATIO] = "ratio",
	[UNIT_SHARE] = "share", [UNIT_BYTES] = "bytes",	      [UNIT_ADDRESS] = "address",
};

/* Three significant digits: 1.03, 12.4, 8,610. */
static struct figure format_ratio(long double value)
{
	struct figure figure;

	if (value >= 999.5L)
		return format_count((uint64_t)roundl(value));
	snprintf(figure.text, sizeof(figure.text), "%.*Lf",
		 value < 9.995L	  ? 2
		 : value < 99.95L ? 1
				  : 0,
		 value);
	return figure;
}

static struct figure format_address(uint64_t address)
{
	struct figure figure = {.text = ""};

	/* Nothing lies at 0: it stands for one that nobody knows. */
	if (address)
		snprintf(figure.text, sizeof(figure.text), "0x%" PRIx64, address);
	return figure;
}

static struct figure format_positive(long double value, enum figure_unit unit)
{
	switch (unit) {
	case UNIT_COUNT:
		return format_count((uint64_t)roundl(value));
	case UNIT_DURATION:
		return format_duration((uint64_t)roundl(value));
	case UNIT_SHARE:
		if (value < 1e6L)
			return format_share((uint64_t)roundl(value * 1e9L), 1000000000);
		return format_ratio(value);
	case UNIT_ADDRESS:
		return format_address((uint64_t)roundl(value));
	case UNIT_BYTES:
		return format_bytes((uint64_t)roundl(value));
	default:
		return format_ratio(value);
	}
}

static bool format_figure(long double value, enum figure_unit unit, struct figure *ret)
{
	struct figure figure;

	if (!isfinite(value) || fabsl(value) > FIGURE_MAX)
		return false;
	figure = format_positive(fabsl(value), unit);
	if (value < 0) {
		struct figure positive = figure;

		snprintf(figure.text, sizeof(figure.text), "-%.30s", positive.text);
	}
	*ret = figure;
	return true;
}

/* "1.98 of 1.99 ms": a unit that both have is only said once. */
static void drop_shared_unit(char *part, const char *whole)
{
	char *part_unit = strchr(part, ' ');
	const char *whole_unit = strchr(whole, ' ');

	/* More than one blank: "2 min 5 s". */
	if (part_unit && whole_unit && !strchr(part_unit + 1, ' ') &&
	    !strcmp(part_unit, whole_unit))
		*part_unit = '\0';
}

/* ---- one claim ----------------------------------------------------------------------------- */

struct shown {
	bool is_of;
	struct claim_value value, whole;
	enum figure_unit unit;
};

static void read_shows(struct claim_expression *expression, struct shown *ret)
{
	*ret = (struct shown){.value = claim_expression_read(expression)};
	ret->is_of = claim_expression_word(expression, "of");
	if (ret->is_of)
		ret->whole = claim_expression_read(expression);
	if (!claim_expression_word(expression, "as"))
		claim_expression_mistake(expression, "'as' is missing");
	while (ret->unit < UNITS && !claim_expression_word(expression, unit_names[ret->unit]))
		ret->unit++;
	if (ret->unit == UNITS)
		claim_expression_mistake(expression, "there is no such unit");
	if (ret->value.truth || ret->whole.truth)
		claim_expression_mistake(expression, "a condition cannot be shown");
}

/* A figure that is not known is left out: "". NULL when memory is out. */
static char *format_shown(const struct shown *shown)
{
	struct figure value, whole;
	char *text = NULL;

	if (!shown->value.known || !format_figure(shown->value.number, shown->unit, &value))
		return strdup("");
	if (!shown->is_of)
		return strdup(value.text);
	if (!shown->whole.known || !format_figure(shown->whole.number, shown->unit, &whole))
		return strdup("");
	drop_shared_unit(value.text, whole.text);
	return asprintf(&text, "%s of %s", value.text, whole.text) < 0 ? NULL : text;
}

/* Why a claim is undecided. */
struct doubt {
	char text[512];
};

/* `shows` first, so that the figure is there whatever becomes of the rest. */
static int measure(const struct model *model, const char *shows, char **ret, struct doubt *doubt)
{
	struct claim_expression expression;
	struct shown shown;
	char *measured;

	claim_expression_begin(&expression, model, shows ? shows : "");
	if (shows) {
		read_shows(&expression, &shown);
		if (!claim_expression_end(&expression)) {
			snprintf(doubt->text, sizeof(doubt->text),
				 "what it shows cannot be understood: %s", expression.mistake);
			shows = NULL;
		}
	}
	measured = shows ? format_shown(&shown) : strdup("");
	if (!measured)
		return -ENOMEM;
	*ret = measured;
	return 0;
}

/* Works out a condition. False, with `doubt` filled in, if that is not possible. What stands behind
 * an "else", to be said if the condition is not met, goes to `ret_otherwise`; NULL: there may be
 * none. */
static bool decide(const struct model *model, const char *what, const char *condition, bool *ret,
		   const char **ret_otherwise, struct doubt *doubt)
{
	struct claim_expression expression;
	struct claim_value value;

	claim_expression_begin(&expression, model, condition);
	value = claim_expression_read(&expression);
	if (ret_otherwise && claim_expression_word(&expression, "else")) {
		*ret_otherwise = expression.at + strspn(expression.at, " \t");
		expression.at += strlen(expression.at);
	}
	if (claim_expression_end(&expression) && !value.truth)
		claim_expression_mistake(&expression, "a number is used as a condition");
	if (*expression.mistake) {
		snprintf(doubt->text, sizeof(doubt->text), "its %s cannot be understood: %s", what,
			 expression.mistake);
		return false;
	}
	if (!value.known) {
		snprintf(doubt->text, sizeof(doubt->text), "%s", expression.unknown);
		return false;
	}
	*ret = value.number != 0;
	return true;
}

/* False, with `doubt` filled in, if the claim says nothing about this run. */
static bool need_is_met(const struct model *model, const char *need, struct doubt *doubt)
{
	const char *otherwise = "";
	bool met = false;

	if (!decide(model, "need", need, &met, &otherwise, doubt))
		return false;
	if (met)
		return true;
	if (*otherwise)
		snprintf(doubt->text, sizeof(doubt->text), "%s", otherwise);
	else
		snprintf(doubt->text, sizeof(doubt->text), "it needs %.200s, which was not so here",
			 need);
	return false;
}

static enum verdict judge(const struct model *model, const struct claim_text *text,
			  struct doubt *doubt)
{
	bool held = false;
	char **need;

	if (text->mistake) {
		snprintf(doubt->text, sizeof(doubt->text), "%s", text->mistake);
		return VERDICT_UNDECIDED;
	}
	vector_for_each (&text->needs, need)
		if (!need_is_met(model, *need, doubt))
			return VERDICT_UNDECIDED;
	if (!decide(model, "condition", text->holds, &held, NULL, doubt))
		return VERDICT_UNDECIDED;
	/* What it shows could not be understood. */
	if (*doubt->text)
		return VERDICT_UNDECIDED;
	return held ? VERDICT_HELD : VERDICT_NOT_HELD;
}

static int evaluate(const struct model *model, const struct claim_text *text, struct claim *claim)
{
	struct doubt doubt = {""};
	int error = measure(model, text->shows, &claim->measured, &doubt);

	if (error)
		return error;
	claim->text = strdup(text->sentence);
	claim->verdict = judge(model, text, &doubt);
	claim->because = strdup(claim->verdict == VERDICT_UNDECIDED ? doubt.text : "");
	return claim->text && claim->because ? 0 : -ENOMEM;
}

/* ---- all of them --------------------------------------------------------------------------- */

static void forget_claims(struct model *model)
{
	struct claim *claim;

	vector_for_each (&model->claims, claim)
		claim_free(claim);
	vector_free(&model->claims);
}

static int evaluate_all(struct model *model, const struct scenario_text *text)
{
	const struct claim_text *claim_text;

	forget_claims(model);
	vector_for_each (&text->claims, claim_text) {
		struct claim *claim = vector_add(&model->claims);
		int error = claim ? evaluate(model, claim_text, claim) : -ENOMEM;

		if (error) {
			forget_claims(model);
			return error;
		}
	}
	return 0;
}

int claims_evaluate(struct model *model, const char *scenario_text)
{
	struct scenario_text text;
	int error = scenario_text_parse(scenario_text, &text);

	if (error)
		return error;
	error = evaluate_all(model, &text);
	if (!error) {
		free((char *)model->scenario_title);
		model->scenario_title = text.heading.title;
		text.heading.title = NULL;
	}
	scenario_text_free(&text);
	return error;
}

int claims_judge(struct model *model, const char *scenario, const char *scenario_text)
{
	struct scenario_text text;
	int error = scenario_text_parse(scenario_text, &text);

	if (error)
		return error;
	error = evaluate_all(model, &text);
	model->claims_of = error ? NULL : scenario;
	scenario_text_free(&text);
	return error;
}

int claims_measure(const struct model *model, const char *shows, char **ret, char *ret_mistake,
		   size_t size)
{
	struct doubt doubt = {""};
	int error = measure(model, shows, ret, &doubt);

	if (!error)
		snprintf(ret_mistake, size, "%s", doubt.text);
	return error;
}

void claim_free(struct claim *claim)
{
	free(claim->text);
	free(claim->measured);
	free(claim->because);
	*claim = (struct claim){0};
}
