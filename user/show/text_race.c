// SPDX-License-Identifier: GPL-2.0-only
/* text_race.c - watched variables: what was written, what was lost, and how it came about */
#include "show/text.h"

#include <inttypes.h>

#include "base/units.h"
#include "model/watch.h"
#include "symbols/access.h"

#define INDENT	   2
#define LABEL	   12
#define SCENES	   3
#define SCENE_ROWS 10 /* a longer one is cut in the middle: */
#define SCENE_HEAD 4
#define SCENE_TAIL 3

__attribute__((format(printf, 4, 5))) static void
put_line(struct text *text, const char *label, enum style style, const char *format, ...)
{
	char words[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(words, sizeof(words), format, arguments);
	va_end(arguments);
	text_spaces(text, INDENT);
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

/* As a C programmer would see it: negative values of a signed type are not. */
static struct figure value_text(const struct watched *watched, uint64_t value)
{
	unsigned int unused = 64 - 8 * watched->bytes;
	bool has_sign =
		*watched->type && !strstr(watched->type, "unsigned") && !strchr(watched->type, '*');

	if (has_sign)
		return signed_count((int64_t)(value << unused) >> unused);
	return format_count(value);
}

/* ---- what there is ----------------------------------------------------------------------------
 */

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
		text_wrap(text, INDENT, STYLE_PLAIN, words);
	}
	if (watched->process && report->variables.count > 1)
		text_print(text, STYLE_DIM, "  (process %" PRIu32 ")", watched->process);
	text_end(text);
}

static void put_accesses(struct text *text, const struct watch_report *report,
			 const struct watched *watched)
{
	char by[160] = "nobody";
	size_t used = 0, shown = 0;
	const struct watch_thread *thread;

	vector_for_each (&watched->threads, thread) {
		if (!thread->writes || shown++ >= 3)
			continue;
		used += (size_t)snprintf(by + used, sizeof(by) - used, "%s%s", used ? ", " : "",
					 *thread->name ? thread->name : "a thread");
	}
	if (shown > 3)
		snprintf(by + used, sizeof(by) - used, " and %zu more", shown - 3);
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
		 value_text(watched, race->first).text, value_text(watched, race->last).text);
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

/* ---- locks ------------------------------------------------------------------------------------
 */

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

/* ---- gaps -------------------------------------------------------------------------------------
 */

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

/* ---- how one was lost -------------------------------------------------------------------------
 */

struct scene {
	const struct race_loss *loss;
	uint32_t first, last; /* accesses, from the one to the other */
	uint32_t one, other;  /* tids: the victim's and the killer's */
	uint64_t victims;     /* that the killer wiped out, as far as is said */
};

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Whether each read finds what was written before it, in the order of the traps: where it does not,
 * that is not the order in which they came to the memory, and would only confuse. */
static bool reads_fit(const struct watch_report *report, const struct watched *watched,
		      uint32_t first, uint32_t last)
{
	bool known = false;
	uint64_t value = 0;

	for (uint32_t i = first; i <= last; i++) {
		const struct watch_access *access = &watched->accesses.items[i];
		const struct watch_place *place = watch_place_of(report, access);

		if (!place || (place->kind != ACCESS_READ && place->kind != ACCESS_WRITE))
			continue;
		if (place->kind == ACCESS_READ && known && access->value != value)
			return false;
		value = access->value;
		known = true;
	}
	return true;
}

/* What can be shown in the order of the traps: that one is the order in memory, too. */
static bool make_scene(const struct watch_report *report, const struct watched *watched,
		       const struct race_loss *loss, struct scene *ret)
{
	const struct watch_access *accesses = watched->accesses.items;
	struct scene scene = {.loss = loss};

	if (loss->certainty == RACE_DOUBT)
		return false;
	if (loss->certainty == RACE_CERTAIN && loss->victim >= loss->killer)
		return false;
	if (loss->killer_read != RACE_NONE &&
	    loss->killer_read >= least(loss->victim, loss->killer))
		return false;
	scene.first = least(least(loss->victim_read, loss->killer_read),
			    least(loss->victim, loss->killer));
	scene.last = loss->victim > loss->killer ? loss->victim : loss->killer;
	if (!reads_fit(report, watched, scene.first, scene.last))
		return false;
	scene.one = accesses[loss->victim].tid;
	scene.other = accesses[loss->killer].tid;
	scene.victims = 1;
	*ret = scene;
	return true;
}

static unsigned int rows_of(const struct watched *watched, const struct scene *scene)
{
	unsigned int rows = 0;

	for (uint32_t i = scene->first; i <= scene->last; i++)
		rows += watched->accesses.items[i].tid == scene->one ||
			watched->accesses.items[i].tid == scene->other;
	return rows;
}

static bool is_chosen(const struct scene *scenes, size_t count, const struct race_loss *loss)
{
	for (size_t i = 0; i < count; i++)
		if (scenes[i].loss->killer == loss->killer ||
		    scenes[i].loss->victim == loss->victim)
			return true;
	return false;
}

/* The first that is short enough, of a kind. */
static size_t choose(const struct watch_report *report, const struct watched *watched,
		     enum race_certainty kind, unsigned int rows, struct scene *scenes,
		     size_t count)
{
	const struct race_loss *loss;
	struct scene scene;

	vector_for_each (&watched->race.losses, loss) {
		if (loss->certainty != kind || is_chosen(scenes, count, loss) ||
		    !make_scene(report, watched, loss, &scene) || rows_of(watched, &scene) > rows)
			continue;
		scenes[count] = scene;
		return count + 1;
	}
	return count;
}

/* One write that wiped out more than any other. */
static size_t choose_worst(const struct watch_report *report, const struct watched *watched,
			   struct scene *scenes, size_t count)
{
	const struct race_loss *loss, *worst = NULL;
	uint64_t most = 1, run = 0;
	struct scene scene;

	/* Those of one killer stand together, the first one first. */
	vector_for_each (&watched->race.losses, loss) {
		bool goes_on = loss > watched->race.losses.items &&
			       loss[-1].killer == loss->killer &&
			       loss[-1].certainty == RACE_CERTAIN;

		if (loss->certainty != RACE_CERTAIN)
			continue;
		run = goes_on ? run + 1 : 1;
		if (run <= most || !make_scene(report, watched, loss - (run - 1), &scene))
			continue;
		most = run;
		worst = loss - (run - 1);
	}
	if (!worst || is_chosen(scenes, count, worst) ||
	    !make_scene(report, watched, worst, &scene))
		return count;
	scene.victims = most;
	scenes[count] = scene;
	return count + 1;
}

/* The shortest ones are the easiest to see, and the worst one shows what it can come to. */
static size_t choose_scenes(const struct watch_report *report, const struct watched *watched,
			    struct scene scenes[SCENES])
{
	size_t count = 0;

	for (unsigned int rows = 4; rows <= SCENE_ROWS && !count; rows += 3)
		count = choose(report, watched, RACE_TWINS, rows, scenes, count);
	for (unsigned int rows = 2, before = count; rows <= SCENE_ROWS && count == before; rows++)
		count = choose(report, watched, RACE_CERTAIN, rows, scenes, count);
	return choose_worst(report, watched, scenes, count);
}

static const char *thread_name(const struct watched *watched, uint32_t tid)
{
	const struct watch_thread *thread = watch_thread_of(watched, tid);

	return thread && *thread->name ? thread->name : "a thread";
}

static uint64_t mask_of(const struct watched *watched)
{
	return watched->bytes == 8 ? UINT64_MAX : (1ull << (8 * watched->bytes)) - 1;
}

/* "reads 29", "writes 30", "writes 30 (it had read 29)" */
static void describe(const struct watch_report *report, const struct watched *watched,
		     uint32_t index, char *out, size_t size)
{
	const struct watch_access *access = &watched->accesses.items[index];
	const struct watch_place *place = watch_place_of(report, access);
	const char *value = value_text(watched, access->value).text;
	unsigned int kind = place ? place->kind : ACCESS_UNKNOWN;
	char text[32];

	snprintf(text, sizeof(text), "%s", value);
	if (kind == ACCESS_READ)
		snprintf(out, size, "reads %s", text);
	else if (kind == ACCESS_WRITE && watched->race.inferred)
		snprintf(out, size, "writes %s (had read %s)", text,
			 value_text(watched, (access->value - (uint64_t)watched->race.step) &
						     mask_of(watched))
				 .text);
	else if (kind == ACCESS_WRITE || kind == ACCESS_COMPARE)
		snprintf(out, size, "writes %s", text);
	else if (kind == ACCESS_ADD || kind == ACCESS_ATOMIC_ADD)
		snprintf(out, size, "adds %s", text);
	else
		snprintf(out, size, "%s", access_kind_name(kind));
}

enum {
	SCENE_TIME,
	SCENE_ONE,
	SCENE_OTHER,
	SCENE_WHERE,
	SCENE_COLUMNS,
};

static void put_row(struct table *table, const struct watch_report *report,
		    const struct watched *watched, const struct scene *scene, uint32_t index)
{
	const struct watch_access *access = &watched->accesses.items[index];
	uint64_t begin = watched->accesses.items[scene->first].time;
	const struct watch_place *place = watch_place_of(report, access);
	bool wipes = index == scene->loss->killer && scene->loss->certainty == RACE_CERTAIN;
	char words[96];

	describe(report, watched, index, words, sizeof(words));
	table_row(table);
	table_cell(table, SCENE_TIME, STYLE_DIM, "%s", format_duration(access->time - begin).text);
	table_cell(table, access->tid == scene->one ? SCENE_ONE : SCENE_OTHER,
		   wipes ? STYLE_BAD : STYLE_PLAIN, "%s", words);
	if (place && *place->file)
		table_cell(table, SCENE_WHERE, STYLE_DIM, "CPU %u  %s%s%s:%u", access->cpu,
			   place->function, *place->function ? "()  " : "", place->file,
			   place->line);
	else
		table_cell(table, SCENE_WHERE, STYLE_DIM, "CPU %u  %s", access->cpu,
			   place ? place->function : "");
}

static void put_moral(struct text *text, const struct watched *watched, const struct scene *scene)
{
	const struct race_loss *loss = scene->loss;
	char words[512], read[32], written[32], lost[32], more[64] = "";

	snprintf(read, sizeof(read), "%s", value_text(watched, loss->read).text);
	snprintf(written, sizeof(written), "%s", value_text(watched, loss->written).text);
	snprintf(lost, sizeof(lost), "%s", value_text(watched, loss->lost).text);
	if (scene->victims > 1)
		snprintf(more, sizeof(more), " and %s updates more",
			 format_count(scene->victims - 1).text);
	if (loss->certainty == RACE_TWINS)
		snprintf(words, sizeof(words),
			 "Both began from %s and both wrote %s: two updates, and it counts one.",
			 read, written);
	else
		snprintf(words, sizeof(words),
			 "%s had read %s before that: its %s wipes out %s's %s%s.",
			 thread_name(watched, scene->other), read, written,
			 thread_name(watched, scene->one), lost, more);
	text_spaces(text, INDENT);
	text_wrap(text, INDENT, STYLE_PLAIN, words);
	text_end(text);
}

static void put_scene(struct text *text, const struct watch_report *report,
		      const struct watched *watched, const struct scene *scene)
{
	char one[32], other[32];
	const struct table_column columns[SCENE_COLUMNS] = {
		[SCENE_TIME] = {.head = "", .right = true},
		[SCENE_ONE] = {.head = one, .stretch = 24, .min = 10},
		[SCENE_OTHER] = {.head = other, .stretch = 24, .min = 10},
		[SCENE_WHERE] = {.head = "", .drop = 1, .min = 12},
	};
	unsigned int rows = rows_of(watched, scene), row = 0;
	struct table table;

	snprintf(one, sizeof(one), "%s", thread_name(watched, scene->one));
	snprintf(other, sizeof(other), "%s", thread_name(watched, scene->other));
	table_start(&table, text, columns, SCENE_COLUMNS, INDENT);
	for (uint32_t i = scene->first; i <= scene->last; i++) {
		if (watched->accesses.items[i].tid != scene->one &&
		    watched->accesses.items[i].tid != scene->other)
			continue;
		row++;
		if (row <= SCENE_HEAD || row + SCENE_TAIL > rows || rows <= SCENE_ROWS)
			put_row(&table, report, watched, scene, i);
		else if (row == SCENE_HEAD + 1)
			table_line(&table, STYLE_DIM, "       …  %s more accesses",
				   format_count(rows - SCENE_HEAD - SCENE_TAIL).text);
	}
	table_finish(&table);
	put_moral(text, watched, scene);
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

static void put_scenes(struct text *text, const struct watch_report *report,
		       const struct watched *watched)
{
	struct scene scenes[SCENES];
	size_t count = choose_scenes(report, watched, scenes);

	if (!count)
		return;
	text_gap(text);
	text_put(text, STYLE_HEAD, "how updates were lost");
	text_print(text, STYLE_PLAIN, "  %zu of %s", count, format_count(watched->race.named).text);
	text_end(text);
	for (size_t i = 0; i < count; i++) {
		if (i)
			text_gap(text);
		put_scene(text, report, watched, &scenes[i]);
	}
}

/* ---- the section ------------------------------------------------------------------------------
 */

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
	put_scenes(text, report, watched);
}

void show_race(struct text *text, const struct model *model)
{
	const struct watch_report *report = model->watch;
	const struct watched *watched;

	if (!report)
		return;
	if (report->problem) {
		text_gap(text);
		text_put(text, STYLE_HEAD, "no variable was watched");
		text_put(text, STYLE_PLAIN, "  ");
		text_wrap(text, INDENT, STYLE_PLAIN, report->problem);
		text_end(text);
		return;
	}
	vector_for_each (&report->variables, watched)
		put_variable(text, report, watched);
}
