// SPDX-License-Identifier: GPL-2.0-only
/*
 * sched-priority.c - three nice values and a real-time thread on one CPU
 *
 * A nice value is a weight: 1024 at nice 0, and a quarter more or less of the rest for each step.
 * The CPU is shared by weight. A thread of a real-time class is outside of that: while it wants the
 * CPU it has it.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "workloads/8-system/one_cpu.h"
#include "workloads/sleep.h"

/* In the needs: that other programs left them the CPU; the shares are of what they had of it. */
#define NEEDS_THE_CPU                                                                              \
	"  needs: fact.run_ns >= 500ms else the run is too short\n"                                \
	"  needs: thread[high].running + thread[middle].running + thread[low].running +"           \
	" fact.realtime_cpu_ns > 85% * fact.run_ns else other programs had a part of this CPU\n"
#define NEEDS_REALTIME "  needs: fact.realtime == 1 else real-time classes are not permitted here\n"
#define BY_WEIGHT      "(thread[high].running + thread[middle].running + thread[low].running)"

#define WEIGHTS "(thread[high].weight + thread[middle].weight + thread[low].weight)"

SCENARIO(
	"title: shares of one CPU by nice values, and a real-time thread\n"
	"chapter: 8\n"
	"order: 4\n"
	"table: CPU time by weight | nice | weight | share of it | by its weight | CPU time\n"
	"row: high | thread[high].nice as count | thread[high].weight as count"
	" | thread[high].running / " BY_WEIGHT " as share | thread[high].weight / " WEIGHTS
	" as share | thread[high].running as duration\n"
	"row: middle | thread[middle].nice as count | thread[middle].weight as count"
	" | thread[middle].running / " BY_WEIGHT " as share | thread[middle].weight / " WEIGHTS
	" as share | thread[middle].running as duration\n"
	"row: low | thread[low].nice as count | thread[low].weight as count"
	" | thread[low].running / " BY_WEIGHT " as share | thread[low].weight / " WEIGHTS
	" as share | thread[low].running as duration\n"
	"claim: the least nice thread got its weight's share\n" NEEDS_THE_CPU
	"  holds: thread[high].running / " BY_WEIGHT " near fact.weight_high /"
	" (fact.weight_high + fact.weight_middle + fact.weight_low) within 10%\n"
	"  shows: thread[high].running / " BY_WEIGHT " of fact.weight_high /"
	" (fact.weight_high + fact.weight_middle + fact.weight_low) as share\n"
	"claim: the nicer one got that of its own\n" NEEDS_THE_CPU
	"  holds: thread[middle].running / " BY_WEIGHT " near fact.weight_middle /"
	" (fact.weight_high + fact.weight_middle + fact.weight_low) within 10%\n"
	"  shows: thread[middle].running / " BY_WEIGHT " of fact.weight_middle /"
	" (fact.weight_high + fact.weight_middle + fact.weight_low) as share\n"
	"claim: and so did the nicest\n" NEEDS_THE_CPU "  holds: thread[low].running / " BY_WEIGHT
	" near fact.weight_low /"
	" (fact.weight_high + fact.weight_middle + fact.weight_low) within 10%\n"
	"  shows: thread[low].running / " BY_WEIGHT " of fact.weight_low /"
	" (fact.weight_high + fact.weight_middle + fact.weight_low) as share\n"
	"claim: the nicer, the longer it was ready without a CPU\n" NEEDS_THE_CPU
	"  holds: thread[high].ready < thread[middle].ready and"
	" thread[middle].ready < thread[low].ready\n"
	"  shows: thread[high].ready of thread[low].ready as duration\n"
	"claim: the real-time thread had the CPU as soon as it woke\n" NEEDS_REALTIME
	"  holds: thread[realtime].ready < 10% * thread[realtime].running\n"
	"  shows: thread[realtime].ready of thread[realtime].running as duration\n"
	"claim: often it took it from one of the three, and none of them ever from it\n" NEEDS_REALTIME
		NEEDS_THE_CPU "  holds: preempted[high,realtime] + preempted[middle,realtime] +"
	" preempted[low,realtime] >= 30% * fact.realtime_turns and"
	" preempted[realtime,high] + preempted[realtime,middle] +"
	" preempted[realtime,low] == 0\n"
	"  shows: preempted[high,realtime] + preempted[middle,realtime] +"
	" preempted[low,realtime] of fact.realtime_turns as count\n"
	"claim: the kernel's weights are a fifth less for each step of niceness\n"
	"  holds: thread[high].weight near fact.weight_high within 2% and"
	" thread[middle].weight near fact.weight_middle within 2% and"
	" thread[low].weight near fact.weight_low within 5% and thread[realtime].rt_priority =="
	" fact.realtime\n"
	"  shows: thread[low].weight of thread[high].weight as count\n");

enum { HIGH, MIDDLE, LOW, FAIR };

static const char *const names[FAIR] = {"high", "middle", "low"};

struct race {
	pthread_barrier_t barrier;
	uint64_t run_ns, until, period_ns, work_ns;
};

struct runner {
	struct race *race;
	int nice;
	bool allowed; /* the real-time one: to be one */
	uint64_t turns, cpu_ns;
	struct scenario_thread thread;
};

static void start_together(struct race *race)
{
	if (pthread_barrier_wait(&race->barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
		race->until = scenario_now() + race->run_ns;
	pthread_barrier_wait(&race->barrier);
}

static void compute(void *argument)
{
	struct runner *me = argument;

	/* On Linux a nice value belongs to a thread. */
	if (setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), me->nice))
		scenario_fail(errno, "nice %d cannot be set", me->nice);
	start_together(me->race);
	one_cpu_compute_until(me->race->until, NULL);
}

static uint64_t thread_cpu(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now))
		scenario_fail(errno, "the CPU time cannot be read");
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Sleeps most of the time, and computes for a moment when it is woken. */
static void interrupt(void *argument)
{
	const struct sched_param parameters = {.sched_priority = 1};
	struct runner *me = argument;
	struct race *race = me->race;

	me->allowed = !sched_setscheduler(0, SCHED_FIFO, &parameters);
	start_together(race);
	while (me->allowed && scenario_now() + race->period_ns + race->work_ns < race->until) {
		sleep_for(race->period_ns);
		one_cpu_compute_until(scenario_now() + race->work_ns, NULL);
		me->turns++;
	}
	me->cpu_ns = thread_cpu();
}

static double weight_of(int nice)
{
	double weight = 1024;

	for (int i = 0; i < nice; i++)
		weight /= 1.25;
	return weight;
}

static void tell_weights(const struct runner fair[FAIR])
{
	double weights[FAIR], sum = 0;
	char name[32];

	for (unsigned int i = 0; i < FAIR; i++)
		sum += weights[i] = weight_of(fair[i].nice);
	for (unsigned int i = 0; i < FAIR; i++) {
		snprintf(name, sizeof(name), "weight_%s", names[i]);
		scenario_fact(name, (int64_t)(weights[i] + 0.5));
		scenario_say(names[i], "nice %2d, weight %4.0f, to get %.1f %%", fair[i].nice,
			     weights[i], 100 * weights[i] / sum);
	}
}

int main(int argc, char **argv)
{
	struct race race = {.run_ns = 1500000000, .period_ns = 20000000, .work_ns = 1000000};
	uint64_t step = 5;
	const struct scenario_option options[] = {
		SCENARIO_DURATION("run", &race.run_ns, 10000000, 3600000000000, 10000000000,
				  "for how long they compute"),
		SCENARIO_NUMBER("nice-step", &step, 1, 9, "how much nicer each is than the last"),
		SCENARIO_DURATION("period", &race.period_ns, 1000000, 1000000000, 0,
				  "how long the real-time thread sleeps"),
		SCENARIO_DURATION("work", &race.work_ns, 10000, 10000000, 0,
				  "how long it then computes"),
		SCENARIO_END,
	};
	struct runner fair[FAIR], realtime = {.race = &race};
	unsigned int cpu;
	int error;

	scenario_begin(argc, argv, options);
	error = pthread_barrier_init(&race.barrier, NULL, FAIR + 1);
	if (error)
		scenario_fail(error, "no barrier");
	cpu = one_cpu_for_all();
	for (unsigned int i = 0; i < FAIR; i++) {
		fair[i] = (struct runner){.race = &race, .nice = (int)(i * step)};
		scenario_thread_start(&fair[i].thread, compute, &fair[i], "%s", names[i]);
	}
	scenario_thread_start(&realtime.thread, interrupt, &realtime, "realtime");
	for (unsigned int i = 0; i < FAIR; i++)
		scenario_thread_join(&fair[i].thread);
	scenario_thread_join(&realtime.thread);
	pthread_barrier_destroy(&race.barrier);
	scenario_fact("run_ns", (int64_t)race.run_ns);
	scenario_fact("realtime", realtime.allowed);
	scenario_fact("realtime_turns", (int64_t)realtime.turns);
	scenario_fact("realtime_cpu_ns", (int64_t)realtime.cpu_ns);
	scenario_say("CPU", "%u, for %s", cpu, scenario_duration_text(race.run_ns).text);
	tell_weights(fair);
	if (realtime.allowed)
		scenario_say("realtime", "%s turns of %s", scenario_count_text(realtime.turns).text,
			     scenario_duration_text(race.work_ns).text);
	else
		scenario_say("realtime", "not permitted here");
	return scenario_end();
}
