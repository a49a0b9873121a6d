/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * race_simulator.h - threads that update one variable, with the truth about it
 *
 * Each access happens at a time that is known here and to nobody else; what the tracer is told is
 * what a trap would tell, some time later.
 */
#ifndef TESTS_RACE_SIMULATOR_H
#define TESTS_RACE_SIMULATOR_H

#include <stdlib.h>
#include <string.h>

#include "model/race/race.h"

enum simulated {
	SIMULATED_READ_WRITE, /* a load and a store, both seen */
	SIMULATED_WRITE,      /* a load and a store, the store seen */
	SIMULATED_ADD,	      /* one instruction that is not locked */
	SIMULATED_ATOMIC,
	SIMULATED_LOCKED, /* a load and a store under a lock, both seen */
};

struct simulation {
	enum simulated kind;
	unsigned int threads, updates; /* each */
	unsigned int gap;  /* ns between the end of a trap and the next access, at most */
	unsigned int rare; /* one in so many is preempted for long; 0: none */
	unsigned int late; /* one trap in so many is told milliseconds after its access; 0: none */
	uint32_t seed;
};

/* A memory operation: what happened, and when. */
struct operation {
	uint64_t time;
	uint32_t thread, update;
	bool stores, loads;
};

struct truth {
	uint64_t load_time, store_time;
	uint64_t found, written;
	uint32_t source, before; /* updates, or RACE_NONE */
	bool lives;
	uint32_t access; /* of the store */
};

struct simulated_run {
	struct race_access *accesses;
	size_t count;
	struct truth *truths; /* by update */
	size_t updates;
	uint64_t final, lost;
	uint32_t *update_of; /* by access */
};

static uint32_t simulator_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static int by_operation_time(const void *a, const void *b)
{
	const struct operation *one = a, *other = b;

	return (one->time > other->time) - (one->time < other->time);
}

static int by_access_end(const void *a, const void *b)
{
	const struct race_access *one = a, *other = b;

	return (one->end > other->end) - (one->end < other->end);
}

static uint64_t simulator_step(uint64_t *unique, uint64_t time)
{
	/* No two at the same time: thousand parts to a ns would be the same. */
	return time * 1000 + (++*unique % 1000);
}

/* From an access to its trap. A CPU may stand still in between, while the others go on. */
static uint64_t trap_delay(const struct simulation *simulation, uint32_t *random)
{
	uint64_t delay = 100 + simulator_random(random) % 900;

	if (simulation->late && simulator_random(random) % simulation->late == 0)
		delay += simulator_random(random) % 3000000;
	return delay;
}

static void simulate_thread(const struct simulation *simulation, uint32_t thread, uint32_t *random,
			    struct simulated_run *run, struct operation *operations,
			    uint64_t *lock_free)
{
	uint64_t now = simulator_random(random) % 3000, unique = thread * 37, trap = 0;
	bool pair =
		simulation->kind == SIMULATED_READ_WRITE || simulation->kind == SIMULATED_LOCKED;

	for (uint32_t i = 0; i < simulation->updates; i++) {
		uint32_t update = thread * simulation->updates + i;
		struct truth *truth = &run->truths[update];
		struct race_access *access = &run->accesses[(size_t)update * 2];
		uint64_t load, store;

		if (simulation->rare && simulator_random(random) % simulation->rare == 0)
			now += 50000;
		if (simulation->kind == SIMULATED_LOCKED && now < *lock_free)
			now = *lock_free;
		load = now + 1 + simulator_random(random) % simulation->gap;
		if (pair) {
			access[0] = (struct race_access){
				.begin = simulator_step(&unique, trap),
				.end = simulator_step(&unique,
						      load + trap_delay(simulation, random)),
				.thread = thread,
				.kind = RACE_READ,
			};
			trap = access[0].end / 1000;
			now = trap + 300;
			if (simulation->rare && simulator_random(random) % simulation->rare == 0)
				now += 50000;
			store = now + 1 + simulator_random(random) % simulation->gap;
		} else {
			store = load + 2 + simulator_random(random) % 3;
		}
		truth->load_time = simulator_step(&unique, load);
		truth->store_time = simulation->kind == SIMULATED_ATOMIC
					    ? truth->load_time + 1
					    : simulator_step(&unique, store);
		access[1] = (struct race_access){
			.begin = simulator_step(&unique, trap),
			.end = simulator_step(&unique, store + trap_delay(simulation, random)),
			.thread = thread,
			.kind = simulation->kind == SIMULATED_ADD      ? RACE_ADD
				: simulation->kind == SIMULATED_ATOMIC ? RACE_ATOMIC
								       : RACE_WRITE,
			.value = 1,
		};
		trap = access[1].end / 1000;
		now = trap + 300;
		*lock_free = trap;
		operations[update * 2] =
			(struct operation){truth->load_time, thread, update, false, true};
		operations[update * 2 + 1] =
			(struct operation){truth->store_time, thread, update, true, false};
	}
}

/* The memory, as it was. */
static void simulate_memory(const struct simulation *simulation, struct simulated_run *run,
			    struct operation *operations)
{
	size_t count = run->updates * 2;
	uint32_t last = RACE_NONE;
	uint64_t value = 0;

	qsort(operations, count, sizeof(*operations), by_operation_time);
	for (size_t i = 0; i < count; i++) {
		struct truth *truth = &run->truths[operations[i].update];

		if (operations[i].loads) {
			truth->found = value;
			truth->source = last;
		} else {
			truth->before = last;
			truth->written = value = truth->found + 1;
			last = operations[i].update;
		}
	}
	run->final = value;
	run->lost = run->updates;
	for (uint32_t at = last; at != RACE_NONE; at = run->truths[at].source) {
		run->truths[at].lives = true;
		run->lost--;
	}
}

static uint64_t value_at(const struct simulated_run *run, const struct operation *operations,
			 uint64_t time)
{
	size_t low = 0, high = run->updates * 2;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (operations[middle].time <= time)
			low = middle + 1;
		else
			high = middle;
	}
	while (low-- > 0)
		if (operations[low].stores)
			return run->truths[operations[low].update].written;
	return 0;
}

static void tell(const struct simulation *simulation, struct simulated_run *run,
		 const struct operation *operations, uint32_t *random)
{
	bool pair =
		simulation->kind == SIMULATED_READ_WRITE || simulation->kind == SIMULATED_LOCKED;
	size_t count = 0;

	for (uint32_t update = 0; update < run->updates; update++) {
		struct truth *truth = &run->truths[update];
		struct race_access *access = &run->accesses[(size_t)update * 2];

		access[0].value = truth->found;
		if (access[1].kind == RACE_WRITE)
			access[1].value = truth->written;
		if (!pair) {
			uint64_t looked = access[1].end + simulator_random(random) % 30000;

			access[1].seen = value_at(run, operations, looked);
			access[1].seen_end = looked + 1000;
		}
		/* For finding it again once sorted. */
		access[0].thread |= 0x80000000u;
	}
	for (uint32_t update = 0; update < run->updates; update++)
		for (int i = pair ? 0 : 1; i < 2; i++) {
			run->accesses[count] = run->accesses[(size_t)update * 2 + i];
			run->accesses[count].thread &= 0x7fffffffu;
			count++;
		}
	run->count = count;
	qsort(run->accesses, count, sizeof(*run->accesses), by_access_end);
	for (size_t i = 0; i < count; i++) {
		bool is_store = run->accesses[i].kind != RACE_READ;
		uint32_t thread = run->accesses[i].thread;
		static uint32_t done[64];

		if (!i)
			memset(done, 0, sizeof(done));
		run->update_of[i] = thread * simulation->updates + done[thread];
		if (is_store)
			run->truths[run->update_of[i]].access = i;
		done[thread] += is_store;
	}
}

static struct simulated_run simulate(const struct simulation *simulation)
{
	size_t updates = (size_t)simulation->threads * simulation->updates;
	struct simulated_run run = {
		.accesses = calloc(updates * 2, sizeof(*run.accesses)),
		.truths = calloc(updates, sizeof(*run.truths)),
		.update_of = calloc(updates * 2, sizeof(*run.update_of)),
		.updates = updates,
	};
	struct operation *operations = calloc(updates * 2, sizeof(*operations));
	uint32_t random = simulation->seed * 2654435761u + 1;
	uint64_t lock_free = 0;

	/* Under a lock one goes after the other: whose turn it is does not matter. */
	for (uint32_t i = 0; i < simulation->threads; i++)
		simulate_thread(simulation, i, &random, &run, operations, &lock_free);
	simulate_memory(simulation, &run, operations);
	tell(simulation, &run, operations, &random);
	free(operations);
	return run;
}

static void simulated_free(struct simulated_run *run)
{
	free(run->accesses);
	free(run->truths);
	free(run->update_of);
}

#endif
