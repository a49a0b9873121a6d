// SPDX-License-Identifier: GPL-2.0-only
/* ring.c - what a report of a part of a longer watch has to say first */
#include "show/text/text.h"

#include <stdio.h>

#include "base/units.h"

void show_ring(struct text *text, const struct model *model)
{
	uint64_t whole = model->end > model->ring_since ? model->end - model->ring_since : 0;
	uint64_t part = model->end - model->begin;
	char words[512];

	if (!model->ring)
		return;
	if (model->begin > model->ring_since)
		snprintf(words, sizeof(words), "the last %s of %s (--ring %s), kept because of: %s",
			 format_duration(part).text, format_duration(whole).text, model->ring,
			 model->ring_why);
	else
		snprintf(words, sizeof(words),
			 "all of the %s so far (--ring %s), kept because of: %s",
			 format_duration(whole).text, model->ring, model->ring_why);
	text_wrap(text, 0, STYLE_PLAIN, words);
	text_end(text);
}
