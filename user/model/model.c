// SPDX-License-Identifier: GPL-2.0-only
/* model.c - a recording in, what happened out */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "model/causes/deadlocks.h"
#include "model/first_pass.h"
#include "model/locks/gils.h"
#include "model/causes/herds.h"
#include "model/locks/holds.h"
#include "model/locks/locks.h"
#include "model/marks.h"
#include "model/memory.h"
#include "model/stacks/places.h"
#include "model/tasks/population.h"
#include "model/schedule.h"
#include "model/signals.h"
#include "model/stacks/ends.h"
#include "model/tasks/moments.h"
#include "model/subjects.h"
#include "model/summary.h"
#include "model/totals.h"
#include "model/timeline/transitions.h"
#include "model/race/watch.h"
#include "model/uthreads/uthreads.h"
#include "model/causes/wakes.h"
#include "recording/recording.h"

/* How many items go by between two calls to the progress: some ten milliseconds of work. */
#define PROGRESS_EVERY (1u << 18)

struct work {
	const struct model_progress *progress;
	uint64_t begin, end;
	struct timeline *timeline;
	struct summary *summary;
	struct locks *locks;
	struct signals *signals;
	struct causes *causes;
	struct stack_ends_counter *stack_ends;
	struct places *places;
	struct memory_book *memory;
	struct schedule *schedule;
	struct marks_book *marks;
	struct uthreads *uthreads;
	struct deadlocks *deadlocks;
	struct wakes *wakes;
	struct herds *herds;
};

static void work_free(struct work *work)
{
	summary_free(&work->summary);
	locks_free(&work->locks);
	signals_free(&work->signals);
	causes_free(&work->causes);
	stack_ends_free(&work->stack_ends);
	places_free(&work->places);
	memory_free(&work->memory);
	schedule_free(&work->schedule);
	marks_book_free(&work->marks);
	uthreads_free(&work->uthreads);
	deadlocks_free(&work->deadlocks);
	wakes_free(&work->wakes);
	herds_free(&work->herds);
	timeline_free(&work->timeline);
}

/* ---- notes --------------------------------------------------------------------------------- */

static const char *note_or_empty(const struct recording *recording, const char *key)
{
	const char *value = recording_note(recording, key);

	return value ? value : "";
}

static int read_command(struct model *model, const char *lines)
{
	while (lines && *lines) {
		size_t length = strcspn(lines, "\n");
		const char **argument = vector_add(&model->command);

		if (!argument)
			return -ENOMEM;
		*argument = strndup(lines, length);
		if (!*argument)
			return -ENOMEM;
		lines += length;
		lines += *lines == '\n';
	}
	return 0;
}

static int read_facts(struct model *model, const struct recording *recording)
{
	const char *key, *value;

	for (size_t i = 0; recording_note_at(recording, NOTE_FACT, i, &key, &value); i++) {
		struct fact *fact = vector_add(&model->facts);

		if (!fact)
			return -ENOMEM;
		fact->name = key + strlen(NOTE_FACT);
		fact->value = value;
	}
	return 0;
}

static int read_lost_lanes(struct model *model, const struct recording *recording)
{
	const char *key, *value;
	int64_t cpu, lost;

	for (size_t i = 0; recording_note_at(recording, NOTE_LOST_CPU, i, &key, &value); i++) {
		struct lost_lane *lane;

		if (parse_number(key + strlen(NOTE_LOST_CPU), 0, UINT16_MAX, &cpu) ||
		    parse_number(value, 1, INT64_MAX, &lost))
			continue;
		lane = vector_add(&model->lost_lanes);
		if (!lane)
			return -ENOMEM;
		lane->cpu = cpu;
		lane->records = lost;
	}
	return 0;
}

static int read_notes(struct model *model, const struct recording *recording)
{
	int error;

	model->version = note_or_empty(recording, NOTE_VERSION);
	model->host = note_or_empty(recording, NOTE_HOST);
	model->kernel = note_or_empty(recording, NOTE_KERNEL);
	model->arch = note_or_empty(recording, NOTE_ARCH);
	model->mode = note_or_empty(recording, NOTE_MODE);
	model->scenario = recording_note(recording, NOTE_SCENARIO);
	model->cpus = recording_note_number(recording, NOTE_CPUS, 0);
	model->target = recording_note_number(recording, NOTE_TARGET, 0);
	model->has_status = recording_note(recording, NOTE_STATUS);
	model->status = recording_note_number(recording, NOTE_STATUS, 0);
	model->realtime = recording_note_number(recording, NOTE_REALTIME, 0);
	model->tracer_cpu_ns = recording_note_number(recording, NOTE_TRACER_CPU, 0);
	model->file_bytes = recording_size(recording);
	model->complete = recording_complete(recording);
	model->ring = recording_note(recording, NOTE_RING);
	model->ring_why = note_or_empty(recording, NOTE_RING_WHY);
	model->ring_since = recording_note_number(recording, NOTE_RING_SINCE, 0);
	model->losses.records = recording_note_number(recording, NOTE_LOST, 0);
	model->losses.life = recording_note_number(recording, NOTE_LOST_LIFE, 0);
	model->losses.missed = recording_note_number(recording, NOTE_MISSED, 0);
	model->losses.marks = recording_note_number(recording, NOTE_LOST_MARKS, 0);
	model->losses.marks_refused = recording_note(recording, NOTE_NO_MARKS);
	model->losses.target_only = recording_note(recording, NOTE_TARGET_ONLY);
	model->losses.untracked = recording_note_number(recording, NOTE_UNTRACKED, 0);
	error = read_lost_lanes(model, recording);
	if (!error)
		error = read_command(model, recording_note(recording, NOTE_COMMAND));
	return error ? error : read_facts(model, recording);
}

static void find_first_place(const struct recording *recording, struct lock *lock)
{
	struct place place = {.frame_count = 0};

	place_shorten(recording, lock->first_stack, &place);
	if (place.own >= place.frame_count)
		return;
	lock->first_function = place.frames[place.own].function;
	lock->first_file = place.frames[place.own].file;
	lock->first_line = place.frames[place.own].line;
}

static void read_lock_names(struct model *model, const struct recording *recording)
{
	struct lock *lock;
	char key[64];

	vector_for_each (&model->locks, lock) {
		if (lock->first_stack)
			find_first_place(recording, lock);
		if (lock->process >= model->processes.count)
			continue;
		snprintf(key, sizeof(key), NOTE_LOCK_NAME "%" PRIu32 ".%" PRIx64,
			 model->processes.items[lock->process].tgid, lock->address);
		lock->name = recording_note(recording, key);
	}
}

/* ---- the stream ---------------------------------------------------------------------------- */

/* What the recording says its bounds are, without having read it. */
static void read_bounds(const struct recording *recording, uint64_t *ret_begin, uint64_t *ret_end)
{
	uint64_t begin = recording_note_number(recording, NOTE_BEGIN, 0);
	uint64_t end = recording_note_number(recording, NOTE_END, 0);
	uint64_t first = recording_first_time(recording), last = recording_last_time(recording);

	*ret_begin = begin && (begin < first || !first) ? begin : first;
	*ret_end = end > last ? end : last;
}

static int work_begin(struct work *work, struct recording *recording, const struct model *model)
{
	struct timeline_options options = {.arch = model->arch};
	struct causes_options causes = {.target = model->target, .cpus = model->cpus};
	int error;

	read_bounds(recording, &work->begin, &work->end);
	options.begin = work->begin;
	error = timeline_new(&options, &work->timeline);
	if (!error)
		error = first_pass(recording, &options, work->timeline);
	if (!error)
		error = gils_know(timeline_population(work->timeline), recording);
	if (!error)
		error = summary_new(work->timeline, work->begin, work->end, &work->summary);
	if (!error)
		error = locks_new(work->timeline, &work->locks);
	if (!error)
		error = signals_new(work->timeline, &work->signals);
	causes.begin = work->begin;
	causes.end = work->end;
	if (!error)
		error = causes_new(work->timeline, &causes, &work->causes);
	if (!error)
		error = stack_ends_new(work->timeline, recording, &work->stack_ends);
	if (!error)
		error = places_new(work->timeline, &work->places);
	if (!error)
		error = memory_new(work->timeline, &work->memory);
	if (!error)
		error = schedule_new(work->timeline, &work->schedule);
	if (!error)
		error = marks_book_new(work->timeline, &work->marks);
	if (!error)
		error = uthreads_new(work->timeline, work->begin, work->end, &work->uthreads);
	if (!error)
		error = deadlocks_new(work->timeline, &work->deadlocks);
	if (!error)
		error = wakes_new(work->timeline, &work->wakes);
	if (!error)
		error = herds_new(work->timeline, &work->herds);
	return error;
}

static void tell_progress(const struct work *work, uint64_t items, uint64_t time)
{
	uint64_t whole = work->end - work->begin;

	if (work->progress && whole && time >= work->begin)
		work->progress->advanced(work->progress->context, items,
					 (double)(time - work->begin) / whole);
}

/* Memory gives out: an error. The file is damaged: the model ends there. */
static int feed_all(struct work *work, struct recording *recording, struct model *model,
		    struct recording_error *ret_error)
{
	struct recording_item item;
	uint64_t items = 0;
	int more, error;

	recording_rewind(recording);
	while ((more = recording_next(recording, &item, ret_error)) > 0) {
		error = timeline_feed(work->timeline, &item);
		if (error)
			return error;
		if (++items % PROGRESS_EVERY == 0)
			tell_progress(work, items, item.time);
	}
	if (more == -ENOMEM)
		return more;
	if (more < 0)
		model->complete = false;
	return 0;
}

static void take_population(struct model *model, struct population *population)
{
	model->threads.items = population->threads.items;
	model->threads.count = population->threads.count;
	model->threads.capacity = population->threads.capacity;
	memset(&population->threads, 0, sizeof(population->threads));
	model->processes.items = population->processes.items;
	model->processes.count = population->processes.count;
	model->processes.capacity = population->processes.capacity;
	memset(&population->processes, 0, sizeof(population->processes));
}

static void take_figures(struct model *model, const struct timeline_figures *figures)
{
	static_assert(sizeof(model->concurrency) == sizeof(figures->concurrency),
		      "the model takes the timeline's concurrency as it is");
	model->begin = figures->begin;
	model->end = figures->end;
	model->records = figures->records;
	memcpy(model->concurrency, figures->concurrency, sizeof(model->concurrency));
	model->losses.repaired = figures->repaired;
	model->unseen_switches = figures->unseen_switches;
	model->unplaced_ns = figures->unplaced_ns;
	model->cpus_used = figures->cpus_used;
	/* The note is missing if the tracer was killed. */
	if (figures->gap_lost > model->losses.records)
		model->losses.records = figures->gap_lost;
}

/* What the population must still be there for. */
static int finish_facts(struct work *work, const struct recording *recording, struct model *model)
{
	int error = signals_finish(work->signals, model);

	if (!error)
		error = memory_finish(work->memory);
	if (!error)
		error = schedule_finish(work->schedule, model);
	if (!error)
		error = marks_book_finish(work->marks, recording, model);
	if (!error)
		error = uthreads_finish(work->uthreads, model->end, model);
	return error;
}

static int work_end(struct work *work, const struct recording *recording, struct model *model)
{
	struct population *population = timeline_population(work->timeline);
	struct losses *losses = &model->losses;
	struct summary_result summary;
	const struct thread *thread;
	int error;

	error = timeline_finish(work->timeline, recording_note_number(recording, NOTE_END, 0));
	if (!error)
		error = summary_finish(work->summary, &summary);
	if (!error)
		error = locks_finish(work->locks, model);
	if (!error)
		error = causes_finish(work->causes, model);
	if (!error)
		error = deadlocks_finish(work->deadlocks, model);
	if (!error)
		error = wakes_finish(work->wakes, model);
	if (!error)
		error = herds_finish(work->herds, model);
	if (!error) {
		take_figures(model, timeline_figures(work->timeline));
		losses->totals_disagree = totals_reconcile(
			population,
			&(struct totals_bounds){
				.begin = model->begin,
				.end = model->end,
				.lost = losses->records || losses->life || losses->missed ||
					losses->untracked || !model->complete,
			});
		stack_ends_finish(work->stack_ends, &model->stack_ends);
		if (!error)
			error = places_finish(work->places, recording, model);
	}
	if (!error) {
		transitions_fill_in(work->timeline);
		model->ready = summary.ready;
		model->blocked = summary.blocked;
		memcpy(model->strip, summary.strip, sizeof(model->strip));
	}
	if (!error)
		error = finish_facts(work, recording, model);
	take_population(model, population);
	read_lock_names(model, recording);
	deadlocks_find_ways(recording, model);
	vector_for_each (&model->threads, thread) {
		model->switches += thread->switches_voluntary + thread->switches_involuntary;
		model->wakeups += thread->wakeups;
	}
	return error;
}

int model_build(struct recording *recording, struct model **ret, struct recording_error *ret_error)
{
	return model_build_watched(recording, NULL, ret, ret_error);
}

int model_build_watched(struct recording *recording, const struct model_progress *progress,
			struct model **ret, struct recording_error *ret_error)
{
	CLEANUP(model_free)
	struct model *model = calloc(1, sizeof(*model));
	CLEANUP(work_free)
	struct work work = {.progress = progress};
	const char *scenario_text;
	int error;

	ret_error->text[0] = '\0';
	error = model ? read_notes(model, recording) : -ENOMEM;
	if (!error)
		error = work_begin(&work, recording, model);
	if (!error)
		error = feed_all(&work, recording, model, ret_error);
	if (!error)
		error = work_end(&work, recording, model);
	if (!error)
		error = holds_build(recording, model);
	if (!error)
		error = watch_report_build(recording, model, &model->watch, ret_error);
	if (!error)
		error = findings_find(model);
	if (!error)
		error = moments_build(recording, model, &model->moments, ret_error);
	scenario_text = recording_note(recording, NOTE_SCENARIO_TEXT);
	if (!error && scenario_text)
		error = subjects_build(recording, model, scenario_text, &model->subjects);
	if (!error && scenario_text)
		error = claims_evaluate(model, scenario_text);
	if (error) {
		snprintf(ret_error->text, sizeof(ret_error->text), "%s", strerror(-error));
		return error;
	}
	*ret = take_pointer(&model);
	return 0;
}

void model_free(struct model **model)
{
	struct model *it = *model;
	struct uthread *uthread;
	struct thread *thread;
	struct claim *claim;
	const char **argument;
	struct deadlock *deadlock;
	struct lock *lock;

	if (!it)
		return;
	vector_for_each (&it->threads, thread) {
		vector_free(&thread->reasons);
		free(thread->bar.cells);
	}
	vector_for_each (&it->claims, claim)
		claim_free(claim);
	vector_for_each (&it->command, argument)
		free((char *)*argument);
	vector_free(&it->threads);
	vector_free(&it->processes);
	vector_for_each (&it->deadlocks, deadlock)
		vector_free(&deadlock->members);
	vector_free(&it->deadlocks);
	vector_free(&it->wakes);
	vector_free(&it->herds);
	vector_free(&it->holds);
	vector_free(&it->pollings);
	vector_for_each (&it->locks, lock)
		vector_free(&lock->users);
	vector_free(&it->locks);
	vector_free(&it->signals);
	vector_free(&it->places);
	vector_free(&it->preemptions);
	vector_for_each (&it->uthreads, uthread)
		free(uthread->bar.cells);
	vector_free(&it->uthreads);
	vector_free(&it->phases);
	vector_free(&it->marks);
	vector_free(&it->claims);
	vector_free(&it->command);
	vector_free(&it->facts);
	vector_free(&it->lost_lanes);
	vector_free(&it->what_ifs);
	vector_free(&it->findings);
	critical_path_clear(&it->path);
	watch_report_free(&it->watch);
	subjects_free(&it->subjects);
	moments_free(&it->moments);
	free((char *)it->scenario_title);
	free(it);
	*model = NULL;
}
