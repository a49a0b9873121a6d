// SPDX-License-Identifier: GPL-2.0-only
/*
 * process-escape.c - a child reaches outside of its memory, and then a thread does
 *
 * The kernel ends whoever does that by SIGSEGV. It ends a whole process: a child's mistake is its
 * own, a thread's is that of all the threads beside it.
 */
#include <sys/mman.h>

#include "workloads/child.h"

SCENARIO("title: reaching outside kills a process, and all of its threads\n"
	 "chapter: 3\n"
	 "order: 5\n"
	 "claim: signal 11 ended the child that reached outside\n"
	 "  holds: process[alone].signal == 11\n"
	 "  shows: process[alone].signal as count\n"
	 "claim: the fault was at the very address that it reached for\n"
	 "  holds: process[alone].fault.address == fact.forbidden_address"
	 " and fact.fault_address == fact.forbidden_address\n"
	 "  shows: process[alone].fault.address as address\n"
	 "claim: nobody but the kernel sent that signal\n"
	 "  holds: process[alone].killer.pid == 0 and signals[fault,alone,11].fatal == 1\n"
	 "  shows: process[alone].killer.at as duration\n"
	 "claim: its parent lived on\n"
	 "  holds: process[process-escape].status == 0 and"
	 " thread[process-escape].end > thread[alone].end\n"
	 "  shows: thread[process-escape].end - thread[alone].end as duration\n"
	 "claim: the same done by a thread ended its process\n"
	 "  holds: process[family].signal == 11\n"
	 "  shows: process[family].signal as count\n"
	 "claim: and with it two threads that slept, and had done nothing\n"
	 "  holds: thread[bystander-1].ended.taken == 1 and thread[bystander-2].ended.taken == 1"
	 " and thread[bystander-1].ended.waiting.sleep > 0"
	 " and thread[bystander-2].ended.waiting.sleep > 0\n"
	 "  shows: thread[bystander-1].ended.waiting.sleep of fact.nap_ns as duration\n"
	 "claim: all of them at about the same time\n"
	 "  needs: thread[bystander-1].ready + thread[bystander-2].ready + thread[culprit].ready"
	 " < 20ms else other programs kept the CPUs busy\n"
	 "  holds: thread[bystander-1].end - thread[culprit].end < 30ms"
	 " and thread[culprit].end - thread[bystander-1].end < 30ms"
	 " and thread[bystander-2].end - thread[culprit].end < 30ms"
	 " and thread[culprit].end - thread[bystander-2].end < 30ms\n"
	 "  shows: thread[bystander-1].end of thread[culprit].end as duration\n");

/* Nobody sleeps to the end of it. */
#define NAP_NS 3600000000000

struct shared {
	uint64_t faults, fault_address;
};

static struct shared *shared;
static const volatile char *forbidden;
static uint64_t before_ns;

/* Notes where it was, and returns: the access is made again, and then the signal has its usual
 * effect (SA_RESETHAND). */
static void note_fault(int number, siginfo_t *info, void *context)
{
	shared->faults++;
	shared->fault_address = (uintptr_t)info->si_addr;
}

static void reach_outside(void)
{
	struct sigaction action = {.sa_sigaction = note_fault,
				   .sa_flags = SA_SIGINFO | SA_RESETHAND};

	/* Nobody wants to look into what is left of this process. */
	if (prctl(PR_SET_DUMPABLE, 0) || sigaction(SIGSEGV, &action, NULL))
		scenario_fail(errno, "the signal cannot be awaited");
	PTRACE_LAB_PHASE("reaches outside");
	(void)*forbidden;
}

static void escape_alone(void *argument)
{
	sleep_for(before_ns);
	reach_outside();
}

static void stand_by(void *argument)
{
	sleep_for(NAP_NS);
}

static void escape_as_thread(void *argument)
{
	sleep_for(before_ns);
	reach_outside();
}

static void live_as_family(void *argument)
{
	struct scenario_thread bystanders[2] = {0}, culprit = {0};

	for (unsigned int i = 0; i < 2; i++)
		scenario_thread_start(&bystanders[i], stand_by, NULL, "bystander-%u", i + 1);
	scenario_thread_start(&culprit, escape_as_thread, NULL, "culprit");
	scenario_thread_join(&culprit);
	scenario_fail(0, "the thread came back from outside");
}

static int end_of(pid_t child, const char *what)
{
	int status = child_join(child);

	if (!WIFSIGNALED(status))
		scenario_fail(0, "%s was not ended by a signal", what);
	scenario_say("parent", "signal %d ended %s", WTERMSIG(status), what);
	return WTERMSIG(status);
}

int main(int argc, char **argv)
{
	const struct scenario_option options[] = {
		SCENARIO_DURATION("before", &before_ns, 0, 3600000000000, 1000000000,
				  "how long they live before it happens"),
		SCENARIO_END,
	};
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	void *page;

	before_ns = 50000000;
	scenario_begin(argc, argv, options);
	shared = child_shared_memory(sizeof(*shared));
	/* Known to belong to nobody: it was ours, and we gave it back. */
	page = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED || munmap(page, size))
		scenario_fail(errno, "no page to give back");
	forbidden = page;
	scenario_fact_address("forbidden_address", forbidden);
	scenario_fact("nap_ns", NAP_NS);
	scenario_say("forbidden", "%p", page);
	end_of(child_start(escape_alone, NULL, "alone"), "the child");
	scenario_fact("faults", (int64_t)shared->faults);
	scenario_fact("fault_address", (int64_t)shared->fault_address);
	scenario_say("fault", "at 0x%llx", (unsigned long long)shared->fault_address);
	end_of(child_start(live_as_family, NULL, "family"), "a process of four threads");
	munmap(shared, sizeof(*shared));
	return scenario_end();
}
