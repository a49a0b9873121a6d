// SPDX-License-Identifier: GPL-2.0-only
/*
 * process-terminate.c - a process ends its child, which sleeps, with a signal
 *
 * SIGTERM finds the child blocked. It is woken not to go on, but to die.
 */
#include "workloads/child.h"
#include "workloads/sleep.h"

/* A busy machine wakes the parent late: when it sent the signal it measures itself. */
SCENARIO("title: a parent terminates its sleeping child\n"
	 "chapter: 3\n"
	 "order: 3\n"
	 "claim: signal 15 ended the child\n"
	 "  holds: process[child].signal == 15\n"
	 "  shows: process[child].signal as count\n"
	 "claim: its parent had sent it\n"
	 "  holds: signals[process-term*,child,15].fatal == 1"
	 " and process[child].killer.pid == process[process-terminate].pid\n"
	 "  shows: process[child].killer.at as duration\n"
	 "claim: it was alive when the parent looked\n"
	 "  holds: fact.alive == 1\n"
	 "  shows: fact.alive as count\n"
	 "claim: that was after a part of its sleep, a fifth by default\n"
	 "  needs: fact.after_ns >= 50ms else the child lived too short\n"
	 "  holds: process[child].life near fact.terminated_ns within 25%"
	 " and thread[child].blocked.sleep < fact.sleep_ns\n"
	 "  shows: thread[child].blocked.sleep of fact.sleep_ns as duration\n"
	 "claim: it was taken out of its sleep, and did not end by itself\n"
	 "  holds: thread[child].ended.taken == 1 and thread[child].ended.waiting.sleep > 0\n"
	 "  shows: thread[child].ended.waiting.sleep of fact.sleep_ns as duration\n"
	 "claim: the parent lived on\n"
	 "  holds: process[process-terminate].status == 0 and"
	 " thread[process-terminate].end > thread[child].end\n"
	 "  shows: thread[process-terminate].end - thread[child].end as duration\n");

static void sleep_once(void *argument)
{
	const uint64_t *sleep_ns = argument;

	PTRACE_LAB_PHASE("child sleeps");
	scenario_say("child", "sleeps for %s", scenario_duration_text(*sleep_ns).text);
	sleep_for(*sleep_ns);
	scenario_say("child", "has slept enough, and ends by itself");
}

/* Without taking in its end, so that the pid stays its own whatever the answer. */
static bool child_is_alive(pid_t child)
{
	siginfo_t ended = {0};

	if (waitid(P_PID, (id_t)child, &ended, WEXITED | WNOHANG | WNOWAIT))
		scenario_fail(errno, "the child cannot be looked at");
	return !ended.si_pid;
}

int main(int argc, char **argv)
{
	uint64_t sleep_ns = 500000000, after_ns = 100000000;
	const struct scenario_option options[] = {
		SCENARIO_DURATION("sleep", &sleep_ns, 0, 3600000000000, 5000000000,
				  "how long the child would sleep"),
		SCENARIO_DURATION("after", &after_ns, 0, 3600000000000, 1000000000,
				  "when the parent terminates it"),
		SCENARIO_END,
	};
	struct scenario_timer timer;
	bool alive;
	pid_t child;
	int status;

	scenario_begin(argc, argv, options);
	scenario_fact("sleep_ns", (int64_t)sleep_ns);
	scenario_fact("after_ns", (int64_t)after_ns);
	timer = scenario_start();
	child = child_start(sleep_once, &sleep_ns, "child");
	sleep_for(after_ns);
	alive = child_is_alive(child);
	scenario_fact("alive", alive);
	scenario_say("parent", alive ? "the child is alive" : "the child has ended already");
	PTRACE_LAB_PHASE("terminates");
	scenario_fact("terminated_ns", (int64_t)scenario_stop(&timer));
	if (kill(child, SIGTERM))
		scenario_fail(errno, "the child cannot be terminated");
	status = child_join(child);
	if (WIFSIGNALED(status))
		scenario_say("parent", "signal %d ended it", WTERMSIG(status));
	else
		scenario_say("parent", "it ended with status %d", WEXITSTATUS(status));
	return scenario_end();
}
