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

/* As many as --full adds take some seconds, and the sum still fits into a fact. */
#define SUM_DEFAULT_COUNT 100000000ull
#define SUM_FULL_COUNT	  4000000000ull

/* The scenario's table of options begins with it. */
#define SUM_COUNT_OPTION(count)                                                                    \
	SCENARIO_VALUE_(SCENARIO_NUMBER_OPTION, "count", (count), 1000, SUM_FULL_COUNT,            \
			SUM_FULL_COUNT, "how many numbers are added, from 0 on")

/*
 * How long the adders take says something about how they are organised only if each of them gets a
 * CPU when it wants one; beside other programs that keep the CPUs busy that is left undecided.
 */
#define SUM_UNDISTURBED "thread[adder-1].ready + thread[adder-2].ready < 5% * fact.elapsed_ns"

static inline uint64_t sum_expected(uint64_t count)
{
	return count % 2 ? (count - 1) / 2 * count : count / 2 * (count - 1);
}

/* begin + ... + (end - 1) */
static inline uint64_t sum_range(uint64_t begin, uint64_t end)
{
	uint64_t sum = 0;

	for (uint64_t number = begin; number < end; number++) {
		sum += number;
		/* Keeps the compiler from working it out with a formula, or by four at a time. */
		__asm__ volatile("" : "+r"(sum));
	}
	return sum;
}

/* One of the two who share the work: the lower or the upper half of the numbers. */
struct adder {
	uint64_t begin, end;
	uint64_t sum;
	unsigned int side;
	struct scenario_thread thread;
};

static inline void sum_halves(struct adder adders[ADDERS], uint64_t count)
{
	adders[0] = (struct adder){.begin = 0, .end = count / 2, .side = 0};
	adders[1] = (struct adder){.begin = count / 2, .end = count, .side = 1};
}

#endif
