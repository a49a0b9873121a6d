// SPDX-License-Identifier: GPL-2.0-only
/*
 * stream.c - writes a recording of any length, of threads that never were
 *
 *	stream FILE EVENTS [THREADS [CPUS]]
 *
 * Threads of one process wait for locks, sleep, wait for a pipe and lose their CPUs, at a switch
 * every 59 us, which makes a hundred million events an hour. Written the way the capture does it,
 * so that the file's blocks are those of a real one. Prints what it did, as JSON: what a report
 * must say.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recording/recording.h"

#define BEGIN	   1000000000000ull
#define EVENT_NS   59000ull
#define FLUSH_NS   1000000000ull /* as often as the capture does */
#define FIRST_TID  1000u
#define SHARING	   4u /* threads that have a lock in common */
#define CPUS_MAX   64u
#define TID_MAX	   (1u << 22)
#define BATCH	   256u
#define SYS_READ   0
#define SYS_SLEEP  230
#define SYS_FUTEX  202
#define FUTEX_WAIT 128

struct actor {
	uint64_t since; /* it is where it is: running, ready or blocked */
	uint32_t waker; /* READY after a wait; tid, 0: a timer */
	uint16_t waker_cpu;
	bool woken;
	struct pl_block block; /* where it blocked last */
};

/* Threads in the order in which they came. */
struct queue {
	uint32_t *items, first, count, size;
};

struct cpu {
	uint32_t running; /* index + 1; 0: idle */
	size_t count;
	union pl_record records[BATCH + 2];
};

struct world {
	struct recording_writer *writer;
	struct actor *actors;
	uint32_t threads, cpus;
	struct cpu cpu[CPUS_MAX];
	struct queue ready, blocked;
	uint64_t now, flushed, dice;
	uint64_t records, switches, wakeups, running_ns, ready_ns, blocked_ns;
};

static uint64_t roll(struct world *world, uint64_t below)
{
	world->dice ^= world->dice << 13;
	world->dice ^= world->dice >> 7;
	world->dice ^= world->dice << 17;
	return world->dice % below;
}

static void push(struct queue *queue, uint32_t item)
{
	queue->items[(queue->first + queue->count++) % queue->size] = item;
}

static uint32_t pop(struct queue *queue)
{
	uint32_t item = queue->items[queue->first];

	queue->first = (queue->first + 1) % queue->size;
	queue->count--;
	return item;
}

static uint32_t tid_of(uint32_t actor)
{
	return FIRST_TID + actor;
}

static int drain(struct world *world, uint32_t cpu)
{
	size_t count = world->cpu[cpu].count;

	world->cpu[cpu].count = 0;
	return recording_write_lane(world->writer, cpu, world->cpu[cpu].records, count);
}

static void add(struct world *world, uint32_t cpu, const void *record, size_t size)
{
	memcpy(&world->cpu[cpu].records[world->cpu[cpu].count++], record, size);
	world->records++;
}

/* A lock that four threads share, a pipe, or a while of sleep. */
static struct pl_block place_to_block(struct world *world, uint32_t actor)
{
	struct pl_block block = {.kind = PL_BLOCK, .tid = tid_of(actor), .arg1 = FUTEX_WAIT};
	uint32_t first = actor / SHARING * SHARING;

	switch (roll(world, 4)) {
	case 0:
		block.syscall = SYS_SLEEP;
		break;
	case 1:
		block.syscall = SYS_READ;
		block.file_kind = PL_FILE_PIPE;
		block.arg0 = 3;
		break;
	default:
		block.syscall = SYS_FUTEX;
		block.futex_kind = PL_FUTEX_MUTEX;
		block.arg0 = 0x601000 + 64 * first;
		block.holder = tid_of((first + (actor + 1 + roll(world, SHARING - 1)) % SHARING) %
				      world->threads);
	}
	return block;
}

/* Whoever has waited longest goes on: a thread's doing, or a timer's if no thread runs there. */
static void wake_one(struct world *world, uint32_t cpu)
{
	uint64_t woken = world->now - 1000 - roll(world, 500);
	struct actor *actor;
	uint32_t index;

	if (!world->blocked.count)
		return;
	index = pop(&world->blocked);
	actor = &world->actors[index];
	if (woken < actor->since)
		woken = actor->since;
	world->blocked_ns += woken - actor->since;
	world->wakeups++;
	actor->since = woken;
	actor->woken = true;
	actor->waker = world->cpu[cpu].running && actor->block.syscall != SYS_SLEEP
			       ? tid_of(world->cpu[cpu].running - 1)
			       : 0;
	actor->waker_cpu = cpu;
	push(&world->ready, index);
}

static void leave(struct world *world, uint32_t cpu, struct pl_switch *sw)
{
	uint32_t index = world->cpu[cpu].running - 1;
	struct actor *actor = &world->actors[index];
	struct pl_block block;

	sw->flags |= PL_PREV;
	sw->prev = tid_of(index);
	world->running_ns += world->now - actor->since;
	world->switches++;
	actor->since = world->now;
	actor->woken = false;
	if (roll(world, 5) == 0) {
		push(&world->ready, index);
		return;
	}
	sw->flags |= PL_BLOCKED | PL_VOLUNTARY;
	sw->prev_state = 1;
	block = place_to_block(world, index);
	if (memcmp(&block, &actor->block, sizeof(block)))
		add(world, cpu, &block, sizeof(block));
	else
		sw->flags |= PL_SAME;
	actor->block = block;
	push(&world->blocked, index);
}

static void arrive(struct world *world, uint32_t cpu, struct pl_switch *sw)
{
	struct actor *actor;

	world->cpu[cpu].running = 0;
	if (!world->ready.count)
		return;
	world->cpu[cpu].running = pop(&world->ready) + 1;
	actor = &world->actors[world->cpu[cpu].running - 1];
	sw->flags |= PL_NEXT;
	sw->next = tid_of(world->cpu[cpu].running - 1);
	if (actor->woken) {
		sw->flags |= PL_WOKEN;
		sw->ready_ns = world->now - actor->since;
		sw->waker = actor->waker;
		sw->waker_cpu = actor->waker_cpu;
		sw->waker_context = actor->waker ? PL_WAKER_TASK : PL_WAKER_INTERRUPT;
	}
	world->ready_ns += world->now - actor->since;
	actor->since = world->now;
}

static int flush(struct world *world)
{
	int error = 0;

	for (uint32_t cpu = 0; cpu < world->cpus && !error; cpu++)
		error = drain(world, cpu);
	world->flushed = world->now;
	return error ? error : recording_flush(world->writer);
}

static int step(struct world *world)
{
	uint32_t cpu = roll(world, world->cpus);
	struct pl_switch sw = {.kind = PL_SWITCH};

	world->now += EVENT_NS / 2 + roll(world, EVENT_NS);
	sw.time = world->now;
	/* Most of them wait for something else than a CPU. */
	if (world->ready.count < world->cpus || roll(world, 16) == 0)
		wake_one(world, cpu);
	if (world->cpu[cpu].running)
		leave(world, cpu, &sw);
	arrive(world, cpu, &sw);
	if (sw.flags & (PL_PREV | PL_NEXT))
		add(world, cpu, &sw, sizeof(sw));
	if (world->now - world->flushed >= FLUSH_NS)
		return flush(world);
	return world->cpu[cpu].count >= BATCH ? drain(world, cpu) : 0;
}

static int introduce(struct world *world)
{
	int error = 0;

	for (uint32_t i = 0; i < world->threads && !error; i++) {
		struct pl_life_task task = {
			.head = {.time = BEGIN,
				 .tid = tid_of(i),
				 .tgid = FIRST_TID,
				 .kind = PL_LIFE_TASK,
				 .flags = PL_TASK_READY | (i ? 0 : PL_TASK_LEADER),
				 .size = sizeof(task)},
			.start_time = 1 + i,
		};

		snprintf(task.comm, sizeof(task.comm), "worker-%u", i % 10000);
		error = recording_write_life(world->writer, (const union pl_life *)&task);
		world->actors[i].since = BEGIN;
		push(&world->ready, i);
		world->records++;
	}
	return error;
}

static uint64_t since_of(const struct world *world, const struct queue *queue, uint32_t i)
{
	return world->actors[queue->items[(queue->first + i) % queue->size]].since;
}

/* What has begun and not ended goes on to the end. That a thread was woken is told when it runs:
 * who has not run since is blocked still, as far as anybody can know. */
static void settle(struct world *world)
{
	for (uint32_t i = 0; i < world->blocked.count; i++)
		world->blocked_ns += world->now - since_of(world, &world->blocked, i);
	for (; world->ready.count; world->ready.count--) {
		const struct actor *actor = &world->actors[world->ready.items[world->ready.first]];

		*(actor->woken ? &world->blocked_ns : &world->ready_ns) +=
			world->now - actor->since;
		world->wakeups -= actor->woken;
		world->ready.first = (world->ready.first + 1) % world->ready.size;
	}
	for (uint32_t cpu = 0; cpu < world->cpus; cpu++)
		if (world->cpu[cpu].running)
			world->running_ns +=
				world->now - world->actors[world->cpu[cpu].running - 1].since;
}

static int write_all(struct world *world, uint64_t events)
{
	int error;

	world->now = world->flushed = BEGIN;
	world->dice = 88172645463325252ull;
	recording_write_note(world->writer, NOTE_VERSION, "stream");
	recording_write_note(world->writer, NOTE_ARCH, "x86_64");
	recording_write_note(world->writer, NOTE_MODE, "run");
	recording_write_note(world->writer, NOTE_COMMAND, "stream");
	recording_write_note(world->writer, NOTE_CPUS, "%" PRIu32, world->cpus);
	recording_write_note(world->writer, NOTE_TARGET, "%u", FIRST_TID);
	recording_write_note(world->writer, NOTE_BEGIN, "%llu", BEGIN);
	error = introduce(world);
	while (!error && world->records < events)
		error = step(world);
	if (!error)
		error = flush(world);
	settle(world);
	recording_write_note(world->writer, NOTE_END, "%" PRIu64, world->now);
	return error;
}

int main(int argc, char **argv)
{
	static struct world world;
	uint64_t events = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
	int fd, error, end;

	world.threads = argc > 3 ? strtoul(argv[3], NULL, 10) : 100;
	world.cpus = argc > 4 ? strtoul(argv[4], NULL, 10) : 2;
	if (!events || world.threads < 2 || world.threads > TID_MAX - FIRST_TID || !world.cpus ||
	    world.cpus > CPUS_MAX) {
		fprintf(stderr, "usage: stream FILE EVENTS [THREADS [CPUS]]\n");
		return 2;
	}
	world.actors = calloc(world.threads, sizeof(*world.actors));
	world.ready.size = world.blocked.size = world.threads;
	world.ready.items = calloc(world.threads, sizeof(uint32_t));
	world.blocked.items = calloc(world.threads, sizeof(uint32_t));
	fd = open(argv[1], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	error = fd < 0 ? -errno : recording_writer_new(fd, &world.writer);
	if (!world.actors || !world.ready.items || !world.blocked.items)
		error = -ENOMEM;
	if (!error) {
		error = write_all(&world, events);
		end = recording_writer_finish(world.writer);
		error = error ? error : end;
	}
	if (error) {
		fprintf(stderr, "stream: %s: %s\n", argv[1], strerror(-error));
		return 1;
	}
	printf("{\"records\": %" PRIu64 ", \"switches\": %" PRIu64 ", \"wakeups\": %" PRIu64
	       ", \"running_ns\": %" PRIu64 ", \"ready_ns\": %" PRIu64 ", \"blocked_ns\": %" PRIu64
	       ", \"wall_ns\": %" PRIu64 "}\n",
	       world.records, world.switches, world.wakeups, world.running_ns, world.ready_ns,
	       world.blocked_ns, (uint64_t)(world.now - BEGIN));
	free(world.actors);
	free(world.ready.items);
	free(world.blocked.items);
	return 0;
}
