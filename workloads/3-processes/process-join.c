// SPDX-License-Identifier: GPL-2.0-only
/* process-join.c - a process waits for its child, which sleeps */
#include "workloads/child.h"
#include "workloads/sleep.h"

SCENARIO("title: a parent waits as long as its child lives\n"
	 "chapter: 3\n"
	 "order: 2\n"
	 "claim: the parent was blocked for about as long as its child lived\n"
	 "  needs: fact.sleep_ns >= 50ms else the child slept too little\n"
	 "  holds: thread[process-join].blocked.child near process[child].life within 15%\n"
	 "  shows: thread[process-join].blocked.child of process[child].life as duration\n"
	 "claim: the child slept to the end, and ended by itself\n"
	 "  holds: thread[child].blocked.sleep >= 95% * fact.sleep_ns and"
	 " process[child].status == 0\n"
	 "  shows: thread[child].blocked.sleep of fact.sleep_ns as duration\n"
	 "claim: the parent ended after its child\n"
	 "  holds: thread[process-join].end > thread[child].end\n"
	 "  shows: thread[process-join].end - thread[child].end as duration\n");

static void sleep_once(void *argument)
{
	const uint64_t *sleep_ns = argument;

	PTRACE_LAB_PHASE("child sleeps");
	scenario_say("child", "sleeps for %s", scenario_duration_text(*sleep_ns).text);
	sleep_for(*sleep_ns);
	scenario_say("child", "ends");
}

int main(int argc, char **argv)
{
	uint64_t sleep_ns = 500000000, elapsed;
	const struct scenario_option options[] = {
		SCENARIO_DURATION("sleep", &sleep_ns, 0, 3600000000000, 5000000000,
				  "how long the child sleeps"),
		SCENARIO_END,
	};
	struct scenario_timer timer;
	pid_t child;

	scenario_begin(argc, argv, options);
	scenario_fact("sleep_ns", (int64_t)sleep_ns);
	child = child_start(sleep_once, &sleep_ns, "child");
	timer = scenario_start();
	scenario_say("parent", "waits for it");
	if (child_join(child))
		scenario_fail(0, "the child failed");
	elapsed = scenario_stop(&timer);
	scenario_fact("elapsed_ns", (int64_t)elapsed);
	scenario_say("parent", "has waited for %s", scenario_duration_text(elapsed).text);
	return scenario_end();
}
