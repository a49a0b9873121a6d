// SPDX-License-Identifier: GPL-2.0-only
/*
 * lock-convoy.c - a lock that is handed over, with a switch each time
 *
 * The lock inherits priority, and the kernel gives such a lock to the thread that has waited
 * longest, even while that one still sleeps. Until it runs nobody can use the lock: neither the one
 * who gave it up and would want it again, nor anybody else. Once a line of waiters has formed it
 * does not go away any more.
 */
#include <sched.h>

#include "workloads/9-trouble/stuck.h"

SCENARIO("title: a convoy: a short lock, handed from sleeper to sleeper\n"
	 "chapter: 9\n"
	 "order: 3\n"
	 "compare: --no-baseline\n"
	 "claim: the result is exact\n"
	 "  holds: fact.actual == fact.expected\n"
	 "  shows: fact.actual as count\n"
	 "claim: many acquisitions slept first, though the lock is held for a moment only\n"
	 "  needs: fact.own_locks == 0\n"
	 "  holds: lock.waits >= 20 * fact.threads\n"
	 "  shows: lock.waits of fact.acquisitions as count\n"
	 "claim: all of them stood in the line\n"
	 "  needs: fact.own_locks == 0\n"
	 "  holds: lock.at_once >= fact.threads - 1\n"
	 "  shows: lock.at_once as count\n"
	 "claim: each time it was on its way for longer than it was held\n"
	 "  needs: fact.own_locks == 0\n"
	 "  holds: lock.handover / lock.waits > fact.held_ns / fact.acquisitions\n"
	 "  shows: lock.handover / lock.waits of fact.held_ns / fact.acquisitions as duration\n"
	 "claim: one thread alone does the same work in less time than all of them\n"
	 "  needs: fact.own_locks == 0\n"
	 "  needs: lock.waits > 10% * fact.acquisitions"
	 " else the line broke up soon, as may happen when a thread loses its CPU on its way back\n"
	 "  holds: fact.elapsed_ns > 1.5 * fact.alone_ns\n"
	 "  shows: fact.elapsed_ns of fact.alone_ns as duration\n"
	 "claim: each with a lock of its own, nobody waits\n"
	 "  holds: fact.own_locks == 0 or lock.waits == 0\n"
	 "  shows: lock.waits as count\n");

#define THREADS_MAX 64

struct member {
	uint64_t number, held_ns;
	pthread_mutex_t own_lock;
	pthread_mutex_t *lock;
	pthread_barrier_t *start; /* NULL: none */
	uint64_t *shared;
	struct scenario_thread thread;
};

static pthread_mutex_t convoy_lock;
static uint64_t rounds = 2000;
static unsigned int arrived;

static void init(pthread_mutex_t *lock)
{
	pthread_mutexattr_t attributes;
	int error;

	pthread_mutexattr_init(&attributes);
	error = pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
	if (!error)
		error = pthread_mutex_init(lock, &attributes);
	if (error)
		scenario_fail(error, "a lock that inherits priority cannot be made");
}

/* A moment's work, some hundred nanoseconds. */
static void work_a_little(void)
{
	for (unsigned int i = 0; i < 20; i++)
		scenario_relax();
}

static void go_round(void *argument)
{
	const struct sched_param none = {0};
	struct member *me = argument;

	/* Who is handed the lock shall not chase the one from its CPU who gave it: that one comes
	 * back for it at once, and finds it taken. */
	pthread_setschedparam(pthread_self(), SCHED_BATCH, &none);
	__atomic_add_fetch(&arrived, 1, __ATOMIC_SEQ_CST);
	/* Who shares the lock waits for it; the others wait here. */
	if (me->start)
		pthread_barrier_wait(me->start);
	for (uint64_t i = 0; i < rounds; i++) {
		uint64_t took;

		pthread_mutex_lock(me->lock);
		took = scenario_now();
		work_a_little();
		++*me->shared;
		me->held_ns += scenario_now() - took;
		pthread_mutex_unlock(me->lock);
	}
}

static uint64_t cpu_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* All of it by one thread: its CPU time, whoever else wants the CPU. */
static uint64_t alone(uint64_t threads)
{
	uint64_t unused = 0, begin = cpu_time();
	struct member me = {.lock = &me.own_lock, .shared = &unused};

	init(&me.own_lock);
	for (uint64_t i = 0; i < threads; i++)
		go_round(&me);
	return cpu_time() - begin;
}

int main(int argc, char **argv)
{
	uint64_t threads = 4, shared = 0, held = 0, elapsed, alone_ns;
	static struct member members[THREADS_MAX];
	struct scenario_timer timer;
	pthread_barrier_t start;
	bool own_locks = false, no_baseline = false;
	const struct scenario_option options[] = {
		SCENARIO_NUMBER("threads", &threads, 3, THREADS_MAX, "how many share the lock"),
		SCENARIO_NUMBER("rounds", &rounds, 100, 100000000,
				"how often each of them takes it"),
		SCENARIO_FLAG("own-locks", &own_locks, "each thread has a lock of its own"),
		SCENARIO_FLAG("no-baseline", &no_baseline,
			      "leave out the thread that does all of it alone before"),
		SCENARIO_END,
	};

	scenario_begin(argc, argv, options);
	init(&convoy_lock);
	alone_ns = no_baseline ? 0 : alone(threads);
	arrived = 0;
	for (uint64_t i = 0; i < threads; i++) {
		struct member *member = &members[i];

		init(&member->own_lock);
		member->start = own_locks ? &start : NULL;
		member->lock = own_locks ? &member->own_lock : &convoy_lock;
		member->shared = own_locks ? &member->number : &shared;
	}
	if (pthread_barrier_init(&start, NULL, (unsigned int)threads + 1))
		scenario_fail(0, "no barrier");
	pthread_mutex_lock(&convoy_lock);
	for (uint64_t i = 0; i < threads; i++)
		scenario_thread_start(&members[i].thread, go_round, &members[i], "member-%u",
				      (unsigned int)i + 1);
	while (__atomic_load_n(&arrived, __ATOMIC_SEQ_CST) < threads)
		stuck_nap(1000000);
	/* They stand in line by then; with locks of their own for the sake of a fair comparison. */
	stuck_nap(20000000);
	timer = scenario_start();
	pthread_mutex_unlock(&convoy_lock);
	if (own_locks)
		pthread_barrier_wait(&start);
	for (uint64_t i = 0; i < threads; i++)
		scenario_thread_join(&members[i].thread);
	elapsed = scenario_stop(&timer);
	for (uint64_t i = 0; i < threads; i++) {
		shared += members[i].number;
		held += members[i].held_ns;
	}
	scenario_fact("threads", (int64_t)threads);
	scenario_fact("own_locks", own_locks);
	scenario_fact("acquisitions", (int64_t)(threads * rounds));
	scenario_fact("held_ns", (int64_t)held);
	if (!no_baseline)
		scenario_fact("alone_ns", (int64_t)alone_ns);
	scenario_result(threads * rounds, shared, elapsed);
	if (!no_baseline)
		scenario_say("alone", "%s for the same work by one thread",
			     scenario_duration_text(alone_ns).text);
	return scenario_end();
}
