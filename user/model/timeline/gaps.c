// SPDX-License-Identifier: GPL-2.0-only
#include "model/timeline/gaps.h"

#include <errno.h>

static int add(span_vector *spans, uint64_t first, uint64_t time)
{
	struct gap_span *span;

	while (spans->count && spans->items[spans->count - 1].time >= first) {
		span = &spans->items[--spans->count];
		if (span->first < first)
			first = span->first;
	}
	span = vector_add(spans);
	if (!span)
		return -ENOMEM;
	*span = (struct gap_span){first, time};
	return 0;
}

int gaps_add(struct gaps *gaps, uint32_t cpu, uint64_t first, uint64_t time)
{
	int error;

	while (gaps->of_cpu.count <= cpu)
		if (!vector_add(&gaps->of_cpu))
			return -ENOMEM;
	error = add(&gaps->any, first, time);
	return error ? error : add(&gaps->of_cpu.items[cpu], first, time);
}

/* How many of them end before `time`, or begin by then. */
static size_t count(const span_vector *spans, uint64_t time, bool ended)
{
	size_t low = 0, high = spans->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct gap_span *span = &spans->items[middle];

		if (ended ? span->time < time : span->first <= time)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool gaps_between(const struct gaps *gaps, uint32_t cpu, uint64_t since, uint64_t until,
		  struct gap_span *ret)
{
	const span_vector *spans = &gaps->any;
	size_t first, after;

	if (!spans->count || since > until)
		return false;
	if (cpu != NO_CPU) {
		if (cpu >= gaps->of_cpu.count)
			return false;
		spans = &gaps->of_cpu.items[cpu];
	}
	first = count(spans, since, true);
	after = count(spans, until, false);
	if (first >= after)
		return false;
	if (ret)
		*ret = (struct gap_span){spans->items[first].first, spans->items[after - 1].time};
	return true;
}

void gaps_free(struct gaps *gaps)
{
	span_vector *spans;

	vector_for_each (&gaps->of_cpu, spans)
		vector_free(spans);
	vector_free(&gaps->of_cpu);
	vector_free(&gaps->any);
}
