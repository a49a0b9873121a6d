// SPDX-License-Identifier: GPL-2.0-only
/* bars.c - a thread's states in a picture of BAR_CELLS cells, drawn from left to right */
#include <errno.h>

#include "model/timeline/bars.h"

static uint16_t cell_at(const struct bar_scale *scale, uint64_t time)
{
	uint64_t span = scale->end > scale->begin ? scale->end - scale->begin : 1;
	__extension__ unsigned __int128 cell;

	if (time <= scale->begin)
		return 0;
	cell = time - scale->begin;
	cell = cell * BAR_CELLS / span;
	return cell < BAR_CELLS ? (uint16_t)cell : BAR_CELLS - 1;
}

/* The first time that belongs to the next cell. The last cell takes all that is left. */
static uint64_t end_of_cell(const struct bar_scale *scale, uint16_t cell)
{
	uint64_t span = scale->end > scale->begin ? scale->end - scale->begin : 1;
	__extension__ unsigned __int128 offset;

	if (cell == BAR_CELLS - 1)
		return UINT64_MAX;
	offset = span;
	offset = (offset * (cell + 1u) + BAR_CELLS - 1) / BAR_CELLS;
	return scale->begin + (uint64_t)offset;
}

static int put_down(struct bar_pen *pen)
{
	uint16_t index = pen->cell - pen->bar.first;
	struct bar_cell *cells;

	if (index >= pen->capacity) {
		unsigned int wanted = index < 4 ? 8 : index * 2u;

		cells = reallocarray(pen->bar.cells, wanted, sizeof(*cells));
		if (!cells)
			return -ENOMEM;
		pen->bar.cells = cells;
		pen->capacity = wanted;
	}
	cells = pen->bar.cells;
	memset(cells + pen->bar.count, 0, (index + 1u - pen->bar.count) * sizeof(*cells));
	pen->bar.count = index + 1;
	for (unsigned int state = 0; state < STATE_COUNT; state++) {
		cells[index].ns[state] = (float)pen->ns[state];
		pen->ns[state] = 0;
	}
	return 0;
}

int bar_draw_slowly(struct bar_pen *pen, const struct bar_scale *scale, enum state state,
		    uint64_t begin, uint64_t end)
{
	uint64_t part;
	int error;

	while (begin < end) {
		if (begin >= pen->cell_end) {
			uint16_t cell = cell_at(scale, begin);

			if (!pen->cell_end) {
				pen->bar.first = cell;
			} else {
				error = put_down(pen);
				if (error)
					return error;
			}
			pen->cell = cell;
			pen->cell_end = end_of_cell(scale, cell);
		}
		part = end < pen->cell_end ? end : pen->cell_end;
		pen->ns[state] += part - begin;
		begin = part;
	}
	return 0;
}

int bar_finish(struct bar_pen *pen, struct bar *ret)
{
	if (pen->cell_end) {
		int error = put_down(pen);

		if (error)
			return error;
	}
	*ret = pen->bar;
	memset(pen, 0, sizeof(*pen));
	return 0;
}

void bar_add(struct bar_cell cells[BAR_CELLS], const struct bar *bar)
{
	for (unsigned int i = 0; i < bar->count; i++) {
		for (unsigned int state = 0; state < STATE_COUNT; state++)
			cells[bar->first + i].ns[state] += bar->cells[i].ns[state];
	}
}
