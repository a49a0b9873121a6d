// SPDX-License-Identifier: GPL-2.0-only
/*
 * process-copy.c - what it costs a process, and not a thread, to write to its parent's memory
 *
 * A fork copies no memory, only the tables that say where it lies. The copy comes later, a page
 * fault at a time, when the child writes. Threads write to the memory that is there.
 */
#include <stdio.h>
#include <sys/resource.h>

#include "workloads/child.h"

SCENARIO("title: processes pay for each page they write to, threads do not\n"
	 "chapter: 3\n"
	 "order: 6\n"
	 "table: | pages written | page faults | CPU time | to make it\n"
	 "row: a process | fact.pages as count | fact.process_1_faults as count"
	 " | thread[process-1].running as duration | fact.fork_ns as duration\n"
	 "row: a thread | fact.pages as count | fact.thread_faults as count"
	 " | thread[thread-1].running as duration | fact.thread_create_ns as duration\n"
	 "claim: each process had a page fault for each page that it wrote to\n"
	 "  holds: fact.process_1_faults >= fact.pages and fact.process_2_faults >= fact.pages"
	 " and fact.process_1_faults < 110% * fact.pages + 100\n"
	 "  shows: fact.process_1_faults of fact.pages as count\n"
	 "claim: the threads wrote to as many, and had none to speak of\n"
	 "  holds: fact.thread_faults < 1% * fact.pages + 50"
	 " and fact.changed_by_threads == fact.pages\n"
	 "  shows: fact.thread_faults of fact.pages as count\n"
	 "claim: what the processes wrote, they wrote to their own copies\n"
	 "  holds: fact.changed_by_processes == 0\n"
	 "  shows: fact.changed_by_processes of fact.pages as count\n"
	 "claim: a process took more than twice the CPU time of a thread\n"
	 "  needs: fact.pages >= 4096 else there was too little memory to measure\n"
	 "  holds: thread[process-1].running > 2 * thread[thread-1].running\n"
	 "  shows: thread[process-1].running of thread[thread-1].running as duration\n"
	 "claim: to make a process took longer, too: the tables are copied at once\n"
	 "  needs: fact.pages >= 4096 else there was too little memory to measure\n"
	 "  holds: fact.fork_ns > fact.thread_create_ns\n"
	 "  shows: fact.fork_ns of fact.thread_create_ns as duration\n");

#define WORKERS	      2
#define THREADS_WRITE 200

struct memory {
	uint64_t *words;
	size_t pages, words_in_page;
};

struct worker {
	const struct memory *memory;
	uint64_t value; /* that it writes into each page */
	uint64_t faults;
};

static uint64_t page_faults(int who)
{
	struct rusage usage;

	if (getrusage(who, &usage))
		scenario_fail(errno, "the page faults cannot be counted");
	return (uint64_t)usage.ru_minflt + (uint64_t)usage.ru_majflt;
}

static void write_each_page(const struct memory *memory, uint64_t value)
{
	for (size_t i = 0; i < memory->pages; i++)
		((volatile uint64_t *)memory->words)[i * memory->words_in_page] = value;
}

/* How many pages have another value than that. */
static uint64_t count_others(const struct memory *memory, uint64_t value)
{
	uint64_t others = 0;

	for (size_t i = 0; i < memory->pages; i++)
		others += memory->words[i * memory->words_in_page] != value;
	return others;
}

static void work(void *argument)
{
	struct worker *me = argument;
	uint64_t before = page_faults(RUSAGE_THREAD);

	PTRACE_LAB_PHASE("writes");
	write_each_page(me->memory, me->value);
	me->faults = page_faults(RUSAGE_THREAD) - before;
	PTRACE_LAB_PHASE("has written");
}

static uint64_t memory_available(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	unsigned long long kilobytes = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %llu", &kilobytes) == 1)
			break;
	if (file)
		fclose(file);
	return kilobytes * 1024;
}

/* Less than was asked for if there is not room for it twice, and something beside. */
static struct memory take_memory(uint64_t size)
{
	struct memory memory = {.words_in_page = (size_t)sysconf(_SC_PAGESIZE) / sizeof(uint64_t)};
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), available = memory_available();

	if (available && size > available / 4) {
		scenario_say("size", "%s is too much for this machine now",
			     scenario_size_text(size).text);
		size = available / 4;
	}
	memory.pages = size / page ? size / page : 1;
	memory.words = mmap(NULL, memory.pages * page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory.words == MAP_FAILED)
		scenario_fail(errno, "no memory of %s", scenario_size_text(size).text);
	/* Pages of the usual size, so that there is a fault for each. Kernels that have no larger
	 * ones refuse, and do not matter. */
	madvise(memory.words, memory.pages * page, MADV_NOHUGEPAGE);
	scenario_fact("pages", (int64_t)memory.pages);
	scenario_say("memory", "%s, %s pages", scenario_size_text(memory.pages * page).text,
		     scenario_count_text(memory.pages).text);
	return memory;
}

/* One after the other, as each may double the memory. Returns how long it took to make the first.
 */
static uint64_t work_as_processes(const struct memory *memory)
{
	/* Shared, so that a child can hand back what it counted. */
	struct worker *workers = child_shared_memory(WORKERS * sizeof(*workers));
	uint64_t fork_ns = 0;

	for (unsigned int i = 0; i < WORKERS; i++) {
		uint64_t begin = scenario_now();
		pid_t child;

		workers[i] = (struct worker){.memory = memory, .value = 100 + i};
		child = child_start(work, &workers[i], i ? "process-2" : "process-1");
		if (!i)
			fork_ns = scenario_now() - begin;
		if (child_join(child))
			scenario_fail(0, "a child failed: --size may be too much");
	}
	scenario_fact("process_1_faults", (int64_t)workers[0].faults);
	scenario_fact("process_2_faults", (int64_t)workers[1].faults);
	scenario_say("processes", "%s and %s page faults, %s to make one",
		     scenario_count_text(workers[0].faults).text,
		     scenario_count_text(workers[1].faults).text,
		     scenario_duration_text(fork_ns).text);
	munmap(workers, WORKERS * sizeof(*workers));
	return fork_ns;
}

static uint64_t work_as_threads(const struct memory *memory)
{
	struct scenario_thread threads[WORKERS] = {0};
	struct worker workers[WORKERS];
	uint64_t create_ns = 0, faults = 0;

	for (unsigned int i = 0; i < WORKERS; i++) {
		uint64_t begin = scenario_now();

		workers[i] = (struct worker){.memory = memory, .value = THREADS_WRITE};
		scenario_thread_start(&threads[i], work, &workers[i], "thread-%u", i + 1);
		if (!i)
			create_ns = scenario_now() - begin;
		scenario_thread_join(&threads[i]);
		faults += workers[i].faults;
	}
	scenario_fact("thread_faults", (int64_t)faults);
	scenario_say("threads", "%s page faults, %s to make one", scenario_count_text(faults).text,
		     scenario_duration_text(create_ns).text);
	return create_ns;
}

int main(int argc, char **argv)
{
	uint64_t size = 256ull << 20;
	const struct scenario_option options[] = {
		SCENARIO_SIZE("size", &size, 1ull << 20, 1ull << 40,
			      "how much memory the parent has when it forks"),
		SCENARIO_END,
	};
	struct memory memory;

	scenario_begin(argc, argv, options);
	memory = take_memory(size);
	PTRACE_LAB_PHASE("fills its memory");
	write_each_page(&memory, 1);
	/* First, as a fork makes all of the memory read-only: after it, whoever writes has a page
	 * fault at each page, if only to find out that nobody else uses it any more. */
	scenario_fact("thread_create_ns", (int64_t)work_as_threads(&memory));
	scenario_fact("changed_by_threads", (int64_t)count_others(&memory, 1));
	scenario_fact("fork_ns", (int64_t)work_as_processes(&memory));
	scenario_fact("changed_by_processes", (int64_t)count_others(&memory, THREADS_WRITE));
	munmap(memory.words, memory.pages * memory.words_in_page * sizeof(uint64_t));
	return scenario_end();
}
