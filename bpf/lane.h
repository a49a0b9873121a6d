/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lane.h - one memory ring per CPU
 *
 * Written only by programs that run with interrupts off (sched_switch), so that there is one
 * writer at a time: no lock, no atomic operation, about 5 ns a record where the BPF ring buffer
 * takes 45. User space reads it as shared memory.
 */
#ifndef PTRACE_LAB_LANE_H
#define PTRACE_LAB_LANE_H

#include "bpf/kernel.h"
#include "bpf/maps.h"

struct lane_cursor {
	struct pl_lane *lane;
	__u8 *data;
	__u64 head;
};

inlined bool lane_open(struct lane_cursor *cursor)
{
	__u32 cpu = bpf_get_smp_processor_id();

	cursor->lane = bpf_map_lookup_elem(&lanes, &cpu);
	cursor->data = bpf_map_lookup_elem(&lane_data, &cpu);
	if (!cursor->lane || !cursor->data)
		return false;
	cursor->head = cursor->lane->head;
	return true;
}

inlined bool lane_has_room(const struct lane_cursor *cursor, __u32 records)
{
	__u64 used = cursor->head - READ_ONCE(cursor->lane->tail);

	return used + (__u64)records * PL_RECORD_SIZE <= settings.lane_mask + PL_RECORD_SIZE;
}

/* The place for the next record; there must be room. */
inlined union pl_record *lane_next(struct lane_cursor *cursor)
{
	__u32 offset = cursor->head & settings.lane_mask;

	cursor->head += PL_RECORD_SIZE;
	return (union pl_record *)(cursor->data + offset);
}

inlined void lane_lose(struct lane_cursor *cursor, __u32 records, __u64 now)
{
	struct pl_lane *lane = cursor->lane;

	if (!lane->gap_lost)
		lane->gap_first = now;
	lane->gap_lost += records;
	lane->lost += records;
	/* What was lost may have been where a thread blocks: let all say it anew. */
	__sync_fetch_and_add(&control.epoch, 1);
}

/* Told before the first record after a loss. */
inlined void lane_gap(struct lane_cursor *cursor, __u64 now)
{
	struct pl_gap *gap = &lane_next(cursor)->gap;

	__builtin_memset(gap, 0, sizeof(*gap));
	gap->kind = PL_GAP;
	gap->lost = cursor->lane->gap_lost;
	gap->first = cursor->lane->gap_first;
	gap->time = now;
	cursor->lane->gap_lost = 0;
}

inlined void lane_publish(struct lane_cursor *cursor, __u64 now)
{
	struct pl_lane *lane = cursor->lane;
	__u64 before = lane->head;
	__u32 quarter = (settings.lane_mask + PL_RECORD_SIZE) / 4;

	lane->records += (cursor->head - before) / PL_RECORD_SIZE;
	lane->last_time = now;
	publish(&lane->head, cursor->head);
	if ((before ^ cursor->head) & quarter) {
		struct pl_life_head bell = {.kind = PL_LIFE_BELL, .size = sizeof(bell)};

		bpf_ringbuf_output(&life, &bell, sizeof(bell), BPF_RB_FORCE_WAKEUP);
	}
}

#endif
