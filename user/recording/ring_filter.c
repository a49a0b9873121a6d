// SPDX-License-Identifier: GPL-2.0-only
/*
 * ring_filter.c - what of the records beside a checkpoint belongs to a part
 *
 * While the accounts were read, threads went on. Of each thread a part tells what came after its
 * account at the begin, and up to its account at the end.
 */
#include "recording/ring_inside.h"

#include <stdlib.h>

#include "recording/codec.h"

static int by_tid(const void *a, const void *b)
{
	const struct pl_base *one = a, *two = b;

	return (one->task.head.tid > two->task.head.tid) -
	       (one->task.head.tid < two->task.head.tid);
}

const struct pl_base *bases_find(const struct bases *bases, uint32_t tid)
{
	struct pl_base key = {.task.head.tid = tid};

	return bases->count ? bsearch(&key, bases->items, bases->count, sizeof(key), by_tid) : NULL;
}

struct pl_totals base_totals(const struct bases *bases, const struct pl_base *base)
{
	uint64_t last = base->task.head.time, now = base_time(bases, base), spent = now - last;
	struct pl_totals totals = base->totals;
	uint64_t ready = 0;

	switch (base->state) {
	case PL_STATE_RUNNING:
		totals.running += spent;
		totals.kernel_runtime += spent;
		break;
	case PL_STATE_WOKEN:
		totals.ready_woken += spent;
		break;
	case PL_STATE_PREEMPTED:
		totals.ready_preempted += spent;
		break;
	default:
		if (base->woken)
			ready = base->woken < last  ? spent
				: base->woken < now ? now - base->woken
						    : 0;
		totals.ready_woken += ready;
		totals.blocked += spent - ready;
	}
	return totals;
}

static int by_born_tid(const void *a, const void *b)
{
	const struct birth *one = a, *two = b;

	return (one->tid > two->tid) - (one->tid < two->tid);
}

static bool was_born(const birth_vector *births, uint32_t tid, uint64_t time)
{
	struct birth key = {.tid = tid}, *birth;

	if (!births->count)
		return false;
	birth = bsearch(&key, births->items, births->count, sizeof(key), by_born_tid);
	return birth && time >= birth->time;
}

void births_sort(birth_vector *births)
{
	if (births->count)
		qsort(births->items, births->count, sizeof(*births->items), by_born_tid);
}

static bool has_begun(const struct ring_filter *filter, uint32_t tid, uint64_t time)
{
	const struct pl_base *base = bases_find(filter->begin, tid);

	return was_born(&filter->born, tid, time) ||
	       (base && base->state != PL_STATE_DEAD && time > base_time(filter->begin, base));
}

bool filter_keeps(const struct ring_filter *filter, uint32_t tid, uint64_t time)
{
	const struct pl_base *base;

	if (filter->begin && time <= filter->begin->until && !has_begun(filter, tid, time))
		return false;
	if (!filter->end || time <= filter->end->time)
		return true;
	if (was_born(&filter->unborn, tid, time))
		return false;
	base = bases_find(filter->end, tid);
	/* Of one that ended while the accounts were read, the tid may be another's already. */
	return !base || base->totals.begin > time || time <= base_time(filter->end, base);
}

static void drop_prev(struct pl_switch *sw)
{
	sw->flags &= ~(PL_PREV | PL_BLOCKED | PL_VOLUNTARY | PL_IOWAIT | PL_SAME | PL_SAME_STACK);
	sw->prev_state = 0;
}

static void drop_next(struct pl_switch *sw)
{
	sw->flags &= ~(PL_NEXT | PL_WOKEN);
	sw->waker = 0;
	sw->waker_context = 0;
	sw->waker_cpu = 0;
	sw->ready_ns = 0;
}

/* Whether anything of it is left. */
static bool filter_switch(const struct ring_filter *filter, struct pl_switch *sw)
{
	if (sw->flags & PL_PREV && !filter_keeps(filter, sw->prev, sw->time))
		drop_prev(sw);
	if (sw->flags & PL_NEXT && !filter_keeps(filter, sw->next, sw->time))
		drop_next(sw);
	return sw->flags & (PL_PREV | PL_NEXT);
}

/* What stands in front of a switch belongs to one of its two threads. */
static bool belongs(const union pl_record *record, const struct pl_switch *sw)
{
	uint32_t tid = record->kind == PL_BLOCK ? record->block.tid : record->stack.tid;

	return (sw->flags & PL_PREV && tid == sw->prev) || (sw->flags & PL_NEXT && tid == sw->next);
}

static bool filter_one(const struct ring_filter *filter, union pl_record *record)
{
	switch (record->kind) {
	case PL_SWITCH:
		return filter_switch(filter, &record->sw);
	case PL_WAKE:
		return filter_keeps(filter, record->wake.tid, record->wake.time);
	case PL_RESUME:
		return filter_keeps(filter, record->resume.tid, record->resume.time);
	case PL_SAMPLE:
		return filter_keeps(filter, record->sample.tid, record->sample.time);
	default:
		return true; /* a gap; of a kind that is not known, it says nothing of states */
	}
}

size_t filter_lane(const struct ring_filter *filter, union pl_record *records, size_t count)
{
	size_t kept = 0, attached = 0;

	for (size_t i = 0; i < count; i++) {
		union pl_record record = records[i];

		/* Kept until it is known what becomes of its switch. */
		if (record_is_attached(&record)) {
			records[kept++] = record;
			attached++;
			continue;
		}
		if (!filter_one(filter, &record)) {
			if (record.kind == PL_SWITCH)
				kept -= attached;
			if (record.kind != PL_WAKE)
				attached = 0;
			continue;
		}
		if (record.kind == PL_SWITCH) {
			size_t first = kept - attached, left = first;

			for (size_t at = first; at < kept; at++)
				if (!record_is_attached(&records[at]) ||
				    belongs(&records[at], &record.sw))
					records[left++] = records[at];
			kept = left;
		}
		records[kept++] = record;
		attached = record.kind == PL_WAKE && attached ? attached + 1 : 0;
	}
	return kept;
}
