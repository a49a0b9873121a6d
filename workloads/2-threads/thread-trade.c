// SPDX-License-Identifier: GPL-2.0-only
/*
 * thread-trade.c - a buyer and a seller go about their trade at the same time
 *
 * Nearly all of it is waiting, as most of what programs do is. Two that wait can do so at once on
 * any number of CPUs: concurrency needs no second one.
 */
#include "workloads/sleep.h"

/* Time in which a thread was ready is left out of its life below: it is other programs' doing. For
 * the same reason there may be involuntary switches: on a busy machine, what has just been woken
 * may have to give its CPU to another program before it can go to sleep again. And a trader that
 * lost its CPU while it spoke keeps the other one waiting for its turn to speak: that is no sleep,
 * but no work either. */
#define NEEDS_LONG_STEPS                                                                           \
	"  needs: fact.step_ns >= 5ms else the steps are so short that talking takes as long\n"

SCENARIO("title: a buyer and a seller, both asleep most of the time\n"
	 "chapter: 2\n"
	 "order: 4\n"
	 "about: states\n"
	 "claim: the buyer slept for over 95 % of its life, CPU queues apart\n" NEEDS_LONG_STEPS
	 "  holds: thread[buyer].running < 5% * (thread[buyer].life - thread[buyer].ready)"
	 " and thread[buyer].blocked.sleep > 90% * fact.steps * fact.step_ns\n"
	 "  shows: thread[buyer].blocked.sleep / (thread[buyer].life - thread[buyer].ready)"
	 " as share\n"
	 "claim: and so did the seller\n" NEEDS_LONG_STEPS
	 "  holds: thread[seller].running < 5% * (thread[seller].life - thread[seller].ready)"
	 " and thread[seller].blocked.sleep > 90% * fact.steps * fact.step_ns\n"
	 "  shows: thread[seller].blocked.sleep / (thread[seller].life - thread[seller].ready)"
	 " as share\n"
	 "claim: at each step they gave up the CPU themselves\n" NEEDS_LONG_STEPS
	 "  holds: thread[buyer].voluntary >= fact.steps and"
	 " thread[seller].voluntary >= fact.steps\n"
	 "  shows: thread[buyer].voluntary + thread[seller].voluntary of"
	 " thread[buyer].switches + thread[seller].switches as count\n"
	 "claim: two lives took the time of one\n"
	 "  needs: fact.step_ns * fact.steps >= 50ms else they were gone too soon\n"
	 "  holds: thread[buyer].life + thread[seller].life > 1.5 * fact.elapsed_ns\n"
	 "  shows: (thread[buyer].life + thread[seller].life) / fact.elapsed_ns as ratio\n"
	 "claim: and a second CPU was in use for less than 5 % of it\n" NEEDS_LONG_STEPS
	 "  holds: overlap < 5% * fact.elapsed_ns\n"
	 "  shows: overlap of fact.elapsed_ns as duration\n"
	 "claim: the market closed after both had gone\n"
	 "  holds: thread[buyer].end < thread[thread-trade].end and"
	 " thread[seller].end < thread[thread-trade].end\n"
	 "  shows: thread[thread-trade].blocked.join of fact.elapsed_ns as duration\n");

#define STEPS 4

struct trader {
	uint64_t rounds, step_ns;
	struct scenario_thread thread;
};

static void trade(void *argument)
{
	static const char *const steps[STEPS] = {"asks for data", "analyses it",
						 "computes the moment", "trades"};
	const struct trader *me = argument;

	for (uint64_t round = 1; round <= me->rounds; round++) {
		for (unsigned int step = 0; step < STEPS; step++) {
			PTRACE_LAB_PHASE(steps[step]);
			scenario_say(me->thread.name, "round %s: %s",
				     scenario_count_text(round).text, steps[step]);
			sleep_for(me->step_ns);
		}
	}
	PTRACE_LAB_PHASE("goes home");
}

int main(int argc, char **argv)
{
	uint64_t rounds = 5, step_ns = 20000000, elapsed;
	const struct scenario_option options[] = {
		SCENARIO_NUMBER("rounds", &rounds, 1, 1000000, "how often each of the two trades"),
		SCENARIO_DURATION("step", &step_ns, 0, 3600000000000, 1000000000,
				  "how long each of the four steps of a round takes"),
		SCENARIO_END,
	};
	struct trader buyer, seller;
	struct scenario_timer timer;

	scenario_begin(argc, argv, options);
	buyer = seller = (struct trader){.rounds = rounds, .step_ns = step_ns};
	scenario_fact("step_ns", (int64_t)step_ns);
	scenario_fact("steps", (int64_t)(rounds * STEPS));
	timer = scenario_start();
	scenario_thread_start(&buyer.thread, trade, &buyer, "buyer");
	scenario_thread_start(&seller.thread, trade, &seller, "seller");
	scenario_thread_join(&buyer.thread);
	scenario_thread_join(&seller.thread);
	elapsed = scenario_stop(&timer);
	PTRACE_LAB_PHASE("market closed");
	scenario_fact("elapsed_ns", (int64_t)elapsed);
	scenario_say("market", "closed after %s; one after the other would have taken %s",
		     scenario_duration_text(elapsed).text,
		     scenario_duration_text(2 * rounds * STEPS * step_ns).text);
	return scenario_end();
}
