// SPDX-License-Identifier: GPL-2.0-only
/* locks.c - who waited for which lock, and what its holder did meanwhile */
#include <errno.h>

#include "model/locks/inside.h"
#include "model/tasks/population.h"
#include "model/timeline/glance.h"

#define REASONS_LOCK                                                                               \
	(1u << REASON_LOCK | 1u << REASON_CONDITION | 1u << REASON_SEMAPHORE |                     \
	 1u << REASON_RWLOCK | 1u << REASON_FUTEX | 1u << REASON_GIL | 1u << REASON_BARRIER)
/* Those of which one thread at a time is the holder, so that who ends a wait had it. */
#define REASONS_OWNED (1u << REASON_LOCK | 1u << REASON_RWLOCK | 1u << REASON_GIL)

static bool is_lock(const struct interval *interval)
{
	return interval->address && 1u << interval->reason & REASONS_LOCK;
}

static int add_threads(struct locks *locks, uint32_t thread)
{
	while (locks->threads.count <= thread) {
		struct lock_thread *it = vector_add(&locks->threads);

		if (!it)
			return -ENOMEM;
		it->lock = it->handed = NO_LOCK;
		it->ready_before = glance_ready_ns(locks->timeline, locks->threads.count - 1);
	}
	return 0;
}

static inline int reserve_thread(struct locks *locks, uint32_t thread)
{
	return thread < locks->threads.count ? 0 : add_threads(locks, thread);
}

/* Leaves the lock, and the waiter's share in it, in waiter->last. */
static int find_last(struct locks *locks, struct lock_thread *waiter,
		     const struct interval *interval)
{
	const struct population *population = glance_population(locks->timeline);
	uint32_t process = population->threads.items[interval->thread].process;
	struct lock_last last = {
		.valid = true,
		.address = locks_address(interval),
		.space = population_space(population, process),
		.holder = NO_THREAD,
	};
	struct lock *lock;
	int error;

	if (!waiter->last.valid || waiter->last.address != last.address ||
	    waiter->last.space != last.space) {
		error = locks_find(locks, interval, &last.lock);
		if (!error)
			error = locks_find_share(locks, last.lock, interval->thread,
						 &last.own_share);
		if (error)
			return error;
		waiter->last = last;
	}
	lock = &locks->locks.items[waiter->last.lock].lock;
	/* What kind of lock it is may not have been told each time. */
	if (lock->reason == REASON_FUTEX)
		lock->reason = interval->reason;
	lock->inherits |= interval->futex_kind == PL_FUTEX_PI_MUTEX;
	return 0;
}

static int find_holder(struct locks *locks, struct lock_thread *waiter, uint32_t holder)
{
	if (holder == NO_THREAD || holder == waiter->last.holder)
		return 0;
	waiter->last.holder = holder;
	return locks_find_share(locks, waiter->last.lock, holder, &waiter->last.holder_share);
}

/* How long a thread has been ready, of complete intervals, since it was first heard of. */
static uint64_t ready_ns(const struct locks *locks, uint32_t thread)
{
	return glance_ready_ns(locks->timeline, thread) - locks->threads.items[thread].ready_before;
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
	run->running_ns = glance_running_ns(locks->timeline, interval->thread, interval->begin);
	run->ready_ns = ready_ns(locks, interval->thread);
	return 0;
}

/* How long a thread has been ready, up to now. */
static uint64_t ready_now(const struct locks *locks, uint32_t thread, uint64_t now)
{
	const struct interval *open = glance_open(locks->timeline, thread);
	bool ready =
		open && (open->state == STATE_READY_WOKEN || open->state == STATE_READY_PREEMPTED);

	return ready_ns(locks, thread) + (ready && now > open->begin ? now - open->begin : 0);
}

/* The newest of its runs that began by then; NULL: none is known. */
static const struct lock_run *run_at(const struct lock_thread *holder, uint64_t time)
{
	size_t low = 0, high = holder->log.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (holder->log.items[middle].begin <= time)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &holder->log.items[low - 1] : NULL;
}

struct holder_times locks_times_at(const struct locks *locks, uint32_t thread, uint64_t time,
				   struct holder_times at_begin)
{
	const struct interval *open = glance_open(locks->timeline, thread);
	struct holder_times times = at_begin;
	const struct lock_run *run;

	if (open && time >= open->begin) {
		times.running_ns = glance_running_ns(locks->timeline, thread, time);
		times.ready_ns = ready_now(locks, thread, time);
		return times;
	}
	run = run_at(&locks->threads.items[thread], time);
	if (run) {
		uint64_t end = time < run->end ? time : run->end;

		times.running_ns = run->running_ns - (run->end - end);
		times.ready_ns = run->ready_ns;
	}
	if (times.running_ns < at_begin.running_ns)
		times.running_ns = at_begin.running_ns;
	if (times.ready_ns < at_begin.ready_ns)
		times.ready_ns = at_begin.ready_ns;
	return times;
}

/* ---- waits --------------------------------------------------------------------------------- */

/* Nobody is known to hold what it waits for. */
static void drop_holder(struct locks *locks, struct lock_thread *waiter)
{
	if (waiter->holder != NO_THREAD)
		locks_unpin(locks, waiter->holder);
	waiter->holder = NO_THREAD;
}

/* Threads that were there before are announced one after the other, so that the holder may have
 * come after its waiter. All that it ran since it came, it ran during this wait. */
static int find_late_holder(struct locks *locks, struct lock_thread *waiter,
			    const struct interval *interval)
{
	const struct population *population = glance_population(locks->timeline);
	uint32_t thread = waiter - locks->threads.items, holder;
	int error;

	if (waiter->holder != NO_THREAD || !waiter->holder_tid || !interval->open_begin)
		return 0;
	holder = glance_thread_of(locks->timeline, waiter->holder_tid);
	if (holder == NO_THREAD || !population->threads.items[holder].began_before)
		return 0;
	error = reserve_thread(locks, holder);
	waiter = &locks->threads.items[thread];
	if (!error)
		error = find_holder(locks, waiter, holder);
	if (error)
		return error;
	waiter->holder = holder;
	waiter->holder_before = (struct holder_times){
		0, ready_now(locks, holder, timeline_figures(locks->timeline)->begin)};
	locks_pin(locks, holder);
	return 0;
}

/* Who ended the wait by giving up what it was for; NO_THREAD if that is not known. */
static uint32_t giver_of(const struct locks *locks, const struct interval *interval)
{
	uint32_t waker;

	if (!(1u << interval->reason & REASONS_OWNED) || interval->waker_context != PL_WAKER_TASK ||
	    interval->open_end)
		return NO_THREAD;
	waker = population_thread_at(glance_population(locks->timeline), interval->waker,
				     interval->end);
	return waker == interval->thread ? NO_THREAD : waker;
}

/* Nobody was seen to hold it; but who ends a wait for a lock that has one holder was that. What it
 * did meanwhile has not been kept. */
static int blame(struct locks *locks, uint32_t thread, uint32_t giver, uint64_t ns)
{
	struct lock_thread *waiter = &locks->threads.items[thread];
	int error = find_holder(locks, waiter, giver);

	if (error)
		return error;
	locks->shares.items[waiter->last.holder_share].user.held_ns += ns;
	return 0;
}

static void count_wait(struct lock *lock, const struct interval *interval, uint64_t ns)
{
	unsigned int bucket = ns ? 63 - (unsigned int)__builtin_clzll(ns) : 0;

	lock->waits++;
	lock->total_ns += ns;
	if (ns > lock->max_ns)
		lock->max_ns = ns;
	lock->waiting.buckets[bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1]++;
	lock->waiting.count++;
	lock->waiting.total_ns += ns;
	lock->waiting.max_ns = lock->max_ns;
	lock->waits_open_begin += interval->open_begin;
	lock->waits_open_end += interval->open_end;
	/* Only a timer of its own ends such a wait from an interrupt. */
	lock->timed_out += !interval->open_end && interval->waker_context == PL_WAKER_INTERRUPT;
}

/* It has the lock now, for those who wait on; if nobody does, nobody need know. */
static int pass_on(struct locks *locks, uint32_t thread, uint64_t end, uint32_t giver)
{
	uint32_t lock = locks->threads.items[thread].lock;
	struct lock_entry *entry = &locks->locks.items[lock];

	if (!entry->waiters.now) {
		locks_forget_terms(locks, entry);
		return 0;
	}
	if (giver == NO_THREAD || entry->lock.reason == REASON_GIL)
		return 0;
	return locks_begin_term(locks, lock, end, thread);
}

/* `interval` is the wait; `end` is its end, or its begin if it turns out that there was none. */
static int end_wait(struct locks *locks, uint32_t thread, const struct interval *interval,
		    uint64_t end)
{
	struct lock_thread *waiter = &locks->threads.items[thread];
	struct lock_entry *entry = &locks->locks.items[waiter->lock];
	struct lock_user *user;
	uint64_t before = 0, unknown;
	uint32_t giver;
	int error;

	waiters_end(&entry->waiters, end);
	count_wait(&entry->lock, interval, end - waiter->begin);
	user = &locks->shares.items[waiter->last.own_share].user;
	user->waits++;
	user->waited_ns += end - waiter->begin;
	error = find_late_holder(locks, waiter, interval);
	waiter = &locks->threads.items[thread];
	if (error)
		return error;
	giver = giver_of(locks, interval);
	if (interval->reason == REASON_GIL) {
		before = locks_gil_passed(locks, thread, interval, giver);
		/* The one who gave it up is certain, and who was thought to have it is not. */
		if (waiter->holder != giver && giver != NO_THREAD)
			drop_holder(locks, waiter);
	}
	if (waiter->holder != NO_THREAD) {
		entry->lock.holder_known++;
		entry->lock.holder_confirmed += waiter->holder == giver;
	} else if (giver != NO_THREAD) {
		entry->lock.holder_by_wake++;
	}
	unknown = locks_share_out(locks, waiter, end);
	drop_holder(locks, waiter);
	if (unknown && giver != NO_THREAD)
		error = blame(locks, thread, giver, unknown);
	if (!error)
		error = pass_on(locks, thread, end, giver);
	if (!error && before)
		error = blame(locks, thread, giver, before);
	waiter->handed = interval->waker_context == PL_WAKER_TASK && !interval->open_end
				 ? waiter->lock
				 : NO_LOCK;
	waiter->handed_at = interval->end;
	waiter->lock = NO_LOCK;
	return error;
}

/* A second wait has begun, or the recording ended, without the first one's end having been told. */
static int drop_wait(struct locks *locks, uint32_t thread)
{
	const struct lock_thread *waiter = &locks->threads.items[thread];
	struct interval none = {.thread = thread, .begin = waiter->begin, .end = waiter->begin};

	return end_wait(locks, thread, &none, waiter->begin);
}

static int begin_wait(struct locks *locks, const struct interval *interval)
{
	uint32_t holder =
		interval->holder ? glance_thread_of(locks->timeline, interval->holder) : NO_THREAD;
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
		error = drop_wait(locks, interval->thread);
	if (error || !is_lock(interval))
		return error;
	error = find_last(locks, waiter, interval);
	if (!error && interval->reason == REASON_GIL) {
		holder = locks_gil_owner(locks, waiter->last.lock, interval);
		error = holder != NO_THREAD ? reserve_thread(locks, holder) : 0;
		waiter = &locks->threads.items[interval->thread];
	}
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
	if (holder != NO_THREAD) {
		waiter->holder_before = (struct holder_times){
			glance_running_ns(locks->timeline, holder, interval->begin),
			ready_now(locks, holder, interval->begin)};
		locks_pin(locks, holder);
		if (locks->locks.items[waiter->lock].waiters.now > 1 &&
		    interval->reason != REASON_GIL)
			error = locks_begin_term(locks, waiter->lock, interval->begin, holder);
	}
	return error;
}

static void on_begin(void *context, const struct interval *interval)
{
	struct locks *locks = context;
	int error = locks->error ? 0 : begin_wait(locks, interval);

	if (error)
		locks->error = error;
}

static void count_handover(struct lock *lock, const struct interval *interval)
{
	uint64_t ns = interval->end - interval->begin;

	lock->handovers++;
	lock->handover_ns += ns;
	if (ns > lock->handover_max_ns)
		lock->handover_max_ns = ns;
}

/* NULL: of no interest, or memory is out. */
static inline struct lock_thread *thread_of(struct locks *locks, const struct interval *interval)
{
	return interval->thread < locks->threads.count && !locks->error
		       ? &locks->threads.items[interval->thread]
		       : NULL;
}

static void on_wait(void *context, const struct interval *interval)
{
	struct locks *locks = context;
	const struct lock_thread *it = thread_of(locks, interval);

	if (it && it->lock != NO_LOCK)
		locks->error = end_wait(locks, interval->thread, interval, interval->end);
}

static void on_run(void *context, const struct interval *interval)
{
	struct locks *locks = context;
	struct lock_thread *it = thread_of(locks, interval);

	if (!it)
		return;
	locks->error = log_run(locks, it, interval);
}

static void on_woken(void *context, const struct interval *interval)
{
	struct locks *locks = context;
	struct lock_thread *it = thread_of(locks, interval);

	if (!it || it->handed == NO_LOCK || it->handed_at != interval->begin)
		return;
	count_handover(&locks->locks.items[it->handed].lock, interval);
	it->handed = NO_LOCK;
}

/* ---- the whole ----------------------------------------------------------------------------- */

static int listen(struct timeline *timeline, struct locks *locks)
{
	const struct timeline_visitor visitors[] = {
		{.context = locks,
		 .begins = on_begin,
		 .states_begun = 1u << STATE_BLOCKED,
		 .interval = on_wait,
		 .states = 1u << STATE_BLOCKED},
		{.context = locks,
		 .interval = on_run,
		 .states = 1u << STATE_RUNNING,
		 .of_watched = true},
		{.context = locks, .interval = on_woken, .states = 1u << STATE_READY_WOKEN},
	};
	int error = 0;

	for (size_t i = 0; i < sizeof(visitors) / sizeof(visitors[0]) && !error; i++)
		error = timeline_add_visitor(timeline, &visitors[i]);
	return error;
}

int locks_new(struct timeline *timeline, struct locks **ret)
{
	struct locks *locks = calloc(1, sizeof(*locks));

	if (!locks)
		return -ENOMEM;
	locks->timeline = timeline;
	if (listen(timeline, locks)) {
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
	vector_for_each (&(*locks)->locks, lock) {
		vector_free(&lock->terms);
		vector_free(&lock->waiters.steps);
		vector_free(&lock->lock.users);
	}
	vector_free(&(*locks)->threads);
	vector_free(&(*locks)->locks);
	vector_free(&(*locks)->shares);
	lock_map_free(&(*locks)->by_place);
	lock_map_free(&(*locks)->by_thread);
	free(*locks);
	*locks = NULL;
}

int locks_drop_waits(struct locks *locks)
{
	int error = 0;

	for (size_t i = 0; !error && i < locks->threads.count; i++)
		if (locks->threads.items[i].lock != NO_LOCK)
			error = drop_wait(locks, i);
	return error;
}
