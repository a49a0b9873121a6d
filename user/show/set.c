// SPDX-License-Identifier: GPL-2.0-only
/* set.c - many scenarios that ran one after another, and what became of their claims */
#include <stdlib.h>

#include "base/json.h"
#include "base/units.h"
#include "show/derive.h"
#include "show/report_format.h"
#include "show/text/text.h"

#define INDENT 2

void set_row_take(struct set_row *row, struct model *model)
{
	struct result result = model_result(model);

	row->has_status = model->has_status;
	row->status = model->status;
	row->has_result = result.known;
	row->expected = result.expected;
	row->actual = result.actual;
	row->wall_ns = model_wall_ns(model);
	row->lost = model->losses.records + model->losses.life;
	row->complete = model->complete;
	row->claims = model->claims.items;
	row->claim_count = model->claims.count;
	memset(&model->claims, 0, sizeof(model->claims));
}

void set_row_free(struct set_row *row)
{
	for (size_t i = 0; i < row->claim_count; i++)
		claim_free(&row->claims[i]);
	free(row->claims);
	row->claims = NULL;
	row->claim_count = 0;
}

/* How many claims there are of each verdict. */
struct tally {
	size_t claims[VERDICT_UNDECIDED + 1];
	size_t failed; /* scenarios that did not end well */
};

static void tally_add(struct tally *tally, const struct set_row *row)
{
	for (size_t i = 0; i < row->claim_count; i++)
		tally->claims[row->claims[i].verdict]++;
	tally->failed += !row->has_status || row->status || !row->complete;
}

static struct tally tally_of(const struct set *set)
{
	struct tally tally = {.failed = 0};

	for (size_t i = 0; i < set->count; i++)
		tally_add(&tally, &set->rows[i]);
	return tally;
}

bool set_is_good(const struct set *set)
{
	struct tally tally = tally_of(set);

	return !tally.failed && !tally.claims[VERDICT_NOT_HELD] && set->count == set->planned;
}

/* ---- text ---------------------------------------------------------------------------------- */

enum { NAME, RESULT, HELD, NOT_HELD, UNDECIDED, TIME, COLUMNS };

static const struct table_column columns[COLUMNS] = {
	[NAME] = {.head = "scenario", .min = 18},
	[RESULT] = {.head = "result", .drop = 1},
	[HELD] = {.head = "held", .right = true},
	[NOT_HELD] = {.head = "not held", .right = true},
	[UNDECIDED] = {.head = "undecided", .right = true},
	[TIME] = {.head = "time", .right = true, .drop = 2},
};

static void put_result(struct table *table, const struct set_row *row)
{
	int64_t missing = row->expected - row->actual;

	if (row->has_status && row->status)
		table_cell(table, RESULT, STYLE_BAD, "%s", status_label(row->status).text);
	else if (!row->has_status)
		table_cell(table, RESULT, STYLE_BAD, "did not end");
	else if (!row->has_result)
		table_cell(table, RESULT, STYLE_PLAIN, "ended well");
	else if (!missing)
		table_cell(table, RESULT, STYLE_PLAIN, "exact");
	else
		table_cell(table, RESULT, STYLE_PLAIN, "%s %s",
			   format_count(missing > 0 ? (uint64_t)missing : -(uint64_t)missing).text,
			   missing > 0 ? "lost" : "too many");
}

static void put_count(struct table *table, size_t column, enum style style, size_t count)
{
	if (count)
		table_cell(table, column, style, "%zu", count);
}

static void put_row(struct table *table, const struct set_row *row)
{
	struct tally tally = {.failed = 0};

	tally_add(&tally, row);
	table_row(table);
	table_cell(table, NAME, STYLE_PLAIN, "  %s", row->name);
	put_result(table, row);
	put_count(table, HELD, STYLE_GOOD, tally.claims[VERDICT_HELD]);
	put_count(table, NOT_HELD, STYLE_BAD, tally.claims[VERDICT_NOT_HELD]);
	put_count(table, UNDECIDED, STYLE_DOUBT, tally.claims[VERDICT_UNDECIDED]);
	table_cell(table, TIME, STYLE_PLAIN, "%s", format_duration(row->wall_ns).text);
}

static void put_table(struct text *text, const struct set *set)
{
	struct table table;

	table_start(&table, text, columns, COLUMNS, 0);
	for (size_t i = 0; i < set->count; i++) {
		const struct set_row *row = &set->rows[i];

		if (row->chapter_title && (!i || row[-1].chapter != row->chapter))
			table_line(&table, STYLE_DIM, "%u  %s", row->chapter, row->chapter_title);
		put_row(&table, row);
	}
	table_finish(&table);
}

static void put_claim(struct text *text, const struct set_row *row, const struct claim *claim)
{
	text_spaces(text, INDENT);
	text_print(text, STYLE_TITLE, "%s: ", row->name);
	text_wrap(text, 2 * INDENT, STYLE_PLAIN, claim->text);
	text_end(text);
	if (!*claim->because && !*claim->measured)
		return;
	text_spaces(text, 2 * INDENT);
	text_wrap(text, 2 * INDENT, STYLE_DOUBT, claim->because);
	if (*claim->measured) {
		text_put(text, STYLE_PLAIN, *claim->because ? "; measured " : "measured ");
		text_wrap(text, 2 * INDENT, STYLE_PLAIN, claim->measured);
	}
	text_end(text);
}

static void put_claims(struct text *text, const struct set *set, enum verdict verdict,
		       const char *head, enum style style)
{
	bool any = false;

	for (size_t i = 0; i < set->count; i++)
		for (size_t c = 0; c < set->rows[i].claim_count; c++) {
			const struct claim *claim = &set->rows[i].claims[c];

			if (claim->verdict != verdict)
				continue;
			if (!any) {
				text_gap(text);
				text_put(text, style, head);
				text_end(text);
			}
			any = true;
			put_claim(text, &set->rows[i], claim);
		}
}

static void put_losses(struct text *text, const struct set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		if (!set->rows[i].lost && set->rows[i].complete)
			continue;
		text_print(text, STYLE_BAD, "! %s: ", set->rows[i].name);
		text_wrap(text, 2, STYLE_BAD,
			  set->rows[i].complete ? "records were lost"
						: "its recording was cut off");
		text_end(text);
	}
}

static void put_total(struct text *text, const struct set *set)
{
	struct tally tally = tally_of(set);

	text_gap(text);
	text_print(text, STYLE_PLAIN, "%zu scenarios: ", set->count);
	text_print(text, STYLE_GOOD, "%zu claims held", tally.claims[VERDICT_HELD]);
	text_put(text, STYLE_PLAIN, ", ");
	text_print(text, tally.claims[VERDICT_NOT_HELD] ? STYLE_BAD : STYLE_PLAIN, "%zu not held",
		   tally.claims[VERDICT_NOT_HELD]);
	text_put(text, STYLE_PLAIN, ", ");
	text_print(text, tally.claims[VERDICT_UNDECIDED] ? STYLE_DOUBT : STYLE_PLAIN,
		   "%zu undecided", tally.claims[VERDICT_UNDECIDED]);
	if (tally.failed)
		text_print(text, STYLE_BAD, "; %zu scenarios failed", tally.failed);
	text_print(text, STYLE_PLAIN, " · %s", format_duration(set->elapsed_ns).text);
	text_end(text);
	if (set->count == set->planned)
		return;
	text_print(text, STYLE_BAD, "Interrupted: %zu scenarios did not run.",
		   set->planned - set->count);
	text_end(text);
}

int show_set_text(FILE *out, const struct set *set, const struct text_options *options)
{
	struct text text;

	text_start(&text, out, options);
	put_table(&text, set);
	put_losses(&text, set);
	put_claims(&text, set, VERDICT_NOT_HELD, "NOT HELD", STYLE_BAD);
	put_claims(&text, set, VERDICT_UNDECIDED, "undecided", STYLE_DOUBT);
	put_total(&text, set);
	return text_finish(&text);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static void put_json_claims(struct json *json, const struct set_row *row)
{
	json_array(json, "claims");
	for (size_t i = 0; i < row->claim_count; i++) {
		const struct claim *claim = &row->claims[i];

		json_object(json, NULL);
		json_string(json, "text", claim->text);
		json_string(json, "verdict", verdict_name(claim->verdict));
		json_string(json, "measured", claim->measured);
		json_string(json, "because", claim->because);
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_json_row(struct json *json, const struct set_row *row)
{
	json_object(json, NULL);
	json_string(json, "name", row->name);
	json_string(json, "title", row->title);
	json_unsigned(json, "chapter", row->chapter);
	if (row->has_status)
		json_unsigned(json, "wait_status", row->status);
	else
		json_null(json, "wait_status");
	if (row->has_result) {
		json_object(json, "result");
		json_signed(json, "expected", row->expected);
		json_signed(json, "actual", row->actual);
		json_object_end(json);
	} else {
		json_null(json, "result");
	}
	json_unsigned(json, "wall_ns", row->wall_ns);
	json_unsigned(json, "lost_records", row->lost);
	json_bool(json, "complete", row->complete);
	put_json_claims(json, row);
	json_object_end(json);
}

int show_set_json(FILE *out, const struct set *set)
{
	struct tally tally = tally_of(set);
	struct json json = json_start(out, false);

	json_object(&json, NULL);
	json_string(&json, "format", SET_FORMAT);
	json_unsigned(&json, "schema_version", REPORT_SCHEMA_VERSION);
	json_bool(&json, "interrupted", set->count < set->planned);
	json_unsigned(&json, "elapsed_ns", set->elapsed_ns);
	json_unsigned(&json, "held", tally.claims[VERDICT_HELD]);
	json_unsigned(&json, "not_held", tally.claims[VERDICT_NOT_HELD]);
	json_unsigned(&json, "undecided", tally.claims[VERDICT_UNDECIDED]);
	json_unsigned(&json, "failed", tally.failed);
	json_array(&json, "scenarios");
	for (size_t i = 0; i < set->count; i++)
		put_json_row(&json, &set->rows[i]);
	json_array_end(&json);
	json_object_end(&json);
	return json_finish(&json);
}
