/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * model_simulator.h - a small machine with a random scheduler
 *
 * It keeps an account of each thread as the kernel side does (struct pl_slot), writes the records
 * that the kernel side would write, and can run out of room for them. So it knows the truth, and
 * tells it in PL_LIFE_TOTALS.
 */
#ifndef TESTS_MODEL_SIMULATOR_H
#define TESTS_MODEL_SIMULATOR_H

#include "model_items.h"

#define SIM_THREADS 16
#define SIM_CPUS    4
#define SIM_TIDS    24 /* few, so that they are used again */

struct sim_thread {
	enum pl_thread_state state;
	uint32_t tid, tgid;
	uint64_t last, woken;
	uint32_t waker;
	uint8_t waker_context;
	uint32_t cpu;	       /* of the last switch-in; UINT32_MAX: none yet */
	struct pl_block block; /* that was told last */
	uint32_t block_epoch;
	bool unseen; /* it runs, since then, and nobody saw it begin */
	uint64_t unseen_since;
	struct pl_totals totals;
};

struct sim {
	struct stream *stream;
	uint64_t random, now;
	uint32_t cpus;
	struct sim_thread threads[SIM_THREADS];
	int running[SIM_CPUS];	/* index, or -1 */
	bool no_room[SIM_CPUS]; /* in that lane */
	uint32_t gap_lost[SIM_CPUS];
	uint64_t gap_first[SIM_CPUS];
	uint32_t epoch;
	bool lossy;
	bool hides; /* threads begin to run unseen at times, where nobody else leaves the CPU */
	bool wakes_once; /* no second wake-up before a thread runs */
};

/* When a thread really ran. */
struct sim_run {
	uint32_t tid, cpu;
	uint64_t begin, end;
};

/* Where the truth is kept, if anybody wants it. */
typedef VECTOR(struct sim_run) sim_runs;
static sim_runs *sim_truth;

static inline void sim_keep_run(const struct sim_thread *it, uint64_t end)
{
	struct sim_run *run = sim_truth ? vector_add(sim_truth) : NULL;

	if (run)
		*run = (struct sim_run){it->tid, it->cpu, it->last, end};
}

static inline uint64_t sim_random(struct sim *sim, uint64_t below)
{
	sim->random ^= sim->random << 13;
	sim->random ^= sim->random >> 7;
	sim->random ^= sim->random << 17;
	return (sim->random >> 11) % below;
}

static inline bool sim_chance(struct sim *sim, unsigned int percent)
{
	return sim_random(sim, 100) < percent;
}

static inline uint64_t sim_account(struct sim_thread *it, uint64_t now)
{
	uint64_t spent = now - it->last, ready = 0;

	if (it->state == PL_STATE_RUNNING) {
		it->totals.running += spent;
	} else if (it->state == PL_STATE_WOKEN) {
		it->totals.ready_woken += spent;
	} else if (it->state == PL_STATE_PREEMPTED) {
		it->totals.ready_preempted += spent;
	} else {
		if (it->woken)
			ready = it->woken < it->last ? spent : now - it->woken;
		it->totals.ready_woken += ready;
		it->totals.blocked += spent - ready;
	}
	it->last = now;
	return ready;
}

static inline void sim_totals(struct sim *sim, const struct sim_thread *it, uint8_t flags)
{
	union pl_life *life =
		add_life(sim->stream, sim->now, PL_LIFE_TOTALS, it->tid, it->tgid, flags);

	life->totals.totals = it->totals;
}

static inline bool sim_tid_is_free(const struct sim *sim, uint32_t tid)
{
	for (int i = 0; i < SIM_THREADS; i++) {
		const struct sim_thread *it = &sim->threads[i];

		if (it->state != PL_STATE_NONE && (it->tid == tid || it->tgid == tid))
			return false;
	}
	return true;
}

static inline void sim_init_thread(struct sim *sim, struct sim_thread *it, uint32_t tid,
				   uint32_t tgid, enum pl_thread_state state)
{
	memset(it, 0, sizeof(*it));
	it->state = state;
	it->tid = tid;
	it->tgid = tgid;
	it->last = sim->now;
	it->totals.begin = sim->now;
	it->cpu = UINT32_MAX;
}

static inline void sim_fork(struct sim *sim, uint32_t creator)
{
	uint32_t tid = 100 + sim_random(sim, SIM_TIDS);
	int place = sim_random(sim, SIM_THREADS);
	struct sim_thread *it = &sim->threads[place];

	if (it->state != PL_STATE_NONE || !sim_tid_is_free(sim, tid))
		return;
	sim->now++;
	sim_init_thread(sim, it, tid, sim_chance(sim, 30) ? tid : 100, PL_STATE_WOKEN);
	add_fork(sim->stream, sim->now, tid, it->tgid, creator, "forked");
}

/* Threads that were there before. */
static inline void sim_start(struct sim *sim)
{
	static const uint8_t flags[] = {PL_TASK_RUNNING, PL_TASK_READY, 0};
	static const enum pl_thread_state states[] = {PL_STATE_RUNNING, PL_STATE_PREEMPTED,
						      PL_STATE_BLOCKED};

	for (int i = 0; i < 3; i++) {
		struct sim_thread *it = &sim->threads[i];
		union pl_life *life;

		sim_init_thread(sim, it, 100 + i, 100, states[i]);
		life = add_task(sim->stream, sim->now, it->tid, it->tgid, flags[i]);
		if (it->state == PL_STATE_RUNNING) {
			sim->running[sim_random(sim, sim->cpus)] = i;
			life->head.cpu = sim_random(sim, SIM_CPUS);
		}
		sim->now += sim_random(sim, 3);
	}
}

static inline void sim_place(struct sim *sim, struct pl_block *block, uint32_t tid)
{
	static const uint8_t kinds[] = {PL_FUTEX_MUTEX,	 PL_FUTEX_MUTEX, PL_FUTEX_CONDITION,
					PL_FUTEX_RWLOCK, PL_FUTEX_JOIN,	 PL_FUTEX_OTHER};

	*block = (struct pl_block){.kind = PL_BLOCK, .tid = tid};
	if (sim_chance(sim, 60)) {
		block->syscall = 202;
		block->futex_kind = kinds[sim_random(sim, sizeof(kinds))];
		block->arg0 = 0x1000 + 4 * sim_random(sim, 6);
		block->holder = sim_chance(sim, 80) ? 100 + sim_random(sim, SIM_TIDS) : 0;
	} else {
		block->syscall = sim_chance(sim, 50) ? 35 : 0;
		block->file_kind = sim_random(sim, 10);
		block->arg0 = sim_random(sim, 4);
	}
}

static inline bool sim_has_room(struct sim *sim, uint32_t cpu)
{
	if (!sim->no_room[cpu] && sim->gap_lost[cpu]) {
		add_gap(sim->stream, sim->gap_first[cpu], sim->now, cpu, sim->gap_lost[cpu]);
		sim->gap_lost[cpu] = 0;
	}
	return !sim->no_room[cpu];
}

static inline void sim_out(struct sim *sim, struct sim_thread *it, struct made_item *item,
			   bool room, bool *ret_dies)
{
	struct pl_switch *sw = &item->record.sw;
	struct pl_block block;

	sw->flags |= PL_PREV;
	sw->prev = it->tid;
	*ret_dies = sim_chance(sim, 4);
	if (*ret_dies) {
		sw->flags |= PL_BLOCKED | PL_VOLUNTARY;
		sw->prev_state = 0x80;
	} else if (sim_chance(sim, 65)) {
		sw->flags |= PL_BLOCKED;
		sw->prev_state = sim_chance(sim, 10) ? 4 : 1 + sim_random(sim, 2);
		sim_place(sim, &block, it->tid);
		/* Often the same again. */
		if (it->block.kind && sim_chance(sim, 50))
			block = it->block;
		if (it->block_epoch == sim->epoch && it->block.kind &&
		    !memcmp(&block, &it->block, sizeof(block))) {
			sw->flags |= PL_SAME;
		} else if (room) {
			it->block = block;
			it->block_epoch = sim->epoch;
			item->has_block = true;
			item->block.block = block;
		}
	}
	if (sim_chance(sim, 50))
		sw->flags |= PL_VOLUNTARY;
	sim_keep_run(it, sim->now);
	sim_account(it, sim->now);
	if (sw->flags & PL_VOLUNTARY)
		it->totals.voluntary++;
	else
		it->totals.involuntary++;
	it->state = sw->flags & PL_BLOCKED ? PL_STATE_BLOCKED : PL_STATE_PREEMPTED;
}

static inline void sim_in(struct sim *sim, struct sim_thread *it, struct pl_switch *sw,
			  uint32_t cpu, uint64_t *ret_ready)
{
	bool woken = it->state == PL_STATE_BLOCKED && it->woken;

	sw->flags |= PL_NEXT;
	sw->next = it->tid;
	if (woken) {
		sw->flags |= PL_WOKEN;
		sw->waker = it->waker;
		sw->waker_context = it->waker_context;
	}
	*ret_ready = sim_account(it, sim->now);
	if (it->cpu != cpu && it->cpu != UINT32_MAX)
		it->totals.migrations++;
	it->cpu = cpu;
	it->state = PL_STATE_RUNNING;
}

/* It leaves a CPU that it was not seen to get. As resume() in bpf/switch.bpf.c. */
static inline void sim_resume(struct sim *sim, struct sim_thread *it, uint32_t cpu)
{
	uint64_t ran = sim->now - it->unseen_since, woken = 0;

	if (ran > UINT32_MAX)
		ran = UINT32_MAX;
	if (it->state == PL_STATE_BLOCKED)
		woken = it->woken;
	add_resume(sim->stream, sim->now, cpu, it->tid, (uint32_t)ran, woken, 0);
	if (woken) {
		struct pl_resume *resume =
			&sim->stream->items.items[sim->stream->items.count - 1].record.resume;

		resume->waker = it->waker;
		resume->waker_context = it->waker_context;
	}
	sim_account(it, sim->now - ran);
	if (it->cpu != cpu && it->cpu != UINT32_MAX)
		it->totals.migrations++;
	it->cpu = cpu;
	it->state = PL_STATE_RUNNING;
	it->woken = 0;
	it->unseen = false;
}

static inline int sim_pick(struct sim *sim)
{
	int start = sim_random(sim, SIM_THREADS);

	for (int i = 0; i < SIM_THREADS; i++) {
		const struct sim_thread *it = &sim->threads[(start + i) % SIM_THREADS];

		if (it->unseen)
			continue;
		if (it->state == PL_STATE_WOKEN || it->state == PL_STATE_PREEMPTED ||
		    (it->state == PL_STATE_BLOCKED && it->woken))
			return (start + i) % SIM_THREADS;
	}
	return -1;
}

static inline void sim_lose(struct sim *sim, uint32_t cpu)
{
	if (!sim->gap_lost[cpu]++)
		sim->gap_first[cpu] = sim->now;
	sim->epoch++;
}

static inline void sim_switch(struct sim *sim)
{
	uint32_t cpu = sim_random(sim, sim->cpus);
	int out = sim->running[cpu], in = sim_chance(sim, 80) ? sim_pick(sim) : -1;
	struct sim_thread *prev = out < 0 ? NULL : &sim->threads[out];
	struct sim_thread *next = in < 0 ? NULL : &sim->threads[in];
	struct made_item item = {.cpu = cpu};
	bool dies = false, room;
	uint64_t ready = 0;

	if (!prev && !next)
		return;
	sim->now++; /* a thread's own time never stands still */
	if (sim->hides && next && !prev && sim_chance(sim, 30)) {
		next->unseen = true;
		next->unseen_since = sim->now;
		sim->running[cpu] = in;
		return;
	}
	if (prev && prev->unseen) {
		sim->now++;
		sim_resume(sim, prev, cpu);
	}
	item.record.sw.kind = PL_SWITCH;
	room = sim_has_room(sim, cpu);
	if (prev)
		sim_out(sim, prev, &item, room, &dies);
	if (next)
		sim_in(sim, next, &item.record.sw, cpu, &ready);
	if (room && ready > UINT32_MAX) {
		add_wake(sim->stream, sim->now, cpu, next->tid, sim->now - ready, next->waker);
		ready = UINT32_MAX;
	}
	item.record.sw.ready_ns = ready;
	item.time = item.record.sw.time = sim->now;
	/* Life records come first at equal times. */
	if (dies) {
		sim_totals(sim, prev, 0);
		prev->state = PL_STATE_NONE;
	}
	if (room)
		*stream_add(sim->stream) = item;
	else
		sim_lose(sim, cpu);
	if (next)
		next->woken = 0;
	sim->running[cpu] = in;
}

static inline void sim_waking(struct sim *sim)
{
	struct sim_thread *it = &sim->threads[sim_random(sim, SIM_THREADS)];
	uint32_t cpu;

	if (it->unseen)
		return;
	/* A running one may be on its way to sleep. */
	if (it->state != PL_STATE_BLOCKED &&
	    !(it->state == PL_STATE_RUNNING && sim_chance(sim, 20)))
		return;
	if (sim->wakes_once && it->woken)
		return;
	/* A second wake-up of the same thread counts only as long as it is no later than now. */
	it->woken = sim->now;
	it->waker_context = 1 + sim_random(sim, 2);
	it->waker = sim_random(sim, 2) ? 100 + sim_random(sim, SIM_TIDS) : 0;
	/* Mostly who runs on some CPU. */
	cpu = sim_random(sim, sim->cpus);
	if (sim->running[cpu] >= 0 && sim_chance(sim, 90)) {
		it->waker = sim->threads[sim->running[cpu]].tid;
		it->waker_context = PL_WAKER_TASK;
	}
	it->totals.wakeups++;
}

static inline void sim_step(struct sim *sim)
{
	unsigned int what = sim_random(sim, 100);

	sim->now += sim_chance(sim, 3) ? sim_random(sim, 6000000000ull) : sim_random(sim, 50);
	if (sim->lossy && sim_chance(sim, 8)) {
		uint32_t cpu = sim_random(sim, sim->cpus);

		sim->no_room[cpu] = !sim->no_room[cpu] && sim_chance(sim, 50);
	}
	if (what < 60)
		sim_switch(sim);
	else if (what < 92)
		sim_waking(sim);
	else
		sim_fork(sim, 100);
}

static inline void sim_end(struct sim *sim)
{
	sim->now += 1 + sim_random(sim, 100);
	for (uint32_t cpu = 0; cpu < SIM_CPUS; cpu++)
		if (sim->gap_lost[cpu])
			add_gap(sim->stream, sim->gap_first[cpu], sim->now, cpu,
				sim->gap_lost[cpu]);
	for (int i = 0; i < SIM_THREADS; i++) {
		struct sim_thread *it = &sim->threads[i];
		bool pending = it->state == PL_STATE_BLOCKED && it->woken;
		uint64_t woken = it->woken < it->last ? it->last : it->woken;

		if (it->state == PL_STATE_NONE)
			continue;
		if (it->state == PL_STATE_RUNNING)
			sim_keep_run(it, sim->now);
		sim_account(it, sim->now);
		sim_totals(sim, it, PL_TASK_ALIVE);
		if (pending)
			add_wake(sim->stream, sim->now, 0, it->tid, woken, it->waker);
	}
}

/* A run of `steps` steps: the same for the same seed. Returns its end. */
static inline uint64_t simulate_with(struct stream *stream, uint64_t seed, unsigned int steps,
				     bool lossy, bool hides)
{
	struct sim sim = {
		.stream = stream,
		.random = seed * 0x9e3779b97f4a7c15ull + 1,
		.now = 1000,
		.epoch = 1,
		.lossy = lossy,
		.hides = hides,
	};

	for (int cpu = 0; cpu < SIM_CPUS; cpu++)
		sim.running[cpu] = -1;
	sim.cpus = 1 + sim_random(&sim, SIM_CPUS);
	sim_start(&sim);
	while (steps--)
		sim_step(&sim);
	sim_end(&sim);
	return sim.now;
}

static inline uint64_t simulate(struct stream *stream, uint64_t seed, unsigned int steps,
				bool lossy)
{
	return simulate_with(stream, seed, steps, lossy, false);
}

#endif
