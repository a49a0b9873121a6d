// SPDX-License-Identifier: GPL-2.0-only
/*
 * list-race.c - two threads take items from one array list that nobody guards
 *
 * While one works on the item at index 0 the other one reads index 0 too, and the item is done
 * twice. Then both remove index 0, and what was at index 1 is gone without having been done.
 */
#include "workloads/7-pools/list.h"

SCENARIO("title: two threads empty one list, and do items twice or not at all\n"
	 "chapter: 7\n"
	 "order: 3\n"
	 "racy: yes\n"
	 "watch: shared_list.count:rw --items=400\n"
	 "claim: items were done twice, or never\n"
	 "  needs: cpus >= 2 else there was one CPU only\n"
	 "  needs: overlap > 1ms else they hardly ever ran at once\n"
	 "  holds: fact.once < fact.expected\n"
	 "  shows: fact.twice + fact.lost of fact.expected as count\n"
	 "claim: one read an item that the other had read and not yet removed\n"
	 "  needs: cpus >= 2 else there was one CPU only\n"
	 "  needs: overlap > 1ms else they hardly ever ran at once\n"
	 "  holds: fact.first_gap_ns < fact.first_removed_after_ns\n"
	 "  shows: fact.first_gap_ns of fact.first_removed_after_ns as duration\n"
	 "claim: no lock was waited for\n"
	 "  holds: locks == 0\n"
	 "  shows: locks as count\n"
	 "claim: watched one by one, so many removals wiped out others\n"
	 "  holds: watch.updates - watch.lost == watch.expected\n"
	 "  shows: watch.lost of watch.updates as count\n"
	 "claim: the two ran at once\n"
	 "  needs: cpus >= 2 else there was one CPU only\n"
	 "  needs: fact.started_together == 1 else the second CPU was never free\n"
	 "  holds: overlap > 0\n"
	 "  shows: overlap of fact.elapsed_ns as duration\n");

static struct list shared_list;

static void take(void *argument)
{
	struct taker *me = argument;

	me->together = scenario_gate_pass(me->gate, me->side);
	list_take_all(me);
}

/* The first time that one read what the other one had in work. Both are in order of time. */
static bool find_interleaving(const struct taker takers[TAKERS], const struct taking **ret_first,
			      const struct taking **ret_second, unsigned int *ret_side)
{
	uint64_t a = 0, b = 0;

	while (a < takers[0].count && b < takers[1].count) {
		const struct taking *x = &takers[0].takings[a], *y = &takers[1].takings[b];
		bool x_first = x->read < y->read;
		const struct taking *first = x_first ? x : y, *second = x_first ? y : x;

		if (x->item == y->item && second->read < first->removed) {
			*ret_first = first;
			*ret_second = second;
			*ret_side = !x_first;
			return true;
		}
		if (x->removed < y->removed)
			a++;
		else
			b++;
	}
	return false;
}

static void tell_interleaving(const struct taker takers[TAKERS])
{
	const struct taking *first, *second;
	unsigned int side;
	uint64_t gap, removed;

	if (!find_interleaving(takers, &first, &second, &side))
		return;
	gap = second->read - first->read;
	removed = first->removed - first->read;
	scenario_fact("first_item", first->item);
	scenario_fact("first_gap_ns", (int64_t)gap);
	scenario_fact("first_removed_after_ns", (int64_t)removed);
	scenario_say("for example", "list-%u read item %u", side + 1, first->item);
	scenario_say("", "%s later list-%u read item %u", scenario_duration_text(gap).text,
		     2 - side, second->item);
	scenario_say("", "%s later list-%u removed it", scenario_duration_text(removed - gap).text,
		     side + 1);
	scenario_say("", "and list-%u removed whatever came next", 2 - side);
}

int main(int argc, char **argv)
{
	static struct scenario_gate gate;
	uint64_t items = LIST_DEFAULT_ITEMS, elapsed;
	const struct scenario_option options[] = {
		LIST_ITEMS_OPTION(&items),
		SCENARIO_END,
	};
	struct taker takers[TAKERS];
	struct list_outcome outcome;
	struct scenario_timer timer;

	scenario_begin(argc, argv, options);
	list_init(&shared_list, items);
	scenario_fact_address("shared_address", &shared_list.count);
	for (unsigned int i = 0; i < TAKERS; i++) {
		taker_init(&takers[i], i, &gate, items);
		takers[i].list = &shared_list;
	}
	timer = scenario_start();
	for (unsigned int i = 0; i < TAKERS; i++)
		scenario_thread_start(&takers[i].thread, take, &takers[i], "list-%u", i + 1);
	for (unsigned int i = 0; i < TAKERS; i++)
		scenario_thread_join(&takers[i].thread);
	elapsed = scenario_stop(&timer);
	outcome = list_outcome_of(takers, TAKERS, items);
	scenario_fact("started_together", takers[0].together);
	scenario_fact("takings", (int64_t)(takers[0].count + takers[1].count));
	list_tell(&outcome, items, elapsed);
	tell_interleaving(takers);
	for (unsigned int i = 0; i < TAKERS; i++)
		free(takers[i].takings);
	list_free(&shared_list);
	return scenario_end();
}
