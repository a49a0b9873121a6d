// SPDX-License-Identifier: GPL-2.0-only
/* comparison_cause.c - in one sentence, why a run took as long as it did */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "model/locks/label.h"
#include "show/compare/comparison.h"
#include "show/derive.h"
#include "show/lock_names.h"

/* A thread with less CPU time than this part of the busiest one's has organised rather than worked.
 */
#define WORKER_PART 4

/* What is less than this part of the time explains nothing. */
#define TELLING_PART 5

/* So many, on average, could have run at once if they wanted to run at once at all. */
#define AT_ONCE 1.5

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

/* Time for which threads waited for others of the program to do something, not only to end. */
static uint64_t wait_for_threads(const struct model *model)
{
	const struct wake *wake;
	uint64_t ns = 0;

	vector_for_each (&model->wakes, wake)
		if (wake->kind == WAKE_THREAD && wake->from != NO_THREAD)
			ns += wake->waited_ns;
	return ns;
}

/* Where they waited most for each other; NULL: not known. */
static const struct lock *mutual_lock(const struct model *model)
{
	const struct lock *lock;

	vector_for_each (&model->locks, lock)
		if (is_for_each_other(reason_name(lock->reason)))
			return lock;
	return NULL;
}

static void put_mutual(const struct model *model, uint64_t waited, uint64_t own, char *ret,
		       size_t size)
{
	const struct lock *lock = mutual_lock(model);
	bool serial = model_overlap_ns(model) < own / 8;
	int length = 0;
	const char *variable = lock ? variable_at(model, lock->address, &length) : NULL;
	struct lock_label label = lock_label(model, lock, lock ? lock->address : 0);
	bool named = variable || (lock && lock->name);

	if (!variable) {
		variable = label.text;
		length = (int)strlen(variable);
	}
	snprintf(ret, size, "%s: they waited %s for each other%s%.*s",
		 serial ? "one at a time" : "in each other's way", format_duration(waited).text,
		 named ? ", mostly at " : "", named ? length : 0, variable);
}

/* They pass something on to each other: a message, a turn. */
static void put_turns(const struct model *model, const struct reason_sums *reasons, uint64_t waited,
		      char *ret, size_t size)
{
	const struct reason_sum *sum;

	vector_for_each (&reasons->items, sum)
		if (sum->reason != REASON_JOIN && sum->reason != REASON_CHILD)
			break;
	snprintf(ret, size,
		 "by turns: each waits until another one has had its turn, %s in all%s%s",
		 format_duration(waited).text,
		 sum < reasons->items.items + reasons->items.count ? ", mostly in " : "",
		 sum < reasons->items.items + reasons->items.count
			 ? reason_label(model, sum->reason, sum->syscall).text
			 : "");
}

static const char *plural_of(struct workers workers)
{
	return workers.processes > 1 ? "processes" : "threads";
}

static struct figure number_of(struct workers workers)
{
	return format_count(workers.processes > 1 ? workers.processes : workers.threads);
}

static void put_at_once(const struct model *model, struct workers workers, uint64_t time, char *ret,
			size_t size)
{
	uint64_t overlap = model_overlap_ns(model);

	if (overlap < time / 20)
		snprintf(ret, size, "%s ran one after another", plural_of(workers));
	else
		snprintf(ret, size, "%s %s ran, two or more at once for %s of the time",
			 number_of(workers).text, plural_of(workers),
			 format_share(overlap < time ? overlap : time, time).text);
}

/* What the way to the end of the run waited for, and nobody followed ended. */
struct outside {
	uint64_t total_ns;
	const struct path_part *most;
};

static struct outside outside_of(const struct model *model)
{
	struct outside outside = {0};
	const struct path_part *part;

	vector_for_each (&model->path.parts, part) {
		if (part->what != PATH_WAITING)
			continue;
		outside.total_ns += part->ns;
		if (!outside.most || part->ns > outside.most->ns)
			outside.most = part;
	}
	return outside;
}

/* Of all threads together it may be more than there was time: then they waited side by side. */
static void put_outside(const struct model *model, const struct reason_sums *reasons,
			const struct outside *outside, char *ret, size_t size)
{
	const struct path_part *most = outside->most, *part;
	uint64_t on_path = 0, all = 0;
	const struct reason_sum *sum;
	double at_once;

	vector_for_each (&model->path.parts, part)
		if (part->what == PATH_WAITING && part->reason == most->reason)
			on_path += part->ns;
	vector_for_each (&reasons->items, sum)
		if (sum->reason == most->reason)
			all += sum->total_ns;
	at_once = on_path ? (double)all / on_path : 0;
	snprintf(ret, size, "hardly any computing: waits for %s, %s in all, %s%s",
		 reason_label(model, most->reason, most->syscall).text, format_duration(all).text,
		 at_once < AT_ONCE ? "one after another" : ratio_label(at_once).text,
		 at_once < AT_ONCE ? "" : " at once");
}

/* Time for which the run waited for CPUs that others had. */
uint64_t comparison_others_ns(const struct model *model)
{
	const struct finding *finding;

	vector_for_each (&model->findings, finding)
		if (finding->kind == FINDING_OTHERS)
			return finding->cost_ns;
	return 0;
}

/* How many threads could have run at once, on average, had there been a CPU for each. */
static double wanted_at_once(const struct sums *sums, uint64_t wall)
{
	return wall ? (double)(sums->state_ns[STATE_RUNNING] + sums_ready(sums)) / wall : 0;
}

/* What is to be explained. */
struct span {
	uint64_t time;	 /* what the scenario is about, by its own clock; else all of it */
	uint64_t others; /* for which it was kept off the CPUs */
	uint64_t own;	 /* of `time`, what is left */
};

static struct span span_of(const struct model *model)
{
	const char *elapsed = model_fact(model, "elapsed_ns");
	uint64_t wall = model_wall_ns(model), about = elapsed ? strtoull(elapsed, NULL, 10) : 0;
	struct span span = {.time = about && about < wall ? about : wall,
			    .others = comparison_others_ns(model)};

	span.own = span.others < wall ? wall - span.others : 0;
	if (span.own > span.time)
		span.own = span.time;
	return span;
}

static void put_computing(const struct model *model, const struct sums *sums,
			  struct workers workers, const struct span *span, char *ret, size_t size)
{
	uint64_t wall = model_wall_ns(model), overlap = model_overlap_ns(model);

	if (workers.threads == 1)
		snprintf(ret, size, "one thread did it, and ran for %s of the time",
			 format_share(most_running(model), wall).text);
	else if (overlap > span->own / 2 || wanted_at_once(sums, wall) < AT_ONCE)
		put_at_once(model, workers, span->time, ret, size);
	else if (span->others > wall / TELLING_PART)
		snprintf(ret, size, "%s %s could have run at once, and did for %s of the time",
			 number_of(workers).text, plural_of(workers),
			 format_share(overlap, wall).text);
	else
		snprintf(ret, size, "short of CPUs: ready, and without one, for %s in all",
			 format_duration(sums_ready(sums)).text);
}

static void add_others(uint64_t others, uint64_t wall, char *ret, size_t size)
{
	size_t used = strlen(ret);

	if (others > wall / TELLING_PART)
		snprintf(ret + used, size - used,
			 "; others, or an affinity, kept it off the CPUs for %s of the time",
			 format_share(others, wall).text);
}

void comparison_cause(const struct model *model, char *ret, size_t size)
{
	struct sums all = sums_of(model);
	struct outside outside = outside_of(model);
	uint64_t wall = model_wall_ns(model), mutual, turns;
	struct span span = span_of(model);
	struct workers workers = workers_of(model);
	struct reason_sums reasons;

	ret[0] = '\0';
	if (!wall || reason_sums_of(model, &reasons))
		return;
	mutual = mutual_wait(&reasons);
	turns = wait_for_threads(model);
	/* Who waits for a condition may only have nothing to do; who waits for a lock has. */
	if (outside.most && outside.total_ns > span.own / 2 &&
	    model_lock_wait_ns(model) < outside.total_ns)
		put_outside(model, &reasons, &outside, ret, size);
	else if (workers.threads > 1 && mutual > span.own / TELLING_PART &&
		 model_overlap_ns(model) < span.own / 2)
		put_mutual(model, mutual, span.own, ret, size);
	else if (workers.threads > 1 && turns > span.own &&
		 model_overlap_ns(model) < span.own / TELLING_PART)
		put_turns(model, &reasons, turns, ret, size);
	else
		put_computing(model, &all, workers, &span, ret, size);
	add_others(span.others, wall, ret, size);
	vector_free(&reasons.items);
}
