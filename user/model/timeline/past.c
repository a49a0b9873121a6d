// SPDX-License-Identifier: GPL-2.0-only
/* past.c - the latest running intervals of a thread */
#include <stdlib.h>
#include <string.h>

#include "model/causes/inside.h"

#define CAPACITY_FIRST 4

static struct past_run *run_at(const struct past *past, uint32_t i)
{
	return &past->runs[(past->first + i) & (past->capacity - 1)];
}

const struct past_run *past_find(const struct past *past, uint64_t time)
{
	/* What is asked for is mostly among the newest. */
	for (uint32_t i = past->count; i > 0; i--) {
		const struct past_run *run = run_at(past, i - 1);

		if (run->begin <= time)
			return time <= run->end ? run : NULL;
	}
	return NULL;
}

static int grow(struct past *past)
{
	uint32_t capacity = past->capacity ? past->capacity * 2 : CAPACITY_FIRST;
	struct past_run *runs = calloc(capacity, sizeof(*runs));

	if (!runs)
		return -1;
	for (uint32_t i = 0; i < past->count; i++)
		runs[i] = *run_at(past, i);
	free(past->runs);
	past->runs = runs;
	past->first = 0;
	past->capacity = capacity;
	return 0;
}

struct past_run *past_add(struct past *past, uint32_t limit)
{
	if (past->count == past->capacity) {
		if (past->count < limit || !past->capacity) {
			if (grow(past))
				return NULL;
		} else {
			past->first++;
			past->count--;
		}
	}
	return run_at(past, past->count++);
}

void past_forget(struct past *past, uint64_t before)
{
	while (past->count && run_at(past, 0)->end < before) {
		past->first++;
		past->count--;
	}
	if (past->count)
		return;
	free(past->runs);
	memset(past, 0, sizeof(*past));
}
