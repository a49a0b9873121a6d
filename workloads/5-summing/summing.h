/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * summing.h - what the scenarios share that add up the numbers 0, 1, 2, ... below a count
 *
 * All of them add with the same loop, so that they can be compared. What differs is who does it:
 * one thread, two threads, two threads under a global lock, two processes.
 */
#ifndef WORKLOADS_SUMMING_H
#define WORKLOADS_SUMMING_H

#include "workloads/scenario.h"

#define ADDERS 2

/* With --full it takes some seconds, and the sum still fits into a fact. */
#define SUM_DEFAULT_COUNT 100000000ull
#define SUM_FULL_COUNT	  1000000000ull
#define SUM_MAX_COUNT	  4000000000ull

/* The scenario's table of options begins with it. */
#define SUM_COUNT_OPTION(count)                                                                    \
	SCENARIO_VALUE_(SCENARIO_NUMBER_OPTION, "count", (count), 1000, SUM_MAX_COUNT,             \
			SUM_FULL_COUNT, "how many numbers are added, from 0 on")

#define SUM_BASELINE_OPTION(left_out)                                                              \
	SCENARIO_FLAG("no-baseline", (left_out), "leave out the thread that adds alone before")
#define SUM_COMPARE "compare: --no-baseline\n"

/*
 * How long the adders take says something about how they are organised only if each of them gets a
 * CPU when it wants one; beside other programs that keep the CPUs busy that is left undecided. A
 * count so small that starting the threads is a good part of the whole says nothing either.
 */
#define SUM_NEEDS_CPUS                                                                             \
	"  needs: cpus >= 2 and fact.cpus_allowed >= 2 else there was one CPU only\n"              \
	"  needs: fact.started_together == 1 else the second CPU was never free\n"
#define SUM_PEACE "thread[adder-1].ready + thread[adder-2].ready < 5% * fact.elapsed_ns"
#define SUM_NEEDS_PEACE                                                                            \
	"  needs: " SUM_PEACE " else other programs kept the CPUs busy\n"                          \
	"  needs: fact.elapsed_ns >= 20ms else it was over too soon to measure\n"
/* What the same additions cost one thread, to compare with. */
#define SUM_NEEDS_BASELINE                                                                         \
	"  needs: thread[alone].ready < 5% * fact.single_ns"                                       \
	" else other programs kept the CPUs busy\n"                                                \
	"  needs: thread[adder-1].running + thread[adder-2].running near"                          \
	" thread[alone].running within 10% else the CPUs' speed changed meanwhile\n"

static inline uint64_t sum_expected(uint64_t count)
{
	return count % 2 ? (count - 1) / 2 * count : count / 2 * (count - 1);
}

struct sum {
	uint64_t total;
	uint64_t fingerprint; /* of the numbers in their order */
};

/*
 * An addition alone is a quarter of a nanosecond, and compilers know formulas that save it. So each
 * number also goes into a fingerprint, as the bytes of a file do into its checksum: two
 * multiplications that must wait for those before them. That takes about 3 ns on any processor,
 * also on one that shares its core with another.
 */
static inline void sum_add(struct sum *sum, uint64_t number)
{
	uint64_t mixed = (sum->fingerprint ^ number) * 0x9e3779b97f4a7c15ull;

	sum->fingerprint = (mixed ^ mixed >> 32) * 0xd6e8feb86659fd93ull;
	sum->total += number;
}

/* begin + ... + (end - 1) */
static inline void sum_range(struct sum *sum, uint64_t begin, uint64_t end)
{
	struct sum local = *sum;

	for (uint64_t number = begin; number < end; number++)
		sum_add(&local, number);
	/* Nobody reads the fingerprint: the compiler must not know. */
	__asm__ volatile("" : "+r"(local.fingerprint));
	*sum = local;
}

/* One of those who share the work: numbers begin..end - 1. */
struct adder {
	uint64_t begin, end;
	struct sum sum;
	unsigned int side;
	struct scenario_thread thread;
};

static inline void sum_halves(struct adder adders[ADDERS], uint64_t count)
{
	adders[0] = (struct adder){.begin = 0, .end = count / 2, .side = 0};
	adders[1] = (struct adder){.begin = count / 2, .end = count, .side = 1};
}

/* All of it by one thread that is called "alone", to compare with. Returns the time it took. */
static inline uint64_t sum_alone(uint64_t count, void (*add)(void *adder))
{
	struct adder alone = {.begin = 0, .end = count};
	uint64_t begin, elapsed;

	PTRACE_LAB_PHASE("baseline");
	begin = scenario_now();
	scenario_thread_start(&alone.thread, add, &alone, "alone");
	scenario_thread_join(&alone.thread);
	elapsed = scenario_now() - begin;
	if (alone.sum.total != sum_expected(count))
		scenario_fail(0, "one thread alone added wrongly");
	scenario_fact("single_ns", (int64_t)elapsed);
	return elapsed;
}

#endif
