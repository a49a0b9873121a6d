/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * models.h - the work that is the same in all thread models
 *
 * Some workers compute in steps, and after each let the next one have its turn. One of them makes a
 * blocking call after a quarter of its steps. Who goes on meanwhile is what the models differ in.
 */
#ifndef WORKLOADS_MODELS_H
#define WORKLOADS_MODELS_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "workloads/6-models/uthreads.h"
#include "workloads/sleep.h"

struct model_sizes {
	uint64_t uthreads, steps, additions, block_ns;
};

#define MODEL_SIZES(uthreads_)                                                                     \
	{                                                                                          \
		.uthreads = (uthreads_), .steps = 60, .additions = 1000000, .block_ns = 50000000   \
	}

/* That they go on says something only if they had something to do, and were given CPUs. */
#define MODEL_NEEDS_WORK                                                                           \
	"  needs: fact.steps_left >= 20 else the others had hardly anything left to do then\n"
#define MODEL_NEEDS_CPU                                                                            \
	"  needs: cpu > 10% * fact.elapsed_ns else other programs kept the CPUs busy\n"

/* The scenario's table of options begins with them. */
#define MODEL_OPTIONS(sizes)                                                                       \
	SCENARIO_NUMBER("uthreads", &(sizes)->uthreads, 2, 256, "how many user threads work"),     \
		SCENARIO_VALUE_(SCENARIO_NUMBER_OPTION, "steps", &(sizes)->steps, 4, 1000000, 800, \
				"in how many steps each does its work"),                           \
		SCENARIO_NUMBER("additions", &(sizes)->additions, 1000, 1000000000,                \
				"how much a step is to compute"),                                  \
		SCENARIO_DURATION("block", &(sizes)->block_ns, 1000000, 3600000000000, 2000000000, \
				  "how long the first one's blocking call takes")

/* What all workers have in common. */
struct model_work {
	const struct model_sizes *sizes;
	uint64_t done; /* steps, of all workers */
	/* What the one that blocked saw. */
	uint64_t done_during, cpu_during_ns;
	uint64_t others_left; /* steps that the others had before them */
	void (*blocks)(struct model_work *work, bool begins); /* may be NULL */
	struct carrier *carriers;			      /* for it to look at */
	uint64_t carrier_count, carriers_during;
};

static inline uint64_t model_cpu_now(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now))
		scenario_fail(errno, "the CPU time cannot be read");
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static inline void model_compute(struct model_work *work)
{
	uint64_t sum = 0;

	for (uint64_t number = 0; number < work->sizes->additions; number++) {
		sum += number;
		/* Keeps the compiler from working it out with a formula. */
		__asm__ volatile("" : "+r"(sum));
	}
	__atomic_add_fetch(&work->done, 1, __ATOMIC_RELAXED);
}

/* The blocking call. The kernel takes the CPU from the thread that makes it, and knows no other
 * thread than that. */
static inline void model_block(struct model_work *work, uint64_t own_left)
{
	uint64_t done, cpu;

	if (work->blocks)
		work->blocks(work, true);
	PTRACE_LAB_PHASE("blocking call");
	done = __atomic_load_n(&work->done, __ATOMIC_RELAXED);
	work->others_left = work->sizes->uthreads * work->sizes->steps - done - own_left;
	cpu = model_cpu_now();
	sleep_for(work->sizes->block_ns);
	work->cpu_during_ns = model_cpu_now() - cpu;
	work->done_during = __atomic_load_n(&work->done, __ATOMIC_RELAXED) - done;
	PTRACE_LAB_PHASE("blocking call returned");
	if (work->blocks)
		work->blocks(work, false);
}

static inline bool model_blocks_at(const struct model_work *work, uint32_t id, uint64_t step)
{
	return id == 1 && work->sizes->block_ns && step == work->sizes->steps / 4;
}

/* As a user thread. */
static inline void model_uthread(struct uthread *self)
{
	struct model_work *work = self->argument;

	for (uint64_t step = 0; step < work->sizes->steps; step++) {
		if (model_blocks_at(work, self->id, step))
			model_block(work, work->sizes->steps - step);
		model_compute(work);
		__atomic_add_fetch(&self->carrier->steps, 1, __ATOMIC_RELAXED);
		uthread_yield(self);
	}
}

/* Facts and lines of all models. */
static inline void model_tell(const struct model_work *work, uint64_t switches, uint64_t elapsed_ns)
{
	const struct model_sizes *sizes = work->sizes;
	uint64_t expected = sizes->uthreads * sizes->steps;

	scenario_fact("uthreads", (int64_t)sizes->uthreads);
	scenario_fact("block_ns", (int64_t)sizes->block_ns);
	scenario_fact("uthread_switches", (int64_t)switches);
	scenario_fact("steps_left", (int64_t)work->others_left);
	scenario_fact("steps_during", (int64_t)work->done_during);
	scenario_fact("cpu_during_ns", (int64_t)work->cpu_during_ns);
	scenario_result(expected, work->done, elapsed_ns);
	scenario_say("meanwhile", "%s steps in the %s of the blocking call",
		     scenario_count_text(work->done_during).text,
		     scenario_duration_text(sizes->block_ns).text);
}

/* All user threads of one run on their carriers. With one carrier that is the calling thread. */
struct model_run {
	struct uthread_scheduler scheduler;
	struct uthread *uthreads;
	struct carrier *carriers;
	uint64_t uthread_count, carrier_count;
};

static inline void model_run_init(struct model_run *run, struct model_work *work,
				  uint64_t carrier_count)
{
	*run = (struct model_run){.uthread_count = work->sizes->uthreads,
				  .carrier_count = carrier_count};
	run->uthreads = calloc(run->uthread_count, sizeof(*run->uthreads));
	run->carriers = calloc(run->carrier_count, sizeof(*run->carriers));
	if (!run->uthreads || !run->carriers)
		scenario_fail(errno, "no memory for the user threads");
	uthread_scheduler_init(&run->scheduler);
	for (uint64_t i = 0; i < run->uthread_count; i++) {
		struct uthread *uthread = &run->uthreads[i];

		uthread->id = (uint32_t)i + 1;
		snprintf(uthread->name, sizeof(uthread->name), "user-%u", uthread->id);
		uthread->work = model_uthread;
		uthread->argument = work;
		uthread_start(&run->scheduler, uthread);
	}
	for (uint64_t i = 0; i < run->carrier_count; i++)
		run->carriers[i].scheduler = &run->scheduler;
}

static inline uint64_t model_run_switches(const struct model_run *run)
{
	uint64_t switches = 0;

	for (uint64_t i = 0; i < run->carrier_count; i++)
		switches += run->carriers[i].switches;
	return switches;
}

static inline uint64_t model_run_moves(const struct model_run *run)
{
	uint64_t moves = 0;

	for (uint64_t i = 0; i < run->uthread_count; i++)
		moves += run->uthreads[i].moves;
	return moves;
}

static inline void model_run_free(struct model_run *run)
{
	for (uint64_t i = 0; i < run->uthread_count; i++)
		uthread_free(&run->uthreads[i]);
	uthread_scheduler_destroy(&run->scheduler);
	free(run->uthreads);
	free(run->carriers);
}

#endif
