// SPDX-License-Identifier: GPL-2.0-only
/* summary.c - sums over the intervals: per thread, per reason, in pictures and histograms */
#include <errno.h>

#include "base/rarely.h"
#include "model/summary.h"
#include "model/tasks/population.h"

/* A program has a handful of reasons to wait. A hostile file could name 65,536 system calls: what
 * goes beyond this is summed up as unknown, to keep the search short. */
#define REASONS_MAX 128

struct tally {
	uint64_t ready_max_ns;
	struct bar_pen pen;
	VECTOR(struct reason_total) reasons;
	uint32_t last_reason; /* where the last one was found: often the next one's place, too */
};

struct summary {
	struct timeline *timeline;
	struct bar_scale scale;
	VECTOR(struct tally) tallies; /* by thread */
	struct histogram ready, blocked;
	int error;
};

static struct reason_total *find_reason(struct tally *tally, enum reason reason, uint16_t syscall)
{
	struct reason_total *total;

	if (tally->last_reason < tally->reasons.count) {
		total = &tally->reasons.items[tally->last_reason];
		if (total->reason == reason && total->syscall == syscall)
			return total;
	}
	vector_for_each (&tally->reasons, total) {
		if (total->reason == reason && total->syscall == syscall) {
			tally->last_reason = total - tally->reasons.items;
			return total;
		}
	}
	if (tally->reasons.count >= REASONS_MAX && reason == REASON_SYSCALL)
		return find_reason(tally, REASON_UNKNOWN, 0);
	total = vector_add(&tally->reasons);
	if (!total)
		return NULL;
	total->reason = reason;
	total->syscall = syscall;
	tally->last_reason = tally->reasons.count - 1;
	return total;
}

static int add_reason(struct tally *tally, const struct interval *interval, uint64_t ns)
{
	uint16_t syscall = interval->reason == REASON_SYSCALL ? interval->syscall : 0;
	struct reason_total *total = find_reason(tally, interval->reason, syscall);

	if (!total)
		return -ENOMEM;
	total->count++;
	total->total_ns += ns;
	if (ns > total->max_ns)
		total->max_ns = ns;
	return 0;
}

static int reserve(struct summary *summary, uint32_t thread)
{
	while (summary->tallies.count <= thread) {
		if (!vector_add(&summary->tallies))
			return -ENOMEM;
	}
	return 0;
}

/* NULL: memory is out. */
static RARELY struct tally *draw_slowly(struct summary *summary, const struct interval *interval)
{
	struct tally *tally;

	if (!summary->error)
		summary->error = reserve(summary, interval->thread);
	if (summary->error)
		return NULL;
	tally = &summary->tallies.items[interval->thread];
	summary->error = bar_draw(&tally->pen, &summary->scale, interval->state, interval->begin,
				  interval->end);
	return tally;
}

static inline struct tally *draw(struct summary *summary, const struct interval *interval)
{
	struct tally *tally;

	if (interval->thread >= summary->tallies.count)
		return draw_slowly(summary, interval);
	tally = &summary->tallies.items[interval->thread];
	if (interval->end > tally->pen.cell_end)
		return draw_slowly(summary, interval);
	tally->pen.ns[interval->state] += interval->end - interval->begin;
	return tally;
}

static void add_other(void *context, const struct interval *interval)
{
	draw(context, interval);
}

static void add_ready(void *context, const struct interval *interval)
{
	uint64_t ns = interval->end - interval->begin;
	struct summary *summary = context;
	struct tally *tally;

	histogram_add(&summary->ready, ns);
	tally = draw(summary, interval);
	if (tally && ns > tally->ready_max_ns)
		tally->ready_max_ns = ns;
}

static void add_wait(void *context, const struct interval *interval)
{
	uint64_t ns = interval->end - interval->begin;
	struct summary *summary = context;
	struct tally *tally;

	histogram_add(&summary->blocked, ns);
	tally = draw(summary, interval);
	if (tally && add_reason(tally, interval, ns))
		summary->error = -ENOMEM;
}

static int listen(struct timeline *timeline, struct summary *summary)
{
	const struct timeline_visitor visitors[] = {
		{.context = summary,
		 .interval = add_ready,
		 .states = 1u << STATE_READY_WOKEN | 1u << STATE_READY_PREEMPTED},
		{.context = summary,
		 .interval = add_wait,
		 .states = 1u << STATE_BLOCKED | 1u << STATE_STOPPED},
		{.context = summary,
		 .interval = add_other,
		 .states = 1u << STATE_RUNNING | 1u << STATE_UNKNOWN},
	};
	int error = 0;

	for (size_t i = 0; i < sizeof(visitors) / sizeof(visitors[0]) && !error; i++)
		error = timeline_add_visitor(timeline, &visitors[i]);
	return error;
}

int summary_new(struct timeline *timeline, uint64_t begin, uint64_t end, struct summary **ret)
{
	struct summary *summary = calloc(1, sizeof(*summary));

	if (!summary)
		return -ENOMEM;
	summary->timeline = timeline;
	summary->scale = (struct bar_scale){.begin = begin, .end = end};
	if (listen(timeline, summary)) {
		free(summary);
		return -ENOMEM;
	}
	*ret = summary;
	return 0;
}

void summary_free(struct summary **summary)
{
	struct tally *tally;

	if (!*summary)
		return;
	vector_for_each (&(*summary)->tallies, tally) {
		free(tally->pen.bar.cells);
		vector_free(&tally->reasons);
	}
	vector_free(&(*summary)->tallies);
	free(*summary);
	*summary = NULL;
}

static int compare_reasons(const void *a, const void *b)
{
	const struct reason_total *one = a, *two = b;

	if (one->total_ns != two->total_ns)
		return one->total_ns > two->total_ns ? -1 : 1;
	if (one->reason != two->reason)
		return one->reason < two->reason ? -1 : 1;
	return (int)one->syscall - (int)two->syscall;
}

static int finish_thread(struct tally *tally, struct thread *thread)
{
	thread->ready_max_ns = tally->ready_max_ns;
	if (tally->reasons.count)
		qsort(tally->reasons.items, tally->reasons.count, sizeof(tally->reasons.items[0]),
		      compare_reasons);
	thread->reasons.items = tally->reasons.items;
	thread->reasons.count = tally->reasons.count;
	thread->reasons.capacity = tally->reasons.capacity;
	memset(&tally->reasons, 0, sizeof(tally->reasons));
	return bar_finish(&tally->pen, &thread->bar);
}

int summary_finish(struct summary *summary, struct summary_result *ret)
{
	struct population *population = timeline_population(summary->timeline);
	int error = summary->error;

	if (!error && population->threads.count)
		error = reserve(summary, population->threads.count - 1);
	if (error)
		return error;
	for (size_t i = 0; i < population->threads.count; i++) {
		error = finish_thread(&summary->tallies.items[i], &population->threads.items[i]);
		if (error)
			return error;
	}
	memset(ret, 0, sizeof(*ret));
	ret->ready = summary->ready;
	ret->blocked = summary->blocked;
	for (size_t i = 0; i < population->threads.count; i++)
		bar_add(ret->strip, &population->threads.items[i].bar);
	return 0;
}
