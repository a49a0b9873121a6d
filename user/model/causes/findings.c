// SPDX-License-Identifier: GPL-2.0-only
/* findings.c - the detectors: each with what it takes to speak up, and why */
#include <errno.h>

#include "model/causes/findings_inside.h"

const char *finding_kind_name(enum finding_kind kind)
{
	static const char *const names[FINDING_KINDS] = {
		[FINDING_SERIALISED] = "serialised",
		[FINDING_CONVOY] = "convoy",
		[FINDING_GIL] = "gil",
		[FINDING_CPUS] = "cpus",
		[FINDING_OTHERS] = "others",
		[FINDING_STARVED] = "starved",
		[FINDING_IO_IN_SERIES] = "io_in_series",
		[FINDING_DEADLOCK] = "deadlock",
		[FINDING_RACE] = "race",
		[FINDING_INVERSION] = "inversion",
		[FINDING_HERD] = "herd",
		[FINDING_FOR_NOTHING] = "for_nothing",
	};

	return (unsigned int)kind < FINDING_KINDS ? names[kind] : "unknown";
}

static uint64_t wall_of(const struct model *model)
{
	return model->end > model->begin ? model->end - model->begin : 0;
}

/* A twentieth of the run; and a run that is over within this is mostly its own start and end. */
#define SHARE_WORTH 20
#define LEAST_WORTH 20000

bool finding_is_worth(const struct model *model, uint64_t ns)
{
	return ns >= LEAST_WORTH && ns >= wall_of(model) / SHARE_WORTH;
}

int finding_add(struct model *model, struct finding finding)
{
	struct finding *place = vector_add(&model->findings);

	if (!place)
		return -ENOMEM;
	*place = finding;
	return 0;
}

struct finding finding_of(const struct model *model, enum finding_kind kind, uint64_t cost)
{
	return (struct finding){
		.kind = kind,
		.cost_ns = cost,
		.begin = model->begin,
		.end = model->end,
		.thread = NO_THREAD,
		.other = NO_THREAD,
		.third = NO_THREAD,
		.process = NO_THREAD,
	};
}

/* ---- locks --------------------------------------------------------------------------------- */

/* So many hand-overs a lock must have had, and so often a second, to be called a convoy: each costs
 * a sleep and a wake-up, some ten microseconds, which is a hundredth of the time then. */
#define CONVOY_WAITS	  100
#define CONVOY_PER_SECOND 1000

static bool is_convoy(const struct what_if *what_if)
{
	double seconds = (double)(what_if->last - what_if->first) / 1e9;

	return what_if->waits >= CONVOY_WAITS && seconds > 0 &&
	       (double)what_if->waits >= CONVOY_PER_SECOND * seconds;
}

/* An interpreter's lock, made of a condition: who waits for it times out, to ask for it, and tries
 * again; those who wait for it are those who give it away; and they never run at the same time.
 * Three times, as a worker that looks for work now and then does one of these, but not all. */
#define GIL_TIMEOUTS 3

static bool is_interpreter_lock(const struct model *model, const struct what_if *what_if)
{
	uint64_t given = what_if->waits - what_if->timeouts, running = 0, together = 0;

	if (what_if->reason != REASON_CONDITION || what_if->timeouts < GIL_TIMEOUTS ||
	    what_if->waiter_count < 2 || what_if->inside + 1 + given / 8 < given)
		return false;
	for (uint32_t i = 0; i < what_if->waiter_count; i++) {
		const struct thread *thread = &model->threads.items[what_if->waiters[i]];

		running += thread->state_ns[STATE_RUNNING];
		together += thread->both_ns;
	}
	return together <= running / 20;
}

static bool is_gil(const struct model *model, const struct what_if *what_if)
{
	return what_if->reason == REASON_GIL || is_interpreter_lock(model, what_if);
}

static enum finding_kind kind_of_lock(const struct model *model, const struct what_if *what_if)
{
	if (is_gil(model, what_if))
		return FINDING_GIL;
	return is_convoy(what_if) ? FINDING_CONVOY : FINDING_SERIALISED;
}

/* Threads that never ran together could, at best, have all run beside the one that ran most. Their
 * time-outs are no more than that: while the holder waited for a CPU, they went on. */
static uint64_t cost_of_lock(const struct model *model, const struct what_if *what_if)
{
	uint64_t running = 0, most = 0;

	if (!is_gil(model, what_if))
		return what_if->gain_ns;
	for (uint32_t i = 0; i < what_if->waiter_count; i++) {
		uint64_t one = model->threads.items[what_if->waiters[i]].state_ns[STATE_RUNNING];

		running += one;
		most = one > most ? one : most;
	}
	return running - most < what_if->gain_ns ? running - most : what_if->gain_ns;
}

static const struct lock *lock_of(const struct model *model, const struct what_if *what_if)
{
	const struct lock *lock;

	vector_for_each (&model->locks, lock) {
		if (lock->process == what_if->process && lock->address == what_if->address)
			return lock;
	}
	return NULL;
}

static int find_locks(struct model *model)
{
	const struct what_if *what_if;
	int error = 0;

	vector_for_each (&model->what_ifs, what_if) {
		struct finding finding;
		const struct lock *lock;

		if (what_if->kind != WHAT_IF_LOCK ||
		    !finding_is_worth(model, cost_of_lock(model, what_if)) ||
		    (what_if->reason == REASON_CONDITION && !is_interpreter_lock(model, what_if)))
			continue;
		finding = finding_of(model, kind_of_lock(model, what_if),
				     cost_of_lock(model, what_if));
		finding.begin = what_if->first;
		finding.end = what_if->last;
		finding.process = what_if->process;
		finding.address = what_if->address;
		finding.reason = what_if->reason;
		finding.count = what_if->waits;
		finding.total_ns = what_if->wait_ns;
		lock = lock_of(model, what_if);
		if (lock) {
			finding.thread = lock->main_waiter;
			finding.thread_ns = lock->main_waiter_ns;
			finding.other = lock->main_holder;
			finding.longest_ns = lock->max_ns;
		}
		error = finding_add(model, finding);
		if (error)
			return error;
	}
	return 0;
}

/* ---- CPUs ---------------------------------------------------------------------------------- */

/* The path's time in one way; the thread with the most of it. */
static uint64_t path_time(const struct model *model, enum path_what what, uint32_t *ret_most,
			  uint64_t *ret_most_ns)
{
	const struct path_part *part;
	uint64_t sum = 0, most = 0;

	*ret_most = NO_THREAD;
	vector_for_each (&model->path.parts, part) {
		if (part->what != what)
			continue;
		sum += part->ns;
		if (part->ns > most && part->thread != NO_THREAD) {
			most = part->ns;
			*ret_most = part->thread;
		}
	}
	*ret_most_ns = most;
	return sum;
}

static uint64_t cpus_gain(const struct model *model)
{
	const struct what_if *what_if;

	vector_for_each (&model->what_ifs, what_if) {
		if (what_if->kind == WHAT_IF_CPUS)
			return what_if->gain_ns;
	}
	return 0;
}

static uint64_t ready_of(const struct model *model, uint64_t *ret_count)
{
	*ret_count = model->ready.count;
	return model->ready.total_ns;
}

/* The replay with a CPU for everybody says what the competition among the program's own threads
 * cost. What the path waited for a CPU beyond that was not their doing: other programs, an affinity
 * that keeps threads off CPUs, or the time that a wake-up takes. */
static int find_cpus(struct model *model)
{
	uint64_t gain = cpus_gain(model), most_ns;
	uint32_t most;
	uint64_t waited = path_time(model, PATH_READY, &most, &most_ns);
	struct finding finding;
	int error = 0;

	/* What was not waited for cannot be gained. */
	gain = gain < waited ? gain : waited;
	if (finding_is_worth(model, gain)) {
		finding = finding_of(model, FINDING_CPUS, gain);
		finding.total_ns = ready_of(model, &finding.count);
		finding.thread = most;
		finding.thread_ns = most_ns;
		finding.longest_ns = model->ready.max_ns;
		error = finding_add(model, finding);
	}
	if (!error && finding_is_worth(model, waited - gain)) {
		finding = finding_of(model, FINDING_OTHERS, waited - gain);
		finding.total_ns = ready_of(model, &finding.count);
		finding.thread = most;
		finding.thread_ns = most_ns;
		finding.longest_ns = model->ready.max_ns;
		error = finding_add(model, finding);
	}
	return error;
}

/* The scheduler gives each thread its turn within some milliseconds for each that competes. A tenth
 * of a second is far beyond that, and so is a tenth of the run. */
#define STARVED_NS    100000000ull
#define STARVED_SHARE 10

static int find_starved(struct model *model)
{
	const struct thread *thread, *worst = NULL;
	struct finding finding;

	vector_for_each (&model->threads, thread) {
		if (!worst || thread->ready_max_ns > worst->ready_max_ns)
			worst = thread;
	}
	if (!worst || worst->ready_max_ns < STARVED_NS ||
	    worst->ready_max_ns < wall_of(model) / STARVED_SHARE)
		return 0;
	finding = finding_of(model, FINDING_STARVED, 0);
	finding.thread = worst - model->threads.items;
	finding.thread_ns = thread_ready_ns(worst);
	finding.longest_ns = worst->ready_max_ns;
	finding.count = 1;
	/* What it cost the run is not more than what of it lies on the path. */
	for (size_t i = 0; i < model->path.parts.count; i++) {
		const struct path_part *part = &model->path.parts.items[i];

		if (part->thread == finding.thread && part->what == PATH_READY)
			finding.cost_ns += part->ns;
	}
	return finding_add(model, finding);
}

/* ---- input and output ---------------------------------------------------------------------- */

/* One after the other: so many at least, and a half of the run together. */
#define SERIES_COUNT 10
#define SERIES_SHARE 2

static bool is_io(enum reason reason)
{
	return reason == REASON_SOCKET || reason == REASON_DISK;
}

/* What other threads of its process wait for in the same way. */
static uint64_t waited_beside(const struct model *model, const struct path_part *part)
{
	const struct thread *self = &model->threads.items[part->thread], *thread;
	const struct reason_total *total;
	uint64_t ns = 0;

	vector_for_each (&model->threads, thread) {
		if (thread == self || thread->process != self->process)
			continue;
		vector_for_each (&thread->reasons, total) {
			if (total->reason == part->reason)
				ns += total->total_ns;
		}
	}
	return ns;
}

/* Of n waits in series that could be had at once, all but one could be saved at best. */
static int find_series(struct model *model)
{
	const struct path_part *part;
	int error = 0;

	vector_for_each (&model->path.parts, part) {
		struct finding finding;

		if (part->what != PATH_WAITING || !is_io(part->reason) ||
		    part->thread == NO_THREAD || part->count < SERIES_COUNT ||
		    part->ns < wall_of(model) / SERIES_SHARE ||
		    waited_beside(model, part) >= part->ns / 2)
			continue;
		finding =
			finding_of(model, FINDING_IO_IN_SERIES, part->ns - part->ns / part->count);
		finding.thread = part->thread;
		finding.thread_ns = finding.total_ns = part->ns;
		finding.reason = part->reason;
		finding.count = part->count;
		error = finding_add(model, finding);
		if (error)
			return error;
	}
	return error;
}

/* ---- all ----------------------------------------------------------------------------------- */

static int (*const detectors[])(struct model *) = {
	find_races,    find_deadlocks, find_locks,   find_inversions, find_herds,
	find_pollings, find_cpus,      find_starved, find_series,
};

/* A wrong result, and one that never comes, before one that comes late. */
static int rank_of(const struct finding *finding)
{
	return finding->kind == FINDING_RACE ? 0 : finding->kind == FINDING_DEADLOCK ? 1 : 2;
}

static int compare_findings(const void *a, const void *b)
{
	const struct finding *one = a, *two = b;
	int rank_one = rank_of(one), rank_two = rank_of(two);

	if (rank_one != rank_two)
		return rank_one - rank_two;
	if (one->cost_ns != two->cost_ns)
		return one->cost_ns > two->cost_ns ? -1 : 1;
	return (int)one->kind - (int)two->kind;
}

int findings_find(struct model *model)
{
	int error = 0;

	for (size_t i = 0; i < sizeof(detectors) / sizeof(*detectors) && !error; i++)
		error = detectors[i](model);
	if (model->findings.count)
		qsort(model->findings.items, model->findings.count,
		      sizeof(model->findings.items[0]), compare_findings);
	if (model->findings.count > FINDINGS_MAX)
		model->findings.count = FINDINGS_MAX;
	return error;
}
