// SPDX-License-Identifier: GPL-2.0-only
/*
 * deadlock-abba.c - two threads take two locks in opposite orders, and hang
 *
 * Each has its first lock before either asks for its second one, so that the unlucky moment, which
 * in a real program comes once in a month, comes each time.
 */
#include "workloads/9-trouble/stuck.h"

SCENARIO("title: two threads take two locks in opposite orders, and hang\n"
	 "chapter: 9\n"
	 "order: 1\n"
	 "claim: two threads wait for each other, in a circle\n"
	 "  needs: fact.ordered == 0\n"
	 "  holds: deadlocks == 1 and deadlock.threads == 2\n"
	 "  shows: deadlock.threads as count\n"
	 "claim: neither of them ever got its second lock\n"
	 "  needs: fact.ordered == 0\n"
	 "  holds: fact.finished == 0\n"
	 "  shows: fact.finished as count\n"
	 "claim: it lasted until the process was ended\n"
	 "  needs: fact.ordered == 0\n"
	 "  needs: threads[left].ready + threads[right].ready < 5% * fact.watched_ns"
	 " else other programs kept the CPUs busy\n"
	 "  holds: deadlock.length near fact.watched_ns within 10%\n"
	 "  shows: deadlock.length of fact.watched_ns as duration\n"
	 "claim: being stuck costs no CPU time: nothing looks wrong from outside\n"
	 "  needs: fact.ordered == 0\n"
	 "  holds: cpu < 10% * wall\n"
	 "  shows: cpu of wall as duration\n"
	 "claim: opposite orders hang, and the same order does no harm\n"
	 "  holds: deadlocks == 1 - fact.ordered\n"
	 "  shows: deadlocks as count\n");

static pthread_mutex_t lock_a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t lock_b = PTHREAD_MUTEX_INITIALIZER;
static unsigned int arrived, finished;
static bool ordered;

static void take_both(pthread_mutex_t *first, pthread_mutex_t *second)
{
	pthread_mutex_lock(first);
	/* In order, the second thread cannot come here before the first one is through. */
	if (!ordered)
		stuck_meet(&arrived, 2);
	pthread_mutex_lock(second);
	__atomic_add_fetch(&finished, 1, __ATOMIC_SEQ_CST);
	pthread_mutex_unlock(second);
	pthread_mutex_unlock(first);
}

static void take_a_then_b(void *unused)
{
	take_both(&lock_a, &lock_b);
}

static void take_b_then_a(void *unused)
{
	if (ordered)
		take_both(&lock_a, &lock_b);
	else
		take_both(&lock_b, &lock_a);
}

int main(int argc, char **argv)
{
	struct scenario_thread left = {0}, right = {0};
	uint64_t hold = STUCK_HOLD_DEFAULT, watched;
	const struct scenario_option options[] = {
		STUCK_HOLD_OPTION(&hold),
		SCENARIO_FLAG("ordered", &ordered,
			      "both take the locks in the same order: the cure"),
		SCENARIO_END,
	};

	scenario_begin(argc, argv, options);
	scenario_fact_address("lock_a_address", &lock_a);
	scenario_fact_address("lock_b_address", &lock_b);
	scenario_thread_start(&left, take_a_then_b, NULL, "left");
	scenario_thread_start(&right, take_b_then_a, NULL, "right");
	watched = stuck_watch(&finished, 2, hold);
	scenario_fact("ordered", ordered);
	scenario_fact("finished", __atomic_load_n(&finished, __ATOMIC_SEQ_CST));
	scenario_fact("watched_ns", (int64_t)watched);
	scenario_say("finished", "%u of 2 threads after %s", finished,
		     scenario_duration_text(watched).text);
	if (finished == 2) {
		scenario_thread_join(&left);
		scenario_thread_join(&right);
	} else {
		scenario_say("so", "the main thread ends them all: nothing else would");
	}
	return scenario_end();
}
