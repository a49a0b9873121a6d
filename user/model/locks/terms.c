// SPDX-License-Identifier: GPL-2.0-only
/*
 * terms.c - who held a lock, one after the other, while somebody waited for it
 *
 * A wait knows who held the lock when it began. If others wait as well, the lock may go through
 * several hands before its turn comes: each that is woken to have it begins a term, and so does
 * each that a newcomer sees to have it. Terms are kept as long as anybody waits.
 */
#include <errno.h>

#include "model/locks/inside.h"

/* When so many are kept it is worth looking for those that are older than every wait. */
#define TERMS_TIDY 256
/* Beyond that the oldest are forgotten: a wait from before has the first of the others then. */
#define TERMS_MAX 65536

/* Room for so many runs is not given back when nobody needs them any more. */
#define LOG_KEPT 64

/* The holder's runs are kept as long as a wait or a term needs them. */
void locks_pin(struct locks *locks, uint32_t thread)
{
	if (!locks->threads.items[thread].waited_for_by++)
		timeline_watch(locks->timeline, thread, true);
}

void locks_unpin(struct locks *locks, uint32_t thread)
{
	struct lock_thread *it = &locks->threads.items[thread];

	if (--it->waited_for_by)
		return;
	/* It will be waited for again. */
	if (it->log.capacity > LOG_KEPT)
		vector_free(&it->log);
	it->log.count = 0;
	timeline_watch(locks->timeline, thread, false);
}

static void forget(struct locks *locks, struct lock_entry *entry, size_t count)
{
	for (size_t i = 0; i < count; i++)
		locks_unpin(locks, entry->terms.items[i].holder);
	entry->terms.count -= count;
	memmove(entry->terms.items, entry->terms.items + count,
		entry->terms.count * sizeof(entry->terms.items[0]));
}

void locks_forget_terms(struct locks *locks, struct lock_entry *entry)
{
	if (entry->terms.count)
		forget(locks, entry, entry->terms.count);
}

/* The newest term that began by then is still in force; those before it are not. */
static void tidy(struct locks *locks, struct lock_entry *entry)
{
	uint32_t lock = entry - locks->locks.items;
	const struct lock_thread *thread;
	uint64_t oldest = UINT64_MAX;
	size_t old = 0;

	vector_for_each (&locks->threads, thread) {
		if (thread->lock == lock && thread->begin < oldest)
			oldest = thread->begin;
	}
	while (old + 1 < entry->terms.count && entry->terms.items[old + 1].begin <= oldest)
		old++;
	if (entry->terms.count - old >= TERMS_MAX)
		old = entry->terms.count / 2;
	forget(locks, entry, old);
}

int locks_begin_term(struct locks *locks, uint32_t lock, uint64_t begin, uint32_t holder)
{
	struct lock_entry *entry = &locks->locks.items[lock];
	struct lock_term term = {.begin = begin, .holder = holder};
	size_t place;
	int error;

	if (entry->terms.count && entry->terms.count % TERMS_TIDY == 0)
		tidy(locks, entry);
	/* Who was woken to have it is learnt of late. */
	for (place = entry->terms.count; place > 0; place--)
		if (entry->terms.items[place - 1].begin <= begin)
			break;
	if (place && entry->terms.items[place - 1].holder == holder)
		return 0;
	error = locks_find_share(locks, lock, holder, &term.share);
	if (error)
		return error;
	entry = &locks->locks.items[lock];
	if (!vector_add(&entry->terms))
		return -ENOMEM;
	memmove(entry->terms.items + place + 1, entry->terms.items + place,
		(entry->terms.count - 1 - place) * sizeof(term));
	term.before = locks_times_at(locks, holder, begin, (struct holder_times){0, 0});
	entry->terms.items[place] = term;
	locks_pin(locks, holder);
	return 0;
}

/* Of the time from..to it had the lock. */
static void credit(struct locks *locks, struct lock_thread *waiter, const struct lock_term *term,
		   uint64_t from, uint64_t to)
{
	struct lock_user *own = &locks->shares.items[waiter->last.own_share].user, *holder;
	uint64_t ns = to - from, running, ready;
	struct holder_times begin, end;

	if (from >= to)
		return;
	holder = &locks->shares.items[term->share].user;
	begin = from > term->begin ? locks_times_at(locks, term->holder, from, term->before)
				   : term->before;
	end = locks_times_at(locks, term->holder, to, begin);
	running = end.running_ns - begin.running_ns;
	ready = end.ready_ns - begin.ready_ns;
	/* Where records are missing they may come to more. */
	holder->held_ns += ns;
	holder->held_running_ns += running < ns ? running : ns;
	own->kept_ns += ready < ns ? ready : ns;
}

/* Who was woken to have it, and waits for it again, did not get it. */
static const struct lock_term *other_than(const struct lock_term *term, uint32_t self)
{
	return term->holder == self ? NULL : term;
}

/* The wait's time goes to those who had the lock meanwhile. For how much of it nobody is known. */
uint64_t locks_share_out_terms(struct locks *locks, struct lock_thread *waiter, uint64_t end)
{
	const struct lock_entry *entry = &locks->locks.items[waiter->lock];
	struct lock_term first = {.begin = waiter->begin,
				  .holder = waiter->holder,
				  .share = waiter->last.holder_share,
				  .before = waiter->holder_before};
	const struct lock_term *current = waiter->holder != NO_THREAD ? &first : NULL;
	uint32_t self = waiter - locks->threads.items;
	uint64_t at = waiter->begin, unknown = 0;
	size_t next = entry->terms.count;

	while (next > 0 && entry->terms.items[next - 1].begin > waiter->begin)
		next--;
	if (!current && next > 0)
		current = other_than(&entry->terms.items[next - 1], self);
	for (; next < entry->terms.count && entry->terms.items[next].begin < end; next++) {
		const struct lock_term *term = &entry->terms.items[next];

		if (current)
			credit(locks, waiter, current, at, term->begin);
		else
			unknown += term->begin - at;
		at = term->begin;
		current = other_than(term, self);
	}
	if (current)
		credit(locks, waiter, current, at, end);
	else
		unknown += end - at;
	return unknown;
}
