// SPDX-License-Identifier: GPL-2.0-only
/* marks.c - what programs say of themselves: phases, and other USDT probes that were followed */
#include "model/marks.h"

#include <errno.h>

#include "base/units.h"
#include "recording/recording.h"

#define PHASES_MAX	4096
#define DEFINITIONS_MAX 1024

struct marks_book {
	VECTOR(struct phase) phases;
	uint64_t beyond;
	VECTOR(struct mark_count) counts; /* by definition */
	int error;
};

static void add_phase(struct marks_book *book, const struct pl_life_mark *mark, uint32_t thread)
{
	size_t room = mark->head.size - (PL_LIFE_MARK_LEAST - PL_MARK_NAME);
	struct phase *phase;

	if (book->phases.count >= PHASES_MAX) {
		book->beyond++;
		return;
	}
	phase = vector_add(&book->phases);
	if (!phase) {
		book->error = -ENOMEM;
		return;
	}
	phase->time = mark->head.time;
	phase->thread = thread;
	memcpy(phase->text, mark->text,
	       strnlen(mark->text, room < PL_MARK_TEXT ? room : PL_MARK_TEXT));
}

static void count_mark(struct marks_book *book, const struct pl_life_mark *mark)
{
	struct mark_count *count;

	if (mark->definition >= DEFINITIONS_MAX)
		return;
	while (book->counts.count <= mark->definition) {
		if (!vector_add(&book->counts)) {
			book->error = -ENOMEM;
			return;
		}
	}
	count = &book->counts.items[mark->definition];
	if (!count->count++)
		count->first = mark->head.time;
	count->last = mark->head.time;
}

static void feed(void *context, const union pl_life *life, uint32_t thread)
{
	struct marks_book *book = context;

	if (life->head.kind != PL_LIFE_MARK)
		return;
	if (life->mark.what == PL_MARK_PHASE && thread != NO_THREAD)
		add_phase(book, &life->mark, thread);
	else if (life->mark.what == PL_MARK_OTHER)
		count_mark(book, &life->mark);
}

static int name_marks(struct model *model, const struct recording *recording)
{
	struct mark_count *count;
	const char *key, *value;
	int64_t definition;

	for (size_t i = 0; recording_note_at(recording, NOTE_MARK, i, &key, &value); i++) {
		if (parse_number(key + strlen(NOTE_MARK), 0, DEFINITIONS_MAX - 1, &definition))
			continue;
		/* One that was asked for and never met is there, with no count. */
		while (model->marks.count <= (size_t)definition) {
			if (!vector_add(&model->marks))
				return -ENOMEM;
		}
		model->marks.items[definition].name = value;
	}
	vector_for_each (&model->marks, count) {
		if (!count->name)
			count->name = "?";
	}
	return 0;
}

int marks_book_finish(struct marks_book *book, const struct recording *recording,
		      struct model *model)
{
	if (book->error)
		return book->error;
	model->phases.items = book->phases.items;
	model->phases.count = book->phases.count;
	model->phases.capacity = book->phases.capacity;
	memset(&book->phases, 0, sizeof(book->phases));
	model->phases_beyond = book->beyond;
	model->marks.items = book->counts.items;
	model->marks.count = book->counts.count;
	model->marks.capacity = book->counts.capacity;
	memset(&book->counts, 0, sizeof(book->counts));
	return recording ? name_marks(model, recording) : 0;
}

int marks_book_new(struct timeline *timeline, struct marks_book **ret)
{
	struct marks_book *book = calloc(1, sizeof(*book));
	struct timeline_visitor visitor = {.context = book, .life = feed};

	if (!book)
		return -ENOMEM;
	if (timeline_add_visitor(timeline, &visitor)) {
		free(book);
		return -ENOMEM;
	}
	*ret = book;
	return 0;
}

void marks_book_free(struct marks_book **book)
{
	if (!*book)
		return;
	vector_free(&(*book)->phases);
	vector_free(&(*book)->counts);
	free(*book);
	*book = NULL;
}
