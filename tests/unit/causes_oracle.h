/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * causes_oracle.h - critical path and replay, worked out the slow way
 *
 * The path by walking backwards over all intervals, which the model does not keep. The replay by
 * looking every moment up in all intervals again. For streams in which nothing is lost.
 */
#ifndef TESTS_CAUSES_ORACLE_H
#define TESTS_CAUSES_ORACLE_H

#include "model_items.h"

struct causes_oracle {
	const struct fed *fed;
	const struct interval *items;
	size_t count;
	uint64_t *times; /* replay: by running interval, when it begins there */
	uint64_t *until; /* the end of the idle time that it took */
	uint64_t *ends;	 /* and when it is over there */
	uint16_t *seats;
	uint64_t *clocks; /* by thread */
	size_t *next;	  /* by thread: the first interval not lived through yet */
};

/* Whose moment ended a wait: the running interval of the waker; NULL: nobody's. `learnt`: when the
 * thread ran again, which decides whose tid it was. */
static inline const struct interval *oracle_waker(const struct causes_oracle *oracle, uint32_t self,
						  uint32_t tid, uint64_t time, uint64_t learnt)
{
	const struct population *population = oracle->fed->population;
	const struct interval *found = NULL;
	uint32_t thread = NO_THREAD;

	for (size_t i = 0; i < population->threads.count; i++) {
		if (population->threads.items[i].tid == tid &&
		    population->threads.items[i].begin < learnt)
			thread = i;
	}
	if (thread == NO_THREAD || thread == self || !tid)
		return NULL;
	for (size_t i = 0; i < oracle->count; i++) {
		const struct interval *it = &oracle->items[i];

		if (it->thread == thread && it->state == STATE_RUNNING && it->begin <= time &&
		    time <= it->end)
			found = it;
	}
	return found;
}

/* The interval of a thread that is neither empty nor ends elsewhere than at `time`, and when what
 * follows it ends. */
static inline const struct interval *oracle_ending(const struct causes_oracle *oracle,
						   uint32_t thread, uint64_t time,
						   uint64_t *ret_learnt)
{
	const struct interval *found = NULL;

	for (size_t i = 0; i < oracle->count; i++) {
		const struct interval *it = &oracle->items[i];

		if (it->thread != thread || it->begin == it->end)
			continue;
		if (it->begin < time && time <= it->end)
			found = it;
	}
	*ret_learnt = time;
	for (size_t i = 0; found && i < oracle->count; i++) {
		const struct interval *it = &oracle->items[i];

		if (it->thread == thread && it->begin == found->end &&
		    it->state == STATE_READY_WOKEN)
			*ret_learnt = it->end;
	}
	return found;
}

struct oracle_sums {
	VECTOR(struct path_part) parts;
};

static inline void oracle_add(struct oracle_sums *sums, uint32_t thread, enum path_what what,
			      enum reason reason, uint16_t syscall, uint64_t ns)
{
	struct path_part *part;

	vector_for_each (&sums->parts, part) {
		if (part->thread == thread && part->what == what && part->reason == reason &&
		    part->syscall == syscall) {
			part->ns += ns;
			return;
		}
	}
	part = vector_add(&sums->parts);
	assert_non_null(part);
	*part = (struct path_part){.thread = thread,
				   .kind = thread,
				   .what = what,
				   .reason = reason,
				   .syscall = syscall,
				   .ns = ns};
}

static inline const struct interval *oracle_end_of_wait(const struct causes_oracle *oracle,
							const struct interval *it, uint64_t learnt)
{
	if (it->state != STATE_BLOCKED && it->state != STATE_STOPPED)
		return NULL;
	if (it->waker_context != PL_WAKER_TASK)
		return NULL;
	return oracle_waker(oracle, it->thread, it->waker, it->end, learnt);
}

/* Where a thread comes from: what its maker last did before, as far as that was seen. */
struct oracle_origin {
	bool known;
	uint32_t maker;
	const struct interval *run; /* the last one that began before the birth; NULL: none */
	uint64_t seen;		    /* until then the maker's doings are known */
};

static inline struct oracle_origin oracle_origin(const struct causes_oracle *oracle,
						 uint32_t thread)
{
	const struct population *population = oracle->fed->population;
	uint64_t born = population->threads.items[thread].begin;
	const struct interval *first = NULL;
	struct oracle_origin origin = {0};

	for (size_t i = oracle->count; i > 0; i--) {
		if (oracle->items[i - 1].thread == thread)
			first = &oracle->items[i - 1];
	}
	if (!first || first->state != STATE_READY_WOKEN || !first->waker)
		return origin;
	for (size_t i = 0; i < population->threads.count; i++) {
		const struct thread *it = &population->threads.items[i];

		if (it->tid != first->waker || it->begin >= born || i == thread)
			continue;
		/* The dead make nobody. */
		origin.known = it->end >= born;
		origin.maker = i;
		origin.seen = it->begin;
	}
	for (size_t i = 0; origin.known && i < oracle->count; i++) {
		const struct interval *it = &oracle->items[i];

		if (it->thread == origin.maker && it->state == STATE_RUNNING && it->begin <= born) {
			origin.run = it;
			origin.seen = it->end < born ? it->end : born;
		}
	}
	return origin;
}

/* Walks from the end of `thread` to the beginning of everything, which it returns. */
static inline uint64_t oracle_walk(const struct causes_oracle *oracle, uint32_t thread,
				   struct oracle_sums *sums)
{
	uint64_t at = oracle->fed->population->threads.items[thread].end;
	enum reason via = REASON_NONE;

	for (;;) {
		uint64_t learnt;
		const struct interval *it = oracle_ending(oracle, thread, at, &learnt);
		const struct interval *waker;

		if (!it) {
			struct oracle_origin origin = oracle_origin(oracle, thread);

			if (!origin.known)
				return at;
			thread = origin.maker;
			via = REASON_NONE;
			/* A maker whose running was not seen. */
			if (!origin.run || origin.run->end < at) {
				oracle_add(sums, thread, PATH_UNKNOWN, via, PL_NO_SYSCALL,
					   at - origin.seen);
				at = origin.seen;
			}
			continue;
		}
		waker = at == it->end ? oracle_end_of_wait(oracle, it, learnt) : NULL;
		if (waker) {
			via = it->reason;
			/* Where the waker had just begun, it is there for no time at all. */
			thread = waker->thread;
			if (at == waker->begin)
				oracle_add(sums, thread, PATH_RUNNING, via, PL_NO_SYSCALL, 0);
			continue;
		}
		oracle_add(sums, thread,
			   it->state == STATE_RUNNING				      ? PATH_RUNNING
			   : it->state == STATE_UNKNOWN				      ? PATH_UNKNOWN
			   : it->state == STATE_BLOCKED || it->state == STATE_STOPPED ? PATH_WAITING
										      : PATH_READY,
			   it->state == STATE_RUNNING ? via : it->reason,
			   it->state == STATE_BLOCKED && it->reason == REASON_SYSCALL
				   ? it->syscall
				   : PL_NO_SYSCALL,
			   at - it->begin);
		via = REASON_NONE;
		at = it->begin;
	}
}

/* ---- the replay ---------------------------------------------------------------------------- */

#define ORACLE_SEATS 64
#define ORACLE_BUSY  4096

/* A CPU is the list of the times in which somebody sits there; `open`: the end is not known yet,
 * and what is idle up to `upto` is taken. */
struct oracle_busy {
	uint64_t begin, end;
};

struct oracle_seat {
	struct oracle_busy busy[ORACLE_BUSY];
	size_t count;
	uint64_t free;
	bool taken;
};

struct oracle_world {
	bool cpu_for_everybody;
	uint64_t without; /* address of the lock that nobody waits for; 0: none */
	uint32_t process;
	struct oracle_seat *seats;
	size_t seat_count;
	uint64_t seen[64]; /* by process */
};

/* The first moment from `now` on, before `free`, at which nobody sits there; and until when. */
static inline bool oracle_idle(const struct oracle_seat *seat, uint64_t now, uint64_t *ret_begin,
			       uint64_t *ret_end)
{
	bool moved = true;

	while (moved) {
		moved = false;
		for (size_t i = 0; i < seat->count; i++) {
			if (seat->busy[i].begin <= now && now < seat->busy[i].end) {
				now = seat->busy[i].end;
				moved = true;
			}
		}
	}
	if (now >= seat->free)
		return false;
	*ret_begin = now;
	*ret_end = seat->free;
	for (size_t i = 0; i < seat->count; i++) {
		if (seat->busy[i].begin >= now && seat->busy[i].begin < *ret_end &&
		    seat->busy[i].begin < seat->busy[i].end)
			*ret_end = seat->busy[i].begin;
	}
	return true;
}

static inline void oracle_occupy(struct oracle_seat *seat, uint64_t begin, uint64_t end)
{
	if (begin == end)
		return;
	assert_true(seat->count < ORACLE_BUSY);
	seat->busy[seat->count++] = (struct oracle_busy){begin, end};
}

static inline bool oracle_is_without(const struct causes_oracle *oracle,
				     const struct oracle_world *world, const struct interval *it)
{
	uint64_t address = it->reason == REASON_LOCK ? it->address : it->address & ~7ull;

	return world->without && address == world->without &&
	       (it->reason == REASON_LOCK || it->reason == REASON_RWLOCK) &&
	       oracle->fed->population->threads.items[it->thread].process == world->process;
}

/* Lives through what comes before the interval `upto` of a thread. */
static inline void oracle_live(struct causes_oracle *oracle, const struct oracle_world *world,
			       uint32_t thread, size_t upto)
{
	uint64_t *now = &oracle->clocks[thread];

	for (size_t i = oracle->next[thread]; i < upto; i++) {
		const struct interval *it = &oracle->items[i], *waker;
		uint64_t learnt = it->end;

		if (it->thread != thread)
			continue;
		for (size_t j = i + 1; j <= upto && j < oracle->count; j++) {
			if (oracle->items[j].thread == thread &&
			    oracle->items[j].state == STATE_READY_WOKEN &&
			    oracle->items[j].begin == it->end)
				learnt = oracle->items[j].end;
		}
		if (it->state == STATE_BLOCKED || it->state == STATE_STOPPED) {
			bool spared = oracle_is_without(oracle, world, it);

			if (it->begin == it->end)
				continue;
			waker = oracle_end_of_wait(oracle, it, learnt);
			if (!waker) {
				*now += spared ? 0 : it->end - it->begin;
			} else if (!spared) {
				uint64_t there = oracle->times[waker - oracle->items] + it->end -
						 waker->begin;

				if (there > *now)
					*now = there;
			}
		} else if (it->state == STATE_UNKNOWN) {
			*now += it->end - it->begin;
		}
	}
	oracle->next[thread] = upto;
}

static inline void oracle_sit(struct causes_oracle *oracle, struct oracle_world *world, size_t run,
			      uint16_t cpu)
{
	uint32_t thread = oracle->items[run].thread;
	uint32_t process = oracle->fed->population->threads.items[thread].process;
	uint64_t *now = &oracle->clocks[thread], allowed, soonest = UINT64_MAX, begin, end;
	size_t best = SIZE_MAX;

	oracle->until[run] = UINT64_MAX;
	if (world->cpu_for_everybody) {
		oracle->times[run] = *now;
		return;
	}
	assert_true(process < 64);
	allowed = world->seen[process] |= 1ull << cpu;
	if (cpu < world->seat_count && !world->seats[cpu].taken && world->seats[cpu].free <= *now)
		best = cpu;
	for (int any = 0; any < 2 && best == SIZE_MAX; any++) {
		for (size_t i = 0; i < world->seat_count; i++) {
			const struct oracle_seat *seat = &world->seats[i];

			if (!any && !(allowed >> i & 1))
				continue;
			if (!oracle_idle(seat, *now, &begin, &end))
				begin = seat->taken	    ? UINT64_MAX
					: seat->free > *now ? seat->free
							    : *now;
			if (begin < soonest) {
				soonest = begin;
				best = i;
			}
		}
	}
	if (best == SIZE_MAX) {
		best = world->seat_count++;
		assert_true(best < ORACLE_SEATS);
		world->seats[best].free = *now;
		oracle_occupy(&world->seats[best], 0, *now);
	}
	if (oracle_idle(&world->seats[best], *now, &begin, &end)) {
		*now = begin;
		oracle->until[run] = end;
		/* All of it, until it is known how much. */
		oracle_occupy(&world->seats[best], begin, end);
	} else {
		if (world->seats[best].free > *now)
			*now = world->seats[best].free;
		/* From `free` to here it is idle. */
		world->seats[best].free = *now;
		world->seats[best].taken = true;
	}
	oracle->seats[run] = best;
	oracle->times[run] = *now;
}

/* The run is over: gives back what it did not need, or takes what it needs beyond. */
static inline uint64_t oracle_leave(struct causes_oracle *oracle, struct oracle_world *world,
				    size_t run, uint64_t ns)
{
	struct oracle_seat *seat = &world->seats[oracle->seats[run]];
	uint64_t at = oracle->times[run], end = at + ns, idle, until;

	if (oracle->until[run] == UINT64_MAX) {
		oracle_occupy(seat, at, end);
		seat->free = end;
		seat->taken = false;
		return end;
	}
	for (size_t i = 0; i < seat->count; i++) {
		if (seat->busy[i].begin == at && seat->busy[i].end == oracle->until[run] &&
		    end <= oracle->until[run])
			seat->busy[i].end = end;
	}
	if (end <= oracle->until[run])
		return end;
	ns = end - oracle->until[run];
	end = oracle->until[run];
	while (ns && oracle_idle(seat, end, &idle, &until)) {
		end = until - idle < ns ? until : idle + ns;
		oracle_occupy(seat, idle, end);
		ns -= end - idle;
	}
	if (!ns)
		return end;
	end = seat->free + ns;
	if (!seat->taken) {
		oracle_occupy(seat, seat->free, end);
		seat->free = end;
	}
	return end;
}

static inline uint64_t oracle_stand(struct causes_oracle *oracle, struct oracle_world *world,
				    size_t run, uint64_t ns)
{
	struct oracle_seat *seat = &world->seats[oracle->seats[run]];
	uint64_t end = oracle_leave(oracle, world, run, ns), real = oracle->items[run].end;

	if (end > real && seat->free == end) {
		seat->free = real;
		for (size_t i = 0; i < seat->count; i++) {
			if (seat->busy[i].end == end)
				seat->busy[i].end = real;
		}
	}
	return end > real ? real : end;
}

/* What time it is there for a thread that is born. */
static inline uint64_t oracle_birthday(const struct causes_oracle *oracle, uint32_t thread)
{
	uint64_t born = oracle->fed->population->threads.items[thread].begin;
	struct oracle_origin origin = oracle_origin(oracle, thread);

	if (!origin.known)
		return born;
	if (!origin.run)
		return oracle_birthday(oracle, origin.maker) + born - origin.seen;
	if (origin.run->end >= born)
		return oracle->times[origin.run - oracle->items] + born - origin.run->begin;
	return oracle->ends[origin.run - oracle->items] + born - origin.seen;
}

static inline void oracle_born(struct causes_oracle *oracle)
{
	const struct population *population = oracle->fed->population;

	for (size_t i = 0; i < population->threads.count; i++) {
		oracle->clocks[i] = population->threads.items[i].begin;
		oracle->next[i] = 0;
	}
}

/* The replay of one world: what time it is there for a thread at its end. `announced` are the CPUs
 * under which running intervals were announced. */
static inline uint64_t oracle_replay(struct causes_oracle *oracle, struct oracle_world *world,
				     uint32_t last, const uint16_t *announced)
{
	size_t runs = 0, done = 0;
	uint64_t time = 0;

	world->seat_count = world->cpu_for_everybody ? 0 : 2;
	world->seats = calloc(ORACLE_SEATS, sizeof(*world->seats));
	assert_non_null(world->seats);
	oracle_born(oracle);
	for (size_t i = 0; i < oracle->count; i++)
		runs += oracle->items[i].state == STATE_RUNNING;
	/* In order of time; who leaves a CPU does so before the next one comes. */
	while (done < 2 * runs) {
		uint64_t soonest = UINT64_MAX;

		for (int begins = 0; begins < 2; begins++) {
			for (size_t i = 0; i < oracle->count; i++) {
				const struct interval *it = &oracle->items[i];

				if (it->state != STATE_RUNNING)
					continue;
				if (!begins && it->end == time && time) {
					oracle->next[it->thread] = i + 1;
					if (world->cpu_for_everybody)
						oracle->clocks[it->thread] += it->end - it->begin;
					else
						oracle->clocks[it->thread] = oracle_stand(
							oracle, world, i, it->end - it->begin);
					oracle->ends[i] = oracle->clocks[it->thread];
					done++;
				} else if (begins && it->begin == time) {
					if (!oracle->next[it->thread])
						oracle->clocks[it->thread] =
							oracle_birthday(oracle, it->thread);
					oracle_live(oracle, world, it->thread, i);
					oracle_sit(oracle, world, i, announced[i]);
					done++;
				}
				if (it->begin > time && it->begin < soonest)
					soonest = it->begin;
				if (it->end > time && it->end < soonest)
					soonest = it->end;
			}
		}
		time = soonest;
	}
	oracle_live(oracle, world, last, oracle->count);
	free(world->seats);
	return oracle->clocks[last];
}

#endif
