// SPDX-License-Identifier: GPL-2.0-only
/* play.c - the lives of user threads: what each did between the events */
#include <assert.h>
#include <errno.h>

#include "model/tasks/population.h"
#include "model/uthreads/inside.h"

/* ---- accounts ------------------------------------------------------------------------------ */

static void draw(struct uthreads *all, uint32_t index, enum state state, uint64_t begin,
		 uint64_t end)
{
	int error;

	if (index >= BARS_OF_UTHREADS || end <= begin)
		return;
	error = bar_draw(&all->lives.items[index].pen, &all->scale, state, begin, end);
	if (error)
		all->error = error;
}

static struct crowd *crowd_of(struct uthreads *all, uint32_t process)
{
	struct crowd *crowd;

	/* Nearly always there is one. */
	vector_for_each (&all->crowds, crowd) {
		if (crowd->process == process)
			return crowd;
	}
	crowd = vector_add(&all->crowds);
	if (!crowd) {
		all->error = -ENOMEM;
		return NULL;
	}
	crowd->process = process;
	return crowd;
}

static uint64_t standing_at(const struct crowd *crowd, uint64_t time)
{
	return crowd->total + (crowd->stands ? time - crowd->since : 0);
}

/* A READY one's time from `since` on, in pieces: where all stood still, and where not. */
static void draw_ready(struct uthreads *all, const struct crowd *crowd, uint32_t index,
		       uint64_t time)
{
	const struct uthread_life *life = &all->lives.items[index];
	uint64_t at = life->since;

	if (index >= BARS_OF_UTHREADS)
		return;
	for (size_t i = life->period_then; i < crowd->standing.count; i++) {
		const struct period *period = &crowd->standing.items[i];
		uint64_t begin = later(period->begin, at), end = sooner(period->end, time);

		if (begin >= end)
			continue;
		draw(all, index, STATE_READY_WOKEN, at, begin);
		draw(all, index, STATE_STOPPED, begin, end);
		at = end;
	}
	if (crowd->stands && crowd->since < time) {
		draw(all, index, STATE_READY_WOKEN, at, crowd->since);
		draw(all, index, STATE_STOPPED, later(at, crowd->since), time);
	} else {
		draw(all, index, STATE_READY_WOKEN, at, time);
	}
}

static void settle_mounted(struct uthreads *all, uint32_t index, uint64_t time)
{
	const struct uthread_life *life = &all->lives.items[index];
	struct uthread *uthread = &all->items.items[index];
	uint64_t spent = time - life->since;

	switch (all->carriers.items[life->carrier].state) {
	case EVENT_CARRIER_RUNS:
		uthread->running_ns += spent;
		draw(all, index, STATE_RUNNING, life->since, time);
		break;
	case EVENT_CARRIER_READY:
		uthread->ready_ns += spent;
		draw(all, index, STATE_READY_PREEMPTED, life->since, time);
		break;
	default:
		uthread->blocked_ns += spent;
		draw(all, index, STATE_BLOCKED, life->since, time);
	}
}

/* Accounts for it up to `time`. */
static void settle(struct uthreads *all, uint32_t index, uint64_t time)
{
	struct uthread_life *life = &all->lives.items[index];
	struct uthread *uthread = &all->items.items[index];
	struct crowd *crowd = crowd_of(all, uthread->process);
	uint64_t spent = time - life->since, stood;

	if (!crowd)
		return;
	if (life->place == PLACE_MOUNTED) {
		settle_mounted(all, index, time);
	} else if (life->place == PLACE_BLOCKED) {
		uthread->blocked_ns += spent;
		draw(all, index, STATE_BLOCKED, life->since, time);
	} else if (life->place == PLACE_READY) {
		/* At its birth nothing has been kept yet, and nothing is to be accounted for. */
		stood = sooner(standing_at(crowd, time) - life->standing_then, spent);
		uthread->standing_ns += stood;
		uthread->ready_ns += spent - stood;
		draw_ready(all, crowd, index, time);
	}
	life->since = time;
	life->standing_then = standing_at(crowd, time);
	life->period_then = crowd->standing.count;
}

/* ---- carriers ------------------------------------------------------------------------------ */

static void update_standing(struct uthreads *all, struct crowd *crowd, uint64_t time)
{
	bool stands = crowd->carriers && crowd->stuck == crowd->carriers;
	struct period *period;

	if (stands == crowd->stands)
		return;
	if (stands) {
		crowd->since = time;
	} else if (time > crowd->since) {
		period = vector_add(&crowd->standing);
		if (!period) {
			all->error = -ENOMEM;
			return;
		}
		*period = (struct period){crowd->since, time};
		crowd->total += time - crowd->since;
	}
	crowd->stands = stands;
}

/* After its state or whom it carries has changed. */
static void update_carrier(struct uthreads *all, struct carrier *carrier, uint64_t time)
{
	bool stuck = carrier->mounted != NO_UTHREAD && carrier->state == EVENT_CARRIER_BLOCKED;
	struct crowd *crowd;

	if (!carrier->crowd)
		return;
	crowd = &all->crowds.items[carrier->crowd - 1];
	crowd->stuck += stuck - carrier->stuck;
	carrier->stuck = stuck;
	update_standing(all, crowd, time);
}

/* It begins to carry. */
static void join_crowd(struct uthreads *all, struct carrier *carrier, uint32_t process)
{
	struct crowd *crowd;

	if (carrier->crowd)
		return;
	crowd = crowd_of(all, process);
	if (!crowd)
		return;
	carrier->crowd = (uint32_t)(crowd - all->crowds.items) + 1;
	crowd->carriers++;
}

static void leave_crowd(struct uthreads *all, struct carrier *carrier, uint64_t time)
{
	struct crowd *crowd;

	if (!carrier->crowd)
		return;
	crowd = &all->crowds.items[carrier->crowd - 1];
	crowd->stuck -= carrier->stuck;
	crowd->carriers--;
	carrier->crowd = 0;
	carrier->stuck = false;
	update_standing(all, crowd, time);
}

/* ---- user threads -------------------------------------------------------------------------- */

static void unmount(struct uthreads *all, struct carrier *carrier, uint64_t time)
{
	uint32_t index = carrier->mounted;
	struct uthread_life *life;

	if (index == NO_UTHREAD)
		return;
	settle(all, index, time);
	life = &all->lives.items[index];
	life->place = life->blocks ? PLACE_BLOCKED : PLACE_READY;
	life->blocks = false;
	carrier->mounted = NO_UTHREAD;
}

static void mount(struct uthreads *all, uint32_t thread, uint32_t index, uint64_t time)
{
	struct uthread_life *life = &all->lives.items[index];
	struct uthread *uthread = &all->items.items[index];

	if (life->place == PLACE_MOUNTED) {
		struct carrier *other = &all->carriers.items[life->carrier];

		unmount(all, other, time);
		update_carrier(all, other, time);
	}
	settle(all, index, time);
	uthread->switches++;
	uthread->moves += life->carried && life->carrier != thread;
	life->place = PLACE_MOUNTED;
	life->blocks = false;
	life->carried = true;
	life->carrier = thread;
	all->carriers.items[thread].mounted = index;
}

static void play_switch(struct uthreads *all, const struct uthread_event *event)
{
	struct carrier *carrier = &all->carriers.items[event->thread];
	const struct population *population = timeline_population(all->timeline);

	join_crowd(all, carrier, population->threads.items[event->thread].process);
	/* What ended with its carrier does not come back. */
	if (carrier->mounted == event->uthread ||
	    (event->uthread != NO_UTHREAD &&
	     all->lives.items[event->uthread].place == PLACE_ENDED)) {
		update_carrier(all, carrier, event->time);
		return;
	}
	unmount(all, carrier, event->time);
	if (event->uthread != NO_UTHREAD)
		mount(all, event->thread, event->uthread, event->time);
	update_carrier(all, carrier, event->time);
}

static void end_uthread(struct uthreads *all, uint32_t index, uint64_t time)
{
	struct uthread_life *life = &all->lives.items[index];

	if (life->place == PLACE_ENDED)
		return;
	settle(all, index, time);
	if (life->place == PLACE_MOUNTED) {
		struct carrier *carrier = &all->carriers.items[life->carrier];

		carrier->mounted = NO_UTHREAD;
		update_carrier(all, carrier, time);
	}
	life->place = PLACE_ENDED;
	all->items.items[index].end = time;
}

static void play_state(struct uthreads *all, const struct uthread_event *event)
{
	struct uthread_life *life = &all->lives.items[event->uthread];

	if (event->kind == EVENT_ENDED) {
		end_uthread(all, event->uthread, event->time);
	} else if (life->place == PLACE_ENDED) {
		return;
	} else if (life->place == PLACE_MOUNTED) {
		life->blocks = event->kind == EVENT_BLOCKED;
	} else {
		settle(all, event->uthread, event->time);
		life->place = event->kind == EVENT_BLOCKED ? PLACE_BLOCKED : PLACE_READY;
	}
}

static void play_carrier(struct uthreads *all, const struct uthread_event *event)
{
	struct carrier *carrier = &all->carriers.items[event->thread];

	if (carrier->mounted != NO_UTHREAD)
		settle(all, carrier->mounted, event->time);
	if (event->kind == EVENT_CARRIER_DIES) {
		if (carrier->mounted != NO_UTHREAD)
			end_uthread(all, carrier->mounted, event->time);
		leave_crowd(all, carrier, event->time);
		return;
	}
	carrier->state = event->kind;
	update_carrier(all, carrier, event->time);
}

/* ---- the play ------------------------------------------------------------------------------ */

static int prepare(struct uthreads *all)
{
	struct uthread_life *life;
	struct carrier *carrier;

	while (all->carriers.count < timeline_population(all->timeline)->threads.count) {
		carrier = vector_add(&all->carriers);
		if (!carrier)
			return -ENOMEM;
		carrier->mounted = NO_UTHREAD;
	}
	vector_for_each (&all->lives, life)
		life->since = all->items.items[life - all->lives.items].begin;
	return 0;
}

/* Those that did not end by a word: with their process, or not yet. */
static void finish(struct uthreads *all, uint64_t end)
{
	const struct population *population = timeline_population(all->timeline);

	for (uint32_t i = 0; i < all->items.count; i++) {
		struct uthread *uthread = &all->items.items[i];
		const struct process *process = &population->processes.items[uthread->process];

		if (all->lives.items[i].place != PLACE_ENDED) {
			uint64_t last = process->alive_at_end ? end : process->end;

			uthread->alive_at_end = process->alive_at_end;
			end_uthread(all, i, later(last, all->lives.items[i].since));
		}
		assert(uthread->running_ns + uthread->ready_ns + uthread->standing_ns +
			       uthread->blocked_ns ==
		       uthread->end - uthread->begin);
	}
}

int uthreads_play(struct uthreads *all, uint64_t end)
{
	const struct uthread_event *event;
	int error = prepare(all);

	if (error)
		return error;
	vector_for_each (&all->events, event) {
		if (event->kind < EVENT_SWITCH)
			play_carrier(all, event);
		else if (event->kind == EVENT_SWITCH)
			play_switch(all, event);
		else
			play_state(all, event);
	}
	finish(all, end);
	return all->error;
}
