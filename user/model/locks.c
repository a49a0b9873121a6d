// SPDX-License-Identifier: GPL-2.0-only
/* locks.c - who waited for which lock, and what its holder did meanwhile */
#include <errno.h>

#include "model/locks_inside.h"
#include "model/population.h"

#define REASONS_LOCK                                                                               \
	(1u << REASON_LOCK | 1u << REASON_CONDITION | 1u << REASON_SEMAPHORE |                     \
	 1u << REASON_RWLOCK | 1u << REASON_FUTEX)

/* The waiting parts of a condition variable, and of a read-write lock, are pairs of words within
 * eight bytes; threads wait for the one or the other in turn. */
static uint64_t address_of(const struct interval *interval)
{
	if (interval->reason == REASON_CONDITION || interval->reason == REASON_RWLOCK)
		return interval->address & ~7ull;
	return interval->address;
}

static bool is_lock(const struct interval *interval)
{
	return interval->address && 1u << interval->reason & REASONS_LOCK;
}

static int reserve_thread(struct locks *locks, uint32_t thread)
{
	while (locks->threads.count <= thread) {
		struct lock_thread *it = vector_add(&locks->threads);

		if (!it)
			return -ENOMEM;
		it->lock = NO_LOCK;
	}
	return 0;
}

static int find_lock(struct locks *locks, const struct interval *interval, uint32_t process,
		     uint64_t address, uint32_t *ret)
{
	struct lock_entry *entry;
	uint32_t index;
	int error;

	error = lock_map_at(&locks->by_address, address, process, locks->locks.count, &index);
	if (error)
		return error;
	if (index == locks->locks.count) {
		entry = vector_add(&locks->locks);
		if (!entry)
			return -ENOMEM;
		entry->lock.process = process;
		entry->lock.address = address;
		entry->lock.reason = interval->reason;
	}
	*ret = index;
	return 0;
}

static int find_share(struct locks *locks, uint32_t lock, uint32_t thread, uint32_t *ret)
{
	struct lock_share *share;
	uint32_t index;
	int error;

	error = lock_map_at(&locks->by_thread, lock, thread, locks->shares.count, &index);
	if (error)
		return error;
	if (index == locks->shares.count) {
		share = vector_add(&locks->shares);
		if (!share)
			return -ENOMEM;
		share->lock = lock;
		share->thread = thread;
	}
	*ret = index;
	return 0;
}

/* Leaves the lock, and the waiter's share in it, in waiter->last. */
static int find_last(struct locks *locks, struct lock_thread *waiter,
		     const struct interval *interval)
{
	const struct population *population = timeline_population(locks->timeline);
	uint32_t process = population->threads.items[interval->thread].process;
	struct lock_last last = {
		.valid = true,
		.address = address_of(interval),
		.process = process,
		.holder = NO_THREAD,
	};
	struct lock *lock;
	int error;

	if (!waiter->last.valid || waiter->last.address != last.address ||
	    waiter->last.process != process) {
		error = find_lock(locks, interval, process, last.address, &last.lock);
		if (!error)
			error = find_share(locks, last.lock, interval->thread, &last.own_share);
		if (error)
			return error;
		waiter->last = last;
	}
	lock = &locks->locks.items[waiter->last.lock].lock;
	/* What kind of lock it is may not have been told each time. */
	if (lock->reason == REASON_FUTEX)
		lock->reason = interval->reason;
	return 0;
}

static int find_holder(struct locks *locks, struct lock_thread *waiter, uint32_t holder)
{
	if (holder == NO_THREAD || holder == waiter->last.holder)
		return 0;
	waiter->last.holder = holder;
	return find_share(locks, waiter->last.lock, holder, &waiter->last.holder_share);
}

/* ---- what the holder did ------------------------------------------------------------------- */

/* A wait's end is learnt late, when its holder has gone on to do other things. So the holder's
 * running intervals are kept as long as somebody waits for it. Kernel records tell of a wake-up
 * that was at most 2^32 ns ago, unless by PL_WAKE: a log that has grown large forgets what is older
 * by far. */
#define LOG_LARGE 65536
#define LOG_SPAN  (1ull << 33)

static int log_run(struct locks *locks, struct lock_thread *holder, const struct interval *interval)
{
	struct lock_run *run;

	if (holder->log.count >= LOG_LARGE &&
	    holder->log.items[holder->log.count / 2].end + LOG_SPAN < interval->end) {
		size_t half = holder->log.count / 2;

		holder->log.count -= half;
		memmove(holder->log.items, holder->log.items + half,
			holder->log.count * sizeof(holder->log.items[0]));
	}
	run = vector_add(&holder->log);
	if (!run)
		return -ENOMEM;
	run->begin = interval->begin;
	run->end = interval->end;
	run->running_ns = timeline_running_ns(locks->timeline, interval->thread, interval->begin);
	return 0;
}

/* How long the holder had been running at `time`, which is no earlier than the wait's begin. */
static uint64_t running_at(const struct locks *locks, uint32_t thread, uint64_t time,
			   uint64_t at_begin)
{
	const struct lock_thread *holder = &locks->threads.items[thread];
	const struct interval *open = timeline_open(locks->timeline, thread);
	size_t low = 0, high = holder->log.count;

	if (open && time >= open->begin)
		return timeline_running_ns(locks->timeline, thread, time);
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (holder->log.items[middle].begin <= time)
			low = middle + 1;
		else
			high = middle;
	}
	if (low) {
		const struct lock_run *run = &holder->log.items[low - 1];
		uint64_t end = time < run->end ? time : run->end;
		uint64_t running = run->running_ns - (run->end - end);

		return running > at_begin ? running : at_begin;
	}
	return at_begin;
}

/* ---- waits --------------------------------------------------------------------------------- */

static void end_holding(struct locks *locks, const struct lock_thread *waiter, uint64_t end)
{
	struct lock_thread *holder = &locks->threads.items[waiter->holder];
	struct lock_share *share = &locks->shares.items[waiter->last.holder_share];

	if (end > waiter->begin) {
		share->held_ns += end - waiter->begin;
		share->held_running_ns +=
			running_at(locks, waiter->holder, end, waiter->holder_running_ns) -
			waiter->holder_running_ns;
	}
	if (!--holder->waited_for_by)
		vector_free(&holder->log);
}

/* Threads that were there before are announced one after the other, so that the holder may have
 * come after its waiter. All that it ran since it came, it ran during this wait. */
static int find_late_holder(struct locks *locks, struct lock_thread *waiter)
{
	const struct population *population = timeline_population(locks->timeline);
	uint32_t thread = waiter - locks->threads.items, holder;
	int error;

	if (waiter->holder != NO_THREAD || !waiter->holder_tid || !waiter->open_begin)
		return 0;
	holder = timeline_thread_of(locks->timeline, waiter->holder_tid);
	if (holder == NO_THREAD || !population->threads.items[holder].began_before)
		return 0;
	error = reserve_thread(locks, holder);
	waiter = &locks->threads.items[thread];
	if (!error)
		error = find_holder(locks, waiter, holder);
	if (error)
		return error;
	waiter->holder = holder;
	waiter->holder_running_ns = 0;
	locks->threads.items[holder].waited_for_by++;
	return 0;
}

static int end_wait(struct locks *locks, struct lock_thread *waiter, uint64_t end)
{
	struct lock_entry *entry = &locks->locks.items[waiter->lock];
	uint64_t ns = end - waiter->begin;
	uint32_t thread = waiter - locks->threads.items;
	int error = find_late_holder(locks, waiter);

	waiter = &locks->threads.items[thread];

	waiters_end(&entry->waiters, end);
	entry->lock.waits++;
	entry->lock.total_ns += ns;
	if (ns > entry->lock.max_ns)
		entry->lock.max_ns = ns;
	locks->shares.items[waiter->last.own_share].waited_ns += ns;
	if (waiter->holder != NO_THREAD)
		end_holding(locks, waiter, end);
	waiter->lock = NO_LOCK;
	return error;
}

static int begin_wait(struct locks *locks, const struct interval *interval)
{
	uint32_t holder = timeline_thread_of(locks->timeline, interval->holder);
	struct lock_thread *waiter;
	int error;

	error = reserve_thread(locks, interval->thread);
	if (!error && holder != NO_THREAD)
		error = reserve_thread(locks, holder);
	if (error)
		return error;
	waiter = &locks->threads.items[interval->thread];
	/* Only a stream that contradicts itself begins a second wait before the first one ended. */
	if (waiter->lock != NO_LOCK)
		error = end_wait(locks, waiter, waiter->begin);
	if (error || !is_lock(interval))
		return error;
	error = find_last(locks, waiter, interval);
	if (!error)
		error = find_holder(locks, waiter, holder);
	if (!error)
		error = waiters_begin(&locks->locks.items[waiter->last.lock].waiters,
				      interval->begin);
	if (error)
		return error;
	waiter->lock = waiter->last.lock;
	waiter->begin = interval->begin;
	waiter->holder = holder;
	waiter->holder_tid = interval->holder;
	waiter->open_begin = false;
	if (holder != NO_THREAD) {
		waiter->holder_running_ns =
			timeline_running_ns(locks->timeline, holder, interval->begin);
		locks->threads.items[holder].waited_for_by++;
	}
	return 0;
}

static void on_begin(void *context, const struct interval *interval)
{
	struct locks *locks = context;
	int error = locks->error ? 0 : begin_wait(locks, interval);

	if (error)
		locks->error = error;
}

static void on_interval(void *context, const struct interval *interval)
{
	struct locks *locks = context;
	struct lock_thread *it;
	int error = 0;

	if (interval->thread >= locks->threads.count || locks->error)
		return;
	it = &locks->threads.items[interval->thread];
	if (interval->state == STATE_RUNNING) {
		if (it->waited_for_by)
			error = log_run(locks, it, interval);
	} else if (it->lock != NO_LOCK && interval->state == STATE_BLOCKED) {
		it->open_begin = interval->open_begin;
		error = end_wait(locks, it, interval->end);
	}
	if (error)
		locks->error = error;
}

/* ---- the whole ----------------------------------------------------------------------------- */

int locks_new(struct timeline *timeline, struct locks **ret)
{
	struct locks *locks = calloc(1, sizeof(*locks));
	struct timeline_visitor visitor = {
		.context = locks,
		.begins = on_begin,
		.states_begun = 1u << STATE_BLOCKED,
		.interval = on_interval,
	};

	if (!locks)
		return -ENOMEM;
	locks->timeline = timeline;
	if (timeline_add_visitor(timeline, &visitor)) {
		free(locks);
		return -ENOMEM;
	}
	*ret = locks;
	return 0;
}

void locks_free(struct locks **locks)
{
	struct lock_thread *thread;
	struct lock_entry *lock;

	if (!*locks)
		return;
	vector_for_each (&(*locks)->threads, thread)
		vector_free(&thread->log);
	vector_for_each (&(*locks)->locks, lock)
		vector_free(&lock->waiters.steps);
	vector_free(&(*locks)->threads);
	vector_free(&(*locks)->locks);
	vector_free(&(*locks)->shares);
	lock_map_free(&(*locks)->by_address);
	lock_map_free(&(*locks)->by_thread);
	free(*locks);
	*locks = NULL;
}

static int compare_locks(const void *a, const void *b)
{
	const struct lock *one = a, *two = b;

	if (one->total_ns != two->total_ns)
		return one->total_ns > two->total_ns ? -1 : 1;
	if (one->process != two->process)
		return one->process < two->process ? -1 : 1;
	return one->address < two->address ? -1 : one->address > two->address;
}

static void find_main(struct locks *locks)
{
	const struct lock_share *share;
	struct lock_entry *entry;

	vector_for_each (&locks->locks, entry)
		entry->lock.main_holder = entry->lock.main_waiter = NO_THREAD;
	vector_for_each (&locks->shares, share) {
		struct lock *lock = &locks->locks.items[share->lock].lock;

		if (share->waited_ns > lock->main_waiter_ns) {
			lock->main_waiter = share->thread;
			lock->main_waiter_ns = share->waited_ns;
		}
		if (share->held_ns > lock->main_holder_ns) {
			lock->main_holder = share->thread;
			lock->main_holder_ns = share->held_ns;
			lock->main_holder_running_ns = share->held_running_ns;
		}
	}
}

int locks_finish(struct locks *locks, struct model *model)
{
	const struct lock_entry *entry;

	if (locks->error)
		return locks->error;
	for (size_t i = 0; i < locks->threads.count; i++) {
		struct lock_thread *thread = &locks->threads.items[i];

		if (thread->lock != NO_LOCK && end_wait(locks, thread, thread->begin))
			return -ENOMEM;
	}
	find_main(locks);
	vector_for_each (&locks->locks, entry) {
		struct lock *lock;

		if (!entry->lock.waits)
			continue;
		lock = vector_add(&model->locks);
		if (!lock)
			return -ENOMEM;
		*lock = entry->lock;
		lock->waiters_max = entry->waiters.top;
	}
	if (model->locks.count)
		qsort(model->locks.items, model->locks.count, sizeof(model->locks.items[0]),
		      compare_locks);
	return 0;
}
