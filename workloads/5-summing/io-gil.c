// SPDX-License-Identifier: GPL-2.0-only
/*
 * io-gil.c - threads that wait for input, under the global lock of an interpreter
 *
 * The lock is given away around each blocking call. So the threads compute one after the other as
 * in sum-gil, but they wait all at once; and as waiting is most of what they do, more threads help.
 * What they wait for is a timer that is read like a file: the answer of a device or of a server.
 */
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "workloads/5-summing/global_lock.h"

/* With the other programs of a busy machine before them the threads get their answers late. */
#define NEEDS_PEACE                                                                                \
	"  needs: fact.answer_ns >= 1ms and fact.threads <= 32"                                    \
	" else starting the threads takes as long as their answers\n"                              \
	"  needs: thread[io-1].ready + thread[io-2].ready < 5% * fact.elapsed_ns"                  \
	" and thread[alone].ready < 5% * fact.single_ns"                                           \
	" else other programs kept the CPUs busy\n"

SCENARIO("title: waits overlap, as the lock is dropped around them\n"
	 "chapter: 5\n"
	 "order: 5\n"
	 "compare: --no-baseline\n"
	 "claim: each request was answered\n"
	 "  holds: fact.actual == fact.expected\n"
	 "  shows: fact.actual as count\n"
	 "claim: the threads waited for their answers, not for the lock\n" NEEDS_PEACE
	 "  holds: thread[io-1].blocked.event > 80% * thread[io-1].life"
	 " and thread[io-2].blocked.event > 80% * thread[io-2].life\n"
	 "  shows: thread[io-1].blocked.event / thread[io-1].life as share\n"
	 "claim: all together took about as long as one thread's own requests\n" NEEDS_PEACE
	 "  holds: fact.elapsed_ns near fact.single_ns / fact.threads within 25%\n"
	 "  shows: fact.elapsed_ns of fact.single_ns / fact.threads as duration\n"
	 "claim: so the gain over one thread is nearly the number of threads\n" NEEDS_PEACE
	 "  holds: fact.single_ns / fact.elapsed_ns > 75% * fact.threads\n"
	 "  shows: fact.single_ns / fact.elapsed_ns as ratio\n"
	 "claim: no two of them computed at once, but for moments\n"
	 "  holds: overlap < 5% * fact.elapsed_ns\n"
	 "  shows: overlap of fact.elapsed_ns as duration\n");

static struct global_lock global_lock;
static uint64_t answer_ns;

struct io_worker {
	uint64_t requests;
	uint64_t answers;
	struct scenario_thread thread;
};

/* Blocks until the answer is there. */
static void ask(int device)
{
	const struct itimerspec once = {
		.it_value = {.tv_sec = (time_t)(answer_ns / 1000000000),
			     .tv_nsec = (long)(answer_ns % 1000000000)},
	};
	uint64_t expirations;
	ssize_t size;

	if (timerfd_settime(device, 0, &once, NULL))
		scenario_fail(errno, "a timer cannot be set");
	do
		size = read(device, &expirations, sizeof(expirations));
	while (size < 0 && errno == EINTR);
	if (size < 0)
		scenario_fail(errno, "a timer cannot be read");
}

static void work(void *argument)
{
	struct io_worker *me = argument;
	int device = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

	if (device < 0)
		scenario_fail(errno, "a timer cannot be created");
	global_lock_take(&global_lock);
	for (uint64_t i = 0; i < me->requests; i++) {
		global_lock_give(&global_lock);
		ask(device);
		global_lock_take(&global_lock);
		me->answers++;
		global_lock_yield(&global_lock);
	}
	global_lock_give(&global_lock);
	close(device);
}

/* All the requests by one thread, to compare with. */
static uint64_t work_alone(uint64_t requests)
{
	struct io_worker alone = {.requests = requests};
	uint64_t begin;

	PTRACE_LAB_PHASE("baseline");
	begin = scenario_now();
	scenario_thread_start(&alone.thread, work, &alone, "alone");
	scenario_thread_join(&alone.thread);
	return scenario_now() - begin;
}

static uint64_t work_together(uint64_t threads, uint64_t requests, uint64_t *ret_answers)
{
	struct io_worker *workers = calloc(threads, sizeof(*workers));
	struct scenario_timer timer;
	uint64_t answers = 0, elapsed;

	if (!workers)
		scenario_fail(errno, "no memory for the threads");
	timer = scenario_start();
	for (uint64_t i = 0; i < threads; i++) {
		workers[i].requests = requests;
		scenario_thread_start(&workers[i].thread, work, &workers[i], "io-%u",
				      (unsigned int)i + 1);
	}
	for (uint64_t i = 0; i < threads; i++) {
		scenario_thread_join(&workers[i].thread);
		answers += workers[i].answers;
	}
	elapsed = scenario_stop(&timer);
	free(workers);
	*ret_answers = answers;
	return elapsed;
}

int main(int argc, char **argv)
{
	uint64_t threads = 4, requests = 10, interval = GLOBAL_LOCK_INTERVAL_NS;
	uint64_t elapsed, single = 0, answers;
	bool no_baseline = false;
	const struct scenario_option options[] = {
		SCENARIO_NUMBER("threads", &threads, 2, 1000, "how many threads"),
		SCENARIO_NUMBER("requests", &requests, 1, 1000000, "how many each of them makes"),
		SCENARIO_DURATION("answer", &answer_ns, 1000, 60000000000, 100000000,
				  "how long an answer takes"),
		SCENARIO_DURATION("interval", &interval, 100000, 1000000000, 0,
				  "how long a waiter waits before it asks for the lock"),
		SCENARIO_FLAG("no-baseline", &no_baseline,
			      "leave out the thread that asks alone before"),
		SCENARIO_END,
	};

	answer_ns = 5000000;
	scenario_begin(argc, argv, options);
	global_lock_init(&global_lock, interval);
	global_lock_tell(&global_lock);
	if (!no_baseline)
		single = work_alone(threads * requests);
	elapsed = work_together(threads, requests, &answers);
	scenario_fact("threads", (int64_t)threads);
	scenario_fact("answer_ns", (int64_t)answer_ns);
	if (!no_baseline)
		scenario_fact("single_ns", (int64_t)single);
	scenario_result(threads * requests, answers, elapsed);
	if (!no_baseline)
		scenario_say("one alone", "%s for as many requests",
			     scenario_duration_text(single).text);
	global_lock_destroy(&global_lock);
	return scenario_end();
}
