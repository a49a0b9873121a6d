// SPDX-License-Identifier: GPL-2.0-only
#include "model/causes/herds.h"

#include <errno.h>

#include "base/rarely.h"
#include "model/locks/map.h"
#include "model/locks/inside.h"
#include "model/tasks/population.h"
#include "model/timeline/glance.h"

/* Who runs no longer than that has looked, and found nothing to do. A thread that is woken by a
 * condition runs for about 5 us before it waits again, when caches are cold for 20. */
#define NOTHING_NS 30000
/* One system call wakes many within some microseconds each. */
#define BURST_GAP_NS   20000
#define BURST_LEAST    3
#define BURSTS_AT_ONCE 4

#define REASONS_SHARED (1u << REASON_CONDITION | 1u << REASON_SEMAPHORE | 1u << REASON_FUTEX)
#define REASONS_TIMED  (REASONS_SHARED | 1u << REASON_SLEEP | 1u << REASON_POLL)
/* What a thread waits for on its way to look. */
#define REASONS_ON_THE_WAY                                                                         \
	(1u << REASON_LOCK | 1u << REASON_GIL | 1u << REASON_RWLOCK | 1u << REASON_MEMORY |        \
	 1u << REASON_PAGE_FAULT)

struct burst {
	uint64_t serial;
	uint64_t begin, end;
	uint32_t waker; /* tid */
	uint64_t woken, idle, idle_ns;
};

struct herd_entry {
	struct herd herd;
	struct burst bursts[BURSTS_AT_ONCE];
	uint64_t serial;
};

/* A thread since its last wait that was not on the way. */
struct woken_thread {
	enum reason reason; /* REASON_NONE: not known */
	uint16_t syscall;
	bool by_timer;
	uint64_t address;
	uint64_t ran_before; /* its running time up to that wait */
	uint64_t serial;     /* of the burst that woke it; 0: none */
	uint64_t last;	     /* of the burst that woke it last, at the same address; 0: none */
	uint32_t burst;	     /* where that is, or was */
	uint32_t herd;	     /* + 1; 0: `address` has not been looked up */
	struct polling polling;
};

struct herds {
	struct timeline *timeline;
	VECTOR(struct herd_entry) entries;
	VECTOR(struct woken_thread) threads;
	struct lock_map by_place; /* (address, space) -> entry */
	int error;
};

static RARELY void fold(struct herd_entry *entry, const struct burst *burst)
{
	struct herd *herd = &entry->herd;
	/* Somebody had to come. */
	uint64_t idle = burst->idle < burst->woken ? burst->idle : burst->woken - 1;

	if (!herd->bursts++)
		herd->first = burst->begin;
	herd->last = burst->end;
	herd->woken += burst->woken;
	herd->idle += idle;
	herd->idle_ns += burst->idle ? burst->idle_ns * idle / burst->idle : 0;
	herd->waker = burst->waker;
}

/* The burst that a wake-up belongs to. They are learnt of out of order. Two wake-ups of one thread
 * (whose last burst was `last`) are two bursts, as in a ping-pong, however fast they follow. */
static struct burst *burst_of(struct herd_entry *entry, uint32_t waker, uint64_t time,
			      uint64_t last)
{
	struct burst *oldest;

	/* Not if there is none since. */
	for (unsigned int i = 0; i < BURSTS_AT_ONCE && last < entry->serial; i++) {
		struct burst *burst = &entry->bursts[i];

		if (burst->serial > last && burst->waker == waker &&
		    time + BURST_GAP_NS >= burst->begin && time <= burst->end + BURST_GAP_NS)
			return burst;
	}
	/* They take turns. */
	oldest = &entry->bursts[entry->serial % BURSTS_AT_ONCE];
	if (oldest->woken >= BURST_LEAST)
		fold(entry, oldest);
	*oldest = (struct burst){
		.serial = ++entry->serial, .begin = time, .end = time, .waker = waker};
	return oldest;
}

static RARELY int find_entry(struct herds *herds, const struct interval *interval, uint32_t *ret)
{
	const struct population *population = glance_population(herds->timeline);
	uint32_t process = population->threads.items[interval->thread].process, index;
	struct herd_entry *entry;
	int error =
		lock_map_at(&herds->by_place, locks_address(interval),
			    population_space(population, process), herds->entries.count, &index);

	if (error)
		return error;
	if (index == herds->entries.count) {
		entry = vector_add(&herds->entries);
		if (!entry)
			return -ENOMEM;
		entry->herd.process = process;
		entry->herd.address = locks_address(interval);
		entry->herd.reason = interval->reason;
		entry->herd.waker = NO_THREAD;
	}
	*ret = index + 1;
	return 0;
}

static void count_polling(struct woken_thread *it, const struct interval *next, uint64_t ran_ns)
{
	struct polling *polling = &it->polling;

	if (!polling->count++)
		polling->first = next->begin;
	polling->last = next->begin;
	polling->thread = next->thread;
	polling->reason = it->reason;
	polling->syscall = it->syscall;
	polling->address = it->address;
	polling->running_ns += ran_ns;
}

/* It waits for the same thing again, and has done nothing since it was woken. */
static void count_nothing(struct herds *herds, struct woken_thread *it, const struct interval *next,
			  uint64_t ran_ns)
{
	if (it->by_timer) {
		count_polling(it, next, ran_ns);
	} else if (it->serial) {
		struct burst *burst = &herds->entries.items[it->herd - 1].bursts[it->burst];

		if (burst->serial != it->serial)
			return;
		burst->idle++;
		burst->idle_ns += ran_ns;
	}
}

static int join_burst(struct herds *herds, struct woken_thread *it, const struct interval *wait)
{
	struct herd_entry *entry;
	struct burst *burst;
	int error;

	if (!it->herd) {
		error = find_entry(herds, wait, &it->herd);
		if (error)
			return error;
	}
	entry = &herds->entries.items[it->herd - 1];
	burst = burst_of(entry, wait->waker, wait->end, it->last);
	burst->begin = wait->end < burst->begin ? wait->end : burst->begin;
	burst->end = wait->end > burst->end ? wait->end : burst->end;
	burst->woken++;
	it->serial = it->last = burst->serial;
	it->burst = burst - entry->bursts;
	return 0;
}

static int end_wait(struct herds *herds, const struct interval *wait)
{
	struct woken_thread *it = &herds->threads.items[wait->thread];
	uint64_t address = locks_address(wait);
	uint64_t ran = glance_running_ns(herds->timeline, wait->thread, wait->begin);
	bool same = it->reason == wait->reason && it->address == address &&
		    it->syscall == wait->syscall;

	if (1u << wait->reason & REASONS_ON_THE_WAY)
		return 0;
	if (same && ran - it->ran_before < NOTHING_NS)
		count_nothing(herds, it, wait, ran - it->ran_before);
	if (!same)
		it->herd = it->last = 0;
	it->reason = wait->reason;
	it->syscall = wait->syscall;
	it->address = address;
	it->ran_before = ran;
	it->serial = 0;
	it->by_timer = wait->waker_context == PL_WAKER_INTERRUPT &&
		       1u << wait->reason & REASONS_TIMED && !wait->open_end;
	if (wait->waker_context == PL_WAKER_TASK && wait->address &&
	    1u << wait->reason & REASONS_SHARED && !wait->open_end)
		return join_burst(herds, it, wait);
	return 0;
}

static RARELY int add_threads(struct herds *herds, uint32_t thread)
{
	while (herds->threads.count <= thread) {
		if (!vector_add(&herds->threads))
			return -ENOMEM;
	}
	return 0;
}

static void on_interval(void *context, const struct interval *interval)
{
	struct herds *herds = context;

	if (interval->thread >= herds->threads.count && !herds->error)
		herds->error = add_threads(herds, interval->thread);
	if (!herds->error)
		herds->error = end_wait(herds, interval);
}

int herds_new(struct timeline *timeline, struct herds **ret)
{
	struct herds *herds = calloc(1, sizeof(*herds));
	struct timeline_visitor visitor = {
		.context = herds, .interval = on_interval, .states = 1u << STATE_BLOCKED};

	if (!herds)
		return -ENOMEM;
	herds->timeline = timeline;
	if (timeline_add_visitor(timeline, &visitor)) {
		free(herds);
		return -ENOMEM;
	}
	*ret = herds;
	return 0;
}

void herds_free(struct herds **herds)
{
	if (!*herds)
		return;
	vector_free(&(*herds)->entries);
	vector_free(&(*herds)->threads);
	lock_map_free(&(*herds)->by_place);
	free(*herds);
	*herds = NULL;
}

static int finish_entry(struct herds *herds, struct herd_entry *entry, struct model *model)
{
	struct herd *herd;

	for (unsigned int i = 0; i < BURSTS_AT_ONCE; i++)
		if (entry->bursts[i].woken >= BURST_LEAST)
			fold(entry, &entry->bursts[i]);
	if (!entry->herd.idle)
		return 0;
	herd = vector_add(&model->herds);
	if (!herd)
		return -ENOMEM;
	*herd = entry->herd;
	herd->waker =
		population_thread_at(glance_population(herds->timeline), herd->waker, herd->last);
	return 0;
}

int herds_finish(struct herds *herds, struct model *model)
{
	const struct woken_thread *thread;
	struct herd_entry *entry;
	int error = herds->error;

	for (entry = herds->entries.items;
	     !error && entry < herds->entries.items + herds->entries.count; entry++)
		error = finish_entry(herds, entry, model);
	vector_for_each (&herds->threads, thread) {
		struct polling *polling;

		if (error || !thread->polling.count)
			continue;
		polling = vector_add(&model->pollings);
		if (!polling)
			return -ENOMEM;
		*polling = thread->polling;
	}
	return error;
}
