// SPDX-License-Identifier: GPL-2.0-only
#include "model/race/race.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/race/inside.h"

/* A difference that most neighbours have is what each update adds. */
#define MOST_OF(count) ((count) / 2 + 1)

static int64_t sign_extend(const struct race_work *work, uint64_t value)
{
	unsigned int unused = 64 - 8 * work->options->bytes;

	return (int64_t)(value << unused) >> unused;
}

/* ---- what each update adds ------------------------------------------------------------------ */

static int by_number(const void *a, const void *b)
{
	int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;

	return (one > other) - (one < other);
}

/* The most frequent number, if it is most of them. */
static bool most_frequent(int64_t *numbers, size_t count, int64_t *ret)
{
	size_t best = 0, run = 0;

	qsort(numbers, count, sizeof(*numbers), by_number);
	for (size_t i = 0; i < count; i++) {
		run = i && numbers[i] == numbers[i - 1] ? run + 1 : 1;
		if (run > best) {
			best = run;
			*ret = numbers[i];
		}
	}
	return count && best >= MOST_OF(count);
}

/* Many threads at once are out of order by more than one: the largest step that all differences
 * are made of. Whether it is right shows, as the values must fit. */
static bool common_divisor(const int64_t *numbers, size_t count, int64_t *ret)
{
	uint64_t divisor = 0;
	int64_t sum = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t number = numbers[i] < 0 ? -(uint64_t)numbers[i] : (uint64_t)numbers[i];

		while (number) {
			uint64_t rest = divisor % number;

			divisor = number;
			number = rest;
		}
		sum = (int64_t)((uint64_t)sum + (uint64_t)numbers[i]);
	}
	if (!divisor || !sum || divisor > INT64_MAX)
		return false;
	*ret = sum < 0 ? -(int64_t)divisor : (int64_t)divisor;
	return true;
}

/* Where reads are not seen: neighbours in time mostly differ by what one of them added. */
static int infer_step(struct race_work *work)
{
	CLEANUP_FREE int64_t *differences = calloc(work->count + 1, sizeof(*differences));
	size_t count = 0;
	bool any = false;
	uint64_t before = 0;

	if (!differences)
		return -ENOMEM;
	for (size_t i = 0; i < work->count; i++) {
		const struct race_access *access = &work->accesses[i];

		if (access->kind != RACE_FETCH &&
		    (access->kind != RACE_WRITE || work->options->reads_seen))
			continue;
		if (any && access->value != before)
			differences[count++] = sign_extend(work, access->value - before);
		before = access->value;
		any = true;
	}
	work->has_step = most_frequent(differences, count, &work->step) ||
			 common_divisor(differences, count, &work->step);
	return 0;
}

static void note_step(struct race_work *work, int64_t step)
{
	struct race *out = work->out;

	if (!out->updates++)
		out->step = step;
	else if (out->step != step)
		work->has_other = true;
}

/* ---- accesses to steps ---------------------------------------------------------------------- */

static struct thread_steps *thread_of(struct race_work *work, uint32_t thread)
{
	while (work->threads.count <= thread) {
		struct thread_steps *slot = vector_add(&work->threads);

		if (!slot)
			return NULL;
		slot->last = slot->read = STEP_NONE;
	}
	return &work->threads.items[thread];
}

/* The steps of a thread follow one another: `last` is the one before. */
static struct step *add_step(struct race_work *work, uint32_t access, struct thread_steps *thread,
			     enum step_kind kind)
{
	const struct race_access *from = &work->accesses[access];
	struct step *step = vector_add(&work->steps);

	if (!step)
		return NULL;
	*step = (struct step){
		.begin = from->begin,
		.end = from->end,
		.access = access,
		.thread = from->thread,
		.before = thread->last,
		.pair = STEP_NONE,
		.kind = kind,
	};
	thread->last = work->steps.count - 1;
	return step;
}

/* A load and a store of one instruction, or a load that was not seen and the store that was. */
static int add_update(struct race_work *work, uint32_t index, struct thread_steps *thread,
		      bool known, uint64_t found, uint64_t value)
{
	struct step *step = add_step(work, index, thread, STEP_LOAD);
	uint32_t load = thread->last;

	if (!step)
		return -ENOMEM;
	step->known = known;
	step->found = found;
	step->pair = load + 1;
	step = add_step(work, index, thread, STEP_STORE);
	if (!step)
		return -ENOMEM;
	step->known = known;
	step->value = value;
	step->pair = load;
	thread->read = STEP_NONE;
	return 0;
}

static int add_write(struct race_work *work, uint32_t index, struct thread_steps *thread)
{
	const struct race_access *access = &work->accesses[index];
	struct step *step;

	if (!work->options->reads_seen && work->has_step) {
		note_step(work, work->step);
		return add_update(work, index, thread, true,
				  (access->value - (uint64_t)work->step) & work->mask,
				  access->value);
	}
	step = add_step(work, index, thread, STEP_STORE);
	if (!step)
		return -ENOMEM;
	step->known = true;
	step->value = access->value;
	if (thread->read == STEP_NONE) {
		work->out->assignments++;
		return 0;
	}
	step->pair = thread->read;
	work->steps.items[thread->read].pair = thread->last;
	note_step(work, sign_extend(work, access->value - thread->found));
	thread->read = STEP_NONE;
	return 0;
}

static int add_read(struct race_work *work, uint32_t index, struct thread_steps *thread)
{
	struct step *step = add_step(work, index, thread, STEP_LOAD);

	if (!step)
		return -ENOMEM;
	work->out->reads++;
	step->known = true;
	step->found = work->accesses[index].value;
	thread->read = thread->last;
	thread->found = step->found;
	return 0;
}

static int add_atomic(struct race_work *work, uint32_t index, struct thread_steps *thread)
{
	const struct race_access *access = &work->accesses[index];
	struct step *step = add_step(work, index, thread, STEP_UPDATE);

	if (!step)
		return -ENOMEM;
	thread->read = STEP_NONE;
	step->value = access->value;
	if (access->kind == RACE_FETCH) {
		step->known = true;
		step->found = access->value;
		step->value = (uint64_t)work->step & work->mask;
		step->any = !work->has_step;
	}
	step->sets = access->kind == RACE_COMPARE;
	if (access->kind == RACE_ATOMIC)
		note_step(work, sign_extend(work, access->value));
	else if (access->kind == RACE_FETCH && work->has_step)
		note_step(work, work->step);
	else
		work->has_other = true;
	return 0;
}

static int add_unknown(struct race_work *work, uint32_t index, struct thread_steps *thread)
{
	struct step *step = add_step(work, index, thread, STEP_STORE);

	if (!step)
		return -ENOMEM;
	step->any = true;
	thread->read = STEP_NONE;
	work->out->unknown++;
	return 0;
}

static int add_access(struct race_work *work, uint32_t index, struct thread_steps *thread)
{
	const struct race_access *access = &work->accesses[index];

	switch (access->kind) {
	case RACE_READ:
		return add_read(work, index, thread);
	case RACE_WRITE:
		return add_write(work, index, thread);
	case RACE_ADD:
		note_step(work, sign_extend(work, access->value));
		return add_update(work, index, thread, false, 0, access->value);
	case RACE_ATOMIC:
	case RACE_FETCH:
	case RACE_COMPARE:
		return add_atomic(work, index, thread);
	case RACE_UNKNOWN:
		return add_unknown(work, index, thread);
	default:
		return 0;
	}
}

/* What the variable held after the access, as one more load of that thread. */
static int add_look(struct race_work *work, uint32_t index, struct thread_steps *thread)
{
	const struct race_access *access = &work->accesses[index];
	struct step *step;

	if (!access->seen_end)
		return 0;
	step = add_step(work, index, thread, STEP_LOAD);
	if (!step)
		return -ENOMEM;
	step->begin = access->end;
	step->end = access->seen_end;
	step->known = true;
	step->found = access->seen;
	return 0;
}

struct sorted_step {
	uint64_t end;
	uint32_t index;
};

static int by_end(const void *a, const void *b)
{
	const struct sorted_step *one = a, *other = b;

	if (one->end != other->end)
		return one->end < other->end ? -1 : 1;
	return one->index < other->index ? -1 : one->index > other->index;
}

/* A look ends later than its access, perhaps after the next one's. */
static int sort_steps(struct race_work *work)
{
	size_t count = work->steps.count;
	CLEANUP_FREE struct sorted_step *sorted = calloc(count + 1, sizeof(*sorted));
	CLEANUP_FREE uint32_t *moved = calloc(count + 1, sizeof(*moved));
	CLEANUP_FREE struct step *steps = calloc(count + 1, sizeof(*steps));

	if (!sorted || !moved || !steps)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		sorted[i] = (struct sorted_step){work->steps.items[i].end, i};
	qsort(sorted, count, sizeof(*sorted), by_end);
	for (size_t i = 0; i < count; i++)
		moved[sorted[i].index] = i;
	for (size_t i = 0; i < count; i++) {
		struct step *step = &steps[i];

		*step = work->steps.items[sorted[i].index];
		if (step->before != STEP_NONE)
			step->before = moved[step->before];
		if (step->pair != STEP_NONE)
			step->pair = moved[step->pair];
	}
	if (count)
		memcpy(work->steps.items, steps, count * sizeof(*steps));
	return 0;
}

static int take_apart(struct race_work *work)
{
	int error = infer_step(work);

	for (size_t i = 0; i < work->count && !error; i++) {
		struct thread_steps *thread = thread_of(work, work->accesses[i].thread);

		error = thread ? add_access(work, i, thread) : -ENOMEM;
		if (!error)
			error = add_look(work, i, thread);
	}
	/* A read that no write of its thread followed is a read and no more. */
	return error ? error : sort_steps(work);
}

/* A variable is mostly set to something before anybody updates it: it begins with the last of
 * that. */
static bool begins_with_assignments(const struct race_work *work, uint64_t *ret_first)
{
	const struct order *order = &work->order;
	uint64_t updated = UINT64_MAX;
	const struct step *step;
	size_t count = 0;

	while (count < order->stores.count && order->stores.items[count].assigns)
		count++;
	if (count != work->out->assignments || !count)
		return false;
	step = &work->steps.items[order->stores.items[count - 1].step];
	if (!step->known)
		return false;
	*ret_first = step->value & work->mask;
	for (size_t i = count; i < order->stores.count; i++) {
		uint32_t index = order->stores.items[i].step;
		uint32_t load = work->steps.items[index].pair;
		const struct step *first = &work->steps.items[load != STEP_NONE ? load : index];

		updated = first->begin < updated ? first->begin : updated;
	}
	for (size_t i = 0; i < count; i++) {
		const struct step *other = &work->steps.items[order->stores.items[i].step];

		if (other->end > updated || (other != step && other->end > step->begin))
			return false;
	}
	return true;
}

static void take_figures(struct race_work *work)
{
	const struct order *order = &work->order;
	struct race *out = work->out;

	out->broken = order->broken;
	out->given_up = order->given_up;
	out->counts = out->updates && !work->has_other && !out->unknown;
	out->inferred = !work->options->reads_seen && work->has_step;
	out->last = order->last;
	out->last_certain = order->last_certain;
	out->is_set = begins_with_assignments(work, &out->first);
	if (out->is_set) {
		out->has_first = true;
	} else if (work->options->has_first) {
		out->has_first = true;
		out->first = work->options->first & work->mask;
	} else if (order->stores.count && order->stores.items[0].has_found) {
		out->has_first = true;
		out->first = order->stores.items[0].found;
	}
}

int race_work_out(const struct race_access *accesses, size_t count,
		  const struct race_options *options, struct race *ret)
{
	struct race race = {0};
	struct race_work work = {
		.accesses = accesses,
		.count = count,
		.options = options,
		.mask = options->bytes == 8 ? UINT64_MAX : (1ull << (8 * options->bytes)) - 1,
		.out = &race,
	};
	int error = take_apart(&work);

	if (!error)
		error = order_find(work.steps.items, work.steps.count, work.mask,
				   options->has_first ? &options->first : NULL, &work.order);
	if (!error)
		error = race_find_losses(&work);
	if (!error)
		take_figures(&work);
	if (!error)
		error = race_count_losses(&work);
	order_free(&work.order);
	vector_free(&work.steps);
	vector_free(&work.threads);
	if (error)
		race_free(&race);
	else
		*ret = race;
	return error;
}

void race_free(struct race *race)
{
	vector_free(&race->losses);
}
