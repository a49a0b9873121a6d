// SPDX-License-Identifier: GPL-2.0-only
/* findings_troubles.c - what is wrong with a program, rather than slow */
#include "model/causes/findings_inside.h"
#include "model/race/watch.h"

#define POLICY_FIFO	1
#define POLICY_RR	2
#define POLICY_DEADLINE 6

int find_deadlocks(struct model *model)
{
	const struct deadlock *deadlock;
	int error = 0;

	vector_for_each (&model->deadlocks, deadlock) {
		const struct deadlock_member *first;
		struct finding finding;

		if (error || !deadlock->members.count)
			continue;
		first = &deadlock->members.items[0];
		finding = finding_of(model, FINDING_DEADLOCK, deadlock->end - deadlock->begin);
		finding.begin = deadlock->begin;
		finding.end = deadlock->end;
		finding.thread = first->thread;
		finding.thread_ns = deadlock->end - first->since;
		finding.other = first->holder;
		finding.address = first->address;
		finding.reason = first->reason;
		if (first->lock < model->locks.count)
			finding.process = model->locks.items[first->lock].process;
		finding.count = deadlock->members.count;
		finding.index = deadlock - model->deadlocks.items;
		error = finding_add(model, finding);
	}
	return error;
}

/* Updates that were lost for certain, be it that they can be named or not. */
int find_races(struct model *model)
{
	const struct watched *watched;
	int error = 0;

	if (!model->watch)
		return 0;
	vector_for_each (&model->watch->variables, watched) {
		const struct race *race = &watched->race;
		uint64_t lost = race->exact ? race->lost : race->named;
		struct finding finding;

		if (error || !lost)
			continue;
		finding = finding_of(model, FINDING_RACE, 0);
		finding.address = watched->address;
		finding.count = lost;
		finding.index = watched - model->watch->variables.items;
		error = finding_add(model, finding);
	}
	return error;
}

/* ---- priorities ---------------------------------------------------------------------------- */

/* The larger the more urgent; 0: not known. */
static int urgency(const struct model *model, uint32_t thread)
{
	const struct pl_priority *priority = &model->threads.items[thread].priority_last;

	if (!priority->known)
		priority = &model->threads.items[thread].priority_first;
	if (!priority->known)
		return 0;
	if (priority->policy == POLICY_DEADLINE)
		return 1000;
	if (priority->policy == POLICY_FIFO || priority->policy == POLICY_RR)
		return 100 + priority->rt_priority;
	return 50 - priority->nice;
}

/* Of those who held it: less urgent than `limit`, and waited for longest. */
static uint32_t less_urgent_holder(const struct model *model, const struct lock *lock, int limit)
{
	const struct lock_user *user;
	uint64_t most = 0;
	uint32_t found = NO_THREAD;

	vector_for_each (&lock->users, user) {
		int its = urgency(model, user->thread);

		if (its && its < limit && user->held_ns > most) {
			most = user->held_ns;
			found = user->thread;
		}
	}
	return found;
}

/* The third one in an inversion: of the threads between the two in urgency, the one that ran most.
 */
static uint32_t who_is_between(const struct model *model, uint32_t low, uint32_t high)
{
	uint32_t found = NO_THREAD;
	uint64_t most = 0;

	for (uint32_t i = 0; i < model->threads.count; i++) {
		const struct thread *thread = &model->threads.items[i];

		if (urgency(model, i) > urgency(model, low) &&
		    urgency(model, i) < urgency(model, high) &&
		    thread->state_ns[STATE_RUNNING] > most) {
			most = thread->state_ns[STATE_RUNNING];
			found = i;
		}
	}
	return found;
}

/* An urgent thread waits for a lock, and who holds it is less urgent, could run, and gets no CPU.
 * While its holder runs, the wait is no inversion: that is what the lock is for. */
int find_inversions(struct model *model)
{
	const struct lock *lock;
	int error = 0;

	vector_for_each (&model->locks, lock) {
		const struct lock_user *user, *worst = NULL;
		uint32_t low = NO_THREAD;
		struct finding finding;

		if (lock->reason != REASON_LOCK && lock->reason != REASON_RWLOCK)
			continue;
		vector_for_each (&lock->users, user) {
			uint32_t holder =
				less_urgent_holder(model, lock, urgency(model, user->thread));

			if (holder != NO_THREAD && (!worst || user->kept_ns > worst->kept_ns)) {
				worst = user;
				low = holder;
			}
		}
		if (error || !worst || !finding_is_worth(model, worst->kept_ns))
			continue;
		finding = finding_of(model, FINDING_INVERSION, worst->kept_ns);
		finding.process = lock->process;
		finding.address = lock->address;
		finding.reason = lock->reason;
		finding.begin = model->begin + lock->first_ns;
		finding.thread = worst->thread;
		finding.thread_ns = worst->waited_ns;
		finding.other = low;
		finding.third = who_is_between(model, low, worst->thread);
		finding.count = worst->waits;
		finding.total_ns = worst->kept_ns;
		error = finding_add(model, finding);
	}
	return error;
}

/* ---- woken for nothing --------------------------------------------------------------------- */

/* Wake-ups cost little each. What counts is that they are many, and how many of all there are. */
#define NOTHING_LEAST	   100
#define NOTHING_PER_SECOND 200
#define HERD_SHARE	   2 /* a half of those that were woken by bursts */
#define ALL_SHARE	   4 /* a quarter of all the program's wake-ups */
/* Looking so often takes some hundredths of a CPU, and keeps it from resting. */
#define POLLS_PER_SECOND 500

static bool is_often(uint64_t count, uint64_t ns, unsigned int per_second)
{
	return count >= NOTHING_LEAST && (double)count * 1e9 >= (double)per_second * (double)ns;
}

int find_herds(struct model *model)
{
	const struct herd *herd;
	int error = 0;

	vector_for_each (&model->herds, herd) {
		struct finding finding;

		if (error || !is_often(herd->idle, herd->last - herd->first, NOTHING_PER_SECOND) ||
		    herd->idle < herd->woken / HERD_SHARE ||
		    herd->idle < model->wakeups / ALL_SHARE)
			continue;
		finding = finding_of(model, FINDING_HERD, herd->idle_ns);
		finding.begin = herd->first;
		finding.end = herd->last;
		finding.process = herd->process;
		finding.address = herd->address;
		finding.reason = herd->reason;
		finding.other = herd->waker;
		finding.count = herd->bursts;
		finding.woken = herd->woken;
		finding.idle = herd->idle;
		finding.total_ns = herd->idle_ns;
		error = finding_add(model, finding);
	}
	return error;
}

static bool wakes_others(const struct model *model, const struct polling *polling)
{
	const struct wake *wake;
	uint64_t count = 0;

	vector_for_each (&model->wakes, wake)
		if (wake->from == polling->thread)
			count += wake->count;
	return count > polling->count / 10;
}

int find_pollings(struct model *model)
{
	const struct polling *polling, *worst = NULL;
	struct finding finding;

	vector_for_each (&model->pollings, polling) {
		uint64_t span = polling->last - polling->first;

		if (is_often(polling->count, span, POLLS_PER_SECOND) &&
		    finding_is_worth(model, span) && !wakes_others(model, polling) &&
		    polling->count >= model->wakeups / ALL_SHARE &&
		    (!worst || polling->count > worst->count))
			worst = polling;
	}
	if (!worst)
		return 0;
	finding = finding_of(model, FINDING_FOR_NOTHING, worst->running_ns);
	finding.begin = worst->first;
	finding.end = worst->last;
	finding.thread = worst->thread;
	finding.thread_ns = worst->running_ns;
	finding.process = model->threads.items[worst->thread].process;
	finding.address = worst->address;
	finding.reason = worst->reason;
	finding.syscall = worst->syscall;
	finding.count = finding.woken = finding.idle = worst->count;
	finding.total_ns = worst->running_ns;
	return finding_add(model, finding);
}
