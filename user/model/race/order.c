// SPDX-License-Identifier: GPL-2.0-only
#include "model/race/order_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- one step ------------------------------------------------------------------------------- */

static bool add_far(struct placement *at, uint32_t step)
{
	size_t slot = at->far_count;

	if (slot == FAR_MAX)
		return false;
	/* In order, so that equal placements look equal. */
	for (; slot && at->far[slot - 1] > step; slot--)
		at->far[slot] = at->far[slot - 1];
	at->far[slot] = step;
	at->far_count++;
	return true;
}

static bool mark_placed(struct placement *at, uint32_t step)
{
	if (step - at->base >= WINDOW)
		return add_far(at, step);
	at->near |= 1ull << (step - at->base);
	while (at->near & 1) {
		at->near >>= 1;
		at->base++;
		if (!at->far_count || at->far[0] - at->base >= WINDOW)
			continue;
		at->near |= 1ull << (at->far[0] - at->base);
		memmove(at->far, at->far + 1, --at->far_count * sizeof(at->far[0]));
		at->far[at->far_count] = 0;
	}
	return true;
}

static bool open_update(struct state *state, uint32_t store)
{
	size_t at = state->open_count;

	if (at == OPEN_MAX)
		return false;
	/* In order, so that equal states look equal. */
	for (; at && state->open[at - 1].store > store; at--)
		state->open[at] = state->open[at - 1];
	memset(&state->open[at], 0, sizeof(state->open[at]));
	state->open[at].store = store;
	state->open[at].known = state->known;
	state->open[at].found = state->known ? state->value : 0;
	state->open_count++;
	return true;
}

static bool close_update(struct state *state, uint32_t store, struct open_update *ret)
{
	for (size_t i = 0; i < state->open_count; i++) {
		if (state->open[i].store != store)
			continue;
		*ret = state->open[i];
		state->open_count--;
		memmove(&state->open[i], &state->open[i + 1],
			(state->open_count - i) * sizeof(state->open[0]));
		return true;
	}
	return false;
}

static void leave(struct state *state, bool known, uint64_t value)
{
	state->known = known;
	state->value = known ? value : 0;
}

static void store(const struct search *search, struct state *state, uint32_t index,
		  struct edge *edge)
{
	const struct step *step = &search->steps[index];
	struct open_update update;

	edge->has_before = state->known;
	edge->before = state->value;
	if (step->kind == STEP_UPDATE) {
		edge->has_found = state->known;
		edge->found = state->value;
	} else if (step->pair != STEP_NONE && search->steps[step->pair].known) {
		edge->has_found = true;
		edge->found = search->steps[step->pair].found;
	} else if (close_update(state, index, &update)) {
		edge->has_found = update.known;
		edge->found = update.found;
	}
	if (step->any)
		leave(state, false, 0);
	else if (step->kind == STEP_STORE ? step->known : step->sets)
		leave(state, true, step->value);
	else
		leave(state, edge->has_found, (edge->found + step->value) & search->mask);
	edge->has_value = state->known;
	edge->value = state->value;
}

/* What is left out may be what really happened: the orders that are followed instead can have steps
 * placed that were not yet, and the other way round, until the last of those is behind us. */
static void leave_out(struct search *search)
{
	size_t last = search->placed_count + 2 * WINDOW;
	const struct late_step *late;

	vector_for_each (&search->late_now, late)
		if (late->index + WINDOW > last)
			last = late->index + WINDOW;
	search->doubtful = true;
	if (last > search->doubt_until)
		search->doubt_until = last;
}

/* False if the step cannot come next: its load would find something else. `force`: it does. */
static bool apply(struct search *search, struct state *state, uint32_t index, bool force,
		  struct edge *edge)
{
	const struct step *step = &search->steps[index];
	bool has_room = true;

	edge->step = index;
	edge->at = state->at;
	if (step->kind != STEP_STORE && step->known) {
		if (state->known && state->value != step->found && !force)
			return false;
		leave(state, true, step->found);
	}
	if (step->kind != STEP_LOAD)
		store(search, state, index, edge);
	else if (step->pair != STEP_NONE && !step->known && !open_update(state, step->pair))
		has_room = false;
	has_room = has_room && mark_placed(&state->at, index);
	if (!has_room)
		leave_out(search);
	return has_room;
}

/* ---- a layer -------------------------------------------------------------------------------- */

static bool same_state(const struct state *a, const struct state *b)
{
	return a->at.base == b->at.base && a->at.near == b->at.near &&
	       a->at.far_count == b->at.far_count &&
	       !memcmp(a->at.far, b->at.far, a->at.far_count * sizeof(a->at.far[0])) &&
	       a->known == b->known && a->value == b->value && a->open_count == b->open_count &&
	       !memcmp(a->open, b->open, a->open_count * sizeof(a->open[0]));
}

static size_t hash_of(const struct state *state)
{
	uint64_t hash = state->at.base * 0x9e3779b97f4a7c15ull ^ state->at.near;

	for (size_t i = 0; i < state->at.far_count; i++)
		hash = hash * 31 + state->at.far[i];
	hash = (hash ^ hash >> 29) * 0xbf58476d1ce4e5b9ull ^ state->value;
	return ((hash ^ hash >> 32) * 0x94d049bb133111ebull) >> 53;
}

static void forget_next(struct search *search)
{
	/* A few states need not clear the whole table. */
	if (search->next.count > TABLE / 16)
		memset(search->table, 0, sizeof(search->table));
	else
		for (size_t i = 0; i < search->next.count; i++) {
			size_t at = hash_of(&search->next.items[i]);

			while (search->table[at]) {
				search->table[at] = 0;
				at = (at + 1) % TABLE;
			}
		}
	search->next.count = 0;
}

/* The index of an equal state, or of a new one; FULL, or SIZE_MAX: no memory. */
#define FULL (SIZE_MAX - 1)
static size_t add_state(struct search *search, const struct state *state)
{
	size_t at = hash_of(state);
	struct state *slot;

	for (; search->table[at]; at = (at + 1) % TABLE)
		if (same_state(&search->next.items[search->table[at] - 1], state))
			return search->table[at] - 1;
	if (search->next.count >= (search->work < WORK_MAX ? STATES_MAX : STATES_FEW))
		return FULL;
	slot = vector_add(&search->next);
	if (!slot)
		return SIZE_MAX;
	*slot = *state;
	search->table[at] = (uint16_t)search->next.count;
	return search->next.count - 1;
}

static int follow(struct search *search, uint32_t from, uint32_t index, bool force)
{
	struct state state = search->now.items[from];
	struct edge edge = {.from = from}, *slot;
	size_t to;

	if (!apply(search, &state, index, force, &edge))
		return 0;
	to = add_state(search, &state);
	search->work++;
	if (to == FULL) {
		leave_out(search);
		return 0;
	}
	slot = to == SIZE_MAX ? NULL : vector_add(&search->edges);
	if (!slot)
		return -ENOMEM;
	edge.to = to;
	*slot = edge;
	return 0;
}

static int expand_late(struct search *search, uint32_t from)
{
	struct placement at = search->now.items[from].at;

	for (size_t i = 0; i < search->late_now.count; i++) {
		struct late_step late = search->late_now.items[i];
		int error;

		if (late.index < at.base || late.index - at.base < WINDOW || late.from > at.base ||
		    is_placed(&at, late.index) || !is_placed(&at, search->steps[late.index].before))
			continue;
		error = follow(search, from, late.index, false);
		if (error)
			return error;
	}
	return 0;
}

static int expand(struct search *search, uint32_t from)
{
	struct placement at = search->now.items[from].at;
	uint64_t bound = search->steps[at.base].end;

	for (uint32_t i = at.base; i < search->count && i - at.base < WINDOW; i++) {
		const struct step *step = &search->steps[i];
		int error;

		if (i != at.base && search->earliest[i] >= bound)
			break;
		if (is_placed(&at, i) || (i != at.base && step->begin >= bound) ||
		    !is_placed(&at, step->before))
			continue;
		error = follow(search, from, i, false);
		if (error)
			return error;
	}
	return expand_late(search, from);
}

/* ---- the end of a segment ------------------------------------------------------------------- */

/* All that led to the state `at` of the layer that is reached is settled. */
static int settle(struct search *search, uint32_t at)
{
	struct state only = search->next.items[at];
	struct edge *edge;
	size_t last = search->layers.count;
	int error;

	/* The others of the last layer are given up. */
	vector_for_each (&search->edges, edge)
		edge->alive = false;
	for (size_t e = search->layers.items[last - 1].first_edge; e < search->edges.count; e++) {
		edge = &search->edges.items[e];
		edge->to = edge->to == at ? 0 : UINT32_MAX;
	}
	error = order_settle_segment(search);
	if (error)
		return error;
	search->had_value = only.known;
	search->value_before = only.value;
	search->edges.count = 0;
	search->layers.count = 0;
	search->doubtful = search->placed_count < search->doubt_until;
	forget_next(search);
	search->now.count = 0;
	if (!vector_add(&search->now))
		return -ENOMEM;
	search->now.items[0] = only;
	return 0;
}

/* ---- steps that were told late --------------------------------------------------------------- */

/* The first step that ends after `time`. */
static uint32_t first_after(const struct search *search, uint64_t time)
{
	size_t low = 0, high = search->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (search->steps[middle].end <= time)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int by_from(const void *a, const void *b)
{
	const struct late_step *one = a, *other = b;

	if (one->from != other->from)
		return one->from < other->from ? -1 : 1;
	return one->index < other->index ? -1 : one->index > other->index;
}

static int find_late(struct search *search)
{
	for (size_t i = 0; i < search->count; i++) {
		uint32_t from = first_after(search, search->steps[i].begin);
		struct late_step *late;

		if (from + WINDOW > i)
			continue;
		late = vector_add(&search->late);
		if (!late)
			return -ENOMEM;
		*late = (struct late_step){i, from};
	}
	if (search->late.count)
		qsort(search->late.items, search->late.count, sizeof(search->late.items[0]),
		      by_from);
	return 0;
}

/* Those that the states of this layer may go on with. */
static int update_late(struct search *search)
{
	uint32_t lowest = UINT32_MAX, highest = 0;
	const struct state *state;
	size_t kept = 0;

	vector_for_each (&search->now, state) {
		if (state->at.base < lowest)
			lowest = state->at.base;
		if (state->at.base > highest)
			highest = state->at.base;
	}
	for (size_t i = 0; i < search->late_now.count; i++)
		if (search->late_now.items[i].index >= lowest)
			search->late_now.items[kept++] = search->late_now.items[i];
	search->late_now.count = kept;
	for (; search->late_next < search->late.count &&
	       search->late.items[search->late_next].from <= highest;
	     search->late_next++) {
		struct late_step *late = vector_add(&search->late_now);

		if (!late)
			return -ENOMEM;
		*late = search->late.items[search->late_next];
	}
	return 0;
}

/* ---- the search ----------------------------------------------------------------------------- */

static void swap_layers(struct search *search)
{
	struct state *items = search->now.items;
	size_t capacity = search->now.capacity;

	search->now.items = search->next.items;
	search->now.count = search->next.count;
	search->now.capacity = search->next.capacity;
	search->next.items = items;
	search->next.capacity = capacity;
	search->next.count = 0;
	memset(search->table, 0, sizeof(search->table));
}

/* Nothing fits: the first step that is left comes next all the same. */
static int break_here(struct search *search)
{
	struct state *state = &search->now.items[0];
	uint32_t index = state->at.base;
	int error;

	if (search->doubt_until && search->placed_count < search->doubt_until + BLAME_STEPS) {
		search->out->given_up++;
		leave_out(search);
	} else {
		search->out->broken++;
	}
	search->doubtful = true;
	search->restart = true;
	if (state->open_count == OPEN_MAX)
		state->open_count = 0;
	error = follow(search, 0, index, true);
	if (error)
		return error;
	return search->next.count ? 0 : -EINVAL;
}

static int one_layer(struct search *search)
{
	struct layer *layer = vector_add(&search->layers);
	int error = 0;

	if (!layer)
		return -ENOMEM;
	layer->first_edge = search->edges.count;
	error = update_late(search);
	for (uint32_t i = 0; i < search->now.count && !error; i++)
		error = expand(search, i);
	if (!error && !search->next.count)
		error = break_here(search);
	if (error)
		return error;
	search->placed_count++;
	if (search->layers.count > LAYERS_MAX && search->next.count > 1)
		leave_out(search);
	if (search->next.count == 1 || search->layers.count > LAYERS_MAX)
		return settle(search, 0);
	swap_layers(search);
	return 0;
}

static int find_earliest(struct search *search)
{
	uint64_t earliest = UINT64_MAX;

	search->earliest = calloc(search->count + 1, sizeof(*search->earliest));
	search->source_of = calloc(search->count + 1, sizeof(*search->source_of));
	if (!search->earliest || !search->source_of)
		return -ENOMEM;
	search->last = STEP_NONE;
	for (size_t i = search->count; i-- > 0;) {
		if (search->steps[i].begin < earliest)
			earliest = search->steps[i].begin;
		search->earliest[i] = earliest;
	}
	return find_late(search);
}

/* The end: any of the states will do, as far as they differ they are in doubt. */
static int settle_rest(struct search *search)
{
	const struct state *state, *first = search->now.items;

	search->out->last = first->value;
	search->out->last_certain = first->known;
	vector_for_each (&search->now, state)
		if (!state->known || state->value != first->value)
			search->out->last_certain = false;
	if (!search->layers.count)
		return 0;
	search->doubtful |= search->now.count > 1;
	swap_layers(search);
	return settle(search, 0);
}

int order_find(const struct step *steps, size_t count, uint64_t mask, const uint64_t *first,
	       struct order *ret)
{
	struct search search = {.steps = steps, .count = count, .mask = mask, .out = ret};
	int error = vector_add(&search.now) ? find_earliest(&search) : -ENOMEM;

	memset(ret, 0, sizeof(*ret));
	if (!error && first)
		leave(&search.now.items[0], true, *first);
	for (size_t i = 0; i < count && !error; i++)
		error = one_layer(&search);
	if (!error)
		error = settle_rest(&search);
	free(search.earliest);
	free(search.source_of);
	vector_free(&search.now);
	vector_free(&search.next);
	vector_free(&search.edges);
	vector_free(&search.layers);
	vector_free(&search.options);
	vector_free(&search.alive);
	vector_free(&search.alive_before);
	vector_free(&search.late);
	vector_free(&search.late_now);
	if (error)
		order_free(ret);
	return error;
}

void order_free(struct order *order)
{
	vector_free(&order->stores);
}
