// SPDX-License-Identifier: GPL-2.0-only
/*
 * ipc-queue.c - two producers and one consumer, processes around one queue
 *
 * The queue lies in memory that they share, with a lock and conditions that work between processes.
 * When both producers have ended, their parent closes it with STOP, which ends the consumer.
 */
#include <time.h>

#include "workloads/queue.h"

SCENARIO("title: two producers, one consumer, a queue closed by STOP\n"
	 "chapter: 4\n"
	 "order: 2\n"
	 "claim: each item was delivered once\n"
	 "  holds: fact.actual == fact.expected and fact.missing == 0 and fact.twice == 0\n"
	 "  shows: fact.actual of fact.expected as count\n"
	 "claim: two producers, a consumer and their parent: four processes\n"
	 "  holds: processes == 4 and threads[producer-*] == 2\n"
	 "  shows: processes as count\n"
	 "claim: STOP ended the consumer\n"
	 "  holds: fact.ended_by_stop == 1\n"
	 "  shows: fact.ended_by_stop as count\n"
	 "claim: the consumer waited for items nearly all of the time\n"
	 "  needs: fact.step_ns >= 1ms else the steps are so short that all is work\n"
	 "  needs: thread[consumer].ready < 5% * fact.elapsed_ns"
	 " else other programs kept the CPUs busy\n"
	 "  holds: thread[consumer].blocked.condition > 80% * thread[consumer].life\n"
	 "  shows: thread[consumer].blocked.condition of thread[consumer].life as duration\n");

#define PRODUCERS 2

struct queue_work {
	struct queue *queue;
	uint64_t items; /* of all producers together */
	uint64_t step_ns;
	uint64_t begin, end; /* a producer's own */
};

static void produce(void *argument)
{
	struct queue_work *work = argument;
	const struct timespec step = {
		.tv_sec = (time_t)(work->step_ns / 1000000000),
		.tv_nsec = (long)(work->step_ns % 1000000000),
	};

	for (uint64_t item = work->begin; item < work->end; item++) {
		while (clock_nanosleep(CLOCK_MONOTONIC, 0, &step, NULL) == EINTR)
			;
		queue_put(work->queue, item);
	}
}

static void consume(void *argument)
{
	struct queue_work *work = argument;
	uint8_t *seen = calloc(work->items, 1);
	uint64_t count = 0, missing = 0, twice = 0, item;

	if (!seen)
		scenario_fail(errno, "no memory for the items");
	while ((item = queue_get(work->queue)) != QUEUE_STOP) {
		if (item >= work->items)
			scenario_fail(0, "an item came that nobody had put");
		twice += seen[item];
		seen[item] = 1;
		count++;
	}
	PTRACE_LAB_PHASE("got STOP");
	for (uint64_t i = 0; i < work->items; i++)
		missing += !seen[i];
	free(seen);
	scenario_fact("ended_by_stop", item == QUEUE_STOP);
	scenario_fact("actual", (int64_t)count);
	scenario_fact("missing", (int64_t)missing);
	scenario_fact("twice", (int64_t)twice);
	scenario_say("actual", "%s items, %s missing, %s twice", scenario_count_text(count).text,
		     scenario_count_text(missing).text, scenario_count_text(twice).text);
}

int main(int argc, char **argv)
{
	struct queue_work work = {.items = 40, .step_ns = 5000000};
	const struct scenario_option options[] = {
		SCENARIO_NUMBER("items", &work.items, 2, 1000000, "how many items, all together"),
		SCENARIO_DURATION("step", &work.step_ns, 0, 60000000000, 500000000,
				  "how long a producer takes for one"),
		SCENARIO_END,
	};
	struct scenario_timer timer;
	uint64_t elapsed;

	scenario_begin(argc, argv, options);
	work.queue = queue_new();
	scenario_fact("expected", (int64_t)work.items);
	scenario_fact("step_ns", (int64_t)work.step_ns);
	scenario_say("expected", "%s items", scenario_count_text(work.items).text);
	timer = scenario_start();
	child_start(consume, &work, "consumer");
	for (unsigned int i = 0; i < PRODUCERS; i++) {
		work.begin = work.items * i / PRODUCERS;
		work.end = work.items * (i + 1) / PRODUCERS;
		child_start(produce, &work, i ? "producer-2" : "producer-1");
	}
	/* The consumer does not end before the STOP. */
	child_wait(PRODUCERS);
	PTRACE_LAB_PHASE("put STOP");
	queue_put(work.queue, QUEUE_STOP);
	child_wait(1);
	elapsed = scenario_stop(&timer);
	scenario_fact("elapsed_ns", (int64_t)elapsed);
	scenario_say("elapsed", "%s", scenario_duration_text(elapsed).text);
	queue_free(work.queue);
	return scenario_end();
}
