// SPDX-License-Identifier: GPL-2.0-only
/*
 * priority-inversion.c - the most urgent thread waits for the one that is least so
 *
 * Three threads of different real-time priority share one CPU. The low one holds a lock; the high
 * one wants it, and sleeps. That would be short, but for the middle one: it needs no lock, is more
 * urgent than the low one, and keeps it off the CPU. So the high one waits for the middle one, with
 * which it has nothing to do. Then the same with a lock that lends its holder the priority of those
 * who wait for it.
 */
#include <errno.h>
#include <sched.h>

#include "workloads/9-trouble/stuck.h"

SCENARIO("title: the most urgent thread waits for the least urgent one\n"
	 "chapter: 9\n"
	 "order: 5\n"
	 "claim: high waited for low's lock, and for all that middle had to do as well\n"
	 "  needs: fact.realtime == 1\n"
	 "  holds: thread[high].blocked.lock near fact.section_ns + fact.middle_ns within 30%\n"
	 "  shows: thread[high].blocked.lock of fact.section_ns + fact.middle_ns as duration\n"
	 "claim: meanwhile low, which had the lock, was ready to run, and did not\n"
	 "  needs: fact.realtime == 1\n"
	 "  holds: thread[low].ready > 70% * fact.middle_ns\n"
	 "  shows: thread[low].ready of fact.middle_ns as duration\n"
	 "claim: with a lock that lends priority, high waits for low only\n"
	 "  needs: fact.realtime == 1\n"
	 "  holds: thread[high-pi].blocked.lock < 1.3 * fact.section_ns\n"
	 "  shows: thread[high-pi].blocked.lock of fact.section_ns as duration\n"
	 "claim: and middle is the one that has to wait\n"
	 "  needs: fact.realtime == 1\n"
	 "  holds: thread[middle-pi].ready > 50% * fact.section_ns\n"
	 "  shows: thread[middle-pi].ready of fact.section_ns as duration\n");

#define POLL_NS 200000

struct inversion {
	pthread_mutex_t lock;
	uint64_t section_ns, middle_ns;
	int cpu;
	bool realtime;
	unsigned int waiting, low_holds, high_wants;
};

static struct inversion plain, inheriting;

/* Returns whether the kernel lets us. */
static bool become(const struct inversion *it, int priority)
{
	struct sched_param parameter = {.sched_priority = priority};
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(it->cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	return !it->realtime || !pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameter);
}

static uint64_t cpu_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* So much CPU time, however long that takes. */
static void compute(uint64_t ns)
{
	for (uint64_t begin = cpu_time(); cpu_time() - begin < ns;)
		scenario_relax();
}

static void await(const unsigned int *flag)
{
	while (!__atomic_load_n(flag, __ATOMIC_SEQ_CST))
		stuck_nap(POLL_NS);
}

static void low(void *argument)
{
	struct inversion *it = argument;

	become(it, 10);
	pthread_mutex_lock(&it->lock);
	__atomic_store_n(&it->low_holds, 1, __ATOMIC_SEQ_CST);
	/* The others look for it with short sleeps; what follows is the section. */
	compute(it->section_ns);
	pthread_mutex_unlock(&it->lock);
}

static void middle(void *argument)
{
	struct inversion *it = argument;

	become(it, 20);
	__atomic_add_fetch(&it->waiting, 1, __ATOMIC_SEQ_CST);
	await(&it->high_wants);
	compute(it->middle_ns);
}

static void high(void *argument)
{
	struct inversion *it = argument;

	become(it, 30);
	__atomic_add_fetch(&it->waiting, 1, __ATOMIC_SEQ_CST);
	await(&it->low_holds);
	__atomic_store_n(&it->high_wants, 1, __ATOMIC_SEQ_CST);
	pthread_mutex_lock(&it->lock);
	pthread_mutex_unlock(&it->lock);
}

static void run(struct inversion *it, const char *suffix)
{
	struct scenario_thread threads[3] = {0};

	/* The least urgent one last: the others sleep by then, and take the CPU when they want. */
	scenario_thread_start(&threads[0], high, it, "high%s", suffix);
	scenario_thread_start(&threads[1], middle, it, "middle%s", suffix);
	while (__atomic_load_n(&it->waiting, __ATOMIC_SEQ_CST) < 2)
		stuck_nap(1000000);
	stuck_nap(5000000);
	scenario_thread_start(&threads[2], low, it, "low%s", suffix);
	for (unsigned int i = 0; i < 3; i++)
		scenario_thread_join(&threads[i]);
}

static bool may_be_realtime(void)
{
	struct sched_param parameter = {.sched_priority = 10}, normal = {0};

	if (pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameter))
		return false;
	pthread_setschedparam(pthread_self(), SCHED_OTHER, &normal);
	return true;
}

static int last_cpu(void)
{
	cpu_set_t cpus;
	int last = 0;

	if (sched_getaffinity(0, sizeof(cpus), &cpus))
		return 0;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &cpus))
			last = cpu;
	return last;
}

static void prepare(struct inversion *it, int protocol)
{
	pthread_mutexattr_t attributes;
	int error;

	pthread_mutexattr_init(&attributes);
	error = pthread_mutexattr_setprotocol(&attributes, protocol);
	if (!error)
		error = pthread_mutex_init(&it->lock, &attributes);
	if (error)
		scenario_fail(error, "the lock cannot be made");
}

int main(int argc, char **argv)
{
	uint64_t section = 20000000, other = 60000000;
	const struct scenario_option options[] = {
		SCENARIO_DURATION("section", &section, 1000000, 1000000000, 0,
				  "CPU time that low needs while it holds the lock"),
		SCENARIO_DURATION("middle", &other, 1000000, 1000000000, 0,
				  "CPU time that middle needs, without any lock"),
		SCENARIO_END,
	};
	struct scenario_timer timer;

	scenario_begin(argc, argv, options);
	plain.realtime = may_be_realtime();
	plain.cpu = last_cpu();
	plain.section_ns = section;
	plain.middle_ns = other;
	inheriting = plain;
	prepare(&plain, PTHREAD_PRIO_NONE);
	prepare(&inheriting, PTHREAD_PRIO_INHERIT);
	timer = scenario_start();
	run(&plain, "");
	run(&inheriting, "-pi");
	scenario_fact("elapsed_ns", (int64_t)scenario_stop(&timer));
	scenario_fact("realtime", plain.realtime);
	scenario_fact("section_ns", (int64_t)section);
	scenario_fact("middle_ns", (int64_t)other);
	if (!plain.realtime)
		scenario_say("note", "without root there are no real-time priorities: nothing is "
				     "inverted then");
	return scenario_end();
}
