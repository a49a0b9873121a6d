// SPDX-License-Identifier: GPL-2.0-only
/* waits.c - what threads waited for: reasons, locks, a CPU */
#include "show/text/text.h"

#include <errno.h>

#include "base/units.h"
#include "show/derive.h"

#define REASONS_MAX	 10
#define HISTOGRAM_MIN	 20 /* fewer are told by the figures alone */
#define HISTOGRAM_LINES	 14
#define HISTOGRAM_LENGTH 40

/* ---- reasons ------------------------------------------------------------------------------- */

enum {
	REASON_NAME,
	REASON_TOTAL,
	REASON_TIMES,
	REASON_LONGEST,
	REASON_SHARE,
	REASON_MOST,
	REASON_COLUMNS,
};

static const struct table_column reason_columns[REASON_COLUMNS] = {
	[REASON_NAME] = {.head = "blocked in", .min = 10},
	[REASON_TOTAL] = {.head = "total", .right = true},
	[REASON_TIMES] = {.head = "times", .right = true, .drop = 3},
	[REASON_LONGEST] = {.head = "longest", .right = true, .drop = 1},
	[REASON_SHARE] = {.head = "share", .right = true, .drop = 4},
	[REASON_MOST] = {.head = "most of it by", .min = 10, .drop = 2},
};

static void put_reason(struct table *table, const struct model *model, const struct reason_sum *sum,
		       uint64_t all)
{
	struct reason_label label = reason_label(model, sum->reason, sum->syscall);

	table_row(table);
	table_cell(table, REASON_NAME, STYLE_PLAIN, "%s", label.text);
	table_cell(table, REASON_TOTAL, STYLE_PLAIN, "%s", format_duration(sum->total_ns).text);
	table_cell(table, REASON_TIMES, STYLE_PLAIN, "%s", format_count(sum->count).text);
	table_cell(table, REASON_LONGEST, STYLE_PLAIN, "%s", format_duration(sum->max_ns).text);
	table_cell(table, REASON_SHARE, STYLE_PLAIN, "%s", format_share(sum->total_ns, all).text);
	if (sum->most >= model->threads.count)
		return;
	if (sum->threads == 1)
		table_cell(table, REASON_MOST, STYLE_PLAIN, "%s",
			   model->threads.items[sum->most].name);
	else
		table_cell(table, REASON_MOST, STYLE_PLAIN, "%s %s, %s threads",
			   model->threads.items[sum->most].name,
			   format_share(sum->most_ns, sum->total_ns).text,
			   format_count(sum->threads).text);
}

void show_reasons(struct text *text, const struct model *model)
{
	const struct reason_sum *sum;
	struct reason_sums sums;
	struct table table;
	uint64_t all = 0, rest = 0;
	bool repeated = false;

	if (reason_sums_of(model, &sums)) {
		text->error = -ENOMEM;
		return;
	}
	/* Idle kernel threads would bury the rest; they are sorted last. */
	while (sums.items.count && sums.items.items[sums.items.count - 1].reason == REASON_IDLE)
		sums.items.count--;
	vector_for_each (&sums.items, sum) {
		all += sum->total_ns;
		repeated |= sum->count > 1;
	}
	/* Single waits have been told by the lines of their threads. */
	if (all && repeated) {
		text_gap(text);
		table_start(&table, text, reason_columns, REASON_COLUMNS, 0);
		for (size_t i = 0; i < sums.items.count; i++) {
			if (i < REASONS_MAX)
				put_reason(&table, model, &sums.items.items[i], all);
			else
				rest += sums.items.items[i].total_ns;
		}
		if (sums.items.count > REASONS_MAX)
			table_line(&table, STYLE_PLAIN, "… and %zu more reasons, %s in all",
				   sums.items.count - REASONS_MAX, format_duration(rest).text);
		table_finish(&table);
	}
	vector_free(&sums.items);
}

/* ---- waiting for a CPU --------------------------------------------------------------------- */

/* Neighbouring buckets put together, so that they fit on a few lines. */
struct bands {
	unsigned int first, step, count;
	uint64_t counts[HISTOGRAM_BUCKETS];
	uint64_t most;
};

static struct bands make_bands(const struct histogram *histogram)
{
	struct bands bands = {0};
	unsigned int first = 0, last = HISTOGRAM_BUCKETS - 1;

	while (first < last && !histogram->buckets[first])
		first++;
	while (last > first && !histogram->buckets[last])
		last--;
	bands.first = first;
	bands.step = (last - first) / HISTOGRAM_LINES + 1;
	for (unsigned int b = first; b <= last; b++) {
		unsigned int band = (b - first) / bands.step;

		bands.counts[band] += histogram->buckets[b];
		bands.count = band + 1;
	}
	for (unsigned int band = 0; band < bands.count; band++) {
		if (bands.counts[band] > bands.most)
			bands.most = bands.counts[band];
	}
	return bands;
}

struct band_view {
	uint64_t part, whole;
};

static void draw_band(struct text *text, unsigned int width, const void *data)
{
	const struct band_view *view = data;

	text_length(text, width, view->part, view->whole);
}

enum {
	BAND_FROM,
	BAND_BAR,
	BAND_COUNT,
	BAND_COLUMNS,
};

static const struct table_column band_columns[BAND_COLUMNS] = {
	[BAND_FROM] = {.right = true},
	[BAND_BAR] = {.min = 8, .stretch = HISTOGRAM_LENGTH},
	[BAND_COUNT] = {.right = true},
};

static void put_histogram(struct text *text, const struct histogram *histogram)
{
	struct bands bands = make_bands(histogram);
	struct band_view views[HISTOGRAM_BUCKETS];
	struct table table;

	if (!bands.most)
		return;
	table_start(&table, text, band_columns, BAND_COLUMNS, 2);
	for (unsigned int band = 0; band < bands.count; band++) {
		unsigned int bucket = bands.first + band * bands.step;
		uint64_t from = bucket ? 1ull << bucket : 0;

		/* The first and the last are not empty, so both neighbours of an empty one exist.
		 */
		if (!bands.counts[band] && !bands.counts[band - 1])
			continue;
		if (!bands.counts[band] && !bands.counts[band + 1]) {
			table_row(&table);
			table_cell(&table, BAND_FROM, STYLE_DIM, "…");
			continue;
		}
		views[band] = (struct band_view){bands.counts[band], bands.most};
		table_row(&table);
		table_cell(&table, BAND_FROM, STYLE_DIM, "≥ %s", format_duration(from).text);
		table_draw(&table, BAND_BAR, draw_band, &views[band]);
		table_cell(&table, BAND_COUNT, STYLE_PLAIN, "%s",
			   format_count(bands.counts[band]).text);
	}
	table_finish(&table);
}

static void put_quantiles(struct text *text, const struct histogram *histogram)
{
	static const struct {
		const char *name;
		double q;
	} quantiles[] = {{"p50", 0.5}, {"p95", 0.95}, {"p99", 0.99}};
	bool many = histogram->count >= HISTOGRAM_MIN;
	char words[256];
	size_t used;

	used = (size_t)snprintf(words, sizeof(words), "%s time%s, %s in all%s",
				format_count(histogram->count).text,
				histogram->count == 1 ? "" : "s",
				format_duration(histogram->total_ns).text, many ? ":" : ",");
	for (size_t i = 0; many && i < sizeof(quantiles) / sizeof(*quantiles); i++)
		used += (size_t)snprintf(
			words + used, sizeof(words) - used, " %s %s,", quantiles[i].name,
			format_duration(histogram_quantile(histogram, quantiles[i].q)).text);
	snprintf(words + used, sizeof(words) - used, " longest %s",
		 format_duration(histogram->max_ns).text);
	text_put(text, STYLE_HEAD, "waiting for a CPU");
	text_spaces(text, 2);
	text_wrap(text, 2, STYLE_PLAIN, words);
	text_end(text);
}

void show_latency(struct text *text, const struct model *model)
{
	if (!model->ready.count)
		return;
	text_gap(text);
	put_quantiles(text, &model->ready);
	/* Of a lesson about something else it would be the largest part. */
	if (model->ready.count >= HISTOGRAM_MIN &&
	    (!model->scenario || model->ready.total_ns >= model_wall_ns(model) / 20))
		put_histogram(text, &model->ready);
}
