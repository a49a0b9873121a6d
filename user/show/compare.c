// SPDX-License-Identifier: GPL-2.0-only
/* compare.c - several runs side by side; the first one is the measure of the others */
#include "show/text.h"

#include <math.h>

#include "base/json.h"
#include "base/units.h"
#include "show/derive.h"
#include "show/report_format.h"

enum {
	NAME,
	RESULT,
	WALL,
	RATIO,
	CPU,
	PARALLEL,
	SWITCHES,
	LOCK_WAIT,
	CLAIMS,
	COLUMNS,
};

static const struct table_column columns[COLUMNS] = {
	[NAME] = {.head = "run", .min = 18},
	[RESULT] = {.head = "result", .drop = 1},
	[WALL] = {.head = "wall", .right = true},
	[RATIO] = {.head = "ratio", .right = true},
	[CPU] = {.head = "cpu", .right = true, .drop = 2},
	[PARALLEL] = {.head = "parallel", .right = true, .drop = 3},
	[SWITCHES] = {.head = "switches", .right = true, .drop = 5},
	[LOCK_WAIT] = {.head = "lock wait", .right = true, .drop = 4},
	[CLAIMS] = {.head = "claims", .right = true, .drop = 6},
};

/* NAN if the first run took no time. */
static double ratio_to_first(const struct comparison_row *rows, size_t i)
{
	uint64_t first = model_wall_ns(rows[0].model);

	return first ? (double)model_wall_ns(rows[i].model) / (double)first : (double)NAN;
}

static size_t claims_held(const struct model *model)
{
	const struct claim *claim;
	size_t held = 0;

	vector_for_each (&model->claims, claim)
		held += claim->verdict == VERDICT_HELD;
	return held;
}

static void put_result(struct table *table, const struct model *model)
{
	struct result result = model_result(model);

	if (model->has_status && model->status)
		table_cell(table, RESULT, STYLE_BAD, "%s", status_label(model->status).text);
	else if (!result.known)
		return;
	else if (result.exact)
		table_cell(table, RESULT, STYLE_GOOD, "exact");
	else if (result.actual < result.expected)
		table_cell(table, RESULT, STYLE_BAD, "%s lost",
			   format_count(result.difference).text);
	else
		table_cell(table, RESULT, STYLE_BAD, "%s too many",
			   format_count(result.difference).text);
}

static void put_row(struct table *table, const struct comparison_row *rows, size_t i)
{
	const struct model *model = rows[i].model;
	uint64_t lock_wait = model_lock_wait_ns(model);
	struct sums sums = sums_of(model);
	size_t held = claims_held(model);

	table_row(table);
	table_cell(table, NAME, STYLE_PLAIN, "%s", rows[i].name);
	put_result(table, model);
	table_cell(table, WALL, STYLE_PLAIN, "%s", format_duration(model_wall_ns(model)).text);
	table_cell(table, RATIO, STYLE_PLAIN, "%s", ratio_label(ratio_to_first(rows, i)).text);
	table_cell(table, CPU, STYLE_PLAIN, "%s",
		   format_duration(sums.state_ns[STATE_RUNNING]).text);
	table_cell(table, PARALLEL, STYLE_PLAIN, "%s", ratio_label(model_parallelism(model)).text);
	table_cell(table, SWITCHES, STYLE_PLAIN, "%s",
		   format_count(sums.voluntary + sums.involuntary).text);
	if (lock_wait)
		table_cell(table, LOCK_WAIT, STYLE_PLAIN, "%s", format_duration(lock_wait).text);
	if (model->claims.count)
		table_cell(table, CLAIMS, held < model->claims.count ? STYLE_BAD : STYLE_GOOD,
			   "%zu of %zu", held, model->claims.count);
}

int show_comparison_text(FILE *out, const struct comparison_row *rows, size_t count,
			 const struct text_options *options)
{
	struct table table;
	struct text text;

	text_start(&text, out, options);
	table_start(&table, &text, columns, COLUMNS, 0);
	for (size_t i = 0; i < count; i++)
		put_row(&table, rows, i);
	table_finish(&table);
	for (size_t i = 0; i < count; i++) {
		const struct losses *losses = &rows[i].model->losses;

		if (!losses->records && !losses->life && !losses->missed && !losses->untracked &&
		    rows[i].model->complete)
			continue;
		text_print(&text, STYLE_BAD, "! %s: ", rows[i].name);
		text_wrap(&text, 2, STYLE_BAD,
			  rows[i].model->complete
				  ? "records were lost, its own report says what that means"
				  : "its recording was cut off, so its figures are too small");
		text_end(&text);
	}
	return text_finish(&text);
}

static void put_run(struct json *json, const struct comparison_row *rows, size_t i)
{
	const struct model *model = rows[i].model;
	struct result result = model_result(model);
	struct sums sums = sums_of(model);

	json_object(json, NULL);
	json_string(json, "name", rows[i].name);
	if (result.known) {
		json_object(json, "result");
		json_signed(json, "expected", result.expected);
		json_signed(json, "actual", result.actual);
		json_unsigned(json, "difference", result.difference);
		json_bool(json, "exact", result.exact);
		json_object_end(json);
	} else {
		json_null(json, "result");
	}
	if (model->has_status)
		json_unsigned(json, "wait_status", model->status);
	else
		json_null(json, "wait_status");
	json_unsigned(json, "wall_ns", model_wall_ns(model));
	json_real(json, "ratio", ratio_to_first(rows, i));
	json_unsigned(json, "cpu_ns", sums.state_ns[STATE_RUNNING]);
	json_real(json, "parallelism", model_parallelism(model));
	json_unsigned(json, "switches_voluntary", sums.voluntary);
	json_unsigned(json, "switches_involuntary", sums.involuntary);
	json_unsigned(json, "lock_waits", model_lock_waits(model));
	json_unsigned(json, "lock_wait_ns", model_lock_wait_ns(model));
	json_unsigned(json, "claims", model->claims.count);
	json_unsigned(json, "claims_held", claims_held(model));
	json_unsigned(json, "lost_records", model->losses.records + model->losses.life);
	json_bool(json, "complete", model->complete);
	json_object_end(json);
}

int show_comparison_json(FILE *out, const struct comparison_row *rows, size_t count)
{
	struct json json = json_start(out, false);

	json_object(&json, NULL);
	json_string(&json, "format", COMPARISON_FORMAT);
	json_unsigned(&json, "schema_version", REPORT_SCHEMA_VERSION);
	json_array(&json, "runs");
	for (size_t i = 0; i < count; i++)
		put_run(&json, rows, i);
	json_array_end(&json);
	json_object_end(&json);
	return json_finish(&json);
}
