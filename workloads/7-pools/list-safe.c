// SPDX-License-Identifier: GPL-2.0-only
/*
 * list-safe.c - two threads take items from one queue that guards itself
 *
 * To read the first item and to remove it is one step under the queue's lock. The work on the item
 * comes after it, when the item belongs to one thread alone, and is done by both at once.
 */
#include "workloads/7-pools/job_queue.h"
#include "workloads/7-pools/list.h"

SCENARIO("title: two threads empty one queue with a lock: each item once\n"
	 "chapter: 7\n"
	 "order: 4\n"
	 "claim: each item was done once\n"
	 "  holds: fact.once == fact.expected and fact.twice == 0 and fact.lost == 0\n"
	 "  shows: fact.once of fact.expected as count\n"
	 "claim: both threads took items, and a stop marker each\n"
	 "  needs: cpus >= 2 else there was one CPU only\n"
	 "  needs: overlap > 500us else they hardly ever ran at once\n"
	 "  holds: fact.taken_1 > 0 and fact.taken_2 > 0 and fact.stops == 2\n"
	 "  shows: fact.taken_1 of fact.taken_1 + fact.taken_2 as count\n"
	 "claim: they worked at once, each on its own item\n"
	 "  needs: fact.expected >= 100 else there was hardly any work\n"
	 "  needs: cpus >= 2 else there was one CPU only\n"
	 "  needs: fact.started_together == 1 else the second CPU was never free\n"
	 "  holds: overlap > 0\n"
	 "  shows: overlap of fact.elapsed_ns as duration\n"
	 "claim: waiting for the queue's lock cost less than half of the work\n"
	 "  needs: fact.expected >= 1000 else there was hardly any work\n"
	 "  holds: locks <= 1 and lock.wait < 50% * threads[list-*].running\n"
	 "  shows: lock.wait of threads[list-*].running as duration\n");

struct safe_taker {
	struct taker taker;
	struct job_queue *queue;
	uint64_t stops;
};

static void take(void *argument)
{
	struct safe_taker *me = argument;
	struct job job;

	me->taker.together = scenario_gate_pass(me->taker.gate, me->taker.side);
	while (!(job = job_queue_take(me->queue)).stop) {
		me->taker.takings[me->taker.count++].item = (uint32_t)job.number;
		list_work_on((uint32_t)job.number);
	}
	me->stops++;
}

int main(int argc, char **argv)
{
	static struct scenario_gate gate;
	uint64_t items = LIST_DEFAULT_ITEMS, elapsed;
	const struct scenario_option options[] = {
		LIST_ITEMS_OPTION(&items),
		SCENARIO_END,
	};
	struct safe_taker safe[TAKERS] = {0};
	struct taker takers[TAKERS];
	struct list_outcome outcome;
	struct scenario_timer timer;
	struct job_queue queue;

	scenario_begin(argc, argv, options);
	job_queue_init(&queue, items + TAKERS, "queue");
	for (uint64_t item = 0; item < items; item++)
		job_queue_put(&queue, (struct job){.number = item});
	for (unsigned int i = 0; i < TAKERS; i++) {
		job_queue_put(&queue, (struct job){.stop = true});
		taker_init(&safe[i].taker, i, &gate, items);
		safe[i].queue = &queue;
	}
	timer = scenario_start();
	for (unsigned int i = 0; i < TAKERS; i++)
		scenario_thread_start(&safe[i].taker.thread, take, &safe[i], "list-%u", i + 1);
	for (unsigned int i = 0; i < TAKERS; i++) {
		scenario_thread_join(&safe[i].taker.thread);
		takers[i] = safe[i].taker;
	}
	elapsed = scenario_stop(&timer);
	outcome = list_outcome_of(takers, TAKERS, items);
	scenario_fact("started_together", takers[0].together);
	scenario_fact("taken_1", (int64_t)takers[0].count);
	scenario_fact("taken_2", (int64_t)takers[1].count);
	scenario_fact("stops", (int64_t)(safe[0].stops + safe[1].stops));
	list_tell(&outcome, items, elapsed);
	for (unsigned int i = 0; i < TAKERS; i++)
		free(takers[i].takings);
	job_queue_destroy(&queue);
	return scenario_end();
}
