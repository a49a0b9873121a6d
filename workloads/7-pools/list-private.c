// SPDX-License-Identifier: GPL-2.0-only
/*
 * list-private.c - two processes, each with a list of its own
 *
 * The same unguarded list as in list-race. But fork() gives each child a copy of all memory: what
 * one removes is still there for the other, and for the parent. Nobody can come in between.
 */
#include "workloads/7-pools/list.h"
#include "workloads/child.h"

SCENARIO("title: two processes empty a list each: nothing shared, nothing lost\n"
	 "chapter: 7\n"
	 "order: 5\n"
	 "claim: each process did each item of its list once\n"
	 "  holds: fact.once == fact.expected and fact.twice == 0 and fact.lost == 0\n"
	 "  shows: fact.once of fact.expected as count\n"
	 "claim: the parent's list is as it was\n"
	 "  holds: fact.parent_items == fact.items and fact.parent_changed == 0\n"
	 "  shows: fact.parent_items of fact.items as count\n"
	 "claim: all three lists lie at the same address\n"
	 "  holds: fact.list_address == fact.list_address_1 and"
	 " fact.list_address == fact.list_address_2 and processes == 3\n"
	 "  shows: processes as count\n"
	 "claim: no lock was waited for\n"
	 "  holds: locks == 0\n"
	 "  shows: locks as count\n"
	 "claim: the two ran at once\n"
	 "  needs: cpus >= 2 else there was one CPU only\n"
	 "  needs: fact.started_together == 1 else the second CPU was never free\n"
	 "  holds: overlap > 0\n"
	 "  shows: overlap of fact.elapsed_ns as duration\n");

/* What the children let their parent know; the list is not part of it. */
struct report {
	struct scenario_gate gate;
	bool together;
	struct list_outcome outcomes[TAKERS];
};

struct private_taker {
	struct taker taker;
	struct report *report;
	uint64_t items;
};

static void take(void *argument)
{
	struct private_taker *me = argument;
	unsigned int side = me->taker.side;
	bool together = scenario_gate_pass(me->taker.gate, side);

	if (!side)
		me->report->together = together;
	scenario_fact_address(side ? "list_address_2" : "list_address_1",
			      &me->taker.list->items[0]);
	list_take_all(&me->taker);
	me->report->outcomes[side] = list_outcome_of(&me->taker, 1, me->items);
}

int main(int argc, char **argv)
{
	uint64_t items = LIST_DEFAULT_ITEMS, elapsed, changed = 0;
	const struct scenario_option options[] = {
		LIST_ITEMS_OPTION(&items),
		SCENARIO_END,
	};
	struct private_taker takers[TAKERS];
	struct list_outcome outcome = {0};
	struct scenario_timer timer;
	struct report *report;
	struct list list;

	scenario_begin(argc, argv, options);
	report = child_shared_memory(sizeof(*report));
	list_init(&list, items);
	timer = scenario_start();
	for (unsigned int i = 0; i < TAKERS; i++) {
		takers[i] = (struct private_taker){.report = report, .items = items};
		taker_init(&takers[i].taker, i, &report->gate, items);
		takers[i].taker.list = &list;
		child_start(take, &takers[i], i ? "list-2" : "list-1");
	}
	child_wait(TAKERS);
	elapsed = scenario_stop(&timer);
	for (unsigned int i = 0; i < TAKERS; i++) {
		outcome.once += report->outcomes[i].once;
		outcome.twice += report->outcomes[i].twice;
		outcome.lost += report->outcomes[i].lost;
		free(takers[i].taker.takings);
	}
	for (uint64_t i = 0; i < items; i++)
		changed += list.items[i] != i;
	scenario_fact("started_together", report->together);
	scenario_fact("items", (int64_t)items);
	scenario_fact("parent_items", (int64_t)list.count);
	scenario_fact("parent_changed", (int64_t)changed);
	scenario_fact_address("list_address", &list.items[0]);
	list_tell(&outcome, TAKERS * items, elapsed);
	scenario_say("parent", "%s items are still in its own list",
		     scenario_count_text(list.count).text);
	munmap(report, sizeof(*report));
	list_free(&list);
	return scenario_end();
}
