/* SPDX-License-Identifier: GPL-2.0-only */
/* item_writer.h - made items, written into a recording */
#ifndef TESTS_UNIT_ITEM_WRITER_H
#define TESTS_UNIT_ITEM_WRITER_H

#include "model_items.h"
#include "recording/recording.h"

static inline void write_item(struct recording_writer *writer, const struct made_item *item)
{
	union pl_record records[5];
	size_t count = 0;

	if (item->is_life) {
		union pl_life life = item->life;

		life.head.size = life.head.kind == PL_LIFE_FORK || life.head.kind == PL_LIFE_TASK
					 ? sizeof(life.task)
				 : life.head.kind == PL_LIFE_TOTALS ? sizeof(life.totals)
								    : sizeof(life.exit);
		assert_int_equal(recording_write_life(writer, &life), 0);
		return;
	}
	if (item->has_block)
		records[count++] = item->block;
	if (item->stack)
		records[count++].stack = (struct pl_stack){.kind = PL_STACK,
							   .what = PL_STACK_USER,
							   .tid = item->record.sw.prev,
							   .stack = item->stack};
	if (item->waker_stack)
		records[count++].stack = (struct pl_stack){.kind = PL_STACK,
							   .what = PL_STACK_WAKER,
							   .tid = item->record.sw.next,
							   .stack = item->waker_stack};
	records[count++] = item->record;
	assert_int_equal(recording_write_lane(writer, item->cpu, records, count), 0);
}

#endif
