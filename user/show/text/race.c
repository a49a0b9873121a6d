// SPDX-License-Identifier: GPL-2.0-only
/* race.c - watched variables: what was written, what was lost, and how it came about */
#include "show/text/race.h"

#include <inttypes.h>

#include "base/units.h"
#include "symbols/access.h"

#define LABEL 12

__attribute__((format(printf, 4, 5))) static void
put_line(struct text *text, const char *label, enum style style, const char *format, ...)
{
	char words[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(words, sizeof(words), format, arguments);
	va_end(arguments);
	text_spaces(text, RACE_INDENT);
	text_put(text, STYLE_PLAIN, label);
	text_pad(text, LABEL);
	text_wrap(text, LABEL, style, words);
	text_end(text);
}

static struct figure signed_count(int64_t number)
{
	struct figure plain = format_count(number < 0 ? -(uint64_t)number : (uint64_t)number);
	struct figure figure;

	snprintf(figure.text, sizeof(figure.text), "%s%.30s", number < 0 ? "-" : "", plain.text);
	return figure;
}

struct figure race_value(const struct watched *watched, uint64_t value)
{
	unsigned int unused = 64 - 8 * watched->bytes;
	bool has_sign =
		*watched->type && !strstr(watched->type, "unsigned") && !strchr(watched->type, '*');

	if (has_sign)
		return signed_count((int64_t)(value << unused) >> unused);
	return format_count(value);
}

/* ---- what there is --------------------------------------------------------------------------- */

static void put_title(struct text *text, const struct watch_report *report,
		      const struct watched *watched)
{
	text_print(text, STYLE_HEAD, "%s", watched->name);
	text_put(text, STYLE_PLAIN, ", watched");
	if (report->command) {
		char words[512];
		size_t length = strcspn(report->command, "\n");
		const char *rest = report->command + length;

		snprintf(words, sizeof(words), "in a run of its own: %.*s", (int)length,
			 report->command);
		for (size_t i = strlen(words); *rest && i + 2 < sizeof(words); i++, rest++) {
			words[i] = *rest == '\n' ? ' ' : *rest;
			words[i + 1] = '\0';
		}
		text_put(text, STYLE_PLAIN, " ");
		text_wrap(text, RACE_INDENT, STYLE_PLAIN, words);
	}
	if (watched->process && report->variables.count > 1)
		text_print(text, STYLE_DIM, "  (process %" PRIu32 ")", watched->process);
	text_end(text);
}

/* "counter-1, counter-2", "4 threads named worker", "a, b, c and others" */
static void name_writers(const struct watched *watched, char *out, size_t size)
{
	const struct watch_thread *thread, *other;
	size_t used = 0, shown = 0;

	snprintf(out, size, "nobody");
	vector_for_each (&watched->threads, thread) {
		size_t same = 0;
		bool is_first = true;

		vector_for_each (&watched->threads, other) {
			if (!other->writes || strcmp(other->name, thread->name) != 0)
				continue;
			is_first = is_first && other >= thread;
			same++;
		}
		if (!thread->writes || !is_first || used >= size)
			continue;
		if (shown++ == 3) {
			snprintf(out + used, size - used, " and others");
			return;
		}
		used += (size_t)snprintf(out + used, size - used, "%s", used ? ", " : "");
		if (same > 1)
			used += (size_t)snprintf(out + used, size - used, "%zu threads named ",
						 same);
		if (used < size)
			used += (size_t)snprintf(out + used, size - used, "%s",
						 *thread->name ? thread->name : "a thread");
	}
}

static void put_accesses(struct text *text, const struct watch_report *report,
			 const struct watched *watched)
{
	char by[160];

	name_writers(watched, by, sizeof(by));
	if (watched->reads)
		put_line(text, "accesses", STYLE_PLAIN, "%s writes by %s; %s reads",
			 format_count(watched->write_count).text, by,
			 format_count(watched->read_count).text);
	else
		put_line(text, "accesses", STYLE_PLAIN, "%s writes by %s",
			 format_count(watched->write_count).text, by);
	if (watch_is_cut(report))
		put_line(text, "", STYLE_DOUBT,
			 "the first %s accesses; it was not watched any more after that "
			 "(--watch-limit)",
			 format_count(report->limit).text);
	if (!watch_is_complete(report))
		put_line(text, "", STYLE_BAD,
			 "%s accesses are missing: what follows is incomplete and proves nothing",
			 format_count(report->lost + report->missed).text);
}

static bool proves(const struct watch_report *report, const struct watched *watched)
{
	return watched->race.exact && watch_is_complete(report);
}

static void put_updates(struct text *text, const struct watched *watched)
{
	const struct race *race = &watched->race;

	if (!race->updates)
		return;
	if (race->unknown) {
		put_line(
			text, "updates", STYLE_PLAIN,
			"%s, and %s writes of which it is not known what they wrote (by system "
			"calls, or instructions that are not understood): losses cannot be counted",
			format_count(race->updates).text, format_count(race->unknown).text);
		return;
	}
	if (!race->counts) {
		put_line(text, "updates", STYLE_PLAIN, "%s, which do not all add the same",
			 format_count(race->updates).text);
		return;
	}
	put_line(text, "updates", STYLE_PLAIN, "%s, each %s %s%s: it went from %s to %s",
		 format_count(race->updates).text, race->step < 0 ? "takes away" : "adds",
		 format_count(race->step < 0 ? -(uint64_t)race->step : (uint64_t)race->step).text,
		 race->inferred ? " (so it seems: reads were not watched)" : "",
		 race_value(watched, race->first).text, race_value(watched, race->last).text);
	if (race->broken)
		put_line(text, "", STYLE_DOUBT,
			 "in %s places the values do not fit together: something wrote to it that "
			 "was not seen, so that losses cannot be counted",
			 format_count(race->broken).text);
}

static void put_lost(struct text *text, const struct watch_report *report,
		     const struct watched *watched)
{
	const struct race *race = &watched->race;

	if (!race->updates || race->unknown || race->broken || !watch_is_complete(report))
		return;
	if (!race->lost) {
		put_line(text, "lost", STYLE_GOOD, "none: each update began from the one before");
		return;
	}
	put_line(text, "lost", STYLE_BAD, "%s of %s updates%s", format_count(race->lost).text,
		 format_count(race->updates).text, proves(report, watched) ? ", exactly" : "");
	put_line(text, "named", STYLE_PLAIN, "%s, %s: which update, and which write wiped it out",
		 format_count(race->named).text, format_share(race->named, race->lost).text);
	if (race->undecided)
		put_line(text, "", STYLE_PLAIN,
			 "%s undecided: they are lost as well, but more than one order of the "
			 "accesses fits",
			 format_count(race->undecided).text);
}

/* ---- locks ----------------------------------------------------------------------------------- */

static void name_locks(const struct watch_report *report, uint8_t mask, char *out, size_t size)
{
	size_t used = 0;

	*out = '\0';
	for (unsigned int i = 0; i < PL_WATCH_LOCKS && used < size; i++)
		if (mask >> i & 1 && report->locks[i])
			used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "",
						 report->locks[i]);
}

static void put_locks(struct text *text, const struct watch_report *report,
		      const struct watched *watched)
{
	char names[256];

	if (!watched->accesses.count)
		return;
	name_locks(report, watched->locks_always, names, sizeof(names));
	if (*names) {
		put_line(text, "locks", STYLE_GOOD, "%s was held at each access", names);
		return;
	}
	name_locks(report, watched->locks_ever, names, sizeof(names));
	if (*names)
		put_line(text, "locks", STYLE_BAD, "no lock was held at all of them; %s at some",
			 names);
	else if (report->lock_count)
		put_line(text, "locks", STYLE_BAD, "no lock was held at any of them%s",
			 report->lock_count > PL_WATCH_LOCKS
				 ? ", of those eight of the program that were looked at"
				 : ", of those among the program's variables");
	else
		put_line(text, "locks", STYLE_PLAIN,
			 "no lock seen: there is no mutex among the program's variables");
}

/* ---- gaps ------------------------------------------------------------------------------------ */

#define BAR_WIDTH 24

enum {
	GAP_FROM,
	GAP_BAR,
	GAP_COUNT,
	GAP_COLUMNS,
};

struct gap_view {
	uint64_t count, most;
};

static void draw_gap(struct text *text, unsigned int width, const void *data)
{
	const struct gap_view *view = data;

	text_length(text, width, view->count, view->most);
}

static void put_gaps(struct text *text, const struct watched *watched)
{
	static const struct table_column columns[GAP_COLUMNS] = {
		[GAP_FROM] = {.right = true},
		[GAP_BAR] = {.min = 8, .stretch = BAR_WIDTH},
		[GAP_COUNT] = {.right = true},
	};
	struct gap_view views[WATCH_GAP_BUCKETS];
	unsigned int first = WATCH_GAP_BUCKETS, last = 0;
	uint64_t most = 0;
	struct table table;

	for (unsigned int i = 0; i < WATCH_GAP_BUCKETS; i++) {
		if (!watched->gaps[i])
			continue;
		first = i < first ? i : first;
		last = i;
		most = watched->gaps[i] > most ? watched->gaps[i] : most;
	}
	if (watched->race.named < 2)
		return;
	put_line(text, "gap", STYLE_PLAIN, "%s to %s from a write to the one that wiped it out",
		 format_duration(watched->gap_min).text, format_duration(watched->gap_max).text);
	table_start(&table, text, columns, GAP_COLUMNS, LABEL);
	for (unsigned int i = first; i <= last; i++) {
		views[i] = (struct gap_view){watched->gaps[i], most};
		table_row(&table);
		table_cell(&table, GAP_FROM, STYLE_DIM, "< %s",
			   format_duration(4ull << (2 * i)).text);
		table_draw(&table, GAP_BAR, draw_gap, &views[i]);
		table_cell(&table, GAP_COUNT, STYLE_PLAIN, "%s",
			   format_count(watched->gaps[i]).text);
	}
	table_finish(&table);
}

/* What watching did to the run, so that nobody takes its figures for the program's own. */
static void put_cost(struct text *text, const struct watched *watched)
{
	size_t count = watched->accesses.count;
	uint64_t ns;

	if (count < 100)
		return;
	ns = watched->accesses.items[count - 1].time - watched->accesses.items[0].time;
	put_line(text, "cost", STYLE_PLAIN,
		 "one access in %s on average: it is slower under watch, and a race shows more "
		 "often or less often than without",
		 format_duration(ns / count).text);
}

/* ---- the section ----------------------------------------------------------------------------- */

static void put_variable(struct text *text, const struct watch_report *report,
			 const struct watched *watched)
{
	text_gap(text);
	put_title(text, report, watched);
	put_accesses(text, report, watched);
	put_updates(text, watched);
	put_lost(text, report, watched);
	put_locks(text, report, watched);
	put_gaps(text, watched);
	put_cost(text, watched);
	show_race_scenes(text, report, watched);
}

static void show_report(struct text *text, const struct watch_report *report)
{
	const struct watched *watched;

	if (report->problem) {
		text_gap(text);
		text_put(text, STYLE_HEAD, "no variable was watched");
		text_put(text, STYLE_PLAIN, "  ");
		text_wrap(text, RACE_INDENT, STYLE_PLAIN, report->problem);
		text_end(text);
		return;
	}
	vector_for_each (&report->variables, watched)
		put_variable(text, report, watched);
}

static bool has_own_run(const struct watch_report *report)
{
	return report->command || report->problem;
}

void show_race(struct text *text, const struct model *model)
{
	if (model->watch && !has_own_run(model->watch))
		show_report(text, model->watch);
}

void show_proof(struct text *text, const struct model *model)
{
	if (model->watch && has_own_run(model->watch))
		show_report(text, model->watch);
}
