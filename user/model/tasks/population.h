/* SPDX-License-Identifier: GPL-2.0-only */
/* population.h - the threads and processes of a timeline, and which tid is whose at the moment */
#ifndef MODEL_POPULATION_H
#define MODEL_POPULATION_H

#include "base/vector.h"
#include "model/locks/map.h"
#include "model/model.h"

/* The kernel's own limit (PID_MAX_LIMIT): a tid is less. */
#define TID_LIMIT     (1u << 22)
#define TIDS_PER_PAGE 512u

struct tid_entry {
	uint32_t thread;  /* index + 1 of the thread that has, or last had, the tid; 0: nobody */
	uint32_t process; /* the same for the process */
};

struct household {
	uint32_t alive; /* threads */
	bool has_leader;
	bool began_before; /* it was there before the capture */
	bool code_is_final;
	uint32_t space; /* number of its address space, which an exec replaces */
	uint32_t gil; /* index of its range, or that of the process that it was forked from, + 1 */
};

/* Where the lock of a process's Python interpreter lies. */
struct gil_range {
	uint32_t tgid;
	uint64_t start, end;
};

/* Where a futex lies, as PL_LIFE_FUTEX told. */
struct futex_place {
	bool shared;	 /* with other processes: `file` and `offset` name it in all of them */
	uint32_t file;	 /* number of the file or memory */
	uint64_t offset; /* in it */
};

/* Finding a thread by its tid is done for each record, hence two array look-ups and no hashing. */
struct population {
	VECTOR(struct thread) threads;
	VECTOR(struct process) processes;
	VECTOR(struct household) households; /* what else there is to know of the processes */
	struct tid_entry **pages;
	uint32_t spaces;
	VECTOR(struct gil_range) gils;
	VECTOR(struct futex_place) futexes;
	struct lock_map futex_map; /* (address, space) -> futex */
	struct lock_map file_map;  /* (inode, device) -> file */
};

int population_init(struct population *population);
void population_free(struct population *population);

static inline uint32_t population_find(const struct population *population, uint32_t tid)
{
	const struct tid_entry *page =
		tid < TID_LIMIT ? population->pages[tid / TIDS_PER_PAGE] : NULL;

	return page ? page[tid % TIDS_PER_PAGE].thread - 1 : NO_THREAD;
}

/* `end` of one that lives is where it began. */
static inline bool thread_had_life(const struct thread *thread, uint64_t time)
{
	return thread->begin <= time && (time <= thread->end || thread->end == thread->begin);
}

uint32_t population_thread_before(const struct population *population, uint32_t index, uint32_t tid,
				  uint64_t time);

/* Which thread had that tid at that time; NO_THREAD if none. */
static inline uint32_t population_thread_at(const struct population *population, uint32_t tid,
					    uint64_t time)
{
	uint32_t index = population_find(population, tid);

	if (index == NO_THREAD || thread_had_life(&population->threads.items[index], time))
		return index;
	/* The tid has changed hands since. */
	return population_thread_before(population, index, tid, time);
}

/* Index of the process that has, or last had, that pid; NO_THREAD if none. */
uint32_t population_find_process(const struct population *population, uint32_t tgid);
/* Makes `tid` the tid of a thread, or nobody's (NO_THREAD). */
int population_bind(struct population *population, uint32_t tid, uint32_t thread);

struct newcomer {
	uint32_t tid, tgid;
	uint32_t parent;  /* pid of the process that its process is a child of */
	uint32_t creator; /* index, or NO_THREAD */
	const char *comm; /* of PL_COMM_LEN bytes, with or without NUL */
	bool kernel;
	bool began_before;
	bool makes_process; /* it is the first thread of a process that is new, too */
	uint64_t time;
};

/* Adds a thread, and its process if that is not there, and gives it its tid. */
int population_add(struct population *population, const struct newcomer *newcomer, uint32_t *ret);
/* Fills in who it is, for a thread that was added before that was known. */
int population_introduce(struct population *population, uint32_t thread,
			 const struct newcomer *newcomer);
void population_rename(struct population *population, uint32_t thread, const char *comm);
void population_exec(struct population *population, uint32_t thread, const char *comm,
		     const char *path);
void population_exit_code(struct population *population, uint32_t tid, uint32_t thread,
			  uint32_t code, bool last);
/* The process of this thread shares the memory of another one. */
void population_share_space(struct population *population, uint32_t thread, uint32_t tgid);
uint32_t population_space(const struct population *population, uint32_t process);
/* Before any process is added. 0 or -ENOMEM. */
int population_know_gil(struct population *population, const struct gil_range *range);
/* NULL: the futex at that address is not part of such a lock. */
const struct gil_range *population_gil_at(const struct population *population, uint32_t thread,
					  uint64_t address);
void population_find_gil(struct population *population, uint32_t process);
/* 0 or -ENOMEM. */
int population_futex(struct population *population, const struct pl_life_futex *futex);
/* NULL: not told. */
const struct futex_place *population_futex_place(const struct population *population,
						 uint32_t process, uint64_t address);
void population_bury(struct population *population, uint32_t thread);
/* Sums the threads up in their processes, once their ends are known. */
void population_settle(struct population *population);

#endif
