// SPDX-License-Identifier: GPL-2.0-only
/*
 * sched-round-robin.c - equal threads on one CPU take turns
 *
 * None of them ever waits for anything but the CPU. The kernel takes it from each after a while,
 * and gives it to the one that has had least of it.
 */
#include <stdlib.h>

#include "workloads/8-system/one_cpu.h"

/* The CPU is one that other programs may want as well: shares are compared with each other, and
 * only where the threads had most of it. */
#define NEEDS_TURNS                                                                                \
	"  needs: fact.run_ns >= 500ms and fact.threads <= 8 else each has a few turns only\n"
#define NEEDS_THE_CPU                                                                              \
	"  needs: threads[turn-*].running > 90% * fact.run_ns else other programs had a part of this CPU\n"

SCENARIO("title: equal threads on one CPU take turns, and get equal shares\n"
	 "chapter: 8\n"
	 "order: 3\n"
	 "claim: nobody got 5 % more of the CPU than another\n" NEEDS_TURNS NEEDS_THE_CPU
	 "  holds: least[turn-*].running near most[turn-*].running within 5%\n"
	 "  shows: least[turn-*].running of most[turn-*].running as duration\n"
	 "claim: never did two of them run at once\n"
	 "  holds: overlap < 1% * fact.run_ns and threads[turn-*].running <= 101% * fact.run_ns\n"
	 "  shows: overlap of fact.run_ns as duration\n"
	 "claim: they changed because the kernel took the CPU away\n"
	 "  needs: fact.threads >= 2 else it was alone\n" NEEDS_TURNS
	 "  holds: threads[turn-*].involuntary >= fact.threads and"
	 " threads[turn-*].voluntary <= 6 * fact.threads\n"
	 "  shows: threads[turn-*].involuntary of threads[turn-*].switches as count\n"
	 "claim: and gave it to another one of them, again and again\n"
	 "  needs: fact.threads >= 2 else it was alone\n" NEEDS_TURNS NEEDS_THE_CPU
	 "  holds: preempted[turn-*,turn-*] > 5 * fact.threads and"
	 " preempted[turn-*,turn-*] > 30% * threads[turn-*].involuntary\n"
	 "  shows: preempted[turn-*,turn-*] of threads[turn-*].involuntary as count\n"
	 "claim: each had many turns, and they were short\n"
	 "  needs: fact.threads >= 2 else it was alone\n" NEEDS_TURNS NEEDS_THE_CPU
	 "  holds: least[turn-*].involuntary >= 5 and"
	 " threads[turn-*].running / threads[turn-*].switches < 10% * fact.run_ns / fact.threads\n"
	 "  shows: threads[turn-*].running / threads[turn-*].switches as duration\n"
	 "claim: when not running they were ready, and never blocked\n"
	 "  holds: threads[turn-*].ready > 90% *"
	 " (threads[turn-*].life - threads[turn-*].running)\n"
	 "  shows: threads[turn-*].ready of threads[turn-*].life - threads[turn-*].running"
	 " as duration\n");

struct turn {
	pthread_barrier_t *barrier;
	const uint64_t *run_ns;
	uint64_t *until; /* of all; set by whom the barrier chooses */
	uint64_t rounds;
	struct scenario_thread thread;
};

static void compute(void *argument)
{
	struct turn *me = argument;

	if (pthread_barrier_wait(me->barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
		*me->until = scenario_now() + *me->run_ns;
	pthread_barrier_wait(me->barrier);
	me->rounds = one_cpu_compute_until(*me->until, NULL);
}

int main(int argc, char **argv)
{
	uint64_t threads = 4, run_ns = 1200000000, until;
	const struct scenario_option options[] = {
		SCENARIO_NUMBER("threads", &threads, 1, 64, "how many threads compute"),
		SCENARIO_DURATION("run", &run_ns, 10000000, 3600000000000, 10000000000,
				  "for how long"),
		SCENARIO_END,
	};
	pthread_barrier_t barrier;
	struct turn *turns;
	unsigned int cpu;
	int error;

	scenario_begin(argc, argv, options);
	turns = calloc(threads, sizeof(*turns));
	error = turns ? pthread_barrier_init(&barrier, NULL, (unsigned int)threads) : ENOMEM;
	if (error)
		scenario_fail(error, "the threads cannot be prepared");
	cpu = one_cpu_for_all();
	for (unsigned int i = 0; i < threads; i++) {
		turns[i] = (struct turn){.barrier = &barrier, .run_ns = &run_ns, .until = &until};
		scenario_thread_start(&turns[i].thread, compute, &turns[i], "turn-%u", i + 1);
	}
	for (unsigned int i = 0; i < threads; i++)
		scenario_thread_join(&turns[i].thread);
	pthread_barrier_destroy(&barrier);
	scenario_fact("threads", (int64_t)threads);
	scenario_fact("run_ns", (int64_t)run_ns);
	scenario_say("CPU", "%u, for %s", cpu, scenario_duration_text(run_ns).text);
	for (unsigned int i = 0; i < threads; i++)
		scenario_say(turns[i].thread.name, "%s rounds",
			     scenario_count_text(turns[i].rounds).text);
	free(turns);
	return scenario_end();
}
