/* SPDX-License-Identifier: GPL-2.0-only */
/* marks.h - what programs say of themselves: phases, and other USDT probes that were followed */
#ifndef MODEL_MARKS_H
#define MODEL_MARKS_H

#include "model/timeline/timeline.h"

struct recording;
struct marks_book;

/* A visitor of `timeline`. 0 or -ENOMEM. */
int marks_book_new(struct timeline *timeline, struct marks_book **ret);
void marks_book_free(struct marks_book **book);
/* Fills in model->phases and model->marks; the names are notes of `recording` (NULL: none). 0, or
 * -ENOMEM if memory was out here or before. */
int marks_book_finish(struct marks_book *book, const struct recording *recording,
		      struct model *model);

#endif
