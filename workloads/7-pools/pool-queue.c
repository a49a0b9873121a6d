// SPDX-License-Identifier: GPL-2.0-only
/*
 * pool-queue.c - the same requests through a queue to a few workers
 *
 * The workers wait at the same time, which needs no second CPU. Jobs and results go through queues,
 * so that no worker has to know of another. Behind the last job there is a stop marker for each
 * worker: one that took two would leave another one waiting without end.
 */
#include "workloads/7-pools/job_queue.h"
#include "workloads/7-pools/jobs.h"

SCENARIO("title: the same requests through a queue to four workers\n"
	 "chapter: 7\n"
	 "order: 2\n"
	 "table: worker | jobs | which | blocked on the network\n"
	 "row: worker-1 | fact.worker_1_jobs as count | text worker_1_did"
	 " | thread[worker-1].blocked.socket as duration\n"
	 "row: worker-2 | fact.worker_2_jobs as count | text worker_2_did"
	 " | thread[worker-2].blocked.socket as duration\n"
	 "row: worker-3 | fact.worker_3_jobs as count | text worker_3_did"
	 " | thread[worker-3].blocked.socket as duration\n"
	 "row: worker-4 | fact.worker_4_jobs as count | text worker_4_did"
	 " | thread[worker-4].blocked.socket as duration\n"
	 "row: worker-5 | fact.worker_5_jobs as count | text worker_5_did"
	 " | thread[worker-5].blocked.socket as duration\n"
	 "row: worker-6 | fact.worker_6_jobs as count | text worker_6_did"
	 " | thread[worker-6].blocked.socket as duration\n"
	 "row: worker-7 | fact.worker_7_jobs as count | text worker_7_did"
	 " | thread[worker-7].blocked.socket as duration\n"
	 "row: worker-8 | fact.worker_8_jobs as count | text worker_8_did"
	 " | thread[worker-8].blocked.socket as duration\n"
	 "claim: each request got its right answer, once\n"
	 "  holds: fact.actual == fact.expected and fact.answered == fact.jobs and"
	 " fact.twice == 0\n"
	 "  shows: fact.actual of fact.expected as count\n"
	 "claim: each worker was ended by a stop marker of its own\n"
	 "  holds: threads[worker-*] == fact.workers and fact.stops == fact.workers and"
	 " fact.stops_left == 0\n"
	 "  shows: fact.stops of threads[worker-*] as count\n"
	 "claim: the server had as many at a time as there were workers\n"
	 "  needs: fact.delay_ns >= 5ms else the delays are so short that the rest takes as long\n"
	 "  needs: fact.jobs >= fact.workers else there were fewer jobs than workers\n"
	 "  needs: most[worker-*].ready + thread[server].ready < 50% * fact.delay_ns"
	 " else other programs kept the CPUs busy\n"
	 "  holds: fact.most_open == fact.workers\n"
	 "  shows: fact.most_open of fact.workers as count\n"
	 "claim: each job was waited for by a worker, blocked on the network\n"
	 "  needs: fact.delay_ns >= 5ms else the delays are so short that the rest takes as long\n"
	 "  holds: threads[worker-*].times.socket >= fact.jobs and"
	 " threads[worker-*].blocked.socket + threads[worker-*].ready >"
	 " 90% * fact.jobs * fact.delay_ns\n"
	 "  shows: threads[worker-*].blocked.socket of fact.jobs * fact.delay_ns as duration\n"
	 "claim: they waited side by side: it took the time of a fraction of the delays\n"
	 "  needs: fact.delay_ns >= 5ms else the delays are so short that the rest takes as long\n"
	 "  needs: most[worker-*].ready + thread[server].ready < 15% * fact.elapsed_ns"
	 " else other programs kept the CPUs busy\n"
	 "  holds: fact.elapsed_ns >= fact.rounds * fact.delay_ns and"
	 " fact.elapsed_ns - most[worker-*].ready - thread[server].ready near"
	 " fact.rounds * fact.delay_ns within 20%\n"
	 "  shows: fact.elapsed_ns of fact.jobs * fact.delay_ns as duration\n");

struct pool {
	struct job_queue jobs, results;
	const struct http_server *server;
};

struct worker {
	struct pool *pool;
	unsigned int number;
	uint64_t stops; /* markers that it took */
	struct scenario_thread thread;
};

static void work(void *argument)
{
	struct worker *me = argument;
	struct job job;

	while (!(job = job_queue_take(&me->pool->jobs)).stop) {
		job.result = http_get(me->pool->server, job.number);
		job.worker = me->number;
		job_queue_put(&me->pool->results, job);
	}
	me->stops++;
	PTRACE_LAB_PHASE("took a stop marker");
}

/* Who did what, from the results. */
static void tell_workers(const struct job *results, uint64_t jobs, uint64_t workers)
{
	for (unsigned int worker = 1; worker <= workers; worker++) {
		char line[128] = "", name[32];
		size_t used = 0;
		int64_t done = 0;

		for (uint64_t i = 0; i < jobs; i++) {
			if (results[i].worker != worker)
				continue;
			done++;
			if (used < sizeof(line) - 8)
				used += (size_t)snprintf(line + used, sizeof(line) - used,
							 " %" PRIu64, results[i].number);
		}
		snprintf(name, sizeof(name), "worker_%u_jobs", worker);
		scenario_fact(name, done);
		if (used >= sizeof(line) - 8)
			snprintf(line + sizeof(line) - 8, 8, " ...");
		snprintf(name, sizeof(name), "worker_%u_did", worker);
		scenario_fact_text(name, line + (*line == ' '));
		snprintf(name, sizeof(name), "worker-%u", worker);
		scenario_say(name, "%s jobs:%s", scenario_count_text((uint64_t)done).text, line);
	}
}

/* Takes the results until all jobs have one; returns how many were right. */
static uint64_t take_results(struct pool *pool, struct job *results, uint64_t jobs)
{
	bool *seen = calloc(jobs + 1, sizeof(*seen));
	uint64_t right = 0;
	int64_t twice = 0;

	if (!seen)
		scenario_fail(errno, "no memory for the results");
	for (uint64_t i = 0; i < jobs; i++) {
		struct job job = job_queue_take(&pool->results);

		right += job.result == http_result(job.number);
		twice += seen[job.number];
		seen[job.number] = true;
		results[i] = job;
	}
	free(seen);
	scenario_fact("twice", twice);
	return right;
}

static uint64_t run_pool(struct pool *pool, struct worker *workers, uint64_t worker_count,
			 struct job *results, uint64_t jobs)
{
	uint64_t right, stops = 0;

	for (unsigned int i = 0; i < worker_count; i++) {
		workers[i] = (struct worker){.pool = pool, .number = i + 1};
		scenario_thread_start(&workers[i].thread, work, &workers[i], "worker-%u", i + 1);
	}
	for (uint64_t number = 1; number <= jobs; number++)
		job_queue_put(&pool->jobs, (struct job){.number = number});
	for (uint64_t i = 0; i < worker_count; i++)
		job_queue_put(&pool->jobs, (struct job){.stop = true});
	right = take_results(pool, results, jobs);
	for (uint64_t i = 0; i < worker_count; i++) {
		scenario_thread_join(&workers[i].thread);
		stops += workers[i].stops == 1;
	}
	scenario_fact("stops", (int64_t)stops);
	scenario_fact("stops_left", (int64_t)(pool->jobs.put - pool->jobs.got));
	return right;
}

int main(int argc, char **argv)
{
	uint64_t jobs = JOBS_DEFAULT, delay_ns = JOBS_DEFAULT_DELAY, worker_count = 4;
	const struct scenario_option options[] = {
		JOBS_OPTIONS(&jobs, &delay_ns),
		SCENARIO_NUMBER("workers", &worker_count, 1, 256, "how many threads work"),
		SCENARIO_END,
	};
	uint64_t right, elapsed;
	struct scenario_timer timer;
	struct http_owner owner;
	struct worker *workers;
	struct job *results;
	struct pool pool;

	scenario_begin(argc, argv, options);
	workers = calloc(worker_count, sizeof(*workers));
	results = calloc(jobs, sizeof(*results));
	if (!workers || !results)
		scenario_fail(errno, "no memory for the pool");
	http_server_start(&owner, delay_ns);
	pool.server = &owner.server;
	job_queue_init(&pool.jobs, jobs + worker_count, "jobs");
	job_queue_init(&pool.results, jobs, "results");
	timer = scenario_start();
	right = run_pool(&pool, workers, worker_count, results, jobs);
	elapsed = scenario_stop(&timer);
	http_server_stop(&owner);
	scenario_fact("workers", (int64_t)worker_count);
	scenario_fact("rounds", (int64_t)((jobs + worker_count - 1) / worker_count));
	jobs_tell(jobs, delay_ns, right, elapsed);
	tell_workers(results, jobs, worker_count);
	job_queue_destroy(&pool.jobs);
	job_queue_destroy(&pool.results);
	free(workers);
	free(results);
	return scenario_end();
}
