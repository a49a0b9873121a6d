/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * uthreads.h - user-level threads: a scheduler inside of the program
 *
 * A user thread is a stack and the registers of a moment, which the kernel knows nothing about.
 * Kernel threads, the carriers, take them from one queue, first come, first served, and run each
 * until it yields. A carrier that the kernel blocks takes the user thread on it along.
 */
#ifndef WORKLOADS_UTHREADS_H
#define WORKLOADS_UTHREADS_H

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "workloads/scenario.h"

#define UTHREAD_STACK_SIZE 65536

struct carrier;

struct uthread {
	uint32_t id; /* not 0 */
	char name[SCENARIO_THREAD_NAME];
	void (*work)(struct uthread *self);
	void *argument;
	struct carrier *carrier; /* that runs it, or ran it last */
	uint64_t moves;		 /* how often it went on on another carrier */
	bool ended;
	ucontext_t context;
	char *memory; /* its stack, above a page that nobody may touch */
	struct uthread *next;
};

struct uthread_scheduler {
	pthread_mutex_t mutex; /* for the queue */
	pthread_cond_t changed;
	struct uthread *first, **last; /* the ready ones */
	unsigned int left;	       /* that have not ended */
	bool unmarked;		       /* the tracer is not to see these user threads */
};

struct carrier {
	struct uthread_scheduler *scheduler;
	struct scenario_thread thread; /* unless it is the main thread */
	ucontext_t context;
	uint64_t switches; /* to a user thread */
	uint64_t steps;	   /* for the work to count; also read by other carriers */
};

static inline void uthread_check(int error)
{
	if (error)
		scenario_fail(error, "the user threads' scheduler cannot go on");
}

static inline void uthread_scheduler_init(struct uthread_scheduler *scheduler)
{
	*scheduler = (struct uthread_scheduler){.last = &scheduler->first};
	uthread_check(pthread_mutex_init(&scheduler->mutex, NULL));
	uthread_check(pthread_cond_init(&scheduler->changed, NULL));
}

static inline void uthread_scheduler_destroy(struct uthread_scheduler *scheduler)
{
	pthread_cond_destroy(&scheduler->changed);
	pthread_mutex_destroy(&scheduler->mutex);
}

static inline void uthread_enqueue(struct uthread_scheduler *scheduler, struct uthread *uthread)
{
	uthread->next = NULL;
	*scheduler->last = uthread;
	scheduler->last = &uthread->next;
}

/* The first function on the new stack. A pointer has to come in two halves: makecontext() passes
 * ints. */
static inline void uthread_main(unsigned int high, unsigned int low)
{
	struct uthread *self = (struct uthread *)((uintptr_t)high << 32 | low);

	self->work(self);
	self->ended = true;
	/* Back to whoever carries it now, which need not be who carried it first. */
	setcontext(&self->carrier->context);
}

/* Before the carriers run. */
static inline void uthread_start(struct uthread_scheduler *scheduler, struct uthread *uthread)
{
	size_t guard = (size_t)sysconf(_SC_PAGESIZE);
	uintptr_t self = (uintptr_t)uthread;

	uthread->memory = mmap(NULL, guard + UTHREAD_STACK_SIZE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (uthread->memory == MAP_FAILED || mprotect(uthread->memory, guard, PROT_NONE) ||
	    getcontext(&uthread->context))
		scenario_fail(errno, "the user thread %s cannot be created", uthread->name);
	uthread->context.uc_stack.ss_sp = uthread->memory + guard;
	uthread->context.uc_stack.ss_size = UTHREAD_STACK_SIZE;
	uthread->context.uc_link = NULL;
	makecontext(&uthread->context, (void (*)(void))uthread_main, 2, (unsigned int)(self >> 32),
		    (unsigned int)self);
	uthread_enqueue(scheduler, uthread);
	scheduler->left++;
}

static inline void uthread_free(struct uthread *uthread)
{
	munmap(uthread->memory, (size_t)sysconf(_SC_PAGESIZE) + UTHREAD_STACK_SIZE);
}

/* Called by a user thread: lets another one have the carrier. It may return on another carrier. */
static inline void uthread_yield(struct uthread *self)
{
	if (swapcontext(&self->context, &self->carrier->context))
		scenario_fail(errno, "the user thread %s cannot be left", self->name);
}

/* For the tracer; NULL: none. */
static inline void uthread_mark(const struct uthread_scheduler *scheduler,
				const struct uthread *uthread)
{
	if (scheduler->unmarked)
		return;
	if (uthread)
		PTRACE_LAB_UTHREAD_SWITCH(uthread->id, uthread->name);
	else
		PTRACE_LAB_UTHREAD_SWITCH(0, "");
}

/* NULL when all have ended. */
static inline struct uthread *uthread_next(struct uthread_scheduler *scheduler)
{
	struct uthread *uthread;
	bool idle = false;

	uthread_check(pthread_mutex_lock(&scheduler->mutex));
	while (!scheduler->first && scheduler->left) {
		if (!idle)
			uthread_mark(scheduler, NULL);
		idle = true;
		uthread_check(pthread_cond_wait(&scheduler->changed, &scheduler->mutex));
	}
	uthread = scheduler->first;
	if (uthread) {
		scheduler->first = uthread->next;
		if (!scheduler->first)
			scheduler->last = &scheduler->first;
	}
	uthread_check(pthread_mutex_unlock(&scheduler->mutex));
	return uthread;
}

/* Only now, with its registers put away, may another carrier have it. */
static inline void uthread_put_back(struct uthread_scheduler *scheduler, struct uthread *uthread)
{
	bool all_ended;

	if (!scheduler->unmarked)
		PTRACE_LAB_UTHREAD_STATE(uthread->id, uthread->name,
					 uthread->ended ? UTHREAD_ENDED : UTHREAD_READY);
	uthread_check(pthread_mutex_lock(&scheduler->mutex));
	if (uthread->ended)
		scheduler->left--;
	else
		uthread_enqueue(scheduler, uthread);
	all_ended = !scheduler->left;
	uthread_check(pthread_mutex_unlock(&scheduler->mutex));
	uthread_check(all_ended ? pthread_cond_broadcast(&scheduler->changed)
				: pthread_cond_signal(&scheduler->changed));
}

/* What a carrier does, until all user threads have ended. */
static inline void uthread_carry(void *argument)
{
	struct carrier *self = argument;
	struct uthread *uthread;

	while ((uthread = uthread_next(self->scheduler))) {
		uthread->moves += uthread->carrier && uthread->carrier != self;
		uthread->carrier = self;
		self->switches++;
		uthread_mark(self->scheduler, uthread);
		if (swapcontext(&self->context, &uthread->context))
			scenario_fail(errno, "the user thread %s cannot be run", uthread->name);
		uthread_put_back(self->scheduler, uthread);
	}
	uthread_mark(self->scheduler, NULL);
}

#endif
