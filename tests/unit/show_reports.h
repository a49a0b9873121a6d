/* SPDX-License-Identifier: GPL-2.0-only */
/* show_reports.h - reports as text, and what every one of them must keep to */
#ifndef TESTS_UNIT_SHOW_REPORTS_H
#define TESTS_UNIT_SHOW_REPORTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "show/show.h"
#include "show_models.h"

typedef struct sketch *(*sketch_function)(void);

static const struct {
	const char *name;
	sketch_function make;
} sketches[] = {
	{"counter-race", sketch_race}, {"counter-lock", sketch_lock}, {"pipeline", sketch_pipeline},
	{"storm", sketch_storm},       {"attach", sketch_attach},     {"machine", sketch_machine},
	{"hostile", sketch_hostile},
};

static inline char *report(const struct model *model, const struct text_options *options)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(show_text(out, model, options), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

static inline char *report_80(const struct model *model)
{
	return report(model, &(struct text_options){.columns = 80, .utf8 = true});
}

#endif
