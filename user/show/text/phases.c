// SPDX-License-Identifier: GPL-2.0-only
/* phases.c - the moments that a program marked, under the picture of its threads */
#include <errno.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "show/derive.h"
#include "show/text/threads.h"

#define LETTERS 12

/* Texts that differ: the few that get a letter, and some more to count them. */
#define TEXTS_MAX 256

int phases_of(const struct model *model, struct phases *ret)
{
	struct phases phases = {.model = model};
	const struct phase *phase;
	struct phase_sum *sum;

	vector_for_each (&model->phases, phase) {
		struct phase_sum *found = NULL;

		vector_for_each (&phases.sums, sum) {
			if (!strcmp(sum->text, phase->text))
				found = sum;
		}
		if (!found && phases.sums.count < TEXTS_MAX) {
			found = vector_add(&phases.sums);
			if (!found) {
				phases_free(&phases);
				return -ENOMEM;
			}
			found->text = phase->text;
			found->first = phase->time;
		}
		if (!found)
			continue;
		found->count++;
		found->last = phase->time;
	}
	*ret = phases;
	return 0;
}

void phases_free(struct phases *phases)
{
	vector_free(&phases->sums);
}

static char letter_of(const struct phases *phases, const char *text)
{
	const struct phase_sum *sum;

	vector_for_each (&phases->sums, sum) {
		if (!strcmp(sum->text, text))
			break;
	}
	return (size_t)(sum - phases->sums.items) < LETTERS ? 'a' + (sum - phases->sums.items)
							    : '+';
}

void draw_phases(struct text *text, unsigned int width, const void *data)
{
	const struct phases *phases = data;
	uint64_t begin = phases->model->begin, wall = model_wall_ns(phases->model);
	const struct phase *phase = phases->model->phases.items;
	const struct phase *end = phase + phases->model->phases.count;
	char sign[2] = "";

	for (unsigned int column = 0; column < width; column++) {
		uint64_t until = begin + (uint64_t)((double)wall * (column + 1) / width);
		char letter = ' ';

		for (; phase < end && (phase->time < until || column + 1 == width); phase++) {
			char own = letter_of(phases, phase->text);

			/* Several in one column. */
			letter = letter == ' ' || letter == own ? own : '*';
		}
		sign[0] = letter;
		text_put(text, STYLE_TITLE, sign);
	}
}

/* "phases: a start at 3 ms · b step × 10, first at 4 ms" */
static void write_legend(FILE *out, const struct phases *phases)
{
	const struct model *model = phases->model;
	const struct phase_sum *sum;
	size_t told = 0;

	fputs("phases: ", out);
	vector_for_each (&phases->sums, sum) {
		struct figure first =
			format_duration(sum->first > model->begin ? sum->first - model->begin : 0);

		if (told == LETTERS) {
			fputs(" · …", out);
			return;
		}
		fprintf(out, "%s%c %s", told ? " · " : "", (char)('a' + told), sum->text);
		if (sum->count > 1)
			fprintf(out, " × %s, first", format_count(sum->count).text);
		fprintf(out, " at %s", first.text);
		told++;
	}
}

void show_phases(struct text *text, const struct phases *phases)
{
	CLEANUP_FREE char *words = NULL;
	size_t size;
	FILE *out;

	if (!phases->sums.count)
		return;
	out = open_memstream(&words, &size);
	if (!out) {
		text->error = -ENOMEM;
		return;
	}
	write_legend(out, phases);
	if (fclose(out)) {
		text->error = -ENOMEM;
		return;
	}
	text_spaces(text, 2);
	text_wrap(text, 4, STYLE_DIM, words);
	text_end(text);
}
