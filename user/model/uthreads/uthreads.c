// SPDX-License-Identifier: GPL-2.0-only
/* uthreads.c - the lives of user threads: collecting marks and carriers */
#include "model/uthreads/uthreads.h"

#include <errno.h>

#include "model/tasks/population.h"
#include "model/uthreads/inside.h"

#define UTHREADS_MAX 65536
/* Of carriers' states: some hundred MiB would be kept otherwise. */
#define EVENTS_MAX (16u << 20)

/* ---- user threads -------------------------------------------------------------------------- */

static void take_name(struct uthread *uthread, const char *text)
{
	size_t length = strnlen(text, PL_MARK_NAME);

	if (!length)
		return;
	memset(uthread->name, 0, sizeof(uthread->name));
	memcpy(uthread->name, text, length);
}

static struct uthread *add_uthread(struct uthreads *all, uint32_t process, uint32_t id,
				   uint64_t time)
{
	struct uthread *uthread;

	if (all->items.count >= UTHREADS_MAX) {
		all->beyond++;
		return NULL;
	}
	uthread = vector_add(&all->items);
	if (!uthread || !vector_add(&all->lives)) {
		all->error = -ENOMEM;
		return NULL;
	}
	uthread->id = id;
	uthread->process = process;
	uthread->begin = time;
	return uthread;
}

/* The one that has the id just now; an id that ended serves again. NO_UTHREAD if there are too
 * many. */
static uint32_t find_uthread(struct uthreads *all, uint32_t process, uint32_t id, uint64_t time)
{
	uint32_t *place, slot;

	if (lock_map_at(&all->by_id, process, id, all->current.count, &slot)) {
		all->error = -ENOMEM;
		return NO_UTHREAD;
	}
	if (slot == all->current.count) {
		place = vector_add(&all->current);
		if (!place) {
			all->error = -ENOMEM;
			return NO_UTHREAD;
		}
		*place = NO_UTHREAD;
	}
	place = &all->current.items[slot];
	if (*place == NO_UTHREAD && add_uthread(all, process, id, time))
		*place = all->items.count - 1;
	return *place;
}

static void forget_uthread(struct uthreads *all, uint32_t process, uint32_t id)
{
	uint32_t slot;

	if (!lock_map_at(&all->by_id, process, id, UINT32_MAX - 1, &slot) &&
	    slot < all->current.count)
		all->current.items[slot] = NO_UTHREAD;
}

/* ---- events -------------------------------------------------------------------------------- */

static void add_event(struct uthreads *all, const struct uthread_event *event)
{
	struct uthread_event *kept;

	if (all->events.count >= EVENTS_MAX) {
		all->beyond++;
		return;
	}
	kept = vector_add(&all->events);
	if (!kept) {
		all->error = -ENOMEM;
		return;
	}
	*kept = *event;
}

static bool *carrier_flag(struct uthreads *all, uint32_t thread)
{
	while (all->is_carrier.count <= thread) {
		if (!vector_add(&all->is_carrier)) {
			all->error = -ENOMEM;
			return NULL;
		}
	}
	return &all->is_carrier.items[thread];
}

static void feed_interval(void *context, const struct interval *interval);

/* Most programs have no user threads: then nobody need look for carriers. */
static void listen(struct uthreads *all)
{
	if (timeline_listen(all->timeline, feed_interval, all))
		all->error = -ENOMEM;
	all->listens = true;
}

static void feed_mark(struct uthreads *all, const struct pl_life_mark *mark, uint32_t thread)
{
	struct population *population = timeline_population(all->timeline);
	uint32_t process = population->threads.items[thread].process;
	struct uthread_event event = {
		.time = later(mark->head.time, all->last),
		.thread = thread,
		.uthread = NO_UTHREAD,
		.kind = EVENT_SWITCH,
	};

	all->last = event.time;
	if (mark->what == PL_MARK_UTHREAD_STATE &&
	    (!mark->uthread || mark->state > PL_UTHREAD_ENDED))
		return; /* nobody, or nothing that we know */
	if (mark->uthread) {
		event.uthread = find_uthread(all, process, mark->uthread, event.time);
		if (event.uthread == NO_UTHREAD)
			return;
		take_name(&all->items.items[event.uthread], mark->text);
	}
	if (mark->what == PL_MARK_UTHREAD_SWITCH) {
		bool *flag = carrier_flag(all, thread);

		if (flag && !all->listens)
			listen(all);
		if (flag)
			*flag = true;
	} else {
		event.kind = mark->state == PL_UTHREAD_READY	 ? EVENT_READY
			     : mark->state == PL_UTHREAD_BLOCKED ? EVENT_BLOCKED
								 : EVENT_ENDED;
		if (event.kind == EVENT_ENDED)
			forget_uthread(all, process, mark->uthread);
	}
	add_event(all, &event);
}

static void feed_life(void *context, const union pl_life *life, uint32_t thread)
{
	struct uthreads *all = context;

	if (life->head.kind != PL_LIFE_MARK || thread == NO_THREAD)
		return;
	if (life->mark.what == PL_MARK_UTHREAD_SWITCH || life->mark.what == PL_MARK_UTHREAD_STATE)
		feed_mark(all, &life->mark, thread);
}

static void feed_interval(void *context, const struct interval *interval)
{
	struct uthreads *all = context;
	struct uthread_event event = {
		.time = interval->begin,
		.thread = interval->thread,
		.uthread = NO_UTHREAD,
	};

	if (interval->thread >= all->is_carrier.count || !all->is_carrier.items[interval->thread] ||
	    interval->begin == interval->end)
		return;
	event.kind =
		interval->state == STATE_RUNNING ? EVENT_CARRIER_RUNS
		: interval->state == STATE_READY_WOKEN || interval->state == STATE_READY_PREEMPTED
			? EVENT_CARRIER_READY
			: EVENT_CARRIER_BLOCKED;
	add_event(all, &event);
}

/* ---- the result ---------------------------------------------------------------------------- */

/* What carriers did comes before what they said at the same time. */
static int compare_events(const void *a, const void *b)
{
	const struct uthread_event *one = a, *two = b;

	if (one->time != two->time)
		return one->time < two->time ? -1 : 1;
	if ((one->kind < EVENT_SWITCH) != (two->kind < EVENT_SWITCH))
		return one->kind < EVENT_SWITCH ? -1 : 1;
	return one->order < two->order ? -1 : one->order > two->order;
}

static void add_deaths(struct uthreads *all)
{
	struct population *population = timeline_population(all->timeline);

	for (uint32_t i = 0; i < all->is_carrier.count && i < population->threads.count; i++) {
		const struct thread *thread = &population->threads.items[i];

		if (all->is_carrier.items[i] && !thread->alive_at_end)
			add_event(all, &(struct uthread_event){
					       .time = thread->end,
					       .thread = i,
					       .uthread = NO_UTHREAD,
					       .kind = EVENT_CARRIER_DIES,
				       });
	}
}

static int finish_bars(struct uthreads *all)
{
	int error = 0;

	for (uint32_t i = 0; !error && i < all->items.count && i < BARS_OF_UTHREADS; i++)
		error = bar_finish(&all->lives.items[i].pen, &all->items.items[i].bar);
	return error;
}

int uthreads_finish(struct uthreads *all, uint64_t end, struct model *model)
{
	int error;

	if (!all->items.count && !all->error)
		return 0;
	add_deaths(all);
	if (all->error)
		return all->error;
	for (uint32_t i = 0; i < all->events.count; i++)
		all->events.items[i].order = i;
	if (all->events.count)
		qsort(all->events.items, all->events.count, sizeof(struct uthread_event),
		      compare_events);
	error = uthreads_play(all, end);
	if (!error)
		error = finish_bars(all);
	if (error)
		return error;
	for (uint32_t i = 0; i < all->is_carrier.count; i++)
		model->carriers += all->is_carrier.items[i];
	model->uthreads.items = all->items.items;
	model->uthreads.count = all->items.count;
	model->uthreads.capacity = all->items.capacity;
	memset(&all->items, 0, sizeof(all->items));
	model->uthreads_beyond = all->beyond;
	return 0;
}

int uthreads_new(struct timeline *timeline, uint64_t begin, uint64_t end, struct uthreads **ret)
{
	struct uthreads *all = calloc(1, sizeof(*all));
	struct timeline_visitor visitor = {.context = all, .life = feed_life};

	if (!all)
		return -ENOMEM;
	all->timeline = timeline;
	all->scale = (struct bar_scale){.begin = begin, .end = end};
	if (timeline_add_visitor(timeline, &visitor)) {
		free(all);
		return -ENOMEM;
	}
	*ret = all;
	return 0;
}

void uthreads_free(struct uthreads **uthreads)
{
	struct uthreads *all = *uthreads;
	struct uthread *uthread;
	struct uthread_life *life;
	struct crowd *crowd;

	if (!all)
		return;
	vector_for_each (&all->items, uthread)
		free(uthread->bar.cells);
	vector_for_each (&all->lives, life)
		free(life->pen.bar.cells);
	vector_for_each (&all->crowds, crowd)
		vector_free(&crowd->standing);
	vector_free(&all->items);
	vector_free(&all->lives);
	vector_free(&all->crowds);
	vector_free(&all->carriers);
	vector_free(&all->current);
	vector_free(&all->is_carrier);
	vector_free(&all->events);
	lock_map_free(&all->by_id);
	free(all);
	*uthreads = NULL;
}
