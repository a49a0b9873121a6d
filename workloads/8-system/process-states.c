// SPDX-License-Identifier: GPL-2.0-only
/*
 * process-states.c - a child in each of the states that a process can be in, to be looked at
 *
 * running   computes, and has a CPU
 * ready     computes as well, on the same CPU, but is so nice that the other one has it
 * blocked   reads from a pipe into which nobody writes
 * stopped   has stopped itself with SIGSTOP
 * zombie    has ended, and its parent has not yet asked how
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <fcntl.h>
#include <sys/resource.h>

#include "workloads/8-system/one_cpu.h"
#include "workloads/child.h"

SCENARIO("title: a child in each state: running, ready, blocked, stopped, zombie\n"
	 "chapter: 8\n"
	 "order: 2\n"
	 "about: tasks during all are parked\n"
	 "about: states\n"
	 "claim: the kernel's process table showed each in its state\n"
	 "  holds: fact.as_expected == 5\n"
	 "  shows: fact.as_expected as count\n"
	 "claim: and so did each snapshot of their control blocks\n"
	 "  needs: pictures >= 3 else there were too few snapshots\n"
	 "  holds: seen[blocked,blocked] == pictures and seen[stopped,stopped] == pictures and"
	 " seen[zombie,zombie] == pictures and seen[ready,ready] >= 70% * pictures and"
	 " seen[running,running] + seen[running,ready] == pictures\n"
	 "  shows: seen[zombie,zombie] of pictures as count\n"
	 "claim: running had nearly all of the CPU that it shared with ready\n"
	 "  needs: fact.hold_ns >= 200ms else they were let go too soon\n"
	 "  needs: thread[running].running + thread[ready].running > 20% * fact.hold_ns"
	 " else other programs had most of this CPU\n"
	 "  holds: thread[running].running >"
	 " 85% * (thread[running].running + thread[ready].running)\n"
	 "  shows: thread[running].running of thread[running].running + thread[ready].running"
	 " as duration\n"
	 "claim: ready waited for it, and for nothing else\n"
	 "  needs: fact.hold_ns >= 200ms else they were let go too soon\n"
	 "  holds: thread[ready].ready > 80% * fact.hold_ns and"
	 " thread[ready].blocked < 1% * fact.hold_ns\n"
	 "  shows: thread[ready].ready of fact.hold_ns as duration\n"
	 "claim: it was put on the CPU, and taken off again, now and then\n"
	 "  needs: fact.hold_ns >= 200ms else they were let go too soon\n"
	 "  holds: thread[ready].involuntary >= 1 and"
	 " thread[ready].involuntary >= thread[ready].voluntary\n"
	 "  shows: thread[ready].switches as count\n"
	 "claim: blocked went to sleep on the pipe once, and was woken by what came\n"
	 "  holds: thread[blocked].blocked.pipe > 90% * fact.hold_ns and"
	 " thread[blocked].times.pipe == 1 and thread[blocked].wakeups >= 1\n"
	 "  shows: thread[blocked].blocked.pipe of fact.hold_ns as duration\n"
	 "claim: stopped was stopped once, and sent on by SIGCONT\n"
	 "  holds: thread[stopped].blocked.stop > 90% * fact.hold_ns and"
	 " thread[stopped].times.stop == 1\n"
	 "  shows: thread[stopped].blocked.stop of fact.hold_ns as duration\n"
	 "claim: zombie had ended long before its parent asked\n"
	 "  holds: thread[zombie].end + 90% * fact.hold_ns < thread[process-states].end and"
	 " process[zombie].status == 0\n"
	 "  shows: thread[process-states].end - thread[zombie].end as duration\n");

/* Nothing here takes longer, unless the machine is overloaded beyond use. */
#define PATIENCE_NS 10000000000ull

/* Nice as can be: it gets a sixtieth of what the running one gets. */
#define NICEST 19

enum parked { RUNNING, READY, BLOCKED, STOPPED, ZOMBIE, PARKED };

static const struct {
	const char *name;
	char state; /* in /proc/PID/stat */
} expected[PARKED] = {
	[RUNNING] = {"running", 'R'}, [READY] = {"ready", 'R'},	  [BLOCKED] = {"blocked", 'S'},
	[STOPPED] = {"stopped", 'T'}, [ZOMBIE] = {"zombie", 'Z'},
};

/* Shared by all. */
struct lot {
	volatile bool over;
	volatile bool computing[PARKED]; /* RUNNING, READY: has begun to */
	uint64_t until;			 /* nobody computes longer */
	int read_end, write_end;
};

static void be_running(void *argument)
{
	struct lot *lot = argument;

	lot->computing[RUNNING] = true;
	one_cpu_compute_until(lot->until, &lot->over);
}

static void be_ready(void *argument)
{
	struct lot *lot = argument;

	lot->computing[READY] = true;
	one_cpu_compute_until(lot->until, &lot->over);
}

static void be_blocked(void *argument)
{
	struct lot *lot = argument;
	char byte;

	close(lot->write_end);
	if (read(lot->read_end, &byte, 1) < 0)
		scenario_fail(errno, "the pipe cannot be read");
}

static void be_stopped(void *argument)
{
	raise(SIGSTOP);
}

static void be_zombie(void *argument)
{
}

/* R, S, T, Z ... from /proc/PID/stat: it follows the name, which is in parentheses. */
static char state_of(pid_t pid)
{
	char path[64], text[512], *after;
	size_t size;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return '?';
	size = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[size] = '\0';
	after = strrchr(text, ')');
	return after && after[1] == ' ' ? after[2] : '?';
}

/* The child may be on its way there. */
static void await_state(pid_t pid, enum parked which)
{
	uint64_t begin = scenario_now();

	while (state_of(pid) != expected[which].state) {
		if (scenario_now() - begin > PATIENCE_NS)
			scenario_fail(0, "the child %s does not come into its state",
				      expected[which].name);
		sleep_for(1000000);
	}
}

static void await_computing(const struct lot *lot, enum parked which)
{
	uint64_t begin = scenario_now();

	while (!lot->computing[which]) {
		if (scenario_now() - begin > PATIENCE_NS)
			scenario_fail(0, "the child %s does not get a CPU", expected[which].name);
		sleep_for(1000000);
	}
}

static void park(struct lot *lot, pid_t pids[PARKED])
{
	static void (*const work[PARKED])(void *argument) = {
		be_running, be_ready, be_blocked, be_stopped, be_zombie,
	};
	unsigned int cpu = one_cpu_choose();

	for (unsigned int which = PARKED; which-- > 0;) {
		pids[which] = child_start(work[which], lot, expected[which].name);
		if (which == RUNNING || which == READY) {
			await_computing(lot, which);
			one_cpu_stay(pids[which], cpu);
		} else {
			await_state(pids[which], which);
		}
		if (which == READY && setpriority(PRIO_PROCESS, (id_t)pids[READY], NICEST))
			scenario_fail(errno, "the child ready cannot be made nice");
	}
	scenario_fact("cpu", cpu);
}

static void show(const pid_t pids[PARKED])
{
	int64_t as_expected = 0;

	for (unsigned int which = 0; which < PARKED; which++) {
		char state = state_of(pids[which]), name[32];

		as_expected += state == expected[which].state;
		snprintf(name, sizeof(name), "pid_%s", expected[which].name);
		scenario_fact(name, pids[which]);
		scenario_say(expected[which].name, "pid %d, state %c", (int)pids[which], state);
	}
	scenario_fact("as_expected", as_expected);
}

/* SIGUSR1 ends it early, for who has seen enough. Blocked, so that it waits until we do. */
static void hold(uint64_t hold_ns)
{
	const struct timespec time = {.tv_sec = (time_t)(hold_ns / 1000000000),
				      .tv_nsec = (long)(hold_ns % 1000000000)};
	sigset_t enough;

	sigemptyset(&enough);
	sigaddset(&enough, SIGUSR1);
	while (sigtimedwait(&enough, NULL, &time) < 0 && errno == EINTR)
		;
}

static void let_go(struct lot *lot, const pid_t pids[PARKED])
{
	lot->over = true;
	if (write(lot->write_end, "", 1) != 1)
		scenario_fail(errno, "the pipe cannot be written");
	if (kill(pids[STOPPED], SIGCONT))
		scenario_fail(errno, "the child stopped cannot be sent on");
	child_wait(PARKED);
}

int main(int argc, char **argv)
{
	uint64_t hold_ns = 500000000, begin;
	const struct scenario_option options[] = {
		SCENARIO_DURATION("hold", &hold_ns, 1000000, 3600000000000, 30000000000,
				  "how long they stay; SIGUSR1 ends it early"),
		SCENARIO_END,
	};
	pid_t pids[PARKED];
	struct lot *lot;
	sigset_t early;
	int ends[2];

	scenario_begin(argc, argv, options);
	sigemptyset(&early);
	sigaddset(&early, SIGUSR1);
	sigprocmask(SIG_BLOCK, &early, NULL);
	lot = child_shared_memory(sizeof(*lot));
	if (pipe2(ends, O_CLOEXEC))
		scenario_fail(errno, "no pipe");
	lot->read_end = ends[0];
	lot->write_end = ends[1];
	lot->until = scenario_now() + hold_ns + 2 * PATIENCE_NS;
	park(lot, pids);
	PTRACE_LAB_PHASE("all are parked");
	show(pids);
	begin = scenario_now();
	scenario_say("parent", "pid %d, keeps them for %s", (int)getpid(),
		     scenario_duration_text(hold_ns).text);
	hold(hold_ns);
	scenario_fact("hold_ns", (int64_t)(scenario_now() - begin));
	PTRACE_LAB_PHASE("lets them go");
	let_go(lot, pids);
	munmap(lot, sizeof(*lot));
	return scenario_end();
}
