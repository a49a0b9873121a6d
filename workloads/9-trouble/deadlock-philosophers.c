// SPDX-License-Identifier: GPL-2.0-only
/*
 * deadlock-philosophers.c - five of them at a round table, with five forks
 *
 * Each needs the fork on either side to eat. All take the one on their left first, and then wait
 * for the one on their right, which their neighbour has.
 */
#include "workloads/9-trouble/stuck.h"

SCENARIO("title: five philosophers, five forks, and nobody eats\n"
	 "chapter: 9\n"
	 "order: 2\n"
	 "claim: all of them wait for each other, in one circle\n"
	 "  needs: fact.ordered == 0\n"
	 "  holds: deadlocks == 1 and deadlock.threads == fact.philosophers\n"
	 "  shows: deadlock.threads of fact.philosophers as count\n"
	 "claim: nobody ate\n"
	 "  needs: fact.ordered == 0\n"
	 "  holds: fact.ate == 0\n"
	 "  shows: fact.ate as count\n"
	 "claim: it lasted until the process was ended\n"
	 "  needs: fact.ordered == 0\n"
	 "  needs: threads[philosopher-*].ready < 5% * fact.watched_ns"
	 " else other programs kept the CPUs busy\n"
	 "  holds: deadlock.length near fact.watched_ns within 10%\n"
	 "  shows: deadlock.length of fact.watched_ns as duration\n"
	 "claim: each thread was blocked on a lock, and on nothing else, from then on\n"
	 "  needs: fact.ordered == 0\n"
	 "  needs: threads[philosopher-*].ready < 5% * fact.watched_ns"
	 " else other programs kept the CPUs busy\n"
	 "  holds: lock.wait near fact.philosophers * deadlock.length within 10%\n"
	 "  shows: lock.wait as duration\n"
	 "claim: alike, they starve; if one takes the other fork first, all eat\n"
	 "  holds: deadlocks == 1 - fact.ordered and fact.ate == fact.ordered * fact.philosophers\n"
	 "  shows: fact.ate of fact.philosophers as count\n");

#define PHILOSOPHERS_MAX 64

struct philosopher {
	unsigned int place;
	struct scenario_thread thread;
};

static pthread_mutex_t forks[PHILOSOPHERS_MAX];
static uint64_t philosophers = 5;
static unsigned int arrived, ate;
static bool ordered;

static void dine(void *argument)
{
	struct philosopher *me = argument;
	pthread_mutex_t *first = &forks[me->place];
	pthread_mutex_t *second = &forks[(me->place + 1) % philosophers];

	/* The last one takes the forks the other way round: no circle can close. */
	if (ordered && me->place == philosophers - 1) {
		first = &forks[0];
		second = &forks[me->place];
	}
	pthread_mutex_lock(first);
	if (!ordered)
		stuck_meet(&arrived, (unsigned int)philosophers);
	pthread_mutex_lock(second);
	__atomic_add_fetch(&ate, 1, __ATOMIC_SEQ_CST);
	pthread_mutex_unlock(second);
	pthread_mutex_unlock(first);
}

int main(int argc, char **argv)
{
	struct philosopher all[PHILOSOPHERS_MAX] = {0};
	uint64_t hold = STUCK_HOLD_DEFAULT, watched;
	const struct scenario_option options[] = {
		SCENARIO_NUMBER("philosophers", &philosophers, 2, PHILOSOPHERS_MAX,
				"how many sit at the table"),
		STUCK_HOLD_OPTION(&hold),
		SCENARIO_FLAG("ordered", &ordered,
			      "one of them takes the other fork first: the cure"),
		SCENARIO_END,
	};

	scenario_begin(argc, argv, options);
	for (unsigned int i = 0; i < philosophers; i++)
		pthread_mutex_init(&forks[i], NULL);
	scenario_fact_address("forks_address", forks);
	for (unsigned int i = 0; i < philosophers; i++) {
		all[i].place = i;
		scenario_thread_start(&all[i].thread, dine, &all[i], "philosopher-%u", i + 1);
	}
	watched = stuck_watch(&ate, (unsigned int)philosophers, hold);
	scenario_fact("ordered", ordered);
	scenario_fact("philosophers", (int64_t)philosophers);
	scenario_fact("ate", __atomic_load_n(&ate, __ATOMIC_SEQ_CST));
	scenario_fact("watched_ns", (int64_t)watched);
	scenario_say("ate", "%u of %u philosophers after %s", ate, (unsigned int)philosophers,
		     scenario_duration_text(watched).text);
	if (ate == philosophers) {
		for (unsigned int i = 0; i < philosophers; i++)
			scenario_thread_join(&all[i].thread);
	} else {
		scenario_say("so", "the main thread ends them all: nothing else would");
	}
	return scenario_end();
}
