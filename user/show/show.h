/* SPDX-License-Identifier: GPL-2.0-only */
/* show.h - a model as a person or a program reads it; one file per format */
#ifndef SHOW_SHOW_H
#define SHOW_SHOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct claim;
struct model;

struct text_options {
	unsigned int columns; /* 0: 80 */
	bool colour;
	bool utf8;	      /* blocks and check marks; otherwise plain ASCII */
	unsigned int threads; /* at most so many lines for threads; 0: a sensible number */
};

/* What suits `out`: its width if it is a terminal, NO_COLOR, the locale. */
struct text_options text_options_for(FILE *out);

int show_text(FILE *out, const struct model *model, const struct text_options *options);
int show_json(FILE *out, const struct model *model);
/* The JSON schema of what show_json writes. */
int show_schema(FILE *out);
/* The same for control blocks. */
int show_pcb_schema(FILE *out);
/* A page of Markdown (page.c says how much of it), in lines that are good to read. */
int show_page(FILE *out, const char *markdown, const struct text_options *options);

/* One table for several scenarios, each run once or more; the first one is the measure of the
 * others, and of many runs the median counts. */
struct comparison_sample;
struct comparison_row {
	const char *name;
	const struct comparison_sample *samples; /* comparison.h; at least one */
	size_t count;
};
int show_comparison_text(FILE *out, const struct comparison_row *rows, size_t count,
			 const struct text_options *options);
int show_comparison_json(FILE *out, const struct comparison_row *rows, size_t count);

/* What many scenarios, run one after another, came to (set.c). */
struct set_row {
	const char *name, *title; /* the caller's */
	unsigned int chapter;
	const char *chapter_title;
	bool has_status;
	uint32_t status;
	bool has_result;
	int64_t expected, actual;
	uint64_t wall_ns;
	uint64_t lost;
	bool complete;
	struct claim *claims;
	size_t claim_count;
};
struct set {
	const struct set_row *rows;
	size_t count;
	size_t planned; /* more than count: it was interrupted */
	uint64_t elapsed_ns;
};
/* Takes the model's claims over; the rest of `row` is the caller's to fill in. */
void set_row_take(struct set_row *row, struct model *model);
void set_row_free(struct set_row *row);
/* Every scenario ended well, and no claim was found not to hold. */
bool set_is_good(const struct set *set);
int show_set_text(FILE *out, const struct set *set, const struct text_options *options);
int show_set_json(FILE *out, const struct set *set);

#endif
