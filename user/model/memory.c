// SPDX-License-Identifier: GPL-2.0-only
/* memory.c - page faults and resident memory of processes */
#include "model/memory.h"

#include <errno.h>

#include "model/tasks/population.h"

struct memory_book {
	struct timeline *timeline;
	VECTOR(struct memory) memories; /* by process */
	int error;
};

static struct memory *memory_at(struct memory_book *book, uint32_t process)
{
	while (book->memories.count <= process) {
		if (!vector_add(&book->memories)) {
			book->error = -ENOMEM;
			return NULL;
		}
	}
	return &book->memories.items[process];
}

static uint64_t at_most(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static void feed(void *context, const union pl_life *life, uint32_t thread)
{
	struct memory_book *book = context;
	const struct pl_life_memory *now = &life->memory;
	struct memory *memory;
	uint64_t resident;

	if (life->head.kind != PL_LIFE_MEMORY || thread == NO_THREAD)
		return;
	memory =
		memory_at(book, timeline_population(book->timeline)->threads.items[thread].process);
	if (!memory)
		return;
	resident = at_most(at_most(now->file, now->anonymous), now->shared);
	if (now->moment == PL_MEMORY_EXIT || now->moment == PL_MEMORY_END) {
		/* A kernel that tells of the end too late knows the peak alone. */
		memory->has_end = resident > 0;
		memory->end = resident;
		memory->end_anonymous = now->anonymous;
		memory->peak = now->peak;
	} else {
		memory->has_begin = true;
		memory->begin_moment = now->moment;
		memory->begin = resident;
		memory->begin_anonymous = now->anonymous;
	}
}

static void add_thread(struct memory *memory, const struct thread *thread)
{
	memory->minor_faults += thread->totals.minor_faults;
	memory->major_faults += thread->totals.major_faults;
	memory->cow_faults += thread->cow_faults;
	memory->has_faults &= thread->has_totals;
	memory->has_cow &= thread->has_cow;
}

int memory_finish(struct memory_book *book)
{
	struct population *population = timeline_population(book->timeline);
	const struct thread *thread;
	struct process *process;

	if (!book->error && population->processes.count)
		memory_at(book, population->processes.count - 1);
	if (book->error)
		return book->error;
	for (size_t i = 0; i < population->processes.count; i++) {
		process = &population->processes.items[i];
		process->memory = book->memories.items[i];
		process->memory.has_faults = process->memory.has_cow = true;
	}
	vector_for_each (&population->threads, thread)
		add_thread(&population->processes.items[thread->process].memory, thread);
	return 0;
}

int memory_new(struct timeline *timeline, struct memory_book **ret)
{
	struct memory_book *book = calloc(1, sizeof(*book));
	struct timeline_visitor visitor = {.context = book, .life = feed};

	if (!book)
		return -ENOMEM;
	book->timeline = timeline;
	if (timeline_add_visitor(timeline, &visitor)) {
		free(book);
		return -ENOMEM;
	}
	*ret = book;
	return 0;
}

void memory_free(struct memory_book **book)
{
	if (!*book)
		return;
	vector_free(&(*book)->memories);
	free(*book);
	*book = NULL;
}
