// SPDX-License-Identifier: GPL-2.0-only
/* what_if.c - threads on the CPUs of worlds that are a little different */
#include <errno.h>
#include <string.h>

#include "model/what_if.h"

#define CPUS_MAX 65536
#define NO_SEAT	 UINT32_MAX

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

/* The seat that is free by then and has been for the shortest time, so that those free for longer
 * are left to threads whose time is earlier; or the one that is free next. */
static uint32_t find_seat(const struct replay_cpu *seats, size_t count, uint64_t allowed,
			  uint64_t time)
{
	uint32_t best = NO_SEAT;

	for (uint32_t i = 0; i < count; i++) {
		if (seats[i].taken || !(allowed >> (i & 63) & 1))
			continue;
		if (best == NO_SEAT ||
		    (seats[best].free > time
			     ? seats[i].free < seats[best].free
			     : seats[i].free > seats[best].free && seats[i].free <= time))
			best = i;
	}
	return best;
}

static int take_seat(struct replay *replay, unsigned int world, uint16_t cpu, uint64_t allowed,
		     uint64_t *now, uint16_t *ret)
{
	struct replay_cpu *seats = replay->seats[world].items;
	size_t count = replay->seats[world].count;
	uint32_t seat = NO_SEAT;

	/* Where it really ran is right most of the time. */
	if (cpu < count && !seats[cpu].taken && seats[cpu].free <= *now)
		seat = cpu;
	else
		seat = find_seat(seats, count, allowed, *now);
	if (seat == NO_SEAT)
		seat = find_seat(seats, count, UINT64_MAX, *now);
	if (seat == NO_SEAT) {
		/* More of them run than there are CPUs: the stream is at odds with itself. */
		if (count >= CPUS_MAX - 1)
			return 0;
		if (!vector_add(&replay->seats[world]))
			return -ENOMEM;
		seats = replay->seats[world].items;
		seat = count;
	}
	seats[seat].taken = true;
	if (seats[seat].free > *now)
		*now = seats[seat].free;
	*ret = seat;
	return 0;
}

int replay_run(struct replay *replay, uint16_t cpu, uint64_t allowed, struct clocks *clocks,
	       struct seats *seats)
{
	int error = 0;

	seats->taken = true;
	for (unsigned int i = 0; i < replay->worlds && !error; i++) {
		seats->cpu[i] = UINT16_MAX;
		if (i != WORLD_CPUS && replay->used & 1u << i)
			error = take_seat(replay, i, cpu, allowed, &clocks->now[i], &seats->cpu[i]);
	}
	return error;
}

void replay_leave(struct replay *replay, struct clocks *clocks, struct seats *seats, uint64_t ns)
{
	clocks_pass(replay, clocks, ns);
	if (!seats->taken)
		return;
	seats->taken = false;
	for (unsigned int i = 0; i < replay->worlds; i++) {
		if (seats->cpu[i] >= replay->seats[i].count)
			continue;
		replay->seats[i].items[seats->cpu[i]].taken = false;
		replay->seats[i].items[seats->cpu[i]].free = clocks->now[i];
	}
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
