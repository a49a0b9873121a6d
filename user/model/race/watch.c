// SPDX-License-Identifier: GPL-2.0-only
#include "model/race/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "model/model.h"
#include "recording/recording.h"
#include "symbols/access.h"

/* ---- notes ---------------------------------------------------------------------------------- */

/* The next line of a note; "" past the end. */
static void next_line(const char **at, char *out, size_t size)
{
	size_t length = strcspn(*at, "\n");

	snprintf(out, size, "%.*s", (int)(length < size ? length : size - 1), *at);
	*at += length;
	*at += **at == '\n';
}

static uint64_t next_number(const char **at, int base)
{
	char line[64];

	next_line(at, line, sizeof(line));
	return strtoull(line, NULL, base);
}

static int read_places(struct watch_report *report, const struct recording *recording)
{
	const char *key, *text;

	for (size_t i = 0; recording_note_at(recording, NOTE_WATCH_PLACE, i, &key, &text); i++) {
		struct watch_place *place = vector_add(&report->places);

		if (!place)
			return -ENOMEM;
		place->address = next_number(&text, 16);
		place->kind = next_number(&text, 10);
		place->bytes = next_number(&text, 10);
		next_line(&text, place->function, sizeof(place->function));
		next_line(&text, place->file, sizeof(place->file));
		place->line = next_number(&text, 10);
	}
	return 0;
}

static void read_variable(struct watched *watched, const char *text)
{
	char reads[8];

	next_line(&text, watched->name, sizeof(watched->name));
	watched->address = next_number(&text, 16);
	watched->bytes = next_number(&text, 10);
	next_line(&text, reads, sizeof(reads));
	watched->reads = !strcmp(reads, "rw");
	/* Until it is known whose it is: 1 if it is everybody's. */
	watched->process = next_number(&text, 10) != 1;
	next_line(&text, watched->type, sizeof(watched->type));
	next_line(&text, watched->file, sizeof(watched->file));
	watched->line = next_number(&text, 10);
	watched->has_first = *text;
	watched->first = next_number(&text, 10);
	if (watched->bytes != 1 && watched->bytes != 2 && watched->bytes != 4)
		watched->bytes = 8;
}

static bool read_fact(const struct recording *recording, const char *name, int64_t *ret)
{
	const char *key, *value;

	if (!recording_note_at(recording, name, 0, &key, &value))
		return false;
	return !parse_number(value, INT64_MIN, INT64_MAX, ret);
}

static int read_notes(struct watch_report *report, const struct recording *recording)
{
	report->problem = recording_note(recording, NOTE_WATCH_PROBLEM);
	report->command = recording_note(recording, NOTE_WATCH_COMMAND);
	report->elapsed_ns = recording_note_number(recording, NOTE_WATCH_ELAPSED, 0);
	report->limit = recording_note_number(recording, NOTE_WATCH_LIMIT, 0);
	report->hits = recording_note_number(recording, NOTE_WATCH_HITS, 0);
	report->lost = recording_note_number(recording, NOTE_WATCH_LOST, 0);
	report->missed = recording_note_number(recording, NOTE_WATCH_MISSED, 0);
	report->lock_count = recording_note_number(recording, NOTE_WATCH_LOCKS, 0);
	report->has_expected = read_fact(recording, NOTE_WATCH_FACT "expected", &report->expected);
	report->has_actual = read_fact(recording, NOTE_WATCH_FACT "actual", &report->actual);
	for (unsigned int i = 0; i < PL_WATCH_LOCKS; i++) {
		char key[64];

		snprintf(key, sizeof(key), NOTE_WATCH_LOCK "%u", i);
		report->locks[i] = recording_note(recording, key);
	}
	return read_places(report, recording);
}

/* ---- accesses ------------------------------------------------------------------------------- */

struct reading {
	struct watch_report *report;
	struct recording *recording;
	const struct model *model;
	struct watched asked[PL_WATCHES];
	size_t asked_count;
};

static struct watched *variable_of(struct reading *reading, const struct watch_access *access)
{
	const struct watched *asked = &reading->asked[access->watch];
	uint32_t process = asked->process ? access->tgid : 0;
	struct watched *watched;

	vector_for_each (&reading->report->variables, watched)
		if (watched->watch == access->watch && watched->process == process)
			return watched;
	watched = vector_add(&reading->report->variables);
	if (!watched)
		return NULL;
	*watched = *asked;
	watched->watch = access->watch;
	watched->process = process;
	return watched;
}

static int take_access(void *context, const struct watch_access *access)
{
	struct reading *reading = context;
	struct watched *watched;
	struct watch_access *slot;

	if (access->watch >= reading->asked_count)
		return 0;
	watched = variable_of(reading, access);
	slot = watched ? vector_add(&watched->accesses) : NULL;
	if (!slot)
		return -ENOMEM;
	*slot = *access;
	return 0;
}

/* What was asked for and never touched has its entry, too. */
static int add_untouched(struct reading *reading)
{
	for (size_t i = 0; i < reading->asked_count; i++) {
		const struct watched *watched;
		struct watched *slot;
		bool touched = false;

		vector_for_each (&reading->report->variables, watched)
			touched = touched || watched->watch == i;
		if (touched)
			continue;
		slot = vector_add(&reading->report->variables);
		if (!slot)
			return -ENOMEM;
		*slot = reading->asked[i];
		slot->watch = i;
		slot->process = 0;
	}
	return 0;
}

static int by_time(const void *a, const void *b)
{
	const struct watch_access *one = a, *other = b;

	if (one->time != other->time)
		return one->time < other->time ? -1 : 1;
	return (one->tid > other->tid) - (one->tid < other->tid);
}

const struct watch_place *watch_place_of(const struct watch_report *report,
					 const struct watch_access *access)
{
	return access->place < report->places.count ? &report->places.items[access->place] : NULL;
}

bool watch_writes(const struct watch_report *report, const struct watch_access *access)
{
	const struct watch_place *place = watch_place_of(report, access);

	if (!place)
		return true;
	if (place->kind == ACCESS_COMPARE)
		return access->flags & PL_WATCH_ZERO;
	return place->kind != ACCESS_READ && place->kind != ACCESS_READ_BLIND;
}

/* ---- threads -------------------------------------------------------------------------------- */

static void name_thread(const struct reading *reading, struct watch_thread *thread)
{
	char key[64];
	const char *note;
	const struct thread *known;

	snprintf(key, sizeof(key), NOTE_WATCH_THREAD "%u", thread->tid);
	note = recording_note(reading->recording, key);
	if (note) {
		snprintf(thread->name, sizeof(thread->name), "%s", note);
		return;
	}
	vector_for_each (&reading->model->threads, known)
		if (known->tid == thread->tid)
			memcpy(thread->name, known->name, sizeof(thread->name));
}

static struct watch_thread *thread_for(const struct reading *reading, struct watched *watched,
				       uint32_t tid, size_t *guess)
{
	struct watch_thread *thread;

	if (*guess < watched->threads.count && watched->threads.items[*guess].tid == tid)
		return &watched->threads.items[*guess];
	for (*guess = 0; *guess < watched->threads.count; ++*guess)
		if (watched->threads.items[*guess].tid == tid)
			return &watched->threads.items[*guess];
	thread = vector_add(&watched->threads);
	if (!thread)
		return NULL;
	thread->tid = tid;
	thread->locks_always = 0xff;
	name_thread(reading, thread);
	return thread;
}

const struct watch_thread *watch_thread_of(const struct watched *watched, uint32_t tid)
{
	const struct watch_thread *thread;

	vector_for_each (&watched->threads, thread)
		if (thread->tid == tid)
			return thread;
	return NULL;
}

/* ---- the race ------------------------------------------------------------------------------- */

static void race_meaning(const struct watch_report *report, const struct watched *watched,
			 const struct watch_access *access, struct race_access *ret)
{
	static const enum race_kind kinds[ACCESS_KINDS] = {
		[ACCESS_UNKNOWN] = RACE_UNKNOWN,
		[ACCESS_READ] = RACE_READ,
		[ACCESS_READ_BLIND] = RACE_IGNORED,
		[ACCESS_WRITE] = RACE_WRITE,
		[ACCESS_ADD] = RACE_ADD,
		[ACCESS_SUBTRACT] = RACE_ADD,
		[ACCESS_ATOMIC_ADD] = RACE_ATOMIC,
		[ACCESS_ATOMIC_SUBTRACT] = RACE_ATOMIC,
		[ACCESS_FETCH_ADD] = RACE_FETCH,
		[ACCESS_EXCHANGE] = RACE_UNKNOWN,
		[ACCESS_COMPARE] = RACE_COMPARE,
		[ACCESS_MODIFY] = RACE_UNKNOWN,
		[ACCESS_ATOMIC_MODIFY] = RACE_UNKNOWN,
	};
	const struct watch_place *place = watch_place_of(report, access);
	unsigned int kind = place && place->kind < ACCESS_KINDS ? place->kind : ACCESS_UNKNOWN;
	uint64_t mask = watched->bytes == 8 ? UINT64_MAX : (1ull << (8 * watched->bytes)) - 1;

	ret->kind = kinds[kind];
	ret->value = access->value & mask;
	if (kind == ACCESS_SUBTRACT || kind == ACCESS_ATOMIC_SUBTRACT)
		ret->value = -access->value & mask;
	if (kind == ACCESS_COMPARE && !(access->flags & PL_WATCH_ZERO))
		ret->kind = RACE_IGNORED;
	if (!(access->flags & PL_WATCH_BLIND) && access->seen_ns != UINT16_MAX) {
		ret->seen = access->seen & mask;
		ret->seen_end = access->time + access->seen_ns;
	}
}

/*
 * A thread cannot have done anything before it got its CPU, which is mostly a much later time than
 * that of its trap before. Now and then, though, an interrupt comes between the access and its trap
 * and takes the CPU away first (seen under a hypervisor, once in half a million), so that the
 * thread gets it back before the trap is told. Then no order fits, and what was told so soon after
 * the thread got its CPU is believed no more.
 */
static int find_order(struct watched *watched, struct race_access *accesses,
		      const struct race_options *options)
{
	static const uint32_t too_soon[] = {0, 20000, PL_WATCH_UNKNOWN};
	size_t count = watched->accesses.count, tries = sizeof(too_soon) / sizeof(too_soon[0]);
	CLEANUP_FREE struct race_access *tried = calloc(count + 1, sizeof(*tried));
	int error = tried ? 0 : -ENOMEM;

	for (size_t try = 0; try < tries && !error; try++) {
		for (size_t i = 0; i < count; i++) {
			const struct watch_access *access = &watched->accesses.items[i];

			tried[i] = accesses[i];
			if (access->ran_ns != PL_WATCH_UNKNOWN && access->ran_ns >= too_soon[try] &&
			    access->time - access->ran_ns > tried[i].begin)
				tried[i].begin = access->time - access->ran_ns;
		}
		race_free(&watched->race);
		error = race_work_out(tried, count, options, &watched->race);
		if (!error && !watched->race.broken)
			break;
	}
	return error;
}

static int work_out(const struct reading *reading, struct watched *watched)
{
	size_t count = watched->accesses.count, guess = 0;
	CLEANUP_FREE struct race_access *accesses = calloc(count + 1, sizeof(*accesses));
	CLEANUP_FREE uint64_t *before = calloc(count + 1, sizeof(*before));
	struct race_options options = {
		.bytes = watched->bytes,
		.reads_seen = watched->reads,
		.has_first = watched->has_first,
		.first = watched->first,
	};

	if (!accesses || !before)
		return -ENOMEM;
	watched->locks_always = 0xff;
	if (count)
		qsort(watched->accesses.items, count, sizeof(watched->accesses.items[0]), by_time);
	for (size_t i = 0; i < count; i++) {
		const struct watch_access *access = &watched->accesses.items[i];
		struct watch_thread *thread = thread_for(reading, watched, access->tid, &guess);
		bool writes = watch_writes(reading->report, access);

		if (!thread)
			return -ENOMEM;
		accesses[i].begin = before[thread - watched->threads.items];
		accesses[i].end = access->time;
		accesses[i].thread = thread - watched->threads.items;
		race_meaning(reading->report, watched, access, &accesses[i]);
		before[thread - watched->threads.items] = access->time;
		thread->reads += !writes;
		thread->writes += writes;
		watched->read_count += !writes;
		watched->write_count += writes;
		thread->locks_always &= access->locks;
		thread->locks_ever |= access->locks;
		watched->locks_always &= access->locks;
		watched->locks_ever |= access->locks;
	}
	return find_order(watched, accesses, &options);
}

static void measure_gaps(struct watched *watched)
{
	const struct race_loss *loss;

	watched->gap_min = UINT64_MAX;
	vector_for_each (&watched->race.losses, loss) {
		uint64_t one, other, gap;
		unsigned int bucket = 0;

		if (loss->certainty == RACE_DOUBT)
			continue;
		one = watched->accesses.items[loss->victim].time;
		other = watched->accesses.items[loss->killer].time;
		gap = one < other ? other - one : one - other;
		if (gap < watched->gap_min)
			watched->gap_min = gap;
		if (gap > watched->gap_max)
			watched->gap_max = gap;
		for (; gap >= 4 && bucket < WATCH_GAP_BUCKETS - 1; gap /= 4)
			bucket++;
		watched->gaps[bucket]++;
	}
}

/* ---- the whole ------------------------------------------------------------------------------ */

int watch_report_build(struct recording *recording, const struct model *model,
		       struct watch_report **ret, struct recording_error *ret_error)
{
	CLEANUP(watch_report_free)
	struct watch_report *report = calloc(1, sizeof(*report));
	struct reading reading = {.report = report, .recording = recording, .model = model};
	struct watched *watched;
	int error = report ? read_notes(report, recording) : -ENOMEM;

	for (; !error && reading.asked_count < PL_WATCHES; reading.asked_count++) {
		const char *text;
		char key[64];

		snprintf(key, sizeof(key), NOTE_WATCH "%zu", reading.asked_count);
		text = recording_note(recording, key);
		if (!text)
			break;
		read_variable(&reading.asked[reading.asked_count], text);
	}
	if (!error && !reading.asked_count && !report->problem)
		return 0;
	if (!error)
		error = recording_read_accesses(recording, take_access, &reading, ret_error);
	/* A damaged file: what came before is good, and it is said that there was more. */
	if (error && error != -ENOMEM) {
		report->missed++;
		error = 0;
	}
	if (!error)
		error = add_untouched(&reading);
	if (error)
		return error;
	vector_for_each (&report->variables, watched) {
		error = work_out(&reading, watched);
		if (!error)
			error = watch_stacks_find(recording, report, watched);
		if (error)
			return error;
		measure_gaps(watched);
	}
	error = loss_stacks_find(report, recording);
	if (error)
		return error;
	*ret = take_pointer(&report);
	return 0;
}

void watch_report_free(struct watch_report **slot)
{
	struct watch_report *report = *slot;
	struct watched *watched;

	if (!report)
		return;
	vector_for_each (&report->variables, watched) {
		vector_free(&watched->accesses);
		vector_free(&watched->threads);
		vector_free(&watched->stacks);
		race_free(&watched->race);
	}
	vector_free(&report->variables);
	vector_free(&report->places);
	vector_free(&report->loss_stacks);
	free(report);
	*slot = NULL;
}

bool watch_is_complete(const struct watch_report *report)
{
	return !report->lost && !report->missed;
}

bool watch_is_cut(const struct watch_report *report)
{
	return report->hits > report->limit;
}
