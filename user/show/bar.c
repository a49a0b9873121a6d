// SPDX-License-Identifier: GPL-2.0-only
#include "show/text/text.h"

#include <math.h>

#include "base/units.h"

/* What of a column's time is spent in each state, and where in the column the life lies. */
struct slice {
	double ns[STATE_COUNT];
	double alive;		/* sum of ns */
	double length;		/* of the column */
	bool is_first, is_last; /* the life begins, ends in this column */
};

struct glyph {
	const char *sign; /* one column wide */
	enum style style;
};

static const char *const heights[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const lengths[] = {" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};

static double at_most(double value, double limit)
{
	return value < limit ? value : limit;
}

/* Column `column` of `width`: cells that straddle two columns count in each by what lies there. */
static struct slice cut_slice(const struct bar_view *view, unsigned int width, unsigned int column)
{
	double begin = (double)column * BAR_CELLS / width;
	double end = (double)(column + 1) * BAR_CELLS / width;
	struct slice slice = {.length = (end - begin) * view->cell_ns};
	unsigned int last = view->first + view->count;

	for (unsigned int c = (unsigned int)begin; c < end && c < last; c++) {
		double overlap = at_most(end, c + 1.0) - (begin > c ? begin : c);

		if (c < view->first || overlap <= 0)
			continue;
		for (int state = 0; state < STATE_COUNT; state++) {
			double ns = view->cells[c - view->first].ns[state] * overlap;

			slice.ns[state] += ns;
			slice.alive += ns;
		}
	}
	slice.is_first = view->first >= begin && view->first < end;
	slice.is_last = last > begin && last <= end;
	return slice;
}

static struct glyph state_glyph(const struct text *text, enum state state)
{
	bool utf8 = text->options.utf8;

	switch (state) {
	case STATE_RUNNING:
		return (struct glyph){utf8 ? "█" : "#", STYLE_RUNNING};
	case STATE_READY_WOKEN:
	case STATE_READY_PREEMPTED:
		return (struct glyph){utf8 ? "▒" : "=", STYLE_READY};
	case STATE_BLOCKED:
		return (struct glyph){utf8 ? "░" : ".", STYLE_BLOCKED};
	case STATE_STOPPED:
		return (struct glyph){utf8 ? "·" : "s", STYLE_DIM};
	default:
		return (struct glyph){"?", STYLE_BAD};
	}
}

static unsigned int eighths(double part, double whole)
{
	double value = whole > 0 ? part / whole * 8 : 0;

	return value >= 8 ? 8 : value > 0 ? (unsigned int)lround(value) : 0;
}

/* How much of the time it runs, as a height. */
static struct glyph running_glyph(const struct text *text, double part, double whole)
{
	unsigned int height = eighths(part, whole);

	if (!text->options.utf8)
		return (struct glyph){height >= 5 ? "#" : "+", STYLE_RUNNING};
	return (struct glyph){heights[height ? height : 1], STYLE_RUNNING};
}

/* A thread that runs when its life begins or ends within the column: the part that it fills. */
static struct glyph edge_glyph(const struct slice *slice)
{
	unsigned int length = eighths(slice->alive, slice->length);

	if (slice->is_last)
		return (struct glyph){lengths[length ? length : 1], STYLE_RUNNING};
	return (struct glyph){length >= 6 ? "█" : length >= 3 ? "▐" : "▕", STYLE_RUNNING};
}

static struct glyph prevailing_glyph(const struct text *text, const struct slice *slice)
{
	double ready = slice->ns[STATE_READY_WOKEN] + slice->ns[STATE_READY_PREEMPTED];
	enum state best = STATE_READY_WOKEN;
	double most = ready;

	for (enum state state = STATE_BLOCKED; state < STATE_COUNT; state++) {
		if (slice->ns[state] > most) {
			most = slice->ns[state];
			best = state;
		}
	}
	return state_glyph(text, best);
}

static struct glyph slice_glyph(const struct text *text, const struct bar_view *view,
				const struct slice *slice)
{
	double running = slice->ns[STATE_RUNNING];
	double cpus = slice->length * (view->cpus ? view->cpus : 1);

	if (slice->alive <= 0)
		return (struct glyph){" ", STYLE_PLAIN};
	/* Where the stream has a gap, no other figure of that column can be trusted. */
	if (slice->ns[STATE_UNKNOWN] >= slice->alive / 4)
		return state_glyph(text, STATE_UNKNOWN);
	if (view->scale == BAR_CPUS) {
		if (running >= cpus / 32)
			return running_glyph(text, running, cpus);
		return prevailing_glyph(text, slice);
	}
	if (running < slice->alive / 4)
		return prevailing_glyph(text, slice);
	if (running < slice->alive * 15 / 16)
		return running_glyph(text, running, slice->alive);
	if (!view->many && text->options.utf8 && (slice->is_first || slice->is_last))
		return edge_glyph(slice);
	return state_glyph(text, STATE_RUNNING);
}

void draw_bar(struct text *text, unsigned int width, const void *data)
{
	const struct bar_view *view = data;

	for (unsigned int column = 0; column < width; column++) {
		struct slice slice = cut_slice(view, width, column);
		struct glyph glyph = slice_glyph(text, view, &slice);

		if (*glyph.sign == ' ')
			text_spaces(text, 1);
		else
			text_put(text, glyph.style, glyph.sign);
	}
}

void draw_axis(struct text *text, unsigned int width, const void *data)
{
	const struct model *model = data;
	struct figure end = format_duration(model->end - model->begin);
	unsigned int begin = text->width;
	unsigned int needed = text_measure(text, end.text);

	if (width >= needed + 3)
		text_put(text, STYLE_DIM, "0");
	if (width > needed)
		text_pad(text, begin + width - needed);
	text_put(text, STYLE_DIM, end.text);
}

#define STOPPED_ENTRY 3

void text_legend(struct text *text, const struct model *model)
{
	struct {
		enum state state;
		const char *words;
	} entries[] = {
		{STATE_RUNNING,
		 text->options.utf8 ? "runs (▄ half of the time)" : "runs (+ part of the time)"},
		{STATE_READY_WOKEN, "ready, waits for a CPU"},
		{STATE_BLOCKED, "blocked"},
		{STATE_STOPPED, "stopped"},
		{STATE_UNKNOWN, "not known: records lost"},
	};
	uint64_t total[STATE_COUNT] = {0};
	const struct uthread *uthread;
	const struct thread *thread;
	uint64_t standing = 0;
	bool first = true;

	vector_for_each (&model->threads, thread) {
		for (int state = 0; state < STATE_COUNT; state++)
			total[state] += thread->state_ns[state];
	}
	total[STATE_READY_WOKEN] += total[STATE_READY_PREEMPTED];
	vector_for_each (&model->uthreads, uthread)
		standing += uthread->standing_ns;
	if (standing && !total[STATE_STOPPED]) {
		entries[STOPPED_ENTRY].words = "stands still: its carriers are blocked";
		total[STATE_STOPPED] = standing;
	} else if (standing) {
		entries[STOPPED_ENTRY].words = "stopped, or stands still with its carriers";
	}
	for (size_t i = 0; i < sizeof(entries) / sizeof(*entries); i++) {
		struct glyph glyph = state_glyph(text, entries[i].state);

		if (!total[entries[i].state])
			continue;
		if (!first &&
		    text->width + 5 + text_measure(text, entries[i].words) > text->limit) {
			text_end(text);
			first = true;
		}
		text_spaces(text, first ? 2 : 3);
		text_put(text, glyph.style, glyph.sign);
		text_spaces(text, 1);
		text_put(text, STYLE_DIM, entries[i].words);
		first = false;
	}
	text_end(text);
}

void text_length(struct text *text, unsigned int width, uint64_t part, uint64_t whole)
{
	double columns = whole ? (double)part / (double)whole * width : 0;
	unsigned int full = (unsigned int)columns;
	unsigned int rest = eighths(columns - full, 1);

	if (part && !full && !rest)
		rest = 1;
	for (unsigned int i = 0; i < full; i++)
		text_put(text, STYLE_RUNNING, text->options.utf8 ? "█" : "#");
	if (text->options.utf8 && rest)
		text_put(text, STYLE_RUNNING, lengths[rest]);
	else if (rest >= 4 || (part && !full))
		text_put(text, STYLE_RUNNING, "#");
}
