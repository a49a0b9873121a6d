/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * text.h - a scenario's text (workloads/scenario.h) taken apart into its lines
 *
 * What the expressions in it mean is not looked at here. The text may come from anybody's
 * recording: whatever is in it, the result is a scenario text with mistakes, and no failure.
 */
#ifndef MODEL_CLAIMS_TEXT_H
#define MODEL_CLAIMS_TEXT_H

#include "base/vector.h"

/* A text beyond these is not read further, which is a mistake. */
#define SCENARIO_TEXT_MAX   65536
#define SCENARIO_CLAIMS_MAX 200
/* Further lines of these are passed over. */
#define SCENARIO_SUBJECTS_MAX 100

/* One claim as it stands there. NULL: there is no such line. */
struct claim_text {
	char *sentence;
	VECTOR(char *) needs;
	char *holds, *shows;
	char *mistake; /* in words, NULL if none was found so far */
};

enum subject_line { SUBJECT_ABOUT, SUBJECT_TABLE, SUBJECT_ROW };

/* What the report is to show besides (model/subjects.h). */
struct subject_text {
	enum subject_line line;
	char *text; /* what stands behind "about:", "table:", "row:" */
};

struct scenario_heading {
	char *title;		     /* NULL: none */
	unsigned int chapter, order; /* 0: none */
	char *compare;		     /* option to run it with beside others; NULL: none */
	char *watch;		     /* variables for a second run, and its options; NULL: none */
	VECTOR(struct subject_text) subjects;
};

struct scenario_text {
	struct scenario_heading heading;
	VECTOR(struct claim_text) claims;
};

/* 0 or -ENOMEM, with nothing to free. */
int scenario_text_parse(const char *text, struct scenario_text *ret);
void scenario_text_free(struct scenario_text *text);

/* The same for a list of scenarios, which needs no claims. */
int scenario_heading_parse(const char *text, struct scenario_heading *ret);
void scenario_heading_free(struct scenario_heading *heading);

#endif
