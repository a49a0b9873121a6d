// SPDX-License-Identifier: GPL-2.0-only
/* marks.c - names in claims about phases, user threads and other marks */
#include <inttypes.h>
#include <string.h>

#include "model/claims/inside.h"

static bool marks_are_whole(const struct model *model, struct because because)
{
	if (!threads_are_known(model, because))
		return false;
	if (model->losses.marks)
		unknown(because, "%" PRIu64 " marks were lost", model->losses.marks);
	else if (model->losses.marks_refused)
		unknown(because, "the program's marks could not be followed");
	else if (model->uthreads_beyond || model->phases_beyond)
		unknown(because, "there were more marks than are kept");
	else
		return true;
	return false;
}

/* ---- phase[TEXT] --------------------------------------------------------------------------- */

static enum figure_result phase_figure(const struct model *model, const struct claim_name *name,
				       long double *ret, struct because because)
{
	const struct phase *phase, *first = NULL, *last = NULL;
	uint64_t count = 0;

	if (*name->tail && strcmp(name->tail, "count") && strcmp(name->tail, "last"))
		return FIGURE_NO_NAME;
	if (!marks_are_whole(model, because))
		return FIGURE_UNKNOWN;
	vector_for_each (&model->phases, phase) {
		if (!name_matches(name->bracket, phase->text))
			continue;
		count++;
		first = first ? first : phase;
		last = phase;
	}
	if (!strcmp(name->tail, "count"))
		return known(ret, count);
	if (!first)
		return unknown(because, "no phase '%s' was marked", name->bracket);
	return known(ret, (long double)(*name->tail ? last : first)->time - model->begin);
}

/* ---- uthread[NAME] ------------------------------------------------------------------------- */

static bool uthread_field(const struct uthread *uthread, const char *field, uint64_t *ret)
{
	if (!strcmp(field, "life"))
		*ret = uthread->end - uthread->begin;
	else if (!strcmp(field, "running"))
		*ret = uthread->running_ns;
	else if (!strcmp(field, "ready"))
		*ret = uthread->ready_ns;
	else if (!strcmp(field, "stood_still"))
		*ret = uthread->standing_ns;
	else if (!strcmp(field, "blocked"))
		*ret = uthread->blocked_ns;
	else if (!strcmp(field, "switches"))
		*ret = uthread->switches;
	else if (!strcmp(field, "moves"))
		*ret = uthread->moves;
	else
		return false;
	return true;
}

/* uthread[NAME].X: of the one; uthreads[PATTERN].X: all that match together; uthreads[PATTERN]: how
 * many. */
static enum figure_result uthread_figure(const struct model *model, const struct claim_name *name,
					 bool several, long double *ret, struct because because)
{
	const char *pattern = name->has_bracket ? name->bracket : "*";
	uint64_t count = 0, sum = 0, one = 0;
	const struct uthread *uthread;

	if (!several || *name->tail) {
		if (!uthread_field(&(struct uthread){0}, name->tail, &one))
			return FIGURE_NO_NAME;
	}
	if (!marks_are_whole(model, because) || !stream_is_whole(model, because))
		return FIGURE_UNKNOWN;
	vector_for_each (&model->uthreads, uthread) {
		if (!name_matches(pattern, uthread->name))
			continue;
		count++;
		if (*name->tail)
			uthread_field(uthread, name->tail, &one);
		sum += one;
	}
	if (!several && count != 1)
		return count ? unknown(because, "%" PRIu64 " user threads are called '%s'", count,
				       pattern)
			     : unknown(because, "no user thread is called '%s'", pattern);
	return known(ret, *name->tail ? sum : count);
}

static enum figure_result other_figure(const struct model *model, const struct claim_name *name,
				       long double *ret, struct because because)
{
	const struct mark_count *mark;

	if (!marks_are_whole(model, because))
		return FIGURE_UNKNOWN;
	vector_for_each (&model->marks, mark) {
		if (!strcmp(mark->name, name->bracket))
			return known(ret, mark->count);
	}
	return unknown(because, "the probe '%s' was not followed", name->bracket);
}

enum figure_result mark_figure(const struct model *model, const struct claim_name *name,
			       long double *ret, struct because because)
{
	if (!strcmp(name->head, "phase") && name->has_bracket)
		return phase_figure(model, name, ret, because);
	if (!strcmp(name->head, "uthread") && name->has_bracket)
		return uthread_figure(model, name, false, ret, because);
	if (!strcmp(name->head, "uthreads"))
		return uthread_figure(model, name, true, ret, because);
	if (!strcmp(name->head, "marks") && name->has_bracket && !*name->tail)
		return other_figure(model, name, ret, because);
	if (strcmp(name->head, "carriers") || name->has_bracket || *name->tail)
		return FIGURE_NO_NAME;
	return marks_are_whole(model, because) ? known(ret, model->carriers) : FIGURE_UNKNOWN;
}
