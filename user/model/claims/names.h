/* SPDX-License-Identifier: GPL-2.0-only */
/* names.h - what the names in claims stand for in a model */
#ifndef MODEL_CLAIMS_NAMES_H
#define MODEL_CLAIMS_NAMES_H

#include <stdbool.h>
#include <stddef.h>

struct model;

#define CLAIM_NAME_MAX 64

/* head.tail, or head[bracket].tail; tail is all that follows the first dot, "" if nothing does. */
struct claim_name {
	char head[CLAIM_NAME_MAX], bracket[CLAIM_NAME_MAX], tail[CLAIM_NAME_MAX];
	bool has_bracket;
};

enum figure_result {
	FIGURE_KNOWN = 0,
	FIGURE_UNKNOWN = 1, /* the recording does not say it: `because` is filled in */
	FIGURE_NO_NAME = 2, /* there is no such name, in any recording */
};

/* Long double holds every 64-bit integer exactly on the machines we run on. */
enum figure_result claim_figure(const struct model *model, const struct claim_name *name,
				long double *ret, char *because, size_t because_size);

/* Whether the whole of `text` is like `pattern`, in which * stands for any text. */
bool name_matches(const char *pattern, const char *text);

#endif
