// SPDX-License-Identifier: GPL-2.0-only
/* compare.c - several scenarios side by side; the first one is the measure of the others */
#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/units.h"
#include "model/subjects.h"
#include "show/compare/comparison.h"
#include "show/derive.h"
#include "show/report_format.h"
#include "show/text/text.h"

static void count_claims(struct comparison_sample *sample, const struct model *model)
{
	const struct claim *claim;

	vector_for_each (&model->claims, claim) {
		sample->claims++;
		sample->claims_held += claim->verdict == VERDICT_HELD;
		sample->claims_undecided += claim->verdict == VERDICT_UNDECIDED;
	}
}

struct comparison_sample comparison_sample_of(struct model *model)
{
	const char *elapsed = model_fact(model, "elapsed_ns");
	const struct losses *losses = &model->losses;
	struct result result = model_result(model);
	struct sums sums = sums_of(model);
	struct comparison_sample sample = {
		.has_status = model->has_status,
		.status = model->status,
		.has_result = result.known,
		.exact = result.exact,
		.expected = result.expected,
		.actual = result.actual,
		.difference = result.difference,
		.wall_ns = model_wall_ns(model),
		.elapsed_ns = elapsed ? strtoull(elapsed, NULL, 10) : 0,
		.cpu_ns = sums.state_ns[STATE_RUNNING],
		.parallelism = model_parallelism(model),
		.switches_voluntary = sums.voluntary,
		.switches_involuntary = sums.involuntary,
		.lock_waits = model_lock_waits(model),
		.lock_wait_ns = model_lock_wait_ns(model),
		.lost_records = losses->records + losses->life,
		.lossless =
			!losses->records && !losses->life && !losses->missed && !losses->untracked,
		.complete = model->complete,
	};

	count_claims(&sample, model);
	sample.others_ns = comparison_others_ns(model);
	comparison_cause(model, sample.cause, sizeof(sample.cause));
	sample.subjects = take_pointer(&model->subjects);
	return sample;
}

void comparison_sample_free(struct comparison_sample *sample)
{
	subjects_free(&sample->subjects);
}

/* ---- many runs as one ---------------------------------------------------------------------- */

typedef double (*measure)(const struct comparison_sample *sample);

static double wall_of(const struct comparison_sample *sample)
{
	return (double)sample->wall_ns;
}

static double elapsed_of(const struct comparison_sample *sample)
{
	return (double)sample->elapsed_ns;
}

static double cpu_of(const struct comparison_sample *sample)
{
	return (double)sample->cpu_ns;
}

static double parallelism_of(const struct comparison_sample *sample)
{
	return sample->parallelism;
}

static double voluntary_of(const struct comparison_sample *sample)
{
	return (double)sample->switches_voluntary;
}

static double involuntary_of(const struct comparison_sample *sample)
{
	return (double)sample->switches_involuntary;
}

static double lock_waits_of(const struct comparison_sample *sample)
{
	return (double)sample->lock_waits;
}

static double lock_wait_of(const struct comparison_sample *sample)
{
	return (double)sample->lock_wait_ns;
}

struct spread {
	double least, median, most; /* NAN if memory is out */
};

static int by_size(const void *a, const void *b)
{
	double one = *(const double *)a, other = *(const double *)b;

	return (one > other) - (one < other);
}

static struct spread spread_of(const struct comparison_row *row, measure of)
{
	CLEANUP_FREE double *values = calloc(row->count + 1, sizeof(*values));
	size_t half = row->count / 2;

	if (!values || !row->count)
		return (struct spread){NAN, NAN, NAN};
	for (size_t i = 0; i < row->count; i++)
		values[i] = of(&row->samples[i]);
	qsort(values, row->count, sizeof(*values), by_size);
	return (struct spread){
		.least = values[0],
		.median = row->count % 2 ? values[half] : (values[half - 1] + values[half]) / 2,
		.most = values[row->count - 1],
	};
}

/* What the scenarios time themselves, if all of them do: starting a program is none of it. */
static measure time_of(const struct comparison_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t run = 0; run < rows[i].count; run++)
			if (!rows[i].samples[run].elapsed_ns)
				return wall_of;
	return elapsed_of;
}

/* NAN if the first one took no time. */
static double ratio_to_first(const struct comparison_row *rows, size_t i, measure of)
{
	double first = spread_of(&rows[0], of).median;

	return first > 0 ? spread_of(&rows[i], of).median / first : (double)NAN;
}

/* The run whose time is nearest to the median: it speaks for all. */
static const struct comparison_sample *typical_run(const struct comparison_row *row, measure of)
{
	const struct comparison_sample *nearest = &row->samples[0];
	double median = spread_of(row, of).median;

	for (size_t i = 1; i < row->count; i++)
		if (fabs(of(&row->samples[i]) - median) < fabs(of(nearest) - median))
			nearest = &row->samples[i];
	return nearest;
}

static uint64_t rounded(double value)
{
	return value > 0 ? (uint64_t)(value + 0.5) : 0;
}

/* ---- text ---------------------------------------------------------------------------------- */

enum {
	NAME,
	RESULT,
	TIME,
	SPREAD,
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
	[TIME] = {.head = "time", .right = true},
	[SPREAD] = {.head = "from … to", .right = true, .drop = 2},
	[RATIO] = {.head = "ratio", .right = true},
	[CPU] = {.head = "cpu", .right = true, .drop = 3},
	[PARALLEL] = {.head = "parallel", .right = true, .drop = 4},
	[SWITCHES] = {.head = "switches", .right = true, .drop = 6},
	[LOCK_WAIT] = {.head = "lock wait", .right = true, .drop = 5},
	[CLAIMS] = {.head = "claims", .right = true, .drop = 7},
};

/* A small one keeps two digits: 0.0031. */
static struct ratio_label ratio_text(double ratio)
{
	struct ratio_label label = ratio_label(ratio);

	if (ratio > 0 && ratio < 0.0995)
		snprintf(label.text, sizeof(label.text), "%.*f", ratio < 0.00995 ? 4 : 3, ratio);
	return label;
}

static void put_result(struct table *table, const struct comparison_sample *sample)
{
	if (sample->has_status && sample->status)
		table_cell(table, RESULT, STYLE_BAD, "%s", status_label(sample->status).text);
	else if (!sample->has_result)
		return;
	else if (sample->exact)
		table_cell(table, RESULT, STYLE_GOOD, "exact");
	else if (sample->actual < sample->expected)
		table_cell(table, RESULT, STYLE_BAD, "%s lost",
			   format_count(sample->difference).text);
	else
		table_cell(table, RESULT, STYLE_BAD, "%s too many",
			   format_count(sample->difference).text);
}

/* Over all runs; those that could not be decided are not counted against it. */
static void put_claims(struct table *table, const struct comparison_row *row)
{
	size_t held = 0, decided = 0;

	for (size_t i = 0; i < row->count; i++) {
		held += row->samples[i].claims_held;
		decided += row->samples[i].claims - row->samples[i].claims_undecided;
	}
	if (decided)
		table_cell(table, CLAIMS, held < decided ? STYLE_BAD : STYLE_GOOD, "%zu of %zu",
			   held, decided);
}

static void put_row(struct table *table, const struct comparison_row *rows, size_t i, measure of)
{
	const struct comparison_row *row = &rows[i];
	struct spread time = spread_of(row, of), lock_wait = spread_of(row, lock_wait_of);

	table_row(table);
	table_cell(table, NAME, STYLE_PLAIN, "%s", row->name);
	put_result(table, typical_run(row, of));
	table_cell(table, TIME, STYLE_PLAIN, "%s", format_duration(rounded(time.median)).text);
	if (row->count > 1)
		table_cell(table, SPREAD, STYLE_PLAIN, "%s … %s",
			   format_duration(rounded(time.least)).text,
			   format_duration(rounded(time.most)).text);
	table_cell(table, RATIO, STYLE_PLAIN, "%s", ratio_text(ratio_to_first(rows, i, of)).text);
	table_cell(table, CPU, STYLE_PLAIN, "%s",
		   format_duration(rounded(spread_of(row, cpu_of).median)).text);
	table_cell(table, PARALLEL, STYLE_PLAIN, "%s",
		   ratio_label(spread_of(row, parallelism_of).median).text);
	table_cell(table, SWITCHES, STYLE_PLAIN, "%s",
		   format_count(rounded(spread_of(row, voluntary_of).median +
					spread_of(row, involuntary_of).median))
			   .text);
	if (lock_wait.median > 0)
		table_cell(table, LOCK_WAIT, STYLE_PLAIN, "%s",
			   format_duration(rounded(lock_wait.median)).text);
	put_claims(table, row);
}

/* Where the work itself was another amount, and that is a good part of the difference. */
static void put_work(struct text *text, unsigned int column, double time, double cpu)
{
	char words[96];

	if (!(time > 0 && cpu > 0) || fabs(log(time)) < 0.25 || log(time) * log(cpu) <= 0 ||
	    fabs(log(cpu)) < fabs(log(time)) / 2)
		return;
	snprintf(words, sizeof(words), "; it took %s times the CPU time of the first",
		 ratio_text(cpu).text);
	text_wrap(text, column, STYLE_PLAIN, words);
}

static bool same_work(const struct comparison_row *one, const struct comparison_row *other)
{
	return one->samples[0].has_result && other->samples[0].has_result &&
	       one->samples[0].expected == other->samples[0].expected;
}

static void put_causes(struct text *text, const struct comparison_row *rows, size_t count,
		       measure of)
{
	unsigned int column = 0;

	for (size_t i = 0; i < count; i++) {
		unsigned int width = text_measure(text, rows[i].name);

		column = width > column ? width : column;
	}
	column = column > 30 ? 4 : column + 4;
	text_gap(text);
	text_put(text, STYLE_HEAD, "why");
	text_end(text);
	for (size_t i = 0; i < count; i++) {
		text_spaces(text, 2);
		text_put(text, STYLE_PLAIN, rows[i].name);
		if (text->width + 2 > column)
			text_end(text);
		text_pad(text, column);
		if (typical_run(&rows[i], of)->has_status && typical_run(&rows[i], of)->status)
			text_wrap(text, column, STYLE_BAD, "it failed; ");
		text_wrap(text, column, STYLE_PLAIN, typical_run(&rows[i], of)->cause);
		if (same_work(&rows[0], &rows[i]))
			put_work(text, column, ratio_to_first(rows, i, of),
				 ratio_to_first(rows, i, cpu_of));
		text_end(text);
	}
}

/* What each has measured itself, in the run that speaks for all. */
static void put_tables(struct text *text, const struct comparison_row *rows, size_t count,
		       measure of)
{
	for (size_t i = 0; i < count; i++) {
		const struct subjects *subjects = typical_run(&rows[i], of)->subjects;
		const struct subject *subject;

		if (!subjects)
			continue;
		vector_for_each (&subjects->items, subject)
			if (subject->kind == SUBJECT_FIGURES)
				put_figures(text, subject);
	}
}

/* A fifth of the time and more. */
static void put_crowded(struct text *text, const struct comparison_row *row, measure of)
{
	const struct comparison_sample *typical = typical_run(row, of);

	if (typical->others_ns <= typical->wall_ns / 5)
		return;
	text_print(text, STYLE_DOUBT, "! %s: ", row->name);
	text_wrap(text, 2, STYLE_DOUBT,
		  "other programs, or an affinity, kept it off the CPUs: its time is not all "
		  "its own");
	text_end(text);
}

static void put_warnings(struct text *text, const struct comparison_row *row)
{
	bool complete = true, lossless = true;

	for (size_t i = 0; i < row->count; i++) {
		complete &= row->samples[i].complete;
		lossless &= row->samples[i].lossless;
	}
	if (complete && lossless)
		return;
	text_print(text, STYLE_BAD, "! %s: ", row->name);
	text_wrap(text, 2, STYLE_BAD,
		  complete ? "records were lost, its own report says what that means"
			   : "its recording was cut off, so its figures are too small");
	text_end(text);
}

static void put_legend(struct text *text, const struct comparison_row *rows, measure of)
{
	text_gap(text);
	text_wrap(text, 0, STYLE_DIM,
		  of == elapsed_of ? "time: of what the scenario is about, without the program's "
				     "start and end."
				   : "time: from the program's start to its end.");
	text_end(text);
	if (rows[0].count == 1)
		return;
	text_print(text, STYLE_DIM, "Medians of %zu runs each, taken in turns.", rows[0].count);
	text_end(text);
}

int show_comparison_text(FILE *out, const struct comparison_row *rows, size_t count,
			 const struct text_options *options)
{
	measure of = time_of(rows, count);
	struct table table;
	struct text text;

	text_start(&text, out, options);
	table_start(&table, &text, columns, COLUMNS, 0);
	for (size_t i = 0; i < count; i++)
		put_row(&table, rows, i, of);
	table_finish(&table);
	for (size_t i = 0; i < count; i++)
		put_warnings(&text, &rows[i]);
	for (size_t i = 0; i < count; i++)
		put_crowded(&text, &rows[i], of);
	put_causes(&text, rows, count, of);
	put_tables(&text, rows, count, of);
	put_legend(&text, rows, of);
	return text_finish(&text);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static void put_json_result(struct json *json, const struct comparison_sample *sample)
{
	if (!sample->has_result) {
		json_null(json, "result");
		return;
	}
	json_object(json, "result");
	json_signed(json, "expected", sample->expected);
	json_signed(json, "actual", sample->actual);
	json_unsigned(json, "difference", sample->difference);
	json_bool(json, "exact", sample->exact);
	json_object_end(json);
}

static void put_json_sample(struct json *json, const struct comparison_sample *sample)
{
	json_object(json, NULL);
	if (sample->has_status)
		json_unsigned(json, "wait_status", sample->status);
	else
		json_null(json, "wait_status");
	put_json_result(json, sample);
	json_unsigned(json, "wall_ns", sample->wall_ns);
	if (sample->elapsed_ns)
		json_unsigned(json, "elapsed_ns", sample->elapsed_ns);
	else
		json_null(json, "elapsed_ns");
	json_unsigned(json, "cpu_ns", sample->cpu_ns);
	json_real(json, "parallelism", sample->parallelism);
	json_unsigned(json, "switches_voluntary", sample->switches_voluntary);
	json_unsigned(json, "switches_involuntary", sample->switches_involuntary);
	json_unsigned(json, "lock_waits", sample->lock_waits);
	json_unsigned(json, "lock_wait_ns", sample->lock_wait_ns);
	json_unsigned(json, "claims", sample->claims);
	json_unsigned(json, "claims_held", sample->claims_held);
	json_unsigned(json, "claims_undecided", sample->claims_undecided);
	json_unsigned(json, "lost_records", sample->lost_records);
	json_bool(json, "complete", sample->complete);
	json_unsigned(json, "others_ns", sample->others_ns);
	json_string(json, "cause", sample->cause);
	json_object_end(json);
}

/* The medians under the names that a single run's figures have. */
static void put_run(struct json *json, const struct comparison_row *rows, size_t i, measure of)
{
	const struct comparison_row *row = &rows[i];
	const struct comparison_sample *typical = typical_run(row, of);
	struct spread time = spread_of(row, of);

	json_object(json, NULL);
	json_string(json, "name", row->name);
	put_json_result(json, typical);
	if (typical->has_status)
		json_unsigned(json, "wait_status", typical->status);
	else
		json_null(json, "wait_status");
	json_unsigned(json, "wall_ns", rounded(spread_of(row, wall_of).median));
	json_real(json, "ratio", ratio_to_first(rows, i, of));
	json_unsigned(json, "cpu_ns", rounded(spread_of(row, cpu_of).median));
	json_real(json, "parallelism", spread_of(row, parallelism_of).median);
	json_unsigned(json, "switches_voluntary", rounded(spread_of(row, voluntary_of).median));
	json_unsigned(json, "switches_involuntary", rounded(spread_of(row, involuntary_of).median));
	json_unsigned(json, "lock_waits", rounded(spread_of(row, lock_waits_of).median));
	json_unsigned(json, "lock_wait_ns", rounded(spread_of(row, lock_wait_of).median));
	json_unsigned(json, "claims", typical->claims);
	json_unsigned(json, "claims_held", typical->claims_held);
	json_unsigned(json, "lost_records", typical->lost_records);
	json_bool(json, "complete", typical->complete);
	json_unsigned(json, "time_ns", rounded(time.median));
	json_unsigned(json, "time_least_ns", rounded(time.least));
	json_unsigned(json, "time_most_ns", rounded(time.most));
	json_string(json, "cause", typical->cause);
	json_array(json, "samples");
	for (size_t run = 0; run < row->count; run++)
		put_json_sample(json, &row->samples[run]);
	json_array_end(json);
	json_object_end(json);
}

int show_comparison_json(FILE *out, const struct comparison_row *rows, size_t count)
{
	measure of = time_of(rows, count);
	struct json json = json_start(out, false);

	json_object(&json, NULL);
	json_string(&json, "format", COMPARISON_FORMAT);
	json_unsigned(&json, "schema_version", REPORT_SCHEMA_VERSION);
	json_string(&json, "time", of == elapsed_of ? "elapsed" : "wall");
	json_array(&json, "runs");
	for (size_t i = 0; i < count; i++)
		put_run(&json, rows, i, of);
	json_array_end(&json);
	json_object_end(&json);
	return json_finish(&json);
}
