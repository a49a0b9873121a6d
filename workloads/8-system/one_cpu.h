/* SPDX-License-Identifier: GPL-2.0-only */
/* one_cpu.h - for the scenarios whose threads have to share one CPU */
#ifndef WORKLOADS_ONE_CPU_H
#define WORKLOADS_ONE_CPU_H

#include <errno.h>
#include <sched.h>
#include <sys/types.h>

#include "workloads/scenario.h"

/* The first CPU on which this process may run. */
static inline unsigned int one_cpu_choose(void)
{
	cpu_set_t allowed;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		scenario_fail(errno, "it cannot be found out which CPUs are allowed");
	for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed))
			return cpu;
	scenario_fail(0, "no CPU is allowed");
}

/* The thread with this id, 0 for the caller; the threads and processes that it makes follow. */
static inline void one_cpu_stay(pid_t tid, unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(tid, sizeof(set), &set))
		scenario_fail(errno, "CPU %u cannot be chosen", cpu);
}

static inline unsigned int one_cpu_for_all(void)
{
	unsigned int cpu = one_cpu_choose();

	one_cpu_stay(0, cpu);
	scenario_fact("cpu", cpu);
	return cpu;
}

/* Computes until then, or until `over` becomes true, if given. Returns how many rounds it took. */
static inline uint64_t one_cpu_compute_until(uint64_t until, const volatile bool *over)
{
	uint64_t rounds = 0, value = 1;

	while (scenario_now() < until && !(over && *over)) {
		for (unsigned int i = 0; i < 5000; i++) {
			value = value * 6364136223846793005 + 1442695040888963407;
			__asm__ volatile("" : "+r"(value));
		}
		rounds++;
	}
	return rounds;
}

#endif
