// SPDX-License-Identifier: GPL-2.0-only
/*
 * counter-storm-lock.c - ten thousand threads each add 1 under a lock
 *
 * Some of them fail at their work while they hold the lock. It is given back all the same, because
 * it is tied to the block of the program in which it is held, and not to reaching its end.
 */
#include "workloads/1-counting/storm.h"

SCENARIO("title: ten thousand threads, one lock, released even on failure\n"
	 "chapter: 1\n"
	 "order: 8\n"
	 "claim: the result is exact\n"
	 "  holds: fact.actual == fact.expected\n"
	 "  shows: fact.actual as count\n"
	 "claim: the kernel saw every thread\n"
	 "  holds: threads[storm-*] == fact.threads\n"
	 "  shows: threads[storm-*] of fact.threads as count\n"
	 "claim: each thread took the lock once\n"
	 "  holds: fact.acquisitions == fact.threads\n"
	 "  shows: fact.acquisitions as count\n"
	 "claim: and gave it back, those that failed as well\n"
	 "  holds: fact.releases == fact.acquisitions\n"
	 "  shows: fact.failures as count\n");

static pthread_mutex_t shared_lock = PTHREAD_MUTEX_INITIALIZER;
/* All of them are only touched while the lock is held. */
static uint64_t shared_number, acquisitions, releases, failures;

static uint64_t fail_every;

static void give_back(pthread_mutex_t **lock)
{
	releases++;
	pthread_mutex_unlock(*lock);
}

static pthread_mutex_t *take(pthread_mutex_t *lock)
{
	pthread_mutex_lock(lock);
	acquisitions++;
	return lock;
}

static void add_one(void *argument)
{
	struct storm_worker *me = argument;
	/* Whichever way this function is left, the compiler calls give_back(). */
	__attribute__((cleanup(give_back), unused)) pthread_mutex_t *held = take(&shared_lock);

	me->seen = ++shared_number;
	if (fail_every && me->number % fail_every == 0) {
		failures++;
		return;
	}
	storm_report(me);
}

int main(int argc, char **argv)
{
	uint64_t threads = 10000, elapsed;
	bool print = false;
	const struct scenario_option options[] = {
		SCENARIO_NUMBER("threads", &threads, 1, 1000000, "how many threads"),
		SCENARIO_NUMBER("fail-every", &fail_every, 0, 1000000,
				"every so many-th thread fails after its addition, 0: none"),
		SCENARIO_FLAG("print", &print, "each thread prints its name and the total it saw"),
		SCENARIO_END,
	};
	struct storm_worker *workers;

	fail_every = 1000;
	scenario_begin(argc, argv, options);
	scenario_fact_address("shared_address", &shared_number);
	scenario_fact_address("shared_lock_address", &shared_lock);
	workers = storm_new(threads, print);
	elapsed = storm_run(workers, threads, add_one);
	scenario_fact("acquisitions", (int64_t)acquisitions);
	scenario_fact("releases", (int64_t)releases);
	scenario_fact("failures", (int64_t)failures);
	scenario_result(threads, shared_number, elapsed);
	storm_say(threads, elapsed);
	scenario_say("lock", "taken %s times, given back %s times, %s threads failed meanwhile",
		     scenario_count_text(acquisitions).text, scenario_count_text(releases).text,
		     scenario_count_text(failures).text);
	free(workers);
	return scenario_end();
}
