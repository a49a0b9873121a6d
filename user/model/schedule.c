// SPDX-License-Identifier: GPL-2.0-only
/* schedule.c - slices of CPU time, and who took the CPU from whom */
#include "model/schedule.h"

#include <errno.h>
#include <stdio.h>

#include "base/rarely.h"
#include "model/locks/map.h"
#include "model/tasks/population.h"

/* Beyond this, pairs are counted under "not one of the target's": a report shows a handful. */
#define PAIRS_MAX 65536

#define POLICY_NORMAL	0
#define POLICY_FIFO	1
#define POLICY_RR	2
#define POLICY_BATCH	3
#define POLICY_IDLE	5
#define POLICY_DEADLINE 6

struct tally {
	struct histogram histogram;
	uint64_t preemptions;
	/* Who took it last mostly does so again: spares the look-up. */
	uint32_t last_by;
	uint32_t pair; /* index + 1; 0: none */
};

struct schedule {
	struct timeline *timeline;
	VECTOR(struct tally) tallies; /* by thread */
	VECTOR(struct preemption) pairs;
	struct lock_map by_pair;
	int error;
};

static RARELY struct tally *add_tallies(struct schedule *schedule, uint32_t thread)
{
	while (schedule->tallies.count <= thread) {
		if (!vector_add(&schedule->tallies)) {
			schedule->error = -ENOMEM;
			return NULL;
		}
	}
	return &schedule->tallies.items[thread];
}

static inline struct tally *tally_at(struct schedule *schedule, uint32_t thread)
{
	return thread < schedule->tallies.count ? &schedule->tallies.items[thread]
						: add_tallies(schedule, thread);
}

/* Leaves it in tally->pair. */
static RARELY void find_pair(struct schedule *schedule, struct tally *tally,
			     const struct interval *interval, uint32_t by)
{
	uint32_t fresh = schedule->pairs.count, place;
	struct preemption *pair;

	tally->last_by = by;
	if (fresh >= PAIRS_MAX)
		by = NO_THREAD;
	if (lock_map_at(&schedule->by_pair, interval->thread, by, fresh, &place)) {
		schedule->error = -ENOMEM;
		return;
	}
	if (place == fresh) {
		pair = vector_add(&schedule->pairs);
		if (!pair) {
			schedule->error = -ENOMEM;
			return;
		}
		pair->thread = interval->thread;
		pair->by = by;
	}
	tally->pair = place + 1;
}

static void end_slice(void *context, const struct interval *interval)
{
	struct tally *tally = tally_at(context, interval->thread);

	if (tally)
		histogram_add(&tally->histogram, interval->end - interval->begin);
}

static void end_preemption(void *context, const struct interval *interval)
{
	struct schedule *schedule = context;
	struct tally *tally = tally_at(schedule, interval->thread);
	struct preemption *pair;

	if (!tally || interval->open_begin)
		return;
	tally->preemptions++;
	if (!tally->pair || tally->last_by != interval->taker - 1)
		find_pair(schedule, tally, interval, interval->taker - 1);
	if (schedule->error)
		return;
	pair = &schedule->pairs.items[tally->pair - 1];
	pair->count++;
	pair->ready_ns += interval->end - interval->begin;
}

static int compare_pairs(const void *a, const void *b)
{
	const struct preemption *one = a, *two = b;

	if (one->count != two->count)
		return one->count > two->count ? -1 : 1;
	if (one->thread != two->thread)
		return one->thread < two->thread ? -1 : 1;
	return one->by < two->by ? -1 : one->by > two->by;
}

int schedule_finish(struct schedule *schedule, struct model *model)
{
	struct population *population = timeline_population(schedule->timeline);
	uint32_t threads = schedule->tallies.count;

	if (schedule->error)
		return schedule->error;
	for (uint32_t i = 0; i < threads && i < population->threads.count; i++) {
		const struct tally *tally = &schedule->tallies.items[i];

		population->threads.items[i].slices = (struct slices){
			.count = tally->histogram.count,
			.total_ns = tally->histogram.total_ns,
			.max_ns = tally->histogram.max_ns,
			.median_ns = histogram_quantile(&tally->histogram, 0.5),
			.preemptions = tally->preemptions,
		};
	}
	if (schedule->pairs.count)
		qsort(schedule->pairs.items, schedule->pairs.count, sizeof(struct preemption),
		      compare_pairs);
	model->preemptions.items = schedule->pairs.items;
	model->preemptions.count = schedule->pairs.count;
	model->preemptions.capacity = schedule->pairs.capacity;
	memset(&schedule->pairs, 0, sizeof(schedule->pairs));
	return 0;
}

int schedule_new(struct timeline *timeline, struct schedule **ret)
{
	struct schedule *schedule = calloc(1, sizeof(*schedule));
	struct timeline_visitor slices = {
		.context = schedule, .interval = end_slice, .states = 1u << STATE_RUNNING};
	struct timeline_visitor preemptions = {.context = schedule,
					       .interval = end_preemption,
					       .states = 1u << STATE_READY_PREEMPTED};

	if (!schedule)
		return -ENOMEM;
	schedule->timeline = timeline;
	if (timeline_add_visitor(timeline, &slices) ||
	    timeline_add_visitor(timeline, &preemptions)) {
		free(schedule);
		return -ENOMEM;
	}
	*ret = schedule;
	return 0;
}

void schedule_free(struct schedule **schedule)
{
	if (!*schedule)
		return;
	vector_free(&(*schedule)->tallies);
	vector_free(&(*schedule)->pairs);
	lock_map_free(&(*schedule)->by_pair);
	free(*schedule);
	*schedule = NULL;
}

unsigned int priority_weight(const struct pl_priority *priority)
{
	/* From nice -20 to 19, as every kernel since 2.6.23 has them. */
	static const unsigned int weights[40] = {
		88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916,
		9548,  7620,  6100,  4904,  3906,  3121,  2501,	 2008,	1586,  1277,
		1024,  820,   655,   526,   423,   335,	  272,	 215,	172,   137,
		110,   87,    70,    56,    45,	   36,	  29,	 23,	18,    15,
	};

	if (!priority->known || priority->nice < -20 || priority->nice > 19)
		return 0;
	if (priority->policy == POLICY_IDLE)
		return 3;
	if (priority->policy != POLICY_NORMAL && priority->policy != POLICY_BATCH)
		return 0;
	return weights[priority->nice + 20];
}

struct priority_label priority_label(const struct pl_priority *priority)
{
	struct priority_label label = {""};

	if (!priority->known)
		return label;
	if (priority->policy == POLICY_FIFO || priority->policy == POLICY_RR)
		snprintf(label.text, sizeof(label.text), "%s %u",
			 priority->policy == POLICY_FIFO ? "FIFO" : "RR", priority->rt_priority);
	else if (priority->policy == POLICY_IDLE)
		snprintf(label.text, sizeof(label.text), "idle");
	else if (priority->policy == POLICY_DEADLINE)
		snprintf(label.text, sizeof(label.text), "deadline");
	else if (priority->policy == POLICY_BATCH)
		snprintf(label.text, sizeof(label.text), "batch %d", priority->nice);
	else if (priority->policy != POLICY_NORMAL)
		snprintf(label.text, sizeof(label.text), "policy %u", priority->policy);
	else
		snprintf(label.text, sizeof(label.text), "%d", priority->nice);
	return label;
}
