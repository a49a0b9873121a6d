// SPDX-License-Identifier: GPL-2.0-only
/* what_if.c - threads on the CPUs of worlds that are a little different */
#include <errno.h>
#include <string.h>

#include "base/rarely.h"
#include "model/causes/what_if.h"

#define CPUS_MAX 65536
#define NO_SEAT	 UINT32_MAX
#define NEVER	 UINT64_MAX

static int reserve(struct replay *replay, unsigned int world, unsigned int cpus)
{
	while (replay->seats[world].count < cpus) {
		if (!vector_add(&replay->seats[world]))
			return -ENOMEM;
	}
	return 0;
}

int replay_init(struct replay *replay, unsigned int cpus)
{
	int error = 0;

	memset(replay, 0, sizeof(*replay));
	replay->worlds = WORLD_LOCKS;
	replay->used = 1u << WORLD_AS_IT_WAS | 1u << WORLD_CPUS;
	replay->cpus = cpus && cpus < CPUS_MAX ? cpus : 1;
	for (unsigned int i = 0; i < WORLDS && !error; i++)
		error = reserve(replay, i, replay->cpus);
	return error;
}

void replay_free(struct replay *replay)
{
	for (unsigned int i = 0; i < WORLDS; i++)
		vector_free(&replay->seats[i]);
}

/* ---- idle times ---------------------------------------------------------------------------- */

static void remove_gap(struct replay_cpu *cpu, uint32_t i)
{
	cpu->count--;
	cpu->least = 0;
	memmove(&cpu->gaps[i], &cpu->gaps[i + 1], (cpu->count - i) * sizeof(cpu->gaps[0]));
}

static uint32_t least_gap(struct replay_cpu *cpu)
{
	uint64_t shortest = NEVER;
	uint32_t least = 0;

	for (uint32_t i = 0; i < REPLAY_GAPS; i++) {
		uint64_t length = cpu->gaps[i].end - cpu->gaps[i].begin;

		least = length < shortest ? i : least;
		shortest = length < shortest ? length : shortest;
	}
	cpu->least = shortest;
	return least;
}

#define FORGET_OLDEST_EVERY 8

/* All places are taken: makes room for one of that length, false if it is the one to be forgotten.
 */
static bool make_room(struct replay_cpu *cpu, uint64_t length)
{
	uint32_t least = 0;

	if (++cpu->forgotten % FORGET_OLDEST_EVERY) {
		if (length <= cpu->least)
			return false;
		least = least_gap(cpu);
		if (cpu->least >= length)
			return false;
	}
	cpu->least = 0;
	remove_gap(cpu, least);
	return true;
}

static void add_gap(struct replay_cpu *cpu, uint64_t begin, uint64_t end)
{
	uint32_t i;

	if (begin >= end || (cpu->count == REPLAY_GAPS && !make_room(cpu, end - begin)))
		return;
	for (i = cpu->count; i > 0 && cpu->gaps[i - 1].begin > begin; i--)
		cpu->gaps[i] = cpu->gaps[i - 1];
	cpu->gaps[i] = (struct replay_gap){begin, end};
	cpu->count++;
}

/* ---- seats --------------------------------------------------------------------------------- */

/* When a thread whose time is `now` could begin there; in which idle time, `count`: after all. */
static uint64_t earliest(const struct replay_cpu *cpu, uint64_t now, uint32_t *ret_gap)
{
	uint32_t i = cpu->count;

	*ret_gap = i;
	if (now < cpu->free) {
		/* Mostly the thread is not far behind. */
		while (i > 0 && cpu->gaps[i - 1].end > now)
			i--;
		if (i < cpu->count) {
			*ret_gap = i;
			return cpu->gaps[i].begin > now ? cpu->gaps[i].begin : now;
		}
	}
	if (cpu->taken)
		return NEVER;
	return cpu->free > now ? cpu->free : now;
}

/* Where a thread could begin, and when. */
struct place {
	uint32_t seat, gap;
	uint64_t begin;
};

/* Looks at the seats from `base` on of which `left` has a bit. */
static inline void consider(struct place *best, const struct replay_cpu *seats, uint32_t base,
			    uint64_t left, uint64_t now)
{
	for (; left && best->begin > now; left &= left - 1) {
		uint32_t seat = base + (uint32_t)__builtin_ctzll(left), gap;
		uint64_t begin = earliest(&seats[seat], now, &gap);

		if (begin < best->begin)
			*best = (struct place){.seat = seat, .gap = gap, .begin = begin};
	}
}

/* The first of the soonest; seat NO_SEAT if all are taken. */
static inline struct place find_place(const struct replay_cpu *seats, size_t count,
				      uint64_t allowed, uint64_t now)
{
	struct place best = {.seat = NO_SEAT, .begin = NEVER};
	uint32_t base = 0;

	for (; count - base >= 64; base += 64)
		consider(&best, seats, base, allowed, now);
	consider(&best, seats, base, allowed & ((1ull << (count - base)) - 1), now);
	return best;
}

static void sit_down(struct replay_cpu *cpu, const struct place *place, uint64_t *ret_until)
{
	if (place->gap < cpu->count) {
		struct replay_gap idle = cpu->gaps[place->gap];

		remove_gap(cpu, place->gap);
		add_gap(cpu, idle.begin, place->begin);
		*ret_until = idle.end;
		return;
	}
	add_gap(cpu, cpu->free, place->begin);
	cpu->free = place->begin;
	cpu->taken = true;
	*ret_until = NEVER;
}

static RARELY int look_for_seat(struct replay *replay, unsigned int world, uint64_t allowed,
				uint64_t *now, struct seats *mine)
{
	struct replay_cpu *seats = replay->seats[world].items;
	size_t count = replay->seats[world].count;
	struct place place = find_place(seats, count, allowed, *now);

	if (place.seat == NO_SEAT)
		place = find_place(seats, count, UINT64_MAX, *now);
	if (place.seat == NO_SEAT) {
		/* More of them run than there are CPUs: the stream is at odds with itself. */
		if (count >= CPUS_MAX - 1) {
			mine->cpu[world] = UINT16_MAX;
			return 0;
		}
		if (!vector_add(&replay->seats[world]))
			return -ENOMEM;
		seats = replay->seats[world].items;
		seats[count].free = *now;
		place = (struct place){.seat = count, .begin = *now};
	}
	*now = place.begin;
	sit_down(&seats[place.seat], &place, &mine->until[world]);
	mine->cpu[world] = place.seat;
	return 0;
}

/* Those in which nobody waits for a certain lock: not all runs have them. */
#define OTHER_WORLDS (~0u << WORLD_LOCKS)

/* Whether a thread that may only use `cpu` cannot begin there before it is free again. */
static inline bool must_wait_for(const struct replay_cpu *seat, uint16_t cpu, size_t cpus,
				 uint64_t allowed, uint64_t now)
{
	return cpus <= 64 && !(allowed & ((2ull << (cpus - 1)) - 1) & ~(1ull << cpu)) &&
	       (!seat->count || seat->gaps[seat->count - 1].end <= now);
}

/* Where it really ran is right most of the time. */
static inline int take_seat(struct replay *replay, unsigned int world, uint16_t cpu,
			    uint64_t allowed, uint64_t *now, struct seats *mine)
{
	struct replay_cpu *seat = replay->seats[world].items + cpu;
	size_t cpus = replay->seats[world].count;

	if (cpu >= cpus || seat->taken)
		return look_for_seat(replay, world, allowed, now, mine);
	if (seat->free > *now) {
		if (!must_wait_for(seat, cpu, cpus, allowed, *now))
			return look_for_seat(replay, world, allowed, now, mine);
		*now = seat->free;
	} else if (seat->free < *now) {
		add_gap(seat, seat->free, *now);
	}
	seat->free = *now;
	seat->taken = true;
	mine->until[world] = NEVER;
	mine->cpu[world] = cpu;
	return 0;
}

/* It made use of idle time up to `until`, and has been there up to `end`: what the idle time was
 * too short for comes later. Returns when it leaves. */
static RARELY uint64_t leave_idle_time(struct replay_cpu *cpu, uint64_t end, uint64_t until)
{
	uint64_t rest;

	if (end <= until) {
		add_gap(cpu, end, until);
		return end;
	}
	rest = end - until;
	for (uint32_t i = 0; i < cpu->count;) {
		struct replay_gap *gap = &cpu->gaps[i];

		if (gap->begin < until) {
			i++;
		} else if (gap->end - gap->begin > rest) {
			gap->begin += rest;
			cpu->least = 0;
			return gap->begin;
		} else {
			end = gap->end;
			rest -= gap->end - gap->begin;
			remove_gap(cpu, i);
			if (!rest)
				return end;
		}
	}
	end = cpu->free + rest;
	/* Beside who sits there now, if need be: that one's end is not known yet. */
	if (!cpu->taken)
		cpu->free = end;
	return end;
}

/* It ran until `end`. Returns when it leaves. */
static inline uint64_t stand_up(struct replay_cpu *cpu, uint64_t end, uint64_t until)
{
	if (until != NEVER)
		return leave_idle_time(cpu, end, until);
	cpu->free = end;
	cpu->taken = false;
	return end;
}

static RARELY int run_others(struct replay *replay, uint16_t cpu, uint64_t allowed,
			     struct clocks *clocks, struct seats *seats)
{
	uint32_t left = replay->used & OTHER_WORLDS;
	int error = 0;

	for (; left && !error; left &= left - 1) {
		unsigned int i = __builtin_ctz(left);

		error = take_seat(replay, i, cpu, allowed, &clocks->now[i], seats);
	}
	return error;
}

int replay_run(struct replay *replay, uint16_t cpu, uint64_t allowed, struct clocks *clocks,
	       struct seats *seats)
{
	int error = 0;

	seats->taken = true;
	if (replay->used & OTHER_WORLDS)
		error = run_others(replay, cpu, allowed, clocks, seats);
	if (error)
		return error;
	return take_seat(replay, WORLD_AS_IT_WAS, cpu, allowed, &clocks->now[WORLD_AS_IT_WAS],
			 seats);
}

/* No world is later than reality: what really happened can be done there as well. */
static inline void not_later(struct replay_cpu *cpu, uint64_t *now, uint64_t real)
{
	if (*now <= real)
		return;
	if (cpu && cpu->free == *now)
		cpu->free = real;
	*now = real;
}

static inline void leave_seat(struct replay *replay, unsigned int world, uint64_t *now,
			      const struct seats *mine, uint64_t ns, uint64_t real)
{
	uint64_t end = *now + ns;
	struct replay_cpu *cpu = NULL;

	if (mine->taken && mine->cpu[world] < replay->seats[world].count) {
		cpu = &replay->seats[world].items[mine->cpu[world]];
		end = stand_up(cpu, end, mine->until[world]);
	}
	not_later(cpu, &end, real);
	*now = end;
}

static RARELY void leave_others(struct replay *replay, struct clocks *clocks, struct seats *seats,
				uint64_t ns, uint64_t real)
{
	for (uint32_t left = replay->used & OTHER_WORLDS; left; left &= left - 1) {
		unsigned int i = __builtin_ctz(left);

		leave_seat(replay, i, &clocks->now[i], seats, ns, real);
	}
}

void replay_leave(struct replay *replay, struct clocks *clocks, struct seats *seats, uint64_t ns,
		  uint64_t real)
{
	if (replay->used & OTHER_WORLDS)
		leave_others(replay, clocks, seats, ns, real);
	leave_seat(replay, WORLD_AS_IT_WAS, &clocks->now[WORLD_AS_IT_WAS], seats, ns, real);
	clocks->now[WORLD_CPUS] += ns;
	not_later(NULL, &clocks->now[WORLD_CPUS], real);
	seats->taken = false;
}

int replay_copy_world(struct replay *replay, unsigned int world)
{
	size_t count = replay->seats[WORLD_AS_IT_WAS].count;
	int error = reserve(replay, world, count);

	if (error)
		return error;
	memcpy(replay->seats[world].items, replay->seats[WORLD_AS_IT_WAS].items,
	       count * sizeof(*replay->seats[world].items));
	/* Seats that it has more of than that one are of a stream at odds with itself. */
	replay->seats[world].count = count;
	return 0;
}
