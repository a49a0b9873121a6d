// SPDX-License-Identifier: GPL-2.0-only
/*
 * pool-serial.c - 21 requests over the network, one after another
 *
 * The program does next to nothing but wait, and waits for one thing at a time: the delays add up.
 */
#include "workloads/7-pools/jobs.h"

SCENARIO("title: 21 requests over the network, one after another\n"
	 "chapter: 7\n"
	 "order: 1\n"
	 "claim: each request got its right answer\n"
	 "  holds: fact.actual == fact.expected and fact.answered == fact.jobs\n"
	 "  shows: fact.actual of fact.expected as count\n"
	 "claim: the server never had more than one at a time\n"
	 "  holds: fact.most_open == 1\n"
	 "  shows: fact.most_open as count\n"
	 "claim: all together took as long as all delays one after another\n"
	 "  needs: fact.delay_ns >= 5ms else the delays are so short that the rest takes as long\n"
	 "  needs: thread[pool-serial].ready + thread[server].ready < 40% * fact.elapsed_ns"
	 " else other programs kept the CPUs busy\n"
	 "  holds: fact.elapsed_ns >= fact.jobs * fact.delay_ns and"
	 " fact.elapsed_ns - thread[pool-serial].ready - thread[server].ready near"
	 " fact.jobs * fact.delay_ns within 15%\n"
	 "  shows: fact.elapsed_ns of fact.jobs * fact.delay_ns as duration\n"
	 "claim: nearly all of it the program was blocked on the network, CPU queues apart\n"
	 "  needs: fact.delay_ns >= 5ms else the delays are so short that the rest takes as long\n"
	 "  holds: thread[pool-serial].blocked.socket >"
	 " 90% * (fact.elapsed_ns - thread[pool-serial].ready)\n"
	 "  shows: thread[pool-serial].blocked.socket of fact.elapsed_ns as duration\n"
	 "claim: it went to sleep there for each request\n"
	 "  needs: fact.delay_ns >= 5ms else the delays are so short that the rest takes as long\n"
	 "  holds: thread[pool-serial].times.socket >= fact.jobs\n"
	 "  shows: thread[pool-serial].times.socket of fact.jobs as count\n");

int main(int argc, char **argv)
{
	uint64_t jobs = JOBS_DEFAULT, delay_ns = JOBS_DEFAULT_DELAY, right = 0, elapsed;
	const struct scenario_option options[] = {
		JOBS_OPTIONS(&jobs, &delay_ns),
		SCENARIO_END,
	};
	struct scenario_timer timer;
	struct http_owner owner;

	scenario_begin(argc, argv, options);
	http_server_start(&owner, delay_ns);
	timer = scenario_start();
	for (uint64_t job = 1; job <= jobs; job++)
		right += http_get(&owner.server, job) == http_result(job);
	elapsed = scenario_stop(&timer);
	http_server_stop(&owner);
	jobs_tell(jobs, delay_ns, right, elapsed);
	return scenario_end();
}
