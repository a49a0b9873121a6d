// SPDX-License-Identifier: GPL-2.0-only
#include "capture/drain.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "capture/lock_names.h"
#include "capture/stacks/stacks.h"

struct drain {
	struct kernel_side *side;
	struct recording_writer *writer; /* NULL: there is a listener */
	void (*heard)(void *context, const union pl_life *life);
	void *context;
	struct ring_buffer *life;
	struct stacks *stacks;						 /* or NULL */
	struct lock_names *names;					 /* or NULL */
	void (*rung)(void *context, const struct pl_trigger_bell *bell); /* or NULL */
	void *rung_context;
	uint64_t records;
	uint64_t first_time;
	int error; /* the recording's first one */
};

static void keep_error(struct drain *drain, int error)
{
	if (error && !drain->error)
		drain->error = error;
}

static int take_life(void *context, void *data, size_t size)
{
	struct drain *drain = context;
	const union pl_life *life = data;

	if (drain->rung && size >= sizeof(struct pl_trigger_bell) &&
	    life->head.kind == PL_LIFE_BELL)
		drain->rung(drain->rung_context, data);
	if (size < sizeof(life->head) || life->head.kind == PL_LIFE_BELL || life->head.size > size)
		return 0;
	if (!drain->first_time)
		drain->first_time = life->head.time;
	if (drain->stacks)
		stacks_life(drain->stacks, life);
	if (drain->heard)
		drain->heard(drain->context, life);
	else
		keep_error(drain, recording_write_life(drain->writer, life));
	if (drain->names)
		lock_names_hear(drain->names, life);
	return 0;
}

void drain_name_locks(struct drain *drain, struct lock_names *names)
{
	drain->names = names;
}

void drain_ring_bells(struct drain *drain,
		      void (*rung)(void *context, const struct pl_trigger_bell *bell),
		      void *context)
{
	drain->rung = rung;
	drain->rung_context = context;
}

int drain_new(struct kernel_side *side, struct recording_writer *writer, struct drain **ret)
{
	struct drain *drain = calloc(1, sizeof(*drain));

	if (!drain)
		return -ENOMEM;
	drain->side = side;
	drain->writer = writer;
	drain->life = ring_buffer__new(kernel_side_life_fd(side), take_life, drain, NULL);
	if (!drain->life) {
		int error = -errno;

		free(drain);
		return error;
	}
	*ret = drain;
	return 0;
}

int drain_new_listener(struct kernel_side *side,
		       void (*heard)(void *context, const union pl_life *life), void *context,
		       struct drain **ret)
{
	int error = drain_new(side, NULL, ret);

	if (error)
		return error;
	(*ret)->heard = heard;
	(*ret)->context = context;
	return 0;
}

void drain_free(struct drain **slot)
{
	struct drain *drain = *slot;

	if (!drain)
		return;
	ring_buffer__free(drain->life);
	free(drain);
	*slot = NULL;
}

void drain_tell(struct drain *drain, struct stacks *stacks)
{
	drain->stacks = stacks;
}

int drain_fd(const struct drain *drain)
{
	return ring_buffer__epoll_fd(drain->life);
}

static void fetch_lane(struct drain *drain, unsigned int cpu)
{
	struct lane_view view = kernel_side_lane(drain->side, cpu);
	uint64_t head = __atomic_load_n(&view.lane->head, __ATOMIC_ACQUIRE);
	uint64_t tail = view.lane->tail;

	drain->records += (head - tail) / PL_RECORD_SIZE;
	while (tail < head) {
		uint32_t offset = tail & (view.bytes - 1);
		uint64_t bytes = head - tail;

		/* Up to the ring's end, and then from its beginning. */
		if (bytes > view.bytes - offset)
			bytes = view.bytes - offset;
		if (drain->writer)
			keep_error(drain, recording_write_lane(drain->writer, cpu,
							       (const void *)(view.data + offset),
							       bytes / PL_RECORD_SIZE));
		tail += bytes;
		__atomic_store_n(&view.lane->tail, tail, __ATOMIC_RELEASE);
	}
}

int drain_fetch(struct drain *drain)
{
	/* Life after lanes would let a lane speak of threads that nobody has announced yet; the
	 * reader sorts by time, so that it only matters for what a killed tracer leaves. */
	ring_buffer__consume(drain->life);
	for (unsigned int cpu = 0; cpu < kernel_side_lanes(drain->side); cpu++)
		fetch_lane(drain, cpu);
	return drain->error;
}

int drain_pending_gaps(struct drain *drain, uint64_t end)
{
	for (unsigned int cpu = 0; cpu < kernel_side_lanes(drain->side); cpu++) {
		const struct pl_lane *lane = kernel_side_lane(drain->side, cpu).lane;
		union pl_record record = {.gap = {.kind = PL_GAP, .time = end}};

		if (!lane->gap_lost)
			continue;
		record.gap.lost =
			lane->gap_lost < UINT32_MAX ? (uint32_t)lane->gap_lost : UINT32_MAX;
		record.gap.first = lane->gap_first;
		keep_error(drain, recording_write_lane(drain->writer, cpu, &record, 1));
	}
	return drain->error;
}

int drain_pending_wakes(struct drain *drain, uint64_t end)
{
	const struct pl_slot *slot;

	for (uint32_t i = 1; (slot = kernel_side_slot(drain->side, i)); i++) {
		union pl_record record = {0};

		if (!slot->task || slot->state != PL_STATE_BLOCKED || !slot->woken)
			continue;
		record.wake = (struct pl_wake){
			.kind = PL_WAKE,
			.waker_context = slot->waker_context,
			.waker_cpu = slot->waker_cpu,
			.tid = slot->tid,
			.waker = slot->waker,
			.woken = slot->woken < slot->last ? slot->last : slot->woken,
			.time = end,
		};
		keep_error(drain, recording_write_lane(drain->writer, 0, &record, 1));
	}
	return drain->error;
}

int drain_pending_signals(struct drain *drain, uint64_t end)
{
	struct pl_signal_key key, *after = NULL;
	uint32_t waiting;

	while (kernel_side_next_signals(drain->side, after, &key, &waiting)) {
		bool sent = key.step == PL_SIGNAL_SENT;
		union pl_life record = {.signal = {
						.head =
							{
								.time = end,
								/* Whichever thread got it: its
								   first one stands for all. */
								.tid = key.to,
								.tgid = sent ? key.to : 0,
								.kind = PL_LIFE_SIGNAL,
								.size = sizeof(record.signal),
							},
						.step = key.step,
						.number = key.number,
						.result = key.result,
						.action = key.action,
						.source = key.source,
						.sender = sent ? key.from : 0,
						.sender_tgid = sent ? 0 : key.from,
						.count = waiting,
					}};

		keep_error(drain, recording_write_life(drain->writer, &record));
		after = &key;
	}
	return drain->error;
}

uint64_t drain_records(const struct drain *drain)
{
	return drain->records;
}

uint64_t drain_lost(const struct drain *drain)
{
	uint64_t lost = 0;

	for (unsigned int cpu = 0; cpu < kernel_side_lanes(drain->side); cpu++)
		lost += kernel_side_lane(drain->side, cpu).lane->lost;
	return lost;
}

uint64_t drain_first_time(const struct drain *drain)
{
	return drain->first_time;
}
