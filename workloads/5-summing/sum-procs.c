// SPDX-License-Identifier: GPL-2.0-only
/*
 * sum-procs.c - two processes add up half of the numbers each
 *
 * Each has an interpreter, and its lock, to itself: they run at once, as the threads of sum-threads
 * do. What they found out must be sent, here through a queue, and each has memory of its own.
 */
#include <inttypes.h>
#include <stdio.h>

#include "workloads/queue.h"
#include "workloads/5-summing/summing.h"

SCENARIO("title: two processes, half of the numbers each: half the time\n"
	 "chapter: 5\n"
	 "order: 4\n" SUM_COMPARE "claim: the sum is exact\n"
	 "  holds: fact.actual == fact.expected\n"
	 "  shows: fact.actual as count\n"
	 "claim: two child processes did it\n"
	 "  holds: processes == 3 and threads[adder-*] == 2\n"
	 "  shows: threads[adder-*] as count\n"
	 "claim: both ran at once, from beginning to end\n" SUM_NEEDS_CPUS SUM_NEEDS_PEACE
	 "  holds: overlap > 75% * fact.elapsed_ns\n"
	 "  shows: overlap of fact.elapsed_ns as duration\n"
	 "claim: so it took half of the time that one thread took\n" SUM_NEEDS_CPUS SUM_NEEDS_PEACE
		 SUM_NEEDS_BASELINE "  holds: fact.elapsed_ns near fact.single_ns / 2 within 15%\n"
	 "  shows: fact.elapsed_ns of fact.single_ns as duration\n"
	 "claim: two results and STOP came through the queue\n"
	 "  holds: fact.results == 2 and fact.ended_by_stop == 1\n"
	 "  shows: fact.results as count\n"
	 "claim: two processes took more memory than two threads do\n"
	 "  holds: fact.processes_bytes > fact.threads_bytes\n"
	 "  shows: fact.processes_bytes of fact.threads_bytes as bytes\n");

/* In shared memory. */
struct shared {
	struct scenario_gate gate;
	struct scenario_timer timer;
	bool started_together;
	uint64_t ended[ADDERS]; /* when */
	uint64_t bytes[ADDERS]; /* that belong to each of the processes alone */
	struct queue *results;
};

struct process_adder {
	struct adder adder;
	struct shared *shared;
};

/* Memory that no other process has part in. */
static uint64_t private_bytes(void)
{
	FILE *file = fopen("/proc/self/smaps_rollup", "re");
	uint64_t kilobytes, sum = 0;
	char line[256];

	if (!file)
		scenario_fail(errno, "/proc/self/smaps_rollup cannot be opened");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Private_Clean: %" SCNu64, &kilobytes) == 1 ||
		    sscanf(line, "Private_Dirty: %" SCNu64, &kilobytes) == 1)
			sum += kilobytes * 1024;
	fclose(file);
	return sum;
}

static void add(void *argument)
{
	struct process_adder *me = argument;
	struct shared *shared = me->shared;
	unsigned int side = me->adder.side;
	bool together = scenario_gate_pass(&shared->gate, side);

	if (side == 0) {
		shared->started_together = together;
		shared->timer = scenario_start();
	}
	sum_range(&me->adder.sum, me->adder.begin, me->adder.end);
	PTRACE_LAB_PHASE("send the result");
	queue_put(shared->results, me->adder.sum.total);
	shared->ended[side] = scenario_now();
	shared->bytes[side] = private_bytes();
}

static void add_alone(void *argument)
{
	struct adder *me = argument;

	sum_range(&me->sum, me->begin, me->end);
}

static void be_there(void *argument)
{
	pthread_barrier_t *barrier = argument;

	pthread_barrier_wait(barrier); /* all have begun */
	pthread_barrier_wait(barrier); /* and have been looked at */
}

/* What two threads add to the memory of the process, to compare with. */
static uint64_t bytes_of_threads(void)
{
	struct scenario_thread threads[ADDERS] = {0};
	pthread_barrier_t barrier;
	uint64_t before = private_bytes(), after;
	int error = pthread_barrier_init(&barrier, NULL, ADDERS + 1);

	if (error)
		scenario_fail(error, "no barrier");
	for (unsigned int i = 0; i < ADDERS; i++)
		scenario_thread_start(&threads[i], be_there, &barrier, "thread-%u", i + 1);
	pthread_barrier_wait(&barrier);
	after = private_bytes();
	pthread_barrier_wait(&barrier);
	for (unsigned int i = 0; i < ADDERS; i++)
		scenario_thread_join(&threads[i]);
	pthread_barrier_destroy(&barrier);
	return after > before ? after - before : 0;
}

/* Until the later of the two had sent its result. How long a process takes to end comes after. */
static uint64_t elapsed_in(const struct shared *shared)
{
	uint64_t ended = shared->ended[0] > shared->ended[1] ? shared->ended[0] : shared->ended[1];

	return ended - shared->timer.begin;
}

/* The queue is closed when both have ended; nothing can come behind the STOP. */
static uint64_t add_results(struct queue *results)
{
	uint64_t sum = 0, item;
	int64_t count = 0;

	queue_put(results, QUEUE_STOP);
	while ((item = queue_get(results)) != QUEUE_STOP) {
		sum += item;
		count++;
	}
	scenario_fact("results", count);
	scenario_fact("ended_by_stop", item == QUEUE_STOP);
	return sum;
}

int main(int argc, char **argv)
{
	uint64_t count = SUM_DEFAULT_COUNT, sum, single = 0, threads_bytes, processes_bytes;
	bool no_baseline = false;
	const struct scenario_option options[] = {
		SUM_COUNT_OPTION(&count),
		SUM_BASELINE_OPTION(&no_baseline),
		SCENARIO_END,
	};
	struct process_adder adders[ADDERS];
	struct adder halves[ADDERS];
	struct shared *shared;

	scenario_begin(argc, argv, options);
	threads_bytes = bytes_of_threads();
	if (!no_baseline)
		single = sum_alone(count, add_alone);
	shared = child_shared_memory(sizeof(*shared));
	shared->results = queue_new();
	sum_halves(halves, count);
	for (unsigned int i = 0; i < ADDERS; i++) {
		adders[i] = (struct process_adder){.adder = halves[i], .shared = shared};
		child_start(add, &adders[i], i ? "adder-2" : "adder-1");
	}
	child_wait(ADDERS);
	sum = add_results(shared->results);
	PTRACE_LAB_PHASE("stop");
	processes_bytes = shared->bytes[0] + shared->bytes[1];
	scenario_fact("started_together", shared->started_together);
	scenario_fact("threads_bytes", (int64_t)threads_bytes);
	scenario_fact("processes_bytes", (int64_t)processes_bytes);
	scenario_result(sum_expected(count), sum, elapsed_in(shared));
	if (!no_baseline)
		scenario_say("one alone", "%s", scenario_duration_text(single).text);
	scenario_say("memory", "%s for the two processes, two threads take %s",
		     scenario_size_text(processes_bytes).text,
		     scenario_size_text(threads_bytes).text);
	queue_free(shared->results);
	munmap(shared, sizeof(*shared));
	return scenario_end();
}
