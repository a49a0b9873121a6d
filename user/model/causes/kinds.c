// SPDX-License-Identifier: GPL-2.0-only
/* kinds.c - of whom one speaks together when there are too many to tell apart */
#include <string.h>
#include <xxhash.h>

#include "model/causes/inside.h"
#include "model/tasks/name_kind.h"
#include "model/tasks/population.h"

uint32_t causes_first_of_kind(void *context, uint32_t thread)
{
	struct causes *causes = context;
	struct cause_thread *it = &causes->threads.items[thread];
	const struct population *population = timeline_population(causes->timeline);
	struct name_kind kind;
	uint32_t first;

	if (it->kind)
		return it->kind - 1;
	kind = name_kind(population->threads.items[thread].name);
	if (lock_map_at(&causes->by_kind, XXH3_64bits(kind.text, strlen(kind.text)), 0, thread,
			&first))
		return NO_THREAD;
	it->kind = first + 1;
	return first;
}
