// SPDX-License-Identifier: GPL-2.0-only
/* footer.c - how far the report can be trusted, and what it cost */
#include "show/text/text.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "recording/stacks.h"
#include "show/derive.h"

/* " on CPU 1, 3", "" if it is not known where. */
static char *lost_where(const struct model *model)
{
	const struct lost_lane *lane;
	char *words = NULL;
	size_t size;
	FILE *out = open_memstream(&words, &size);
	bool first = true;

	if (!out)
		return NULL;
	vector_for_each (&model->lost_lanes, lane) {
		if (!lane->records)
			continue;
		fprintf(out, first ? " on CPU %u" : ", %u", lane->cpu);
		first = false;
	}
	if (fclose(out)) {
		free(words);
		return NULL;
	}
	return words;
}

static void put_losses(struct text *text, const struct model *model)
{
	const struct losses *losses = &model->losses;
	CLEANUP_FREE char *where = losses->records ? lost_where(model) : NULL;

	if (losses->records)
		text_paragraph(text, "! ", STYLE_BAD,
			       "%s records lost%s: totals are exact, the timeline has gaps",
			       format_count(losses->records).text, where ? where : "");
	if (losses->life)
		text_paragraph(
			text, "! ", STYLE_BAD,
			"%s records of lives lost: threads or processes, their names or their "
			"totals may be missing",
			format_count(losses->life).text);
	if (losses->marks)
		text_paragraph(
			text, "! ", STYLE_BAD,
			"%s marks of the program lost: phases and user threads are not whole",
			format_count(losses->marks).text);
	if (losses->marks_refused)
		text_paragraph(text, "! ", STYLE_DOUBT,
			       "the program's marks could not all be followed: phases and user "
			       "threads may be missing");
	if (losses->target_only)
		text_paragraph(text, "! ", STYLE_DOUBT,
			       "what %s tells is of the target only, not of the processes that are "
			       "followed because they held its locks",
			       losses->target_only);
	if (losses->missed)
		text_paragraph(text, "! ", STYLE_BAD,
			       "the kernel skipped the tracer's programs %s times: totals and "
			       "timeline miss what happened then",
			       format_count(losses->missed).text);
	if (losses->untracked)
		text_paragraph(text, "! ", STYLE_BAD,
			       "%s threads were not followed: there were more than the tracer has "
			       "room for",
			       format_count(losses->untracked).text);
	if (losses->totals_disagree)
		text_paragraph(text, "! ", STYLE_BAD,
			       "for %s threads the timeline and the kernel side's totals differ "
			       "though nothing was lost: this should not happen, please report it",
			       format_count(losses->totals_disagree).text);
	if (losses->repaired)
		text_paragraph(text, "! ", STYLE_DOUBT,
			       "%s steps did not fit together: the time around them is shown as "
			       "unknown",
			       format_count(losses->repaired).text);
}

static void put_recording(struct text *text, const struct model *model, const struct sums *sums)
{
	if (!model->complete)
		text_paragraph(
			text, "! ", STYLE_BAD,
			"the recording was cut off: what came after its last block is missing");
	if (sums->with_totals < sums->threads && model->complete)
		text_paragraph(
			text, "! ", STYLE_DOUBT,
			"%s of %s threads have no totals from the kernel side: their figures "
			"are the timeline's alone",
			format_count(sums->threads - sums->with_totals).text,
			format_count(sums->threads).text);
}

static void put_wakers(struct text *text, const struct model *model, const struct sums *sums)
{
	const char *because = model->unseen_switches ? ": this kernel hides what it does in the "
						       "midst of some threads of others"
						     : "";

	if (sums->wakers_unknown)
		text_paragraph(text, "! ", STYLE_DOUBT,
			       "who ended the wait is not known for %s of %s waits%s",
			       format_count(sums->wakers_unknown).text,
			       format_count(sums->wakers_known + sums->wakers_unknown).text,
			       because);
}

static void put_unplaced(struct text *text, const struct model *model)
{
	if (model->unplaced_ns)
		text_paragraph(
			text, "! ", STYLE_DOUBT,
			"threads ran unseen for %s that are missing where it says how many ran "
			"at once",
			format_duration(model->unplaced_ns).text);
}

/* " · stacks 99.9 % whole", and why the others are not. */
static void put_stacks(struct text *text, const struct model *model)
{
	const struct stack_ends *ends = &model->stack_ends;

	for (unsigned int stop = 1; stop < STOP_COUNT; stop++)
		if (ends->stops[stop] && stop != STOP_NO_MEMORY)
			text_paragraph(text, "! ", STYLE_DOUBT, "%s of %s stacks are not whole: %s",
				       format_count(ends->stops[stop]).text,
				       format_count(ends->stacks).text, stack_stop_text(stop));
	if (ends->lost + ends->unknown)
		text_paragraph(text, "! ", STYLE_BAD,
			       "%s stacks lost: the waits are there, without them",
			       format_count(ends->lost + ends->unknown).text);
}

static int format_stacks(char *words, size_t size, const struct stack_ends *ends)
{
	if (!ends->asked)
		return 0;
	return snprintf(words, size, " · %s stacks, %s whole", format_count(ends->stacks).text,
			ends->stacks == ends->stops[STOP_ROOT]
				? "all"
				: format_share(ends->stops[STOP_ROOT], ends->stacks).text);
}

void show_footer(struct text *text, const struct model *model)
{
	struct sums sums = sums_of(model);
	char words[192];
	size_t used;

	text_gap(text);
	put_losses(text, model);
	put_recording(text, model, &sums);
	put_wakers(text, model, &sums);
	put_unplaced(text, model);
	put_stacks(text, model);
	used = (size_t)snprintf(words, sizeof(words), "%s events, %s lost",
				format_count(model->records).text,
				format_count(model->losses.records + model->losses.life).text);
	used += (size_t)format_stacks(words + used, sizeof(words) - used, &model->stack_ends);
	if (model->tracer_cpu_ns)
		used += (size_t)snprintf(words + used, sizeof(words) - used, " · tracer %s CPU",
					 format_duration(model->tracer_cpu_ns).text);
	if (model->file_bytes)
		snprintf(words + used, sizeof(words) - used, " · recording %s",
			 format_bytes(model->file_bytes).text);
	text_wrap(text, 0, STYLE_DIM, words);
	text_end(text);
}
