// SPDX-License-Identifier: GPL-2.0-only
/*
 * model-many-to-many.c - user threads over fewer kernel threads
 *
 * Any carrier may go on with any user thread. One that is blocked in the kernel is missing from
 * the carriers, and the work goes on with the rest. So there should be some to spare, and no more:
 * carriers that have to share the CPUs, or to wait for each other's queue, cost switches again.
 */
#include "workloads/6-models/models.h"

SCENARIO("title: a few kernel threads for many user threads: the rest go on\n"
	 "chapter: 6\n"
	 "order: 3\n"
	 "claim: the kernel saw the carriers, not the user threads\n"
	 "  needs: fact.uthreads > fact.carriers else there was a carrier for each\n"
	 "  holds: threads[carrier-*] == fact.carriers\n"
	 "  shows: threads[carrier-*] of fact.uthreads as count\n"
	 "claim: each user thread did all of its steps\n"
	 "  holds: fact.actual == fact.expected\n"
	 "  shows: fact.actual of fact.expected as count\n"
	 "claim: one carrier was blocked, and the others went on\n"
	 "  needs: fact.carriers >= 2 else there was no other\n" MODEL_NEEDS_WORK MODEL_NEEDS_CPU
	 "  holds: threads[carrier-*].times.sleep == 1 and fact.steps_during > 0 and"
	 " fact.carriers_during >= 1 and fact.carriers_during < fact.carriers\n"
	 "  shows: fact.carriers_during of fact.carriers as count\n"
	 "claim: by their marks no user thread stood still for want of a carrier\n"
	 "  needs: fact.carriers >= 2 else there was no other\n" MODEL_NEEDS_CPU
	 "  holds: uthreads == fact.uthreads and uthread[user-1].blocked >= fact.block_ns and"
	 " uthreads[user-*].stood_still < 20% * fact.block_ns\n"
	 "  shows: uthreads[user-*].stood_still of fact.block_ns as duration\n"
	 "claim: user threads went on on other carriers than before\n"
	 "  needs: fact.carriers >= 2 else there was no other\n"
	 "  holds: uthreads[user-*].moves > 0 and fact.moves > 0\n"
	 "  shows: uthreads[user-*].moves of fact.uthread_switches as count\n"
	 "claim: many more carriers than CPUs cost switches of the kernel\n"
	 "  needs: cpus <= 4 else 16 carriers are not many\n"
	 "  holds: threads[of16-*].switches - preempted[of16-*,others] >"
	 " 2 * (threads[of1-*].switches - preempted[of1-*,others])\n"
	 "  shows: threads[of16-*].switches of"
	 " threads[of1-*].switches + threads[of2-*].switches + threads[of4-*].switches"
	 " + threads[of16-*].switches as count\n");

/* Which carriers make steps while one of them is blocked? */
static void look_at_carriers(struct model_work *work, bool begins)
{
	static uint64_t before[256];

	for (uint64_t i = 0; i < work->carrier_count; i++) {
		uint64_t steps = __atomic_load_n(&work->carriers[i].steps, __ATOMIC_RELAXED);

		if (begins)
			before[i] = steps;
		else
			work->carriers_during += steps != before[i];
	}
}

static void carry_all(struct model_run *run, const char *name)
{
	for (uint64_t i = 0; i < run->carrier_count; i++)
		scenario_thread_start(&run->carriers[i].thread, uthread_carry, &run->carriers[i],
				      "%s-%u", name, (unsigned int)i + 1);
	for (uint64_t i = 0; i < run->carrier_count; i++)
		scenario_thread_join(&run->carriers[i].thread);
}

/* The same work, a part of it, with this many carriers and no blocking call. */
static void try_carriers(const struct model_sizes *sizes, unsigned int count)
{
	struct model_sizes part = *sizes;
	struct model_work work = {.sizes = &part};
	struct model_run run;
	uint64_t begin, elapsed;
	char name[16];

	part.steps = sizes->steps / 4 + 1;
	part.block_ns = 0;
	snprintf(name, sizeof(name), "of%u", count);
	model_run_init(&run, &work, count);
	run.scheduler.unmarked = true;
	PTRACE_LAB_PHASE(name);
	begin = scenario_now();
	carry_all(&run, name);
	elapsed = scenario_now() - begin;
	scenario_say("carriers", "%2u: %s", count, scenario_duration_text(elapsed).text);
	snprintf(name, sizeof(name), "of%u_ns", count);
	scenario_fact(name, (int64_t)elapsed);
	model_run_free(&run);
}

int main(int argc, char **argv)
{
	static const unsigned int tries[] = {1, 2, 4, 16};
	struct model_sizes sizes = MODEL_SIZES(8);
	uint64_t carriers = 2;
	const struct scenario_option options[] = {
		MODEL_OPTIONS(&sizes),
		SCENARIO_NUMBER("carriers", &carriers, 1, 256,
				"how many kernel threads carry them"),
		SCENARIO_END,
	};
	struct model_work work = {.sizes = &sizes, .blocks = look_at_carriers};
	struct scenario_timer timer;
	struct model_run run;
	uint64_t elapsed;

	scenario_begin(argc, argv, options);
	model_run_init(&run, &work, carriers);
	work.carriers = run.carriers;
	work.carrier_count = carriers;
	timer = scenario_start();
	carry_all(&run, "carrier");
	elapsed = scenario_stop(&timer);
	scenario_fact("carriers", (int64_t)carriers);
	scenario_fact("carriers_during", (int64_t)work.carriers_during);
	scenario_fact("moves", (int64_t)model_run_moves(&run));
	model_tell(&work, model_run_switches(&run), elapsed);
	model_run_free(&run);
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++)
		try_carriers(&sizes, tries[i]);
	return scenario_end();
}
