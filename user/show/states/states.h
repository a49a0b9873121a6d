/* SPDX-License-Identifier: GPL-2.0-only */
/* states.h - the states of the textbooks, with the counted and timed arrows of a recording */
#ifndef SHOW_STATES_H
#define SHOW_STATES_H

#include <stdbool.h>
#include <stdio.h>

#include "model/model.h"
#include "show/show.h"

struct states_view {
	struct text_options text;
	const char *title; /* whose they are */
	/* Of which threads; NULL: all. */
	bool (*wanted)(const struct thread *thread, const void *context);
	const void *context;
};

struct text;
/* Without a title, as a part of another report. */
void put_states(struct text *text, const struct model *model, const struct states_view *view);
int show_states_text(FILE *out, const struct model *model, const struct states_view *view);
int show_states_svg(FILE *out, const struct model *model, const struct states_view *view);

/* What both draw, added up. */
struct states_figures {
	uint64_t arrows[ARROW_COUNT];
	uint64_t ready_ns, running_ns, blocked_ns, stopped_ns, unknown_ns;
	uint64_t threads, alive;
};
struct states_figures states_add_up(const struct model *model, const struct states_view *view);

#endif
