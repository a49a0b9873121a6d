// SPDX-License-Identifier: GPL-2.0-only
/*
 * process-spawn.c - a process starts another one and goes on at once
 *
 * The two have a pid each. The parent does not wait for what the child does; only after its own
 * last line it takes in how the child ended, so that nothing is left behind.
 */
#include <inttypes.h>

#include "workloads/child.h"
#include "workloads/sleep.h"

SCENARIO("title: a process starts a child and goes on at once\n"
	 "chapter: 3\n"
	 "order: 1\n"
	 "claim: there were two processes\n"
	 "  holds: processes == 2 and process[child].pid != process[process-spawn].pid\n"
	 "  shows: processes as count\n"
	 "claim: the one forked the other\n"
	 "  holds: thread[process-spawn].started == 1 and"
	 " process[child].parent == process[process-spawn].pid\n"
	 "  shows: thread[process-spawn].started as count\n"
	 "claim: the parent's end line came before the child's\n"
	 "  needs: fact.work_ns >= 50ms else the child had too little to do\n"
	 "  holds: fact.parent_line_ns < fact.child_line_ns\n"
	 "  shows: fact.child_line_ns - fact.parent_line_ns as duration\n"
	 "claim: then it waited for all that was left of the child's life\n"
	 "  needs: fact.work_ns >= 50ms else the child had too little to do\n"
	 "  needs: thread[process-spawn].ready < 5% * fact.work_ns"
	 " else other programs kept the CPUs busy\n"
	 "  holds: thread[process-spawn].blocked.child near process[child].life within 20%\n"
	 "  shows: thread[process-spawn].blocked.child of process[child].life as duration\n"
	 "claim: both ended well\n"
	 "  holds: process[child].status == 0 and process[process-spawn].status == 0\n"
	 "  shows: process[child].status + process[process-spawn].status as count\n");

#define CHILD_NAME "child"

static void work(void *argument)
{
	const uint64_t *work_ns = argument;

	PTRACE_LAB_PHASE("child begins");
	scenario_say("child", "I am %s, process %jd", CHILD_NAME, (intmax_t)getpid());
	sleep_for(*work_ns);
	scenario_fact("child_line_ns", (int64_t)scenario_now());
	scenario_say("child", "ends");
	PTRACE_LAB_PHASE("child ends");
}

int main(int argc, char **argv)
{
	uint64_t work_ns = 100000000;
	const struct scenario_option options[] = {
		SCENARIO_DURATION("work", &work_ns, 0, 3600000000000, 1000000000,
				  "how long the child's work takes"),
		SCENARIO_END,
	};
	pid_t child;

	scenario_begin(argc, argv, options);
	scenario_fact("work_ns", (int64_t)work_ns);
	child = child_start(work, &work_ns, CHILD_NAME);
	PTRACE_LAB_PHASE("parent goes on");
	scenario_fact("parent_pid", getpid());
	scenario_fact("child_pid", child);
	scenario_say("parent", "I am process %jd, and started %jd", (intmax_t)getpid(),
		     (intmax_t)child);
	scenario_fact("parent_line_ns", (int64_t)scenario_now());
	scenario_say("parent", "ends");
	if (child_join(child))
		scenario_fail(0, "the child failed");
	return scenario_end();
}
