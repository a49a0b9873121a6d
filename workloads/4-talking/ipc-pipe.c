// SPDX-License-Identifier: GPL-2.0-only
/*
 * ipc-pipe.c - one process writes items into a pipe, another one reads them
 *
 * The consumer has nothing to do until an item comes: it is blocked in read(), and each write()
 * wakes it. That no more items come it learns from the end of the file.
 */
#include <fcntl.h>
#include <time.h>

#include "workloads/child.h"

SCENARIO("title: a consumer sleeps in read() until the producer writes\n"
	 "chapter: 4\n"
	 "order: 1\n"
	 "claim: each item arrived once, in order\n"
	 "  holds: fact.actual == fact.expected and fact.out_of_order == 0\n"
	 "  shows: fact.actual of fact.expected as count\n"
	 "claim: a producer, a consumer and their parent: three processes\n"
	 "  holds: processes == 3\n"
	 "  shows: processes as count\n"
	 "claim: the consumer was blocked on the pipe nearly all of the time\n"
	 "  needs: fact.step_ns >= 1ms else the steps are so short that all is work\n"
	 "  needs: thread[consumer].ready < 5% * fact.elapsed_ns"
	 " else other programs kept the CPUs busy\n"
	 "  holds: thread[consumer].blocked.pipe > 80% * thread[consumer].life\n"
	 "  shows: thread[consumer].blocked.pipe of thread[consumer].life as duration\n"
	 "claim: it went to sleep anew for each item, and the producer woke it\n"
	 "  needs: fact.step_ns >= 1ms else the steps are so short that all is work\n"
	 "  needs: thread[consumer].ready < 5% * fact.elapsed_ns"
	 " else other programs kept the CPUs busy\n"
	 "  holds: thread[consumer].voluntary >= 90% * fact.expected and"
	 " woke[producer,consumer] >= 90% * fact.expected\n"
	 "  shows: woke[producer,consumer] of fact.expected as count\n");

struct pipe_work {
	uint64_t items, step_ns;
	int read_end, write_end;
};

static void produce(void *argument)
{
	struct pipe_work *work = argument;
	const struct timespec step = {
		.tv_sec = (time_t)(work->step_ns / 1000000000),
		.tv_nsec = (long)(work->step_ns % 1000000000),
	};

	close(work->read_end);
	for (uint64_t item = 0; item < work->items; item++) {
		while (clock_nanosleep(CLOCK_MONOTONIC, 0, &step, NULL) == EINTR)
			;
		/* So little is written as a whole or not at all. */
		if (write(work->write_end, &item, sizeof(item)) != sizeof(item))
			scenario_fail(errno, "the pipe cannot be written");
	}
	PTRACE_LAB_PHASE("no more items");
	close(work->write_end);
}

static void consume(void *argument)
{
	struct pipe_work *work = argument;
	uint64_t count = 0, out_of_order = 0, item;
	ssize_t size;

	/* Otherwise the pipe would never come to its end. */
	close(work->write_end);
	while ((size = read(work->read_end, &item, sizeof(item))) == sizeof(item)) {
		out_of_order += item != count;
		count++;
	}
	if (size)
		scenario_fail(size < 0 ? errno : 0, "the pipe cannot be read");
	scenario_fact("actual", (int64_t)count);
	scenario_fact("out_of_order", (int64_t)out_of_order);
	scenario_say("actual", "%s items, %s out of order", scenario_count_text(count).text,
		     scenario_count_text(out_of_order).text);
}

int main(int argc, char **argv)
{
	struct pipe_work work = {.items = 20, .step_ns = 5000000};
	const struct scenario_option options[] = {
		SCENARIO_NUMBER("items", &work.items, 1, 1000000, "how many items"),
		SCENARIO_DURATION("step", &work.step_ns, 0, 60000000000, 500000000,
				  "how long the producer takes for one"),
		SCENARIO_END,
	};
	struct scenario_timer timer;
	uint64_t elapsed;
	int ends[2];

	scenario_begin(argc, argv, options);
	if (pipe2(ends, O_CLOEXEC))
		scenario_fail(errno, "no pipe");
	work.read_end = ends[0];
	work.write_end = ends[1];
	scenario_fact("expected", (int64_t)work.items);
	scenario_fact("step_ns", (int64_t)work.step_ns);
	scenario_say("expected", "%s items", scenario_count_text(work.items).text);
	timer = scenario_start();
	child_start(consume, &work, "consumer");
	child_start(produce, &work, "producer");
	close(work.read_end);
	close(work.write_end);
	child_wait(2);
	elapsed = scenario_stop(&timer);
	scenario_fact("elapsed_ns", (int64_t)elapsed);
	scenario_say("elapsed", "%s", scenario_duration_text(elapsed).text);
	return scenario_end();
}
