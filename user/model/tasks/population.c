// SPDX-License-Identifier: GPL-2.0-only
/* population.c - the threads and processes of a timeline, and which tid is whose at the moment */
#include <errno.h>

#include "model/tasks/population.h"

static const char unknown_comm[PL_COMM_LEN] = "?";

int population_init(struct population *population)
{
	memset(population, 0, sizeof(*population));
	population->pages = calloc(TID_LIMIT / TIDS_PER_PAGE, sizeof(*population->pages));
	return population->pages ? 0 : -ENOMEM;
}

void population_free(struct population *population)
{
	for (size_t i = 0; population->pages && i < TID_LIMIT / TIDS_PER_PAGE; i++)
		free(population->pages[i]);
	free(population->pages);
	vector_free(&population->threads);
	vector_free(&population->processes);
	vector_free(&population->households);
	vector_free(&population->futexes);
	vector_free(&population->gils);
	lock_map_free(&population->futex_map);
	lock_map_free(&population->file_map);
}

static struct tid_entry *entry_of(struct population *population, uint32_t tid)
{
	struct tid_entry **page;

	if (tid >= TID_LIMIT)
		return NULL;
	page = &population->pages[tid / TIDS_PER_PAGE];
	if (!*page)
		*page = calloc(TIDS_PER_PAGE, sizeof(**page));
	return *page ? &(*page)[tid % TIDS_PER_PAGE] : NULL;
}

uint32_t population_thread_before(const struct population *population, uint32_t index, uint32_t tid,
				  uint64_t time)
{
	while (index--) {
		const struct thread *thread = &population->threads.items[index];

		if (thread->tid == tid && thread_had_life(thread, time))
			return index;
	}
	return NO_THREAD;
}

uint32_t population_find_process(const struct population *population, uint32_t tgid)
{
	const struct tid_entry *page =
		tgid < TID_LIMIT ? population->pages[tgid / TIDS_PER_PAGE] : NULL;

	return page ? page[tgid % TIDS_PER_PAGE].process - 1 : NO_THREAD;
}

int population_bind(struct population *population, uint32_t tid, uint32_t thread)
{
	struct tid_entry *entry = entry_of(population, tid);

	if (!entry)
		return tid < TID_LIMIT ? -ENOMEM : 0;
	entry->thread = thread + 1; /* NO_THREAD + 1 is 0 */
	return 0;
}

static void copy_text(char *to, const char *from, size_t length)
{
	memset(to, 0, length + 1);
	memcpy(to, from, strnlen(from, length));
}

static int add_process(struct population *population, const struct newcomer *newcomer,
		       uint32_t *ret)
{
	struct tid_entry *entry = entry_of(population, newcomer->tgid);
	struct household *household;
	struct process *process;

	if (!entry && newcomer->tgid < TID_LIMIT)
		return -ENOMEM;
	household = vector_add(&population->households);
	process = household ? vector_add(&population->processes) : NULL;
	if (!process) {
		population->households.count = population->processes.count;
		return -ENOMEM;
	}
	process->tgid = newcomer->tgid;
	process->parent_tgid = newcomer->parent;
	process->parent = newcomer->parent ? population_find_process(population, newcomer->parent)
					   : NO_THREAD;
	process->begin = newcomer->time;
	household->began_before = newcomer->began_before;
	household->space = population->spaces++;
	copy_text(process->name, unknown_comm, PL_COMM_LEN);
	*ret = process - population->processes.items;
	if (population->gils.count)
		population_find_gil(population, *ret);
	if (entry)
		entry->process = *ret + 1;
	return 0;
}

static int join_process(struct population *population, const struct newcomer *newcomer,
			uint32_t *ret)
{
	uint32_t index = population_find_process(population, newcomer->tgid);
	bool leads = newcomer->tid == newcomer->tgid;
	const struct household *household;

	if (index != NO_THREAD && !newcomer->makes_process) {
		household = &population->households.items[index];
		/* Of a process without living threads the pid has gone to a new one. */
		if (household->alive && !(leads && household->has_leader)) {
			*ret = index;
			return 0;
		}
	}
	return add_process(population, newcomer, ret);
}

static void move_in(struct population *population, struct thread *thread,
		    const struct newcomer *newcomer, uint32_t index)
{
	struct household *household = &population->households.items[index];
	struct process *process = &population->processes.items[index];

	thread->process = index;
	thread->tgid = newcomer->tgid;
	thread->leader = newcomer->tid == newcomer->tgid;
	thread->kernel = newcomer->kernel;
	thread->creator = newcomer->creator;
	copy_text(thread->name, newcomer->comm ? newcomer->comm : unknown_comm, PL_COMM_LEN);
	copy_text(thread->first_name, thread->name, PL_COMM_LEN);
	process->threads++;
	household->alive++;
	if (!thread->leader) {
		if (!strcmp(process->name, unknown_comm))
			copy_text(process->name, thread->name, PL_COMM_LEN);
		return;
	}
	household->has_leader = true;
	copy_text(process->name, thread->name, PL_COMM_LEN);
	process->parent_tgid = newcomer->parent;
	if (process->parent == NO_THREAD && newcomer->parent)
		process->parent = population_find_process(population, newcomer->parent);
}

int population_add(struct population *population, const struct newcomer *newcomer, uint32_t *ret)
{
	uint32_t index = population->threads.count, process;
	struct thread *thread;
	int error;

	error = join_process(population, newcomer, &process);
	if (!error)
		error = population_bind(population, newcomer->tid, index);
	if (error)
		return error;
	thread = vector_add(&population->threads);
	if (!thread)
		return -ENOMEM;
	thread->tid = newcomer->tid;
	thread->began_before = newcomer->began_before;
	thread->begin = thread->end = newcomer->time;
	move_in(population, thread, newcomer, process);
	*ret = index;
	return 0;
}

int population_introduce(struct population *population, uint32_t thread,
			 const struct newcomer *newcomer)
{
	struct thread *who = &population->threads.items[thread];
	uint32_t before = who->process, process;
	int error;

	error = join_process(population, newcomer, &process);
	if (error)
		return error;
	population->processes.items[before].threads--;
	population->households.items[before].alive--;
	move_in(population, who, newcomer, process);
	return 0;
}

void population_rename(struct population *population, uint32_t thread, const char *comm)
{
	struct thread *who = &population->threads.items[thread];

	copy_text(who->name, comm, PL_COMM_LEN);
	if (who->leader)
		copy_text(population->processes.items[who->process].name, comm, PL_COMM_LEN);
}

void population_exec(struct population *population, uint32_t thread, const char *comm,
		     const char *path)
{
	struct thread *who = &population->threads.items[thread];
	struct process *process = &population->processes.items[who->process];

	copy_text(who->name, comm, PL_COMM_LEN);
	copy_text(process->name, comm, PL_COMM_LEN);
	copy_text(process->path, path, PL_PATH_LEN);
	process->execs++;
	population->households.items[who->process].space = population->spaces++;
}

void population_exit_code(struct population *population, uint32_t tid, uint32_t thread,
			  uint32_t code, bool last)
{
	uint32_t index = population->threads.items[thread].process;
	struct household *household = &population->households.items[index];
	struct process *process = &population->processes.items[index];

	if (!last && (household->code_is_final || tid != process->tgid))
		return;
	process->code = code;
	process->has_code = true;
	household->code_is_final = last;
}

void population_bury(struct population *population, uint32_t thread)
{
	population->households.items[population->threads.items[thread].process].alive--;
}

/* A parent that was found after its child, as can happen among those that were there before. */
static void find_parent(struct population *population, struct process *process)
{
	uint32_t self = process - population->processes.items;
	uint32_t parent = process->parent;

	if (parent == NO_THREAD && process->parent_tgid)
		parent = population_find_process(population, process->parent_tgid);
	if (parent == self)
		parent = NO_THREAD;
	/* Who came later is not the parent, but a stranger who got its pid. */
	if (parent != NO_THREAD && !population->households.items[parent].began_before &&
	    population->processes.items[parent].begin > process->begin)
		parent = NO_THREAD;
	process->parent = parent;
}

void population_settle(struct population *population)
{
	struct process *process;
	struct thread *thread;

	vector_for_each (&population->processes, process) {
		process->end = process->begin;
		process->alive_at_end = false;
	}
	vector_for_each (&population->threads, thread) {
		process = &population->processes.items[thread->process];
		if (thread->begin < process->begin)
			process->begin = thread->begin;
		if (thread->end > process->end)
			process->end = thread->end;
		process->alive_at_end |= thread->alive_at_end;
	}
	vector_for_each (&population->processes, process) {
		find_parent(population, process);
		/* Its first thread may have ended, or made way for an exec, while others go on. */
		if (process->alive_at_end)
			process->has_code = false;
	}
}
