// SPDX-License-Identifier: GPL-2.0-only
/* losses.c - from the order of the accesses to the updates that were lost */
#include "model/race/certain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* By position in the order. */
struct fate {
	uint32_t source; /* position, or RACE_NONE */
	uint32_t killer; /* the same */
	bool lives;
};

static void find_sources(const struct race_work *work, uint32_t *position, struct fate *fates)
{
	const struct order *order = &work->order;

	for (size_t i = 0; i < order->stores.count; i++) {
		const struct placed *placed = &order->stores.items[i];

		position[placed->step] = i;
		fates[i].killer = RACE_NONE;
		fates[i].source =
			placed->source == STEP_NONE ? RACE_NONE : position[placed->source];
		/* Of several that left what it found it goes on from the last one. */
		if (fates[i].source != RACE_NONE && placed[-1].value == placed->found)
			fates[i].source = i - 1;
	}
}

/* What the last value is made of lives: backwards from it, each update's source. */
static void find_living(const struct race_work *work, struct fate *fates)
{
	const struct order *order = &work->order;
	size_t count = order->stores.count;

	for (size_t i = count; i-- > 0;) {
		const struct placed *next = i + 1 < count ? &order->stores.items[i + 1] : NULL;

		if (!next || next->assigns || next->restart)
			fates[i].lives = true;
		if (fates[i].lives && fates[i].source != RACE_NONE)
			fates[fates[i].source].lives = true;
	}
}

/* Who came next and did not go on from there has wiped it out; who did has the same fate. */
static void find_killers(const struct race_work *work, struct fate *fates)
{
	size_t count = work->order.stores.count;

	for (size_t i = count; i-- > 0;) {
		if (fates[i].lives || i + 1 == count)
			continue;
		fates[i].killer = fates[i + 1].source == i ? fates[i + 1].killer : i + 1;
	}
}

static uint32_t read_of(const struct race_work *work, const struct placed *placed)
{
	const struct step *step = &work->steps.items[placed->step];
	uint32_t read;

	if (step->kind != STEP_STORE || step->pair == STEP_NONE)
		return RACE_NONE;
	read = work->steps.items[step->pair].access;
	return read == step->access ? RACE_NONE : read;
}

static uint64_t found_by(const struct race_work *work, const struct placed *placed,
			 const struct fate *fate)
{
	const struct step *step = &work->steps.items[placed->step];

	if (step->pair != STEP_NONE && work->steps.items[step->pair].known)
		return work->steps.items[step->pair].found;
	return fate->source == RACE_NONE ? 0 : work->order.stores.items[fate->source].value;
}

/* That `killer` wiped out the store at `index`, or the last of those that went on from it. */
static bool is_chain(const struct race_work *work, const struct race_certain *certain,
		     const struct fate *fates, size_t index)
{
	uint32_t killer = fates[index].killer;
	const struct placed *placed = &work->order.stores.items[killer];

	if (!placed->settled || !placed->stale || !race_wiped_out(certain, killer))
		return false;
	for (size_t i = index; i + 1 < killer; i++) {
		if (fates[i + 1].source != i || race_may_have_found(certain, killer, i))
			return false;
		if (!race_went_on(certain, i, i + 1) &&
		    (i == index || !race_went_on_from_twins(certain, i, i + 1, killer)))
			return false;
	}
	return race_is_dead(certain, index);
}

static enum race_certainty certainty_of(const struct race_work *work,
					const struct race_certain *certain,
					const struct fate *fates, size_t index)
{
	const struct placed *victim = &work->order.stores.items[index];
	const struct placed *killer = &work->order.stores.items[fates[index].killer];
	bool is_pair = fates[index].killer == index + 1;

	/* Which of the two is the one that is lost depends on who read it last. */
	if (is_pair && victim->settled && killer->settled && killer->stale &&
	    race_wiped_out(certain, index + 1) && killer->found == victim->found &&
	    killer->value == victim->value)
		return RACE_TWINS;
	if (killer->group != STEP_NONE && killer->group == victim->group && victim->settled &&
	    killer->settled)
		return RACE_TWINS;
	return is_chain(work, certain, fates, index) ? RACE_CERTAIN : RACE_DOUBT;
}

/* The steps' times alone may say it: the killer had read before the victim could write, and could
 * write only after that had. */
static bool is_certain_by_time(const struct race_work *work, const struct placed *victim,
			       const struct placed *killer)
{
	const struct step *steps = work->steps.items;
	const struct step *lost = &steps[victim->step], *wrote = &steps[killer->step];

	return wrote->kind == STEP_STORE && wrote->pair != STEP_NONE &&
	       steps[wrote->pair].end <= lost->begin && lost->end <= wrote->begin;
}

static int add_loss(struct race_work *work, const struct race_certain *certain,
		    const struct fate *fates, size_t index)
{
	const struct placed *victim = &work->order.stores.items[index], *killer;
	struct race_loss *loss = vector_add(&work->out->losses);

	if (!loss)
		return -ENOMEM;
	loss->victim = work->steps.items[victim->step].access;
	loss->victim_read = read_of(work, victim);
	loss->lost = victim->value;
	loss->killer = loss->killer_read = RACE_NONE;
	if (fates[index].killer != RACE_NONE) {
		killer = &work->order.stores.items[fates[index].killer];
		loss->killer = work->steps.items[killer->step].access;
		loss->killer_read = read_of(work, killer);
		loss->read = found_by(work, killer, &fates[fates[index].killer]);
		loss->written = killer->value;
		loss->certainty = certainty_of(work, certain, fates, index);
		if (loss->certainty == RACE_DOUBT && is_certain_by_time(work, victim, killer) &&
		    race_is_dead(certain, index))
			loss->certainty = RACE_CERTAIN;
	}
	return 0;
}

/* ---- updates from the same value to the same value ------------------------------------------- */

/* An update whose read was seen by itself. */
struct twin {
	uint64_t value, found;
	uint64_t read_time, write_time;
	uint32_t read, write; /* accesses */
	uint32_t loss;	      /* index, or RACE_NONE: it is not lost */
};

static int by_value_and_time(const void *a, const void *b)
{
	const struct twin *one = a, *other = b;

	if (one->value != other->value)
		return one->value < other->value ? -1 : 1;
	if (one->found != other->found)
		return one->found < other->found ? -1 : 1;
	return (one->write_time > other->write_time) - (one->write_time < other->write_time);
}

static void name_twin(struct race_work *work, const struct twin *lost, const struct twin *other)
{
	struct race_loss *loss = &work->out->losses.items[lost->loss];

	loss->killer = other->write;
	loss->killer_read = other->read;
	loss->read = other->found;
	loss->written = other->value;
	loss->certainty = RACE_TWINS;
}

/* Updates that all began from one value, left the same, and overlapped: the variable moved once.
 * All but one are lost, in whatever order they came; so all but one can be named. */
static void name_cluster(struct race_work *work, const struct twin *twins, size_t count)
{
	size_t left = count - 1;

	for (size_t i = 0; i < count; i++)
		left -= left && twins[i].loss != RACE_NONE &&
			work->out->losses.items[twins[i].loss].certainty == RACE_TWINS;
	for (size_t i = 0; i < count && left; i++) {
		if (twins[i].loss == RACE_NONE ||
		    work->out->losses.items[twins[i].loss].certainty != RACE_DOUBT)
			continue;
		name_twin(work, &twins[i], i + 1 < count ? &twins[i + 1] : &twins[i - 1]);
		left--;
	}
}

static size_t collect_twins(const struct race_work *work, const uint32_t *loss_of,
			    struct twin *twins)
{
	const struct placed *placed;
	size_t count = 0;

	vector_for_each (&work->order.stores, placed) {
		const struct step *step = &work->steps.items[placed->step];
		uint32_t read = read_of(work, placed);

		if (read == RACE_NONE || !step->known)
			continue;
		twins[count++] = (struct twin){
			.value = step->value,
			.found = work->steps.items[step->pair].found,
			.read_time = work->accesses[read].end,
			.write_time = work->accesses[step->access].end,
			.read = read,
			.write = step->access,
			.loss = loss_of[step->access],
		};
	}
	return count;
}

static int name_twins(struct race_work *work)
{
	CLEANUP_FREE uint32_t *loss_of = calloc(work->count + 1, sizeof(*loss_of));
	CLEANUP_FREE struct twin *twins = calloc(work->order.stores.count + 1, sizeof(*twins));
	size_t count, first = 0;

	if (!loss_of || !twins)
		return -ENOMEM;
	memset(loss_of, 0xff, (work->count + 1) * sizeof(*loss_of));
	for (size_t i = 0; i < work->out->losses.count; i++)
		loss_of[work->out->losses.items[i].victim] = i;
	count = collect_twins(work, loss_of, twins);
	qsort(twins, count, sizeof(*twins), by_value_and_time);
	for (size_t i = 1; i <= count; i++) {
		if (i < count && twins[i].value == twins[i - 1].value &&
		    twins[i].found == twins[i - 1].found &&
		    twins[i].read_time < twins[i - 1].write_time)
			continue;
		if (i - first > 1)
			name_cluster(work, &twins[first], i - first);
		first = i;
	}
	return 0;
}

static int by_value(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

	return (one > other) - (one < other);
}

static bool was_written(const uint64_t *written, size_t count, uint64_t value)
{
	return bsearch(&value, written, count, sizeof(*written), by_value);
}

/* What no order is needed for: all that was read had been written by somebody, or been there
 * before; and from the first value to the last one each step was. */
static int values_fit(const struct race_work *work, bool *ret)
{
	size_t count = 0;
	CLEANUP_FREE uint64_t *written = calloc(work->steps.count + 1, sizeof(*written));
	const struct race *race = work->out;
	const struct step *step;
	bool fit = true, all_known = true;

	if (!written)
		return -ENOMEM;
	written[count++] = race->first;
	vector_for_each (&work->steps, step) {
		if (step->kind == STEP_STORE && step->known)
			written[count++] = step->value;
		else if (step->kind != STEP_LOAD)
			all_known = false;
	}
	qsort(written, count, sizeof(*written), by_value);
	/* Updates whose values are not known are in the way of this. */
	if (!all_known) {
		*ret = !work->out->given_up;
		return 0;
	}
	vector_for_each (&work->steps, step)
		if (step->kind == STEP_LOAD && step->known)
			fit = fit && was_written(written, count, step->found);
	for (uint64_t value = race->first; fit && value != race->last && race->step;) {
		value = (value + (uint64_t)race->step) & work->mask;
		fit = was_written(written, count, value);
	}
	*ret = fit;
	return 0;
}

/* Where each update adds the same, no order is needed to count. */
int race_count_losses(struct race_work *work)
{
	struct race *race = work->out;
	const struct race_loss *loss;

	int error = 0;

	race->lost = race->losses.count;
	if (race->counts && race->has_first && race->last_certain &&
	    (!race->assignments || race->is_set) && !race->broken)
		error = values_fit(work, &race->exact);
	if (error)
		return error;
	if (race->exact) {
		uint64_t step = race->step < 0 ? -(uint64_t)race->step : (uint64_t)race->step;
		uint64_t moved = race->last - race->first;

		if (race->step < 0)
			moved = -moved;
		if (step)
			race->lost = race->updates - (moved & work->mask) / step;
		/* A small one may have gone round: then all orders say by how often. */
		if (((race->lost - race->losses.count) * step & work->mask) == 0 && !race->given_up)
			race->lost = race->losses.count;
	}
	vector_for_each (&race->losses, loss)
		race->named += loss->certainty != RACE_DOUBT;
	race->undecided = race->lost > race->named ? race->lost - race->named : 0;
	return 0;
}

static int list_losses(struct race_work *work, const struct fate *fates)
{
	size_t count = work->order.stores.count;
	CLEANUP_FREE bool *lives = calloc(count + 1, sizeof(*lives));
	struct race_certain *certain;
	int error;

	if (!lives)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		lives[i] = fates[i].lives;
	error = race_certain_new(work, lives, &certain);
	if (error)
		return error;
	for (size_t i = 0; i < count && !error; i++)
		if (!fates[i].lives && !work->order.stores.items[i].assigns)
			error = add_loss(work, certain, fates, i);
	race_certain_free(&certain);
	return error;
}

int race_find_losses(struct race_work *work)
{
	size_t count = work->order.stores.count;
	CLEANUP_FREE uint32_t *position = calloc(work->steps.count + 1, sizeof(*position));
	CLEANUP_FREE struct fate *fates = calloc(count + 1, sizeof(*fates));
	int error;

	if (!position || !fates)
		return -ENOMEM;
	find_sources(work, position, fates);
	find_living(work, fates);
	find_killers(work, fates);
	error = list_losses(work, fates);
	if (!error && !work->has_other)
		error = name_twins(work);
	return error;
}
