// SPDX-License-Identifier: GPL-2.0-only
#include "show/pick.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/tasks/name_kind.h"

#define KIND_MIN   4 /* so many of a kind are told together */
#define KIND_SHOWN 2 /* of them on lines of their own */
#define KIND_LINES 6 /* lines for kinds */

struct entry {
	uint32_t thread;
	uint32_t owner; /* the process, or NO_THREAD for the many that have but a few threads */
	struct name_kind kind;
	uint64_t score;
	bool shown;
};

/* A run of entries of one kind. */
struct kind {
	size_t begin, count;
	size_t left;	/* of them, without a line of their own */
	uint64_t score; /* of those */
};

struct picker {
	const struct model *model;
	struct entry *entries;
	size_t count;
	VECTOR(struct kind) kinds;
};

/* What a thread did, or could not do because of others. Waiting for work is not interesting. */
static uint64_t score_of(const struct model *model, const struct thread *thread)
{
	const struct reason_total *total;
	uint64_t score = thread->state_ns[STATE_RUNNING] + thread_ready_ns(thread);

	vector_for_each (&thread->reasons, total) {
		if (total->reason == REASON_LOCK || total->reason == REASON_RWLOCK ||
		    total->reason == REASON_SEMAPHORE || total->reason == REASON_DISK)
			score += total->total_ns;
	}
	if (model->target && thread->tid == model->target)
		return UINT64_MAX;
	return score;
}

static int compare_kind(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;
	int order = strcmp(left->kind.text, right->kind.text);

	if (left->owner != right->owner)
		return left->owner < right->owner ? -1 : 1;
	if (order)
		return order;
	if (left->score != right->score)
		return left->score > right->score ? -1 : 1;
	return left->thread < right->thread ? -1 : left->thread > right->thread;
}

static int compare_score(const void *a, const void *b)
{
	const struct entry *const *left = a, *const *right = b;

	if ((*left)->score != (*right)->score)
		return (*left)->score > (*right)->score ? -1 : 1;
	return (*left)->thread < (*right)->thread ? -1 : (*left)->thread > (*right)->thread;
}

static int compare_kind_score(const void *a, const void *b)
{
	const struct kind *left = a, *right = b;

	if (left->score != right->score)
		return left->score > right->score ? -1 : 1;
	return left->begin < right->begin ? -1 : left->begin > right->begin;
}

static int fill_entries(struct picker *picker)
{
	const struct model *model = picker->model;

	picker->count = model->threads.count;
	picker->entries = calloc(picker->count, sizeof(*picker->entries));
	if (!picker->entries)
		return -ENOMEM;
	for (size_t i = 0; i < picker->count; i++) {
		const struct thread *thread = &model->threads.items[i];
		struct entry *entry = &picker->entries[i];

		entry->thread = (uint32_t)i;
		entry->owner = NO_THREAD;
		if (thread->process < model->processes.count &&
		    model->processes.items[thread->process].threads >= KIND_MIN)
			entry->owner = thread->process;
		entry->kind = name_kind(thread->name);
		entry->score = score_of(model, thread);
	}
	qsort(picker->entries, picker->count, sizeof(*picker->entries), compare_kind);
	return 0;
}

static int find_kinds(struct picker *picker)
{
	for (size_t begin = 0, end; begin < picker->count; begin = end) {
		const struct entry *first = &picker->entries[begin];
		struct kind *kind;

		for (end = begin + 1; end < picker->count; end++) {
			if (picker->entries[end].owner != first->owner ||
			    strcmp(picker->entries[end].kind.text, first->kind.text) != 0)
				break;
		}
		kind = vector_add(&picker->kinds);
		if (!kind)
			return -ENOMEM;
		kind->begin = begin;
		kind->count = end - begin;
	}
	return 0;
}

/* The `limit` most interesting of those that are few of a kind or stand out in theirs. */
static int choose(struct picker *picker, size_t limit)
{
	CLEANUP_FREE struct entry **candidates = calloc(picker->count, sizeof(*candidates));
	const struct kind *kind;
	size_t count = 0;

	if (!candidates)
		return -ENOMEM;
	vector_for_each (&picker->kinds, kind) {
		size_t shown = kind->count < KIND_MIN ? kind->count : KIND_SHOWN;

		/* Who never ran, was never ready and stood in no queue has no story of its own. */
		for (size_t i = 0; i < shown && picker->entries[kind->begin + i].score; i++)
			candidates[count++] = &picker->entries[kind->begin + i];
	}
	qsort(candidates, count, sizeof(*candidates), compare_score);
	for (size_t i = 0; i < count && i < limit; i++)
		candidates[i]->shown = true;
	return 0;
}

static int add_single(struct picks *picks, const struct model *model, uint32_t index)
{
	struct pick *pick = vector_add(&picks->items);

	if (!pick)
		return -ENOMEM;
	pick->thread = index;
	pick->process = model->threads.items[index].process;
	sums_add(&pick->sums, &model->threads.items[index]);
	return 0;
}

static void add_member(struct pick *pick, const struct model *model, uint32_t index,
		       uint64_t *longest)
{
	const struct thread *thread = &model->threads.items[index];

	sums_add(&pick->sums, thread);
	if (thread->reasons.count && thread->reasons.items[0].total_ns > *longest) {
		*longest = thread->reasons.items[0].total_ns;
		pick->main_reason = index;
	}
	for (unsigned int c = 0; c < thread->bar.count; c++) {
		unsigned int cell = thread->bar.first + c;

		for (int state = 0; cell < BAR_CELLS && state < STATE_COUNT; state++)
			pick->cells[cell].ns[state] += thread->bar.cells[c].ns[state];
	}
}

static struct pick *add_several(struct picks *picks, uint32_t process, const char *pattern)
{
	struct bar_cell *cells = calloc(BAR_CELLS, sizeof(*cells));
	struct pick *pick = cells ? vector_add(&picks->items) : NULL;

	if (!pick) {
		free(cells);
		return NULL;
	}
	pick->thread = NO_THREAD;
	pick->process = process;
	pick->main_reason = NO_THREAD;
	pick->cells = cells;
	strcpy(pick->pattern, pattern);
	return pick;
}

static int add_kind(struct picker *picker, struct picks *picks, const struct kind *kind)
{
	const struct entry *first = &picker->entries[kind->begin];
	struct pick *pick = add_several(picks, first->owner, first->kind.text);
	uint64_t longest = 0;

	if (!pick)
		return -ENOMEM;
	for (size_t i = kind->begin; i < kind->begin + kind->count; i++) {
		struct entry *entry = &picker->entries[i];

		if (!entry->shown)
			add_member(pick, picker->model, entry->thread, &longest);
		entry->shown = true;
	}
	return 0;
}

static int add_rest(struct picker *picker, struct picks *picks)
{
	struct pick *pick = NULL;
	uint64_t longest = 0;

	for (size_t i = 0; i < picker->count; i++) {
		const struct entry *entry = &picker->entries[i];

		if (entry->shown)
			continue;
		if (!pick)
			pick = add_several(picks, NO_THREAD, "");
		if (!pick)
			return -ENOMEM;
		add_member(pick, picker->model, entry->thread, &longest);
	}
	return 0;
}

/* One line for each of the larger kinds, then one for all that is left. */
static int add_others(struct picker *picker, struct picks *picks)
{
	struct kind *kind;
	size_t lines = 0;

	vector_for_each (&picker->kinds, kind) {
		for (size_t i = kind->begin; i < kind->begin + kind->count; i++) {
			const struct entry *entry = &picker->entries[i];

			kind->left += !entry->shown;
			/* Halved, so that the sum of many cannot wrap around. */
			kind->score += entry->shown ? 0 : entry->score / 2;
		}
	}
	qsort(picker->kinds.items, picker->kinds.count, sizeof(*picker->kinds.items),
	      compare_kind_score);
	vector_for_each (&picker->kinds, kind) {
		if (kind->left < KIND_SHOWN || !kind->score || lines == KIND_LINES)
			continue;
		if (add_kind(picker, picks, kind))
			return -ENOMEM;
		lines++;
	}
	return add_rest(picker, picks);
}

static int pick_some(const struct model *model, unsigned int limit, struct picks *picks)
{
	struct picker picker = {.model = model};
	int error = fill_entries(&picker);

	if (!error)
		error = find_kinds(&picker);
	if (!error)
		error = choose(&picker, limit);
	for (size_t i = 0; !error && i < picker.count; i++) {
		if (picker.entries[i].shown)
			error = add_single(picks, model, picker.entries[i].thread);
	}
	if (!error)
		error = add_others(&picker, picks);
	vector_free(&picker.kinds);
	free(picker.entries);
	return error;
}

/* The target's processes come as they began; of a whole machine, the busiest come first. */
static uint64_t rank_of(const struct model *model, const struct pick *pick)
{
	const struct process *process;

	if (pick->process >= model->processes.count)
		return UINT64_MAX;
	process = &model->processes.items[pick->process];
	if (model->target)
		return pick->process;
	return UINT64_MAX - 1 - process->running_ns;
}

static int compare_order(const void *a, const void *b)
{
	const struct pick *left = a, *right = b;

	if (left->rank != right->rank)
		return left->rank < right->rank ? -1 : 1;
	if (left->process != right->process)
		return left->process < right->process ? -1 : 1;
	if (left->thread != right->thread)
		return left->thread < right->thread ? -1 : 1;
	/* Both are of several: the one without a pattern ends the list. */
	if (!*left->pattern != !*right->pattern)
		return *left->pattern ? -1 : 1;
	if (left->sums.threads != right->sums.threads)
		return left->sums.threads > right->sums.threads ? -1 : 1;
	return strcmp(left->pattern, right->pattern);
}

int picks_of(const struct model *model, unsigned int limit, struct picks *ret)
{
	struct picks picks = {0};
	struct pick *pick;
	int error = 0;

	if (model->threads.count > limit) {
		error = pick_some(model, limit, &picks);
	} else {
		for (size_t i = 0; !error && i < model->threads.count; i++)
			error = add_single(&picks, model, (uint32_t)i);
	}
	if (error) {
		picks_free(&picks);
		return error;
	}
	vector_for_each (&picks.items, pick)
		pick->rank = rank_of(model, pick);
	if (picks.items.count)
		qsort(picks.items.items, picks.items.count, sizeof(*picks.items.items),
		      compare_order);
	*ret = picks;
	return 0;
}

void picks_free(struct picks *picks)
{
	struct pick *pick;

	vector_for_each (&picks->items, pick)
		free(pick->cells);
	vector_free(&picks->items);
}
