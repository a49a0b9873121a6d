// SPDX-License-Identifier: GPL-2.0-only
#include "model/subjects.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/claims/claims.h"
#include "model/claims/names.h"
#include "model/claims/text.h"
#include "model/model.h"
#include "model/tasks/pcb.h"
#include "recording/recording.h"
#include "recording/snapshots.h"

/* Of all phases: they are for looking at, and whoever wrote the recording is not trusted. */
#define PICTURES_MAX 64

static const char *const kind_names[] = {
	[SUBJECT_STATES] = "states",   [SUBJECT_TASKS] = "tasks",     [SUBJECT_MEMORY] = "memory",
	[SUBJECT_SHARING] = "sharing", [SUBJECT_FIGURES] = "figures", [SUBJECT_UNKNOWN] = "unknown",
};

const char *subject_kind_name(enum subject_kind kind)
{
	return kind_names[kind <= SUBJECT_UNKNOWN ? kind : SUBJECT_UNKNOWN];
}

/* ---- pictures ------------------------------------------------------------------------------ */

struct span {
	uint64_t begin, end;
};

/* From the first mark of PHASE to the next mark of another one, or of the one behind "until". */
static bool phase_span(const struct model *model, const char *words, struct span *ret)
{
	static const char until[] = " until ";
	const char *behind = strstr(words, until);
	const char *end = behind ? behind + strlen(until) : NULL;
	int length = behind ? (int)(behind - words) : (int)strlen(words);
	struct span span = {.end = model->end};
	const struct phase *phase;
	char pattern[PL_MARK_TEXT + 1];
	bool found = false;

	snprintf(pattern, sizeof(pattern), "%.*s", length, words);
	vector_for_each (&model->phases, phase) {
		bool is_it = name_matches(pattern, phase->text);

		if (!found && is_it) {
			span.begin = phase->time;
			found = true;
		} else if (found && (end ? name_matches(end, phase->text) : !is_it)) {
			span.end = phase->time;
			break;
		}
	}
	if (found)
		*ret = span;
	return found;
}

static int add_record(void *context, const void *record, size_t size)
{
	return snapshot_add(context, record, size);
}

static void free_snapshot(struct snapshot **snapshot)
{
	if (!*snapshot)
		return;
	snapshot_free(*snapshot);
	free(*snapshot);
	*snapshot = NULL;
}

/* One that cannot be read is none. */
static int read_picture(struct recording *recording, size_t index, const struct span *span,
			struct subjects *subjects, const char *phase)
{
	CLEANUP(free_snapshot)
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	struct recording_error error;
	struct picture *picture;
	int r = snapshot ? recording_read_snapshot(recording, index, add_record, snapshot, &error)
			 : -ENOMEM;

	if (!r)
		r = snapshot_settle(snapshot);
	if (r)
		return r == -ENOMEM ? r : 0;
	if (!snapshot->tasks.count || snapshot->time + snapshot->duration_ns > span->end)
		return 0;
	picture = vector_add(&subjects->pictures);
	if (!picture)
		return -ENOMEM;
	*picture = (struct picture){.snapshot = take_pointer(&snapshot), .phase = strdup(phase)};
	return picture->phase ? 0 : -ENOMEM;
}

static int read_pictures(struct recording *recording, const struct model *model, const char *phase,
			 struct subjects *subjects)
{
	size_t count = recording_snapshots(recording);
	struct picture *picture;
	struct span span;
	int error = 0;

	vector_for_each (&subjects->pictures, picture)
		if (!strcmp(picture->phase, phase))
			return 0;
	if (!phase_span(model, phase, &span))
		return 0;
	for (size_t i = 0; !error && i < count && subjects->pictures.count < PICTURES_MAX; i++) {
		uint64_t time = recording_snapshot_time(recording, i);

		if (time < span.begin || time > span.end)
			continue;
		error = read_picture(recording, i, &span, subjects, phase);
	}
	return error;
}

/* The one in the middle, when all has settled. */
static size_t choose_picture(const struct subjects *subjects, const char *phase)
{
	size_t first = NO_PICTURE, count = 0;

	for (size_t i = 0; i < subjects->pictures.count; i++) {
		if (strcmp(subjects->pictures.items[i].phase, phase))
			continue;
		first = count++ ? first : i;
	}
	return count ? first + count / 2 : NO_PICTURE;
}

/* ---- from the text ------------------------------------------------------------------------- */

static enum subject_kind kind_called(const char *word, size_t length)
{
	for (enum subject_kind kind = SUBJECT_STATES; kind < SUBJECT_FIGURES; kind++)
		if (strlen(kind_names[kind]) == length && !strncmp(word, kind_names[kind], length))
			return kind;
	return SUBJECT_UNKNOWN;
}

static bool needs_picture(enum subject_kind kind)
{
	return kind == SUBJECT_TASKS || kind == SUBJECT_MEMORY || kind == SUBJECT_SHARING;
}

/* "KIND" or "KIND during PHASE". */
static enum subject_kind read_about(const char *text, const char **ret_phase)
{
	static const char during[] = " during ";
	size_t length = strcspn(text, " ");
	enum subject_kind kind = kind_called(text, length);
	const char *phase = strstr(text, during);

	*ret_phase = phase ? phase + strlen(during) : "*";
	return kind;
}

static int add_about(struct recording *recording, const struct model *model, const char *text,
		     struct subjects *subjects)
{
	struct subject *subject = vector_add(&subjects->items);
	const char *phase;
	int error = 0;

	if (!subject)
		return -ENOMEM;
	*subject = (struct subject){.kind = read_about(text, &phase), .picture = NO_PICTURE};
	if (!needs_picture(subject->kind))
		return 0;
	subject->phase = strdup(phase);
	if (!subject->phase)
		return -ENOMEM;
	error = read_pictures(recording, model, phase, subjects);
	subject->picture = choose_picture(subjects, phase);
	return error;
}

/* The next piece between bars, without the blanks around it. NULL: memory is out. */
static char *next_piece(const char **rest)
{
	const char *begin = *rest + strspn(*rest, " \t");
	const char *end = begin + strcspn(begin, "|");

	*rest = *end ? end + 1 : end;
	while (end > begin && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	return strndup(begin, (size_t)(end - begin));
}

/* TITLE | HEAD | HEAD ... */
static int add_table(const char *text, struct subjects *subjects)
{
	struct subject *subject = vector_add(&subjects->items);

	if (!subject)
		return -ENOMEM;
	*subject = (struct subject){.kind = SUBJECT_FIGURES, .picture = NO_PICTURE};
	subject->title = next_piece(&text);
	if (!subject->title)
		return -ENOMEM;
	while (*text && subject->heads.count < SUBJECT_COLUMNS_MAX) {
		char **head = vector_add(&subject->heads);

		if (head)
			*head = next_piece(&text);
		if (!head || !*head)
			return -ENOMEM;
	}
	return 0;
}

/* What the program said, as it said it: the last time, as everywhere. */
static const char *fact_text(const struct model *model, const char *name)
{
	const struct fact *fact;
	const char *value = "";

	vector_for_each (&model->facts, fact)
		if (!strcmp(fact->name, name))
			value = fact->value;
	return value;
}

static int measure_cell(const struct model *model, const char *shows, char **ret)
{
	char mistake[256], *figure = NULL;
	int error;

	static const char as_it_is[] = "text ";

	/* A cell may stay empty. */
	if (!*shows)
		return (*ret = strdup("")) ? 0 : -ENOMEM;
	if (!strncmp(shows, as_it_is, strlen(as_it_is))) {
		*ret = strdup(fact_text(model, shows + strlen(as_it_is)));
		return *ret ? 0 : -ENOMEM;
	}
	error = claims_measure(model, shows, &figure, mistake, sizeof(mistake));
	if (error)
		return error;
	if (*mistake) {
		free(figure);
		figure = strdup(mistake);
	}
	*ret = figure;
	return figure ? 0 : -ENOMEM;
}

/* It is about something that this run did not have. */
static void drop_empty(struct subject *table)
{
	struct subject_row *row = &table->rows.items[table->rows.count - 1];

	for (size_t i = 1; i < row->cells.count; i++)
		if (*row->cells.items[i])
			return;
	for (size_t i = 0; i < row->cells.count; i++)
		free(row->cells.items[i]);
	vector_free(&row->cells);
	table->rows.count--;
}

/* NAME | SHOWS | SHOWS ... of the table begun last. */
static int add_row(const struct model *model, const char *text, struct subjects *subjects)
{
	struct subject *table =
		subjects->items.count ? &subjects->items.items[subjects->items.count - 1] : NULL;
	struct subject_row *row;

	if (!table || table->kind != SUBJECT_FIGURES)
		return 0;
	row = vector_add(&table->rows);
	if (!row)
		return -ENOMEM;
	while (*text && row->cells.count <= table->heads.count) {
		CLEANUP_FREE char *piece = next_piece(&text);
		char **cell = vector_add(&row->cells);

		if (!piece || !cell)
			return -ENOMEM;
		if (row->cells.count == 1)
			*cell = take_pointer(&piece);
		else if (measure_cell(model, piece, cell))
			return -ENOMEM;
	}
	drop_empty(table);
	return 0;
}

static int add_subject(struct recording *recording, const struct model *model,
		       const struct subject_text *text, struct subjects *subjects)
{
	switch (text->line) {
	case SUBJECT_ABOUT:
		return add_about(recording, model, text->text, subjects);
	case SUBJECT_TABLE:
		return add_table(text->text, subjects);
	default:
		return add_row(model, text->text, subjects);
	}
}

int subjects_build(struct recording *recording, const struct model *model, const char *text,
		   struct subjects **ret)
{
	CLEANUP(subjects_free)
	struct subjects *subjects = NULL;
	const struct subject_text *line;
	struct scenario_heading heading;
	int error = scenario_heading_parse(text, &heading);

	if (error)
		return error;
	if (heading.subjects.count) {
		subjects = calloc(1, sizeof(*subjects));
		error = subjects ? 0 : -ENOMEM;
	}
	vector_for_each (&heading.subjects, line)
		if (!error)
			error = add_subject(recording, model, line, subjects);
	if (!error)
		*ret = take_pointer(&subjects);
	scenario_heading_free(&heading);
	return error;
}

bool subjects_want_pictures(const char *text)
{
	struct scenario_heading heading;
	const struct subject_text *line;
	bool wanted = false;
	const char *phase;

	if (scenario_heading_parse(text, &heading))
		return false;
	vector_for_each (&heading.subjects, line)
		wanted |= line->line == SUBJECT_ABOUT &&
			  needs_picture(read_about(line->text, &phase));
	scenario_heading_free(&heading);
	return wanted;
}

static void subject_free(struct subject *subject)
{
	struct subject_row *row;
	char **words;

	free(subject->phase);
	free(subject->title);
	vector_for_each (&subject->heads, words)
		free(*words);
	vector_free(&subject->heads);
	vector_for_each (&subject->rows, row) {
		vector_for_each (&row->cells, words)
			free(*words);
		vector_free(&row->cells);
	}
	vector_free(&subject->rows);
}

void subjects_free(struct subjects **subjects)
{
	struct subjects *it = *subjects;
	struct picture *picture;
	struct subject *subject;

	if (!it)
		return;
	vector_for_each (&it->items, subject)
		subject_free(subject);
	vector_free(&it->items);
	vector_for_each (&it->pictures, picture) {
		free_snapshot(&picture->snapshot);
		free(picture->phase);
	}
	vector_free(&it->pictures);
	free(it);
	*subjects = NULL;
}
