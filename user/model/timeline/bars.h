/* SPDX-License-Identifier: GPL-2.0-only */
/* bars.h - a thread's states in a picture of BAR_CELLS cells, drawn from left to right */
#ifndef MODEL_BARS_H
#define MODEL_BARS_H

#include "model/model.h"

struct bar_scale {
	uint64_t begin, end; /* of the capture */
};

/* Draws one bar. What belongs to the cell at the pen is summed up exactly before it goes into the
 * picture: many short pieces would be lost in a float. */
struct bar_pen {
	uint64_t cell_end; /* 0: nothing drawn yet */
	uint64_t ns[STATE_COUNT];
	uint16_t cell;
	uint16_t capacity;
	struct bar bar;
};

/* Pieces come in order of time. 0 or -ENOMEM. */
int bar_draw_slowly(struct bar_pen *pen, const struct bar_scale *scale, enum state state,
		    uint64_t begin, uint64_t end);

static inline int bar_draw(struct bar_pen *pen, const struct bar_scale *scale, enum state state,
			   uint64_t begin, uint64_t end)
{
	if (end > pen->cell_end)
		return bar_draw_slowly(pen, scale, state, begin, end);
	pen->ns[state] += end - begin;
	return 0;
}

/* Hands the finished bar over. 0 or -ENOMEM. */
int bar_finish(struct bar_pen *pen, struct bar *ret);
void bar_add(struct bar_cell cells[BAR_CELLS], const struct bar *bar);

#endif
