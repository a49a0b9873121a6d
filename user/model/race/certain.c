// SPDX-License-Identifier: GPL-2.0-only
/*
 * certain.c - what holds in every order of the accesses, by their times and values alone
 *
 * A store can have been what a load found, or what another store wiped out, if their times allow
 * it, if nothing was surely stored between them, and if the values fit. An update is surely lost if
 * it was surely not the last one, and all that can have gone on from it are surely lost as well.
 */
#include "model/race/certain.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"

/* A store, by its position in the order that was chosen. */
struct moment {
	uint64_t key; /* its value, where these are told apart */
	uint64_t begin, end;
	uint64_t earliest; /* the smallest `begin` of this key's from here on */
	uint32_t position;
};

/* In order of key and end. */
struct moments {
	struct moment *items;
	size_t count;
};

struct race_certain {
	const struct race_work *work;
	struct moments valued, unvalued, all;
	uint64_t *latest; /* by index in `all`: the largest `begin` up to there */
	uint64_t last_begin;
	bool *may_live; /* by position */
	VECTOR(uint32_t) todo;
};

/* What comes before a store: what it found, or what lay there. */
struct before {
	uint64_t begin, end; /* when it was looked at, or wiped out */
	uint64_t value;
	bool known;
};

static const struct step *step_at(const struct race_certain *certain, uint32_t position)
{
	const struct race_work *work = certain->work;

	return &work->steps.items[work->order.stores.items[position].step];
}

static bool value_is_known(const struct step *step)
{
	return step->kind == STEP_STORE ? step->known : step->sets;
}

/* ---- tables --------------------------------------------------------------------------------- */

static int by_key_and_end(const void *a, const void *b)
{
	const struct moment *one = a, *other = b;

	if (one->key != other->key)
		return one->key < other->key ? -1 : 1;
	if (one->end != other->end)
		return one->end < other->end ? -1 : 1;
	return (one->position > other->position) - (one->position < other->position);
}

static void add_moment(struct moments *moments, const struct step *step, uint64_t key,
		       uint32_t position)
{
	moments->items[moments->count++] = (struct moment){
		.key = key, .begin = step->begin, .end = step->end, .position = position};
}

static void sort_moments(struct moments *moments)
{
	if (moments->count)
		qsort(moments->items, moments->count, sizeof(moments->items[0]), by_key_and_end);
	for (size_t i = moments->count; i-- > 0;) {
		struct moment *moment = &moments->items[i];
		bool is_last = i + 1 == moments->count || moment[1].key != moment->key;

		moment->earliest = moment->begin;
		if (!is_last && moment[1].earliest < moment->begin)
			moment->earliest = moment[1].earliest;
	}
}

static int make_tables(struct race_certain *certain)
{
	size_t count = certain->work->order.stores.count;
	struct moments *all = &certain->all;

	certain->valued.items = calloc(count + 1, sizeof(struct moment));
	certain->unvalued.items = calloc(count + 1, sizeof(struct moment));
	all->items = calloc(count + 1, sizeof(struct moment));
	certain->latest = calloc(count + 1, sizeof(*certain->latest));
	certain->may_live = calloc(count + 1, sizeof(*certain->may_live));
	if (!certain->valued.items || !certain->unvalued.items || !all->items || !certain->latest ||
	    !certain->may_live)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		const struct step *step = step_at(certain, i);

		add_moment(all, step, 0, i);
		if (value_is_known(step))
			add_moment(&certain->valued, step, step->value & certain->work->mask, i);
		else
			add_moment(&certain->unvalued, step, 0, i);
	}
	sort_moments(&certain->valued);
	sort_moments(&certain->unvalued);
	sort_moments(all);
	for (size_t i = 0; i < count; i++) {
		if (all->items[i].begin > certain->last_begin)
			certain->last_begin = all->items[i].begin;
		certain->latest[i] = certain->last_begin;
	}
	return 0;
}

/* The first one of this key that ends after `time`. */
static size_t first_after(const struct moments *moments, uint64_t key, uint64_t time)
{
	size_t low = 0, high = moments->count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct moment *moment = &moments->items[middle];

		if (moment->key < key || (moment->key == key && moment->end <= time))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* What ends before this was surely wiped out before `time`. */
static uint64_t wiped_before(const struct race_certain *certain, uint64_t time)
{
	size_t index = first_after(&certain->all, 0, time);

	return index ? certain->latest[index - 1] : 0;
}

/* ---- what may have been there ---------------------------------------------------------------- */

static int visit(const struct moments *moments, uint64_t key, const struct before *before,
		 uint64_t wiped, int (*call)(void *context, uint32_t position), void *context)
{
	for (size_t i = first_after(moments, key, wiped); i < moments->count; i++) {
		const struct moment *moment = &moments->items[i];
		int error;

		if (moment->key != key || moment->earliest >= before->end)
			break;
		error = moment->begin < before->end ? call(context, moment->position) : 0;
		if (error)
			return error;
	}
	return 0;
}

/* Each store that may have been what was there. */
static int visit_sources(const struct race_certain *certain, const struct before *before,
			 int (*call)(void *context, uint32_t position), void *context)
{
	uint64_t wiped = wiped_before(certain, before->begin);
	int error;

	if (!before->known)
		return visit(&certain->all, 0, before, wiped, call, context);
	error = visit(&certain->valued, before->value & certain->work->mask, before, wiped, call,
		      context);
	return error ? error : visit(&certain->unvalued, 0, before, wiped, call, context);
}

struct wanted {
	uint32_t self, position;
	unsigned int count;
	bool found;
};

static int count_one(void *context, uint32_t position)
{
	struct wanted *wanted = context;

	if (position == wanted->self)
		return 0;
	wanted->found = wanted->found || position == wanted->position;
	return ++wanted->count > 1 ? 1 : 0;
}

/* What was there before all. */
static bool may_be_first(const struct race_certain *certain, const struct before *before)
{
	const struct race_options *options = certain->work->options;

	return !wiped_before(certain, before->begin) &&
	       (!options->has_first || !before->known ||
		((options->first ^ before->value) & certain->work->mask) == 0);
}

/* That it was this store and can have been no other one, nor what was there before all. */
static bool is_only_source(const struct race_certain *certain, const struct before *before,
			   uint32_t self, uint32_t position)
{
	struct wanted wanted = {.self = self, .position = position};

	visit_sources(certain, before, count_one, &wanted);
	return wanted.found && wanted.count == 1 && !may_be_first(certain, before);
}

static bool has_load(const struct step *step)
{
	return step->kind != STEP_STORE || step->pair != STEP_NONE;
}

static struct before found_by(const struct race_certain *certain, uint32_t position)
{
	const struct step *step = step_at(certain, position);
	const struct step *load =
		step->kind == STEP_STORE ? &certain->work->steps.items[step->pair] : step;

	return (struct before){load->begin, load->end, load->found, load->known};
}

static struct before wiped_by(const struct race_certain *certain, uint32_t position)
{
	const struct step *step = step_at(certain, position);
	const struct placed *last = &certain->work->order.stores.items[position - 1];

	return (struct before){step->begin, step->end, last->value, true};
}

/* ---- who may live ---------------------------------------------------------------------------- */

static int revive(void *context, uint32_t position)
{
	struct race_certain *certain = context;
	uint32_t *slot;

	if (certain->may_live[position])
		return 0;
	slot = vector_add(&certain->todo);
	if (!slot)
		return -ENOMEM;
	*slot = position;
	certain->may_live[position] = true;
	return 0;
}

/* The last one may be any that nothing surely followed. Where the order says nothing, or it is none
 * of ours that came next, what was there is not lost. */
static int find_last(struct race_certain *certain, const bool *lives)
{
	size_t count = certain->work->order.stores.count;
	int error = 0;

	for (uint32_t i = 0; i < count && !error; i++)
		if (lives[i] || step_at(certain, i)->end > certain->last_begin)
			error = revive(certain, i);
	return error;
}

static int find_living(struct race_certain *certain, const bool *lives)
{
	int error = find_last(certain, lives);

	while (!error && certain->todo.count) {
		uint32_t position = certain->todo.items[--certain->todo.count];
		struct before before;

		if (!has_load(step_at(certain, position)))
			continue;
		before = found_by(certain, position);
		error = visit_sources(certain, &before, revive, certain);
	}
	return error;
}

int race_certain_new(const struct race_work *work, const bool *lives, struct race_certain **ret)
{
	struct race_certain *certain = calloc(1, sizeof(*certain));
	int error = certain ? 0 : -ENOMEM;

	if (!error) {
		certain->work = work;
		error = make_tables(certain);
	}
	if (!error)
		error = find_living(certain, lives);
	if (error)
		race_certain_free(&certain);
	else
		*ret = certain;
	return error;
}

void race_certain_free(struct race_certain **slot)
{
	struct race_certain *certain = *slot;

	if (!certain)
		return;
	free(certain->valued.items);
	free(certain->unvalued.items);
	free(certain->all.items);
	free(certain->latest);
	free(certain->may_live);
	vector_free(&certain->todo);
	free(certain);
	*slot = NULL;
}

bool race_is_dead(const struct race_certain *certain, uint32_t position)
{
	return !certain->may_live[position];
}

bool race_wiped_out(const struct race_certain *certain, uint32_t killer)
{
	struct before before;

	if (!killer)
		return false;
	before = wiped_by(certain, killer);
	return is_only_source(certain, &before, killer, killer - 1);
}

bool race_went_on(const struct race_certain *certain, uint32_t from, uint32_t by)
{
	struct before before;

	if (!has_load(step_at(certain, by)))
		return false;
	before = found_by(certain, by);
	return is_only_source(certain, &before, by, from);
}

bool race_may_have_found(const struct race_certain *certain, uint32_t reader, uint32_t position)
{
	const struct step *store = step_at(certain, position);
	struct before before;

	if (!has_load(step_at(certain, reader)))
		return false;
	before = found_by(certain, reader);
	if (before.known && value_is_known(store) &&
	    ((before.value ^ store->value) & certain->work->mask) != 0)
		return false;
	return store->begin < before.end && store->end > wiped_before(certain, before.begin);
}

struct twins {
	const struct race_certain *certain;
	struct before before; /* of the one that is known */
	uint32_t position, self, killer;
	bool found;
};

static int check_twin(void *context, uint32_t position)
{
	struct twins *twins = context;
	const struct step *step = step_at(twins->certain, position);
	struct before before;

	if (position == twins->self)
		return 0;
	if (!value_is_known(step) || !has_load(step) ||
	    race_may_have_found(twins->certain, twins->killer, position))
		return 1;
	before = found_by(twins->certain, position);
	twins->found = twins->found || position == twins->position;
	return !before.known || before.value != twins->before.value;
}

bool race_went_on_from_twins(const struct race_certain *certain, uint32_t from, uint32_t by,
			     uint32_t killer)
{
	struct twins twins = {.certain = certain, .position = from, .self = by, .killer = killer};
	struct before before;

	if (!has_load(step_at(certain, from)) || !has_load(step_at(certain, by)))
		return false;
	twins.before = found_by(certain, from);
	before = found_by(certain, by);
	return twins.before.known && !may_be_first(certain, &before) &&
	       !visit_sources(certain, &before, check_twin, &twins) && twins.found;
}
