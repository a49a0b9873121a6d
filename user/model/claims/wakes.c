// SPDX-License-Identifier: GPL-2.0-only
/* wakes.c - names in claims about who woke whom */
#include <string.h>

#include "model/claims/inside.h"

static bool is_from(const struct model *model, const struct wake *wake, const char *pattern)
{
	if (wake->kind == WAKE_TIMER || wake->kind == WAKE_INTERRUPT)
		return !strcmp(pattern, wake_kind_name(wake->kind));
	return wake->from < model->threads.count &&
	       name_matches(pattern, model->threads.items[wake->from].name);
}

/* woke[FROM,TO] */
enum figure_result wake_figure(const struct model *model, const struct claim_name *name,
			       long double *ret, struct because because)
{
	const char *comma = strchr(name->bracket, ',');
	const struct wake *wake;
	char from[CLAIM_NAME_MAX];
	uint64_t count = 0;

	if (strcmp(name->head, "woke") || !name->has_bracket || *name->tail || !comma)
		return FIGURE_NO_NAME;
	if (!stream_is_whole(model, because))
		return FIGURE_UNKNOWN;
	snprintf(from, sizeof(from), "%.*s", (int)(comma - name->bracket), name->bracket);
	vector_for_each (&model->wakes, wake)
		if (wake->to < model->threads.count && is_from(model, wake, from) &&
		    name_matches(comma + 1, model->threads.items[wake->to].name))
			count += wake->count;
	return known(ret, count);
}
