/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * list.h - an array list that nobody guards, and the work with it
 *
 * To take an item is to read index 0, to work on it, and to remove index 0, for which all others
 * move down by one. Between the reading and the removing there is time for another one to come.
 *
 * Two that are in each other's way cannot do harm outside of the list: whatever count they read was
 * written by one of them, and none of them ever wrote more than there was.
 */
#ifndef WORKLOADS_LIST_H
#define WORKLOADS_LIST_H

#include <errno.h>
#include <stdlib.h>

#include "workloads/scenario.h"

#define TAKERS 2

#define LIST_DEFAULT_ITEMS 2500ull
#define LIST_ITEMS_OPTION(items)                                                                   \
	SCENARIO_NUMBER("items", (items), 2, 100000, "how many items are in the list")

/* An index of the list, as the item itself is its number: 0, 1, 2, ... */
struct list {
	/* volatile: each access is one, in this order, and nothing more. */
	volatile uint32_t *items;
	volatile uint64_t count;
	uint64_t room;
};

/* What one of the two did. */
struct taking {
	uint32_t item;
	uint64_t read, removed; /* when */
};

struct taker {
	struct list *list;
	struct scenario_gate *gate;
	unsigned int side;
	bool together;
	struct taking *takings;
	uint64_t count, room;
	struct scenario_thread thread;
};

static inline void list_init(struct list *list, uint64_t items)
{
	*list = (struct list){.items = calloc(items, sizeof(uint32_t)), .room = items};
	if (!list->items)
		scenario_fail(errno, "no memory for the list");
	for (uint64_t i = 0; i < items; i++)
		list->items[i] = (uint32_t)i;
	list->count = items;
}

static inline void list_free(struct list *list)
{
	free((uint32_t *)list->items);
}

static inline void list_remove_first(struct list *list)
{
	uint64_t count = list->count;

	if (!count)
		return;
	for (uint64_t i = 1; i < count; i++)
		list->items[i - 1] = list->items[i];
	list->count = count - 1;
}

/* Some microseconds of work on the item. */
static inline void list_work_on(uint32_t item)
{
	uint64_t value = item;

	for (unsigned int i = 0; i < 2000; i++) {
		value = value * 6364136223846793005 + 1442695040888963407;
		__asm__ volatile("" : "+r"(value));
	}
}

/* Two in each other's way may bring back what was removed; what one does is bounded all the same,
 * by the room for its takings. */
static inline void list_take_all(struct taker *me)
{
	while (me->count < me->room && me->list->count) {
		struct taking *taking = &me->takings[me->count++];

		taking->item = me->list->items[0];
		taking->read = scenario_now();
		list_work_on(taking->item);
		list_remove_first(me->list);
		taking->removed = scenario_now();
	}
}

static inline void taker_init(struct taker *taker, unsigned int side, struct scenario_gate *gate,
			      uint64_t items)
{
	*taker = (struct taker){.gate = gate, .side = side, .room = 2 * items};
	taker->takings = calloc(taker->room, sizeof(*taker->takings));
	if (!taker->takings)
		scenario_fail(errno, "no memory for what is taken");
}

/* ---- what came of it ----------------------------------------------------------------------- */

struct list_outcome {
	uint64_t once, twice, lost; /* items done once, more than once, never */
};

static inline void list_mark(uint8_t *done, uint64_t items, const struct taker *taker)
{
	for (uint64_t i = 0; i < taker->count; i++) {
		uint32_t item = taker->takings[i].item;

		if (item >= items)
			scenario_fail(0, "there is an item that nobody had put there");
		if (done[item] < UINT8_MAX)
			done[item]++;
	}
}

static inline struct list_outcome list_outcome_of(const struct taker *takers, unsigned int count,
						  uint64_t items)
{
	struct list_outcome outcome = {0};
	uint8_t *done = calloc(items, 1);

	if (!done)
		scenario_fail(errno, "no memory for the items");
	for (unsigned int i = 0; i < count; i++)
		list_mark(done, items, &takers[i]);
	for (uint64_t i = 0; i < items; i++) {
		outcome.once += done[i] == 1;
		outcome.twice += done[i] > 1;
		outcome.lost += !done[i];
	}
	free(done);
	return outcome;
}

static inline void list_tell(const struct list_outcome *outcome, uint64_t expected,
			     uint64_t elapsed_ns)
{
	scenario_fact("twice", (int64_t)outcome->twice);
	scenario_fact("lost", (int64_t)outcome->lost);
	scenario_fact("once", (int64_t)outcome->once);
	scenario_result(expected, outcome->once + outcome->twice, elapsed_ns);
	scenario_say("of these", "%s done once, %s more than once, %s never",
		     scenario_count_text(outcome->once).text,
		     scenario_count_text(outcome->twice).text,
		     scenario_count_text(outcome->lost).text);
}

#endif
