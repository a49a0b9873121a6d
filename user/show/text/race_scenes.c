// SPDX-License-Identifier: GPL-2.0-only
/* race_scenes.c - how updates of a watched variable were lost, access by access */
#include "show/text/race.h"

#include <inttypes.h>

#include "base/units.h"
#include "symbols/access.h"

#define SCENES	   3
#define SCENE_ROWS 10 /* a longer one is cut in the middle: */
#define SCENE_HEAD 4
#define SCENE_TAIL 3

/* ---- how one was lost ------------------------------------------------------------------------ */

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

struct thread_label {
	char text[48];
};

/* Where both have one name, it is the tid that tells them apart. */
static struct thread_label thread_label(const struct watched *watched, const struct scene *scene,
					uint32_t tid)
{
	const struct watch_thread *thread = watch_thread_of(watched, tid), *twin;
	struct thread_label label;

	twin = watch_thread_of(watched, tid == scene->one ? scene->other : scene->one);
	if (!thread || !*thread->name)
		snprintf(label.text, sizeof(label.text), "thread %" PRIu32, tid);
	else if (twin && twin != thread && !strcmp(twin->name, thread->name))
		snprintf(label.text, sizeof(label.text), "%s %" PRIu32, thread->name, tid);
	else
		snprintf(label.text, sizeof(label.text), "%s", thread->name);
	return label;
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
	const char *value = race_value(watched, access->value).text;
	unsigned int kind = place ? place->kind : ACCESS_UNKNOWN;
	char text[32];

	snprintf(text, sizeof(text), "%s", value);
	if (kind == ACCESS_READ)
		snprintf(out, size, "reads %s", text);
	else if (kind == ACCESS_WRITE && watched->race.inferred)
		snprintf(out, size, "writes %s (had read %s)", text,
			 race_value(watched, (access->value - (uint64_t)watched->race.step) &
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

	snprintf(read, sizeof(read), "%s", race_value(watched, loss->read).text);
	snprintf(written, sizeof(written), "%s", race_value(watched, loss->written).text);
	snprintf(lost, sizeof(lost), "%s", race_value(watched, loss->lost).text);
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
			 thread_label(watched, scene, scene->other).text, read, written,
			 thread_label(watched, scene, scene->one).text, lost, more);
	text_spaces(text, RACE_INDENT);
	text_wrap(text, RACE_INDENT, STYLE_PLAIN, words);
	text_end(text);
}

/* "add (race.c:7) < work (race.c:20) < main" */
static void put_stack(struct text *text, const struct loss_stack *stack, const char *who)
{
	char words[1024];
	size_t used = (size_t)snprintf(words, sizeof(words), "%s", who);

	for (unsigned int i = 0; i < stack->count && used < sizeof(words); i++) {
		const struct loss_frame *frame = &stack->frames[i];
		const char *slash = strrchr(frame->file, '/');

		used += (size_t)snprintf(words + used, sizeof(words) - used, "%s%s", i ? " < " : "",
					 *frame->function ? frame->function : "?");
		if (frame->line && used < sizeof(words))
			used += (size_t)snprintf(words + used, sizeof(words) - used, " (%s:%u)",
						 slash ? slash + 1 : frame->file, frame->line);
	}
	if (!stack->is_whole && used < sizeof(words))
		snprintf(words + used, sizeof(words) - used, " < ...");
	text_spaces(text, RACE_INDENT);
	text_wrap(text, RACE_INDENT + 2, STYLE_DIM, words);
	text_end(text);
}

/* Where the two wrote, and who called that. */
static void put_stacks(struct text *text, const struct watch_report *report,
		       const struct watched *watched, const struct scene *scene)
{
	const struct watch_access *accesses = watched->accesses.items;
	const struct loss_stack *one = loss_stack_of(report, accesses[scene->loss->victim].stack);
	const struct loss_stack *other = loss_stack_of(report, accesses[scene->loss->killer].stack);
	char who[64];

	if (one && one == other) {
		put_stack(text, one, "both in ");
		return;
	}
	if (one) {
		snprintf(who, sizeof(who), "%s in ", thread_label(watched, scene, scene->one).text);
		put_stack(text, one, who);
	}
	if (other) {
		snprintf(who, sizeof(who), "%s in ",
			 thread_label(watched, scene, scene->other).text);
		put_stack(text, other, who);
	}
}

static void put_scene(struct text *text, const struct watch_report *report,
		      const struct watched *watched, const struct scene *scene)
{
	struct thread_label one = thread_label(watched, scene, scene->one);
	struct thread_label other = thread_label(watched, scene, scene->other);
	const struct table_column columns[SCENE_COLUMNS] = {
		[SCENE_TIME] = {.head = "", .right = true},
		[SCENE_ONE] = {.head = one.text, .stretch = 24, .min = 10},
		[SCENE_OTHER] = {.head = other.text, .stretch = 24, .min = 10},
		[SCENE_WHERE] = {.head = "", .drop = 1, .min = 12},
	};
	unsigned int rows = rows_of(watched, scene), row = 0;
	struct table table;

	table_start(&table, text, columns, SCENE_COLUMNS, RACE_INDENT);
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
	put_stacks(text, report, watched, scene);
}

void show_race_scenes(struct text *text, const struct watch_report *report,
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
