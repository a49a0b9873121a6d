// SPDX-License-Identifier: GPL-2.0-only
/* totals.c - the kernel side's own account of each thread, against what the stream says */
#include "model/totals.h"

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The end of the account is known from its parts alone. */
static bool adds_up(const struct pl_totals *totals, const struct totals_bounds *bounds,
		    uint64_t *ret_end)
{
	uint64_t end;

	if (__builtin_add_overflow(totals->begin, totals->running, &end) ||
	    __builtin_add_overflow(end, totals->ready_woken, &end) ||
	    __builtin_add_overflow(end, totals->ready_preempted, &end) ||
	    __builtin_add_overflow(end, totals->blocked, &end))
		return false;
	if (totals->begin < bounds->begin || end > bounds->end)
		return false;
	*ret_end = end;
	return true;
}

static bool agrees(const struct thread *thread, uint64_t end)
{
	const struct pl_totals *totals = &thread->totals;
	const uint64_t *ns = thread->state_ns;

	return thread->begin == totals->begin && thread->end == end &&
	       ns[STATE_RUNNING] == totals->running &&
	       ns[STATE_READY_WOKEN] == totals->ready_woken &&
	       ns[STATE_READY_PREEMPTED] == totals->ready_preempted &&
	       ns[STATE_BLOCKED] + ns[STATE_STOPPED] == totals->blocked &&
	       thread->switches_voluntary == totals->voluntary &&
	       thread->switches_involuntary == totals->involuntary &&
	       thread->migrations == totals->migrations;
}

static int compare_reasons(const void *a, const void *b)
{
	const struct reason_total *one = a, *two = b;

	return one->total_ns == two->total_ns ? 0 : one->total_ns > two->total_ns ? -1 : 1;
}

static void fit_reasons(struct thread *thread)
{
	uint64_t wanted = thread_blocked_ns(thread), sum = 0;
	struct reason_total *total, *unknown = NULL;

	vector_for_each (&thread->reasons, total)
		sum += total->total_ns;
	vector_for_each (&thread->reasons, total) {
		uint64_t excess = sum > wanted ? least(sum - wanted, total->total_ns) : 0;

		total->total_ns -= excess;
		total->max_ns = least(total->max_ns, total->total_ns);
		sum -= excess;
		if (total->reason == REASON_UNKNOWN)
			unknown = total;
	}
	if (sum < wanted) {
		if (!unknown)
			unknown = vector_add(&thread->reasons);
		if (!unknown)
			return;
		unknown->reason = REASON_UNKNOWN;
		unknown->count++;
		unknown->total_ns += wanted - sum;
	}
	if (thread->reasons.count)
		qsort(thread->reasons.items, thread->reasons.count, sizeof(*total),
		      compare_reasons);
}

static void adopt(struct thread *thread, uint64_t end)
{
	const struct pl_totals *totals = &thread->totals;
	uint64_t *ns = thread->state_ns;

	thread->begin = totals->begin;
	thread->end = end;
	ns[STATE_RUNNING] = totals->running;
	ns[STATE_READY_WOKEN] = totals->ready_woken;
	ns[STATE_READY_PREEMPTED] = totals->ready_preempted;
	/* The kernel side does not tell these two apart. */
	ns[STATE_STOPPED] = least(ns[STATE_STOPPED], totals->blocked);
	ns[STATE_BLOCKED] = totals->blocked - ns[STATE_STOPPED];
	ns[STATE_UNKNOWN] = 0;
	thread->switches_voluntary = totals->voluntary;
	thread->switches_involuntary = totals->involuntary;
	thread->migrations = totals->migrations;
	thread->both_ns = least(thread->both_ns, totals->running);
	fit_reasons(thread);
}

uint64_t totals_reconcile(struct population *population, const struct totals_bounds *bounds)
{
	uint64_t disagree = 0, end;
	struct process *process;
	struct thread *thread;

	vector_for_each (&population->processes, process)
		process->running_ns = 0;
	vector_for_each (&population->threads, thread) {
		bool sound = thread->has_totals && adds_up(&thread->totals, bounds, &end);

		if (sound) {
			thread->wakeups = thread->totals.wakeups;
			thread->totals_agree = agrees(thread, end);
		}
		if (thread->has_totals && !thread->totals_agree) {
			if (!bounds->lost)
				disagree++;
			else if (sound)
				adopt(thread, end);
		}
		process = &population->processes.items[thread->process];
		process->running_ns += thread->state_ns[STATE_RUNNING];
	}
	population_settle(population);
	return disagree;
}
