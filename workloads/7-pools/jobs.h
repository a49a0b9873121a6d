/* SPDX-License-Identifier: GPL-2.0-only */
/* jobs.h - the jobs of the pools: so many requests to the same server */
#ifndef WORKLOADS_JOBS_H
#define WORKLOADS_JOBS_H

#include "workloads/7-pools/http.h"

/* The scenario's table of options begins with them. */
#define JOBS_OPTIONS(jobs, delay_ns)                                                               \
	SCENARIO_NUMBER("jobs", (jobs), 1, 10000, "how many requests there are to make"),          \
		SCENARIO_DURATION("delay", (delay_ns), 0, 60000000000, 500000000,                  \
				  "how long the server takes for an answer")
#define JOBS_DEFAULT	   21
#define JOBS_DEFAULT_DELAY 20000000

/* What came of them. */
static inline void jobs_tell(uint64_t jobs, uint64_t delay_ns, uint64_t right, uint64_t elapsed_ns)
{
	scenario_fact("jobs", (int64_t)jobs);
	scenario_fact("delay_ns", (int64_t)delay_ns);
	scenario_result(jobs, right, elapsed_ns);
	scenario_say("delays", "%s x %s = %s", scenario_count_text(jobs).text,
		     scenario_duration_text(delay_ns).text,
		     scenario_duration_text(jobs * delay_ns).text);
}

#endif
