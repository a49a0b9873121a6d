// SPDX-License-Identifier: GPL-2.0-only
/*
 * thundering-herd.c - all are woken, and one gets the work
 *
 * Workers wait on one condition. For each job that comes a broadcast wakes them all; the first one
 * takes it, and the others find nothing and go back to sleep.
 */
#include "workloads/9-trouble/stuck.h"

SCENARIO("title: a herd: each job wakes every worker, and one gets it\n"
	 "chapter: 9\n"
	 "order: 4\n"
	 "claim: each job was done once\n"
	 "  holds: fact.actual == fact.expected\n"
	 "  shows: fact.actual of fact.expected as count\n"
	 "claim: a broadcast wakes all of them, a signal one: wake-ups for each job\n"
	 "  holds: (fact.signals == 0 and condition.waits > 60% * fact.workers * fact.jobs)"
	 " or (fact.signals == 1 and condition.waits < 2 * fact.jobs + 2 * fact.workers)\n"
	 "  shows: condition.waits / fact.jobs as ratio\n"
	 "claim: most of them were woken for nothing\n"
	 "  needs: fact.signals == 0\n"
	 "  holds: fact.for_nothing > 60% * (fact.workers - 1) * fact.jobs\n"
	 "  shows: fact.for_nothing as count\n"
	 "claim: each of them had to switch in for that\n"
	 "  needs: fact.signals == 0\n"
	 "  holds: switches > 60% * fact.workers * fact.jobs\n"
	 "  shows: switches as count\n");

#define WORKERS_MAX 64

static pthread_mutex_t jobs_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t jobs_came = PTHREAD_COND_INITIALIZER;
static uint64_t jobs_waiting, jobs_done, for_nothing;
static bool closed;

static void work(void *unused)
{
	pthread_mutex_lock(&jobs_lock);
	for (;;) {
		while (!jobs_waiting && !closed) {
			pthread_cond_wait(&jobs_came, &jobs_lock);
			for_nothing += !jobs_waiting && !closed;
		}
		if (!jobs_waiting)
			break;
		jobs_waiting--;
		jobs_done++;
	}
	pthread_mutex_unlock(&jobs_lock);
}

int main(int argc, char **argv)
{
	static struct scenario_thread workers[WORKERS_MAX];
	uint64_t worker_count = 8, jobs = 50, step = 2000000, elapsed;
	struct scenario_timer timer;
	bool signals = false;
	const struct scenario_option options[] = {
		SCENARIO_NUMBER("workers", &worker_count, 2, WORKERS_MAX,
				"how many wait for a job"),
		SCENARIO_NUMBER("jobs", &jobs, 1, 1000000, "how many jobs come"),
		SCENARIO_DURATION("step", &step, 100000, 10000000000ull, 20000000,
				  "time from one job to the next"),
		SCENARIO_FLAG("signals", &signals, "wake one worker for a job: the cure"),
		SCENARIO_END,
	};

	scenario_begin(argc, argv, options);
	for (uint64_t i = 0; i < worker_count; i++)
		scenario_thread_start(&workers[i], work, NULL, "worker-%u", (unsigned int)i + 1);
	stuck_nap(20000000); /* they have gone to sleep by then */
	timer = scenario_start();
	for (uint64_t i = 0; i < jobs; i++) {
		pthread_mutex_lock(&jobs_lock);
		jobs_waiting++;
		pthread_mutex_unlock(&jobs_lock);
		if (signals)
			pthread_cond_signal(&jobs_came);
		else
			pthread_cond_broadcast(&jobs_came);
		stuck_nap(step);
	}
	elapsed = scenario_stop(&timer);
	pthread_mutex_lock(&jobs_lock);
	closed = true;
	pthread_mutex_unlock(&jobs_lock);
	pthread_cond_broadcast(&jobs_came);
	for (uint64_t i = 0; i < worker_count; i++)
		scenario_thread_join(&workers[i]);
	scenario_fact("workers", (int64_t)worker_count);
	scenario_fact("jobs", (int64_t)jobs);
	scenario_fact("signals", signals);
	scenario_fact("for_nothing", (int64_t)for_nothing);
	scenario_result(jobs, jobs_done, elapsed);
	scenario_say("woken", "%s times for nothing", scenario_count_text(for_nothing).text);
	return scenario_end();
}
