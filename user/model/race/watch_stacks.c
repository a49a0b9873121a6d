// SPDX-License-Identifier: GPL-2.0-only
/* watch_stacks.c - the calls that led to the accesses of a watched variable */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/stacks/places.h"
#include "model/race/watch.h"

/* More than that say nothing, and only a damaged recording has them. */
#define STACKS_MAX 1024

static int by_count(const void *left, const void *right)
{
	const struct watch_stack *a = left, *b = right;
	uint64_t one = a->reads + a->writes, other = b->reads + b->writes;

	if (one != other)
		return one > other ? -1 : 1;
	return a->stack < b->stack ? -1 : a->stack > b->stack;
}

/* There are few, and mostly it is the one of the access before. */
static struct watch_stack *stack_for(struct watched *watched, uint32_t id, size_t *guess)
{
	struct watch_stack *stack;

	if (*guess < watched->stacks.count && watched->stacks.items[*guess].stack == id)
		return &watched->stacks.items[*guess];
	vector_for_each (&watched->stacks, stack) {
		if (stack->stack != id)
			continue;
		*guess = stack - watched->stacks.items;
		return stack;
	}
	if (watched->stacks.count == STACKS_MAX)
		return NULL;
	stack = vector_add(&watched->stacks);
	if (!stack)
		return NULL;
	memset(stack, 0, sizeof(*stack));
	stack->stack = id;
	*guess = watched->stacks.count - 1;
	return stack;
}

/* Texts stand in a recording once. */
static bool look_alike(const struct watch_stack *one, const struct watch_stack *other)
{
	if (one->frame_count != other->frame_count)
		return false;
	for (unsigned int i = 0; i < one->frame_count; i++)
		if (one->frames[i].function != other->frames[i].function ||
		    one->frames[i].line != other->frames[i].line)
			return false;
	return true;
}

/* The first moments' stacks come from copies, and have an id each. */
static void merge_alike(struct watched *watched)
{
	size_t kept = 0, at;

	for (size_t i = 0; i < watched->stacks.count; i++) {
		const struct watch_stack *stack = &watched->stacks.items[i];

		for (at = 0; at < kept && !look_alike(&watched->stacks.items[at], stack);)
			at++;
		if (at == kept) {
			watched->stacks.items[kept++] = *stack;
			continue;
		}
		watched->stacks.items[at].reads += stack->reads;
		watched->stacks.items[at].writes += stack->writes;
	}
	watched->stacks.count = kept;
}

int watch_stacks_find(const struct recording *recording, const struct watch_report *report,
		      struct watched *watched)
{
	const struct watch_access *access;
	struct watch_stack *stack;
	size_t guess = 0;

	vector_for_each (&watched->accesses, access) {
		if (!access->stack)
			continue;
		stack = stack_for(watched, access->stack, &guess);
		if (!stack && watched->stacks.count < STACKS_MAX)
			return -ENOMEM;
		if (!stack)
			continue;
		if (watch_writes(report, access))
			stack->writes++;
		else
			stack->reads++;
	}
	vector_for_each (&watched->stacks, stack) {
		struct place place = {0};

		place_shorten(recording, stack->stack, &place);
		memcpy(stack->frames, place.frames, sizeof(stack->frames));
		stack->frame_count = place.frame_count;
	}
	merge_alike(watched);
	if (watched->stacks.count)
		qsort(watched->stacks.items, watched->stacks.count, sizeof(*stack), by_count);
	return 0;
}
