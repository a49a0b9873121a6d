// SPDX-License-Identifier: GPL-2.0-only
/* settle.c - what all orders of a segment have in common */
#include "model/race/order_inside.h"

#include <errno.h>
#include <string.h>

/* Backwards from the one state at its end: edges that lead there. */
static int mark_alive(struct search *search)
{
	size_t end = search->edges.count;

	search->alive.count = 0;
	if (!vector_add(&search->alive))
		return -ENOMEM;
	search->alive.items[0] = 1;
	for (size_t i = search->layers.count; i-- > 0;) {
		size_t begin = search->layers.items[i].first_edge, states = 0;

		for (size_t e = begin; e < end; e++)
			if (search->edges.items[e].from >= states)
				states = search->edges.items[e].from + 1;
		search->alive_before.count = 0;
		while (search->alive_before.count < states)
			if (!vector_add(&search->alive_before))
				return -ENOMEM;
		for (size_t e = begin; e < end; e++) {
			struct edge *edge = &search->edges.items[e];

			edge->alive =
				edge->to < search->alive.count && search->alive.items[edge->to];
			if (edge->alive)
				search->alive_before.items[edge->from] = 1;
		}
		search->alive.count = 0;
		while (search->alive.count < states)
			if (!vector_add(&search->alive))
				return -ENOMEM;
		if (states)
			memcpy(search->alive.items, search->alive_before.items, states);
		end = begin;
	}
	return 0;
}

static uint32_t source_of(const struct search *search, uint32_t store)
{
	const struct step *step = &search->steps[store];

	if (step->kind == STEP_UPDATE)
		return search->source_of[store];
	return step->pair == STEP_NONE ? STEP_NONE : search->source_of[step->pair];
}

static bool stores(const struct search *search, const struct edge *edge)
{
	return search->steps[edge->step].kind != STEP_LOAD;
}

static int collect_options(struct search *search)
{
	struct edge *edge, *slot;

	search->options.count = 0;
	vector_for_each (&search->edges, edge) {
		if (!edge->alive || !stores(search, edge))
			continue;
		slot = vector_add(&search->options);
		if (!slot)
			return -ENOMEM;
		*slot = *edge;
	}
	return 0;
}

static bool assigns(const struct step *step)
{
	return step->kind == STEP_STORE && step->pair == STEP_NONE;
}

/* It found what was there when it stored. */
static bool is_fresh(const struct edge *edge)
{
	return edge->has_before && edge->has_found && edge->before == edge->found;
}

/* Over all orders that are left. */
static void judge(const struct search *search, struct placed *placed)
{
	const struct edge *option, *first = NULL;
	bool fresh = true, stale = true, same = true;

	vector_for_each (&search->options, option) {
		if (option->step != placed->step)
			continue;
		if (!first)
			first = option;
		fresh = fresh && is_fresh(option);
		stale = stale && option->has_before && option->has_found &&
			option->before != option->found;
		same = same && option->has_before == first->has_before &&
		       option->before == first->before;
	}
	placed->assigns = assigns(&search->steps[placed->step]);
	placed->fresh = fresh && !placed->assigns;
	placed->stale = stale && same && !placed->assigns;
	placed->settled =
		!search->doubtful && (placed->fresh || placed->stale || (placed->assigns && same));
}

/* Follows one way that is alive through the segment. */
static int take_one_way(struct search *search)
{
	uint32_t at = 0;

	for (size_t i = 0; i < search->layers.count; i++) {
		size_t e = search->layers.items[i].first_edge;
		size_t end = i + 1 < search->layers.count ? search->layers.items[i + 1].first_edge
							  : search->edges.count;
		const struct edge *edge;
		struct placed *placed;

		while (e < end &&
		       !(search->edges.items[e].alive && search->edges.items[e].from == at))
			e++;
		if (e == end)
			break;
		edge = &search->edges.items[e];
		at = edge->to;
		if (search->steps[edge->step].kind != STEP_STORE)
			search->source_of[edge->step] = search->last;
		if (!stores(search, edge))
			continue;
		placed = vector_add(&search->out->stores);
		if (!placed)
			return -ENOMEM;
		*placed = (struct placed){
			.step = edge->step,
			.source = source_of(search, edge->step),
			.group = STEP_NONE,
			.found = edge->found,
			.has_found = edge->has_found,
			.value = edge->value,
			.restart = search->restart,
		};
		search->restart = false;
		search->last = edge->step;
		judge(search, placed);
	}
	return 0;
}

/* Of the stores of this segment. */
static struct placed *placed_of(struct search *search, uint32_t step)
{
	for (size_t i = search->first; i < search->out->stores.count; i++)
		if (search->out->stores.items[i].step == step)
			return &search->out->stores.items[i];
	return NULL;
}

static bool is_twin(const struct placed *one, const struct placed *other)
{
	return !one->assigns && !other->assigns && one->found == other->found &&
	       one->value == other->value;
}

/* Stores that found the same and left the same: the first of them was fresh, each other one wiped
 * out the one before it, whatever their order. Unless somebody else left the same, or what they
 * found came back between them. */
static bool group_is_closed(struct search *search, const struct placed *leader)
{
	const struct edge *option;

	vector_for_each (&search->options, option) {
		const struct placed *placed = placed_of(search, option->step);

		if (placed->group == leader->step) {
			if (!option->has_before || !option->has_found ||
			    option->found != leader->found || option->value != leader->value ||
			    (option->before != leader->found && option->before != leader->value))
				return false;
			continue;
		}
		if (!option->has_value || option->value == leader->value)
			return false;
		if (option->value != leader->found)
			continue;
		for (size_t i = search->first; i < search->out->stores.count; i++) {
			const struct placed *member = &search->out->stores.items[i];

			if (member->group == leader->step && is_placed(&option->at, member->step))
				return false;
		}
	}
	return true;
}

static void settle_group(struct search *search, size_t leader_index)
{
	struct placed *items = search->out->stores.items, *leader = &items[leader_index];
	size_t count = search->out->stores.count;
	bool closed;

	for (size_t i = search->first; i < count; i++)
		if (is_twin(leader, &items[i]))
			items[i].group = leader->step;
	closed = group_is_closed(search, leader);
	for (size_t i = search->first; i < count; i++) {
		if (items[i].group != leader->step)
			continue;
		if (closed)
			items[i].settled = true;
		else
			items[i].group = STEP_NONE;
	}
}

/* Of a stale store: that there is one store only that it can have wiped out. */
static void check_victim(struct search *search, size_t index)
{
	struct placed *items = search->out->stores.items, *killer = &items[index];
	const struct edge *option;
	size_t candidates = 0;
	uint64_t before = 0;

	vector_for_each (&search->options, option)
		if (option->step == killer->step)
			before = option->before;
	for (size_t i = search->first; i < search->out->stores.count; i++)
		candidates += i != index && items[i].value == before;
	/* What was there when the segment began, which has one order. */
	candidates += search->had_value && search->value_before == before;
	killer->one_victim = candidates == 1;
}

static void settle_stores(struct search *search)
{
	for (size_t i = search->first; i < search->out->stores.count; i++) {
		struct placed *placed = &search->out->stores.items[i];

		if (placed->settled && placed->stale)
			check_victim(search, i);
		if (!placed->settled && placed->group == STEP_NONE && !search->doubtful &&
		    !placed->assigns)
			settle_group(search, i);
	}
}

int order_settle_segment(struct search *search)
{
	int error = mark_alive(search);

	if (!error)
		error = collect_options(search);
	search->first = search->out->stores.count;
	if (!error)
		error = take_one_way(search);
	if (!error)
		settle_stores(search);
	return error;
}
