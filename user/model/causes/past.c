// SPDX-License-Identifier: GPL-2.0-only
/* past.c - the latest running intervals of a thread */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/causes/inside.h"

#define CAPACITY_FIRST 4

const struct past_run *past_find(const struct past *past, uint64_t time)
{
	/* What is asked for is mostly among the newest. */
	for (uint32_t i = past->count; i > 0; i--) {
		const struct past_run *run = past_run_at(past, i - 1);

		if (run->begin <= time)
			return time <= run->end ? run : NULL;
	}
	return NULL;
}

int past_grow(struct past *past)
{
	uint32_t capacity = past->capacity ? past->capacity * 2 : CAPACITY_FIRST;
	struct past_run *runs = calloc(capacity, sizeof(*runs));

	if (!runs)
		return -ENOMEM;
	for (uint32_t i = 0; i < past->count; i++)
		runs[i] = *past_run_at(past, i);
	free(past->runs);
	past->runs = runs;
	past->first = 0;
	past->capacity = capacity;
	return 0;
}

void past_forget(struct past *past, uint64_t before)
{
	while (past->count && past_run_at(past, 0)->end < before) {
		past->first++;
		past->count--;
	}
	if (past->count)
		return;
	free(past->runs);
	memset(past, 0, sizeof(*past));
}
