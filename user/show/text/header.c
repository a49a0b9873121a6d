// SPDX-License-Identifier: GPL-2.0-only
/* header.c - what ran, how it went, and what it cost: the first lines of the report */
#include "show/text/text.h"

#include <errno.h>
#include <inttypes.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "show/derive.h"

#define PAIRS  12
#define INDENT 2

struct pair {
	const char *name;
	char *words;
	enum style style;
};

/* Names with figures: the wide ones on the left, the short ones on the right if there is room. */
struct pairs {
	struct text *text;
	struct pair left[PAIRS], right[PAIRS];
	size_t lefts, rights;
};

__attribute__((format(printf, 4, 5))) static void
add_left(struct pairs *pairs, const char *name, enum style style, const char *format, ...)
{
	struct pair *pair = &pairs->left[pairs->lefts];
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&pair->words, format, arguments) < 0) {
		pair->words = NULL;
		pairs->text->error = -ENOMEM;
	} else {
		pair->name = name;
		pair->style = style;
		pairs->lefts++;
	}
	va_end(arguments);
}

static void add_right(struct pairs *pairs, const char *name, struct figure figure)
{
	struct pair *pair = &pairs->right[pairs->rights];

	pair->words = strdup(figure.text);
	if (!pair->words) {
		pairs->text->error = -ENOMEM;
		return;
	}
	pair->name = name;
	pair->style = STYLE_PLAIN;
	pairs->rights++;
}

static const struct process *target_process(const struct model *model)
{
	const struct process *process;

	vector_for_each (&model->processes, process) {
		if (model->target && process->tgid == model->target)
			return process;
	}
	return NULL;
}

static bool mode_is(const struct model *model, const char *mode)
{
	return model->mode && !strcmp(model->mode, mode);
}

static void put_title(struct text *text, const struct model *model)
{
	struct figure wall = format_duration(model_wall_ns(model));

	if (model->scenario && *model->scenario) {
		text_put(text, STYLE_TITLE, model->scenario);
		if (model->scenario_title && *model->scenario_title) {
			text_put(text, STYLE_PLAIN, " · ");
			text_wrap(text, INDENT, STYLE_PLAIN, model->scenario_title);
		}
	} else if (mode_is(model, "attach") && model->target) {
		const struct process *process = target_process(model);

		text_print(text, STYLE_TITLE, "pid %" PRIu32, model->target);
		if (process)
			text_print(text, STYLE_TITLE, " (%s)", process->name);
		text_print(text, STYLE_PLAIN, ", attached for %s", wall.text);
	} else if (model->command.count) {
		CLEANUP_FREE char *line = command_line(model);

		if (line)
			text_put(text, STYLE_TITLE, line);
		else
			text->error = -ENOMEM;
	} else {
		text_put(text, STYLE_TITLE, "whole machine");
		if (model->host && *model->host)
			text_print(text, STYLE_PLAIN, " (%s)", model->host);
		text_print(text, STYLE_PLAIN, ", %s", wall.text);
	}
	text_end(text);
}

static void add_result(struct pairs *pairs, const struct model *model)
{
	struct result result = model_result(model);
	bool counts = model->scenario && !strncmp(model->scenario, "counter-", strlen("counter-"));
	struct figure difference = format_count(result.difference);
	struct figure expected, actual;

	if (!result.known)
		return;
	if (result.expected < 0 || result.actual < 0) {
		add_left(pairs, "result", result.exact ? STYLE_GOOD : STYLE_BAD,
			 "%" PRId64 " of %" PRId64 ", %s", result.actual, result.expected,
			 result.exact ? "exact" : "wrong");
		return;
	}
	expected = format_count((uint64_t)result.expected);
	actual = format_count((uint64_t)result.actual);
	if (result.exact)
		add_left(pairs, "result", STYLE_GOOD, "%s of %s, exact", actual.text,
			 expected.text);
	else
		add_left(pairs, "result", STYLE_BAD, "%s of %s: %s %s%s", actual.text,
			 expected.text, difference.text,
			 !counts		  ? ""
			 : result.difference == 1 ? "update "
						  : "updates ",
			 result.actual < result.expected ? "lost" : "too many");
}

static void add_status(struct pairs *pairs, const struct model *model)
{
	if (model->has_status)
		add_left(pairs, "ended", model->status ? STYLE_BAD : STYLE_PLAIN, "%s %s",
			 (model->status & 0x7f) ? "by" : "with", status_label(model->status).text);
	else if (mode_is(model, "run"))
		add_left(pairs, "ended", STYLE_DOUBT, "not yet: it outlived the recording");
}

static void add_threads(struct pairs *pairs, const struct model *model, const struct sums *sums)
{
	uint64_t overlap = model_overlap_ns(model), wall = model_wall_ns(model);
	char processes[64] = "";

	if (!sums->threads) {
		add_left(pairs, "threads", STYLE_DOUBT, "none was seen");
		return;
	}
	if (model->processes.count > 1)
		snprintf(processes, sizeof(processes), " in %s processes",
			 format_count(model->processes.count).text);
	add_left(pairs, "threads", STYLE_PLAIN, "%s%s, %s running at once, on %u CPU%s",
		 format_count(sums->threads).text, processes,
		 ratio_label(model_parallelism(model)).text, model->cpus,
		 model->cpus == 1 ? "" : "s");
	if (overlap && wall)
		add_left(pairs, "overlap", STYLE_PLAIN,
			 "two or more at once for %s, %s of the time",
			 format_duration(overlap).text, format_share(overlap, wall).text);
}

static void add_switches(struct pairs *pairs, const struct sums *sums)
{
	char migrations[64] = "";

	if (!sums->voluntary && !sums->involuntary)
		return;
	if (sums->migrations)
		snprintf(migrations, sizeof(migrations), "; %s to another CPU",
			 format_count(sums->migrations).text);
	add_left(pairs, "switches", STYLE_PLAIN, "%s: %s voluntary, %s involuntary%s",
		 format_count(sums->voluntary + sums->involuntary).text,
		 format_count(sums->voluntary).text, format_count(sums->involuntary).text,
		 migrations);
}

static void add_claims(struct pairs *pairs, const struct model *model)
{
	size_t counts[3] = {0};
	const struct claim *claim;

	vector_for_each (&model->claims, claim)
		counts[claim->verdict <= VERDICT_UNDECIDED ? claim->verdict : VERDICT_UNDECIDED]++;
	if (counts[VERDICT_NOT_HELD] || counts[VERDICT_UNDECIDED])
		add_left(pairs, "claims", counts[VERDICT_NOT_HELD] ? STYLE_BAD : STYLE_DOUBT,
			 "%zu of %zu held, %zu NOT HELD, %zu undecided", counts[VERDICT_HELD],
			 model->claims.count, counts[VERDICT_NOT_HELD], counts[VERDICT_UNDECIDED]);
	else if (model->claims.count)
		add_left(pairs, "claims", STYLE_GOOD, "%zu of %zu held", counts[VERDICT_HELD],
			 model->claims.count);
}

static void add_losses(struct pairs *pairs, const struct model *model)
{
	if (model->losses.records)
		add_left(pairs, "LOST", STYLE_BAD, "%s records: the timeline has gaps, see the end",
			 format_count(model->losses.records).text);
	else if (model->losses.life)
		add_left(pairs, "LOST", STYLE_BAD, "%s records of lives: see the end",
			 format_count(model->losses.life).text);
	if (!model->complete)
		add_left(pairs, "CUT OFF", STYLE_BAD, "the recording was not ended properly");
}

static unsigned int widest(struct text *text, const struct pair *pairs, size_t count, bool names)
{
	unsigned int width = 0;

	for (size_t i = 0; i < count; i++) {
		unsigned int one = text_measure(text, names ? pairs[i].name : pairs[i].words);

		width = one > width ? one : width;
	}
	return width;
}

static void put_pair(struct text *text, const struct pair *pair, unsigned int column,
		     unsigned int value_column, bool wrap)
{
	text_pad(text, column);
	text_put(text, STYLE_DIM, pair->name);
	text_pad(text, value_column);
	if (wrap)
		text_wrap(text, value_column, pair->style, pair->words);
	else
		text_put(text, pair->style, pair->words);
}

/* Where the figures on the right begin, 0 if there is no room for all of them beside the lines on
 * the left. */
static unsigned int right_column(struct text *text, const struct pairs *pairs, unsigned int value)
{
	unsigned int width = widest(text, pairs->right, pairs->rights, true) + 2 +
			     widest(text, pairs->right, pairs->rights, false);
	unsigned int beside = value + widest(text, pairs->left, pairs->lefts, false) + 4;
	unsigned int column = text->options.columns > width ? text->options.columns - width : 0;
	size_t room = 0;

	/* On a wide terminal they stay near, so that the eye finds them. */
	if (column > beside)
		column = beside;
	for (size_t i = 0; i < pairs->lefts; i++)
		room += value + text_measure(text, pairs->left[i].words) + 3 <= column;
	return room >= pairs->rights ? column : 0;
}

static void put_pairs(struct text *text, const struct pairs *pairs)
{
	unsigned int names = widest(text, pairs->left, pairs->lefts, true);
	unsigned int right_names = widest(text, pairs->right, pairs->rights, true);
	unsigned int value = INDENT + (names > right_names ? names : right_names) + 2;
	unsigned int right = right_column(text, pairs, value);
	size_t next = 0;

	for (size_t i = 0; i < pairs->lefts; i++) {
		unsigned int width = text_measure(text, pairs->left[i].words);

		put_pair(text, &pairs->left[i], INDENT, value, true);
		if (next < pairs->rights && value + width + 3 <= right) {
			put_pair(text, &pairs->right[next], right, right + right_names + 2, false);
			next++;
		}
		text_end(text);
	}
	for (; next < pairs->rights; next++) {
		put_pair(text, &pairs->right[next], INDENT, value, true);
		text_end(text);
	}
}

void show_header(struct text *text, const struct model *model)
{
	struct pairs pairs = {.text = text};
	struct sums sums = sums_of(model);

	put_title(text, model);
	show_ring(text, model);
	text_gap(text);
	add_result(&pairs, model);
	add_claims(&pairs, model);
	add_threads(&pairs, model, &sums);
	add_switches(&pairs, &sums);
	add_status(&pairs, model);
	add_losses(&pairs, model);
	add_right(&pairs, "wall", format_duration(model_wall_ns(model)));
	add_right(&pairs, "cpu", format_duration(sums.state_ns[STATE_RUNNING]));
	put_pairs(text, &pairs);
	for (size_t i = 0; i < pairs.lefts; i++)
		free(pairs.left[i].words);
	for (size_t i = 0; i < pairs.rights; i++)
		free(pairs.right[i].words);
}
