// SPDX-License-Identifier: GPL-2.0-only
/* comparison_cause.c - in one sentence, why a run took as long as it did */
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "show/comparison.h"
#include "show/derive.h"

/* A thread with less CPU time than this part of the busiest one's has organised rather than worked.
 */
#define WORKER_PART 10

/* What is less than this part of the time explains nothing. */
#define TELLING_PART 5

struct workers {
	size_t threads, processes;
};

static uint64_t most_running(const struct model *model)
{
	const struct thread *thread;
	uint64_t most = 0;

	vector_for_each (&model->threads, thread)
		if (thread->state_ns[STATE_RUNNING] > most)
			most = thread->state_ns[STATE_RUNNING];
	return most;
}

static struct workers workers_of(const struct model *model)
{
	uint64_t least = most_running(model) / WORKER_PART;
	struct workers workers = {0};
	const struct thread *thread, *before;

	vector_for_each (&model->threads, thread) {
		bool first = true;

		if (thread->state_ns[STATE_RUNNING] < least)
			continue;
		workers.threads++;
		for (before = model->threads.items; before < thread; before++)
			if (before->tgid == thread->tgid &&
			    before->state_ns[STATE_RUNNING] >= least)
				first = false;
		workers.processes += first;
	}
	return workers;
}

/* Whether threads wait so for each other, rather than for the world outside. */
static bool is_for_each_other(const char *reason)
{
	static const char *const reasons[] = {"lock", "condition", "rwlock", "semaphore",
					      "gil",  "futex",	   "barrier"};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (!strcmp(reason, reasons[i]))
			return true;
	return false;
}

/* Time that threads waited for each other. */
static uint64_t mutual_wait(const struct reason_sums *sums)
{
	const struct reason_sum *sum;
	uint64_t ns = 0;

	vector_for_each (&sums->items, sum)
		if (is_for_each_other(reason_name(sum->reason)))
			ns += sum->total_ns;
	return ns;
}

static void put_mutual(const struct model *model, uint64_t waited, char *ret, size_t size)
{
	const struct lock *lock = model->locks.count ? &model->locks.items[0] : NULL;
	int length = 0;
	const char *name = lock ? variable_at(model, lock->address, &length) : NULL;

	if (name)
		snprintf(ret, size, "one at a time: they waited %s for each other, mostly at %.*s",
			 format_duration(waited).text, length, name);
	else
		snprintf(ret, size, "one at a time: they waited %s for each other",
			 format_duration(waited).text);
}

static void put_at_once(const struct model *model, struct workers workers, char *ret, size_t size)
{
	uint64_t overlap = model_overlap_ns(model), wall = model_wall_ns(model);
	bool processes = workers.processes > 1;

	if (overlap < wall / 20) {
		snprintf(ret, size, "%s ran one after another",
			 processes ? "processes" : "threads");
		return;
	}
	snprintf(ret, size, "%s %s ran, two or more at once for %s of the time",
		 format_count(processes ? workers.processes : workers.threads).text,
		 processes ? "processes" : "threads", format_share(overlap, wall).text);
}

/* The first that is not merely waiting for the others to end. */
static const struct reason_sum *outer_wait(const struct reason_sums *sums)
{
	const struct reason_sum *sum;

	vector_for_each (&sums->items, sum)
		if (sum->reason != REASON_JOIN && sum->reason != REASON_CHILD &&
		    sum->reason != REASON_IDLE)
			return sum;
	return NULL;
}

static void put_outer(const struct model *model, const struct reason_sum *sum, char *ret,
		      size_t size)
{
	snprintf(ret, size, "hardly any computing: waits for %s, %s in all",
		 reason_label(model, sum->reason, sum->syscall).text,
		 format_duration(sum->total_ns).text);
}

void comparison_cause(const struct model *model, char *ret, size_t size)
{
	struct sums all = sums_of(model);
	struct workers workers = workers_of(model);
	uint64_t wall = model_wall_ns(model), telling = wall / TELLING_PART, mutual;
	const struct reason_sum *outer;
	struct reason_sums reasons;

	ret[0] = '\0';
	if (!wall || reason_sums_of(model, &reasons))
		return;
	mutual = mutual_wait(&reasons);
	outer = outer_wait(&reasons);
	if (workers.threads > 1 && model_overlap_ns(model) > wall / 2)
		put_at_once(model, workers, ret, size);
	else if (sums_ready(&all) > telling && sums_ready(&all) > mutual &&
		 all.state_ns[STATE_RUNNING] > wall / 2)
		snprintf(ret, size, "short of CPUs: ready, and without one, for %s in all",
			 format_duration(sums_ready(&all)).text);
	else if (workers.threads > 1 && mutual > telling)
		put_mutual(model, mutual, ret, size);
	else if (outer && outer->total_ns > wall && all.state_ns[STATE_RUNNING] < wall / 2)
		put_outer(model, outer, ret, size);
	else if (workers.threads == 1)
		snprintf(ret, size, "one thread did it, and ran for %s of the time",
			 format_share(most_running(model), wall).text);
	else
		put_at_once(model, workers, ret, size);
	vector_free(&reasons.items);
}
