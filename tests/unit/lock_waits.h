/* SPDX-License-Identifier: GPL-2.0-only */
/* lock_waits.h - streams of threads 100, 101, ... of one process that wait for mutexes, each with
 * a CPU of its own */
#ifndef TESTS_LOCK_WAITS_H
#define TESTS_LOCK_WAITS_H

#include "model_simulator.h"

#define FUTEX  202
#define LOCK_A 0x1000
#define LOCK_B 0x2000
#define LOCK_C 0x3000

#define FIRST_TID 100

static inline void start(struct stream *stream, uint32_t threads)
{
	for (uint32_t i = 0; i < threads; i++)
		add_task(stream, 10, FIRST_TID + i, FIRST_TID, PL_TASK_RUNNING);
}

static inline void wait_for(struct stream *stream, uint64_t time, uint32_t tid, uint64_t address,
			    uint32_t holder)
{
	struct made_item *item = add_switch(stream, time, tid - FIRST_TID, tid, OUT_BLOCKED, 1, 0);

	set_block(item, FUTEX, PL_FUTEX_MUTEX, address, holder);
}

/* Woken at `woken` by `waker`, it runs at `time`. */
static inline void wake(struct stream *stream, uint64_t time, uint32_t tid, uint64_t woken,
			uint32_t waker)
{
	set_woken(add_switch(stream, time, tid - FIRST_TID, 0, 0, 0, tid), (uint32_t)(time - woken),
		  waker, PL_WAKER_TASK);
}

#endif
