/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * timeline.h - the state machine of each thread
 *
 *	records -> intervals that tile each thread's life
 *
 * Fed with the merged stream, one item after the other, it tells every interval to its visitors as
 * soon as its end is known. For one thread intervals come in order of time and without gap or
 * overlap; among threads they come in the order in which their ends became known (a blocked
 * thread's wake-up is only known when it runs again). It needs no recording, only items.
 *
 * What is claimed where records are missing: a state that a record told is taken to last until the
 * next record of the same thread, unless the two contradict each other (a thread that runs leaves
 * another CPU or is put on a second one; one that waits leaves a CPU; another thread leaves the CPU
 * that it should be running on; a thread that lost its CPU turns out to have been woken). Then its
 * state is certain up to the first gap that can explain it, and STATE_UNKNOWN from there, or from
 * the interval's begin if no gap can. Where nothing contradicts it, an interval in the midst of
 * which records are missing (of its CPU if it is one of running, of any if it is not) is
 * STATE_UNKNOWN from the first of these gaps to the end of the last one, unless the kernel side's
 * account of the thread says that nothing of it was lost: timeline_learn(). The sums of the threads
 * come from that account then (totals.h).
 */
#ifndef MODEL_TIMELINE_H
#define MODEL_TIMELINE_H

#include <stdint.h>

#include "model/model.h"

struct timeline;
struct population;

struct timeline_visitor {
	void *context;
	/* A record said that a thread came into a state. Its end, and who ends it, are not known
	 * yet. READY_WOKEN after a block is learnt too late for this. May be NULL. */
	void (*begins)(void *context, const struct interval *interval);
	unsigned int states_begun; /* for which states `begins` is called: bits 1 << STATE_... */
	/* An interval is complete. One of no length is left out, unless the thread was blocked: its
	 * wake-up had come before it was off its CPU, but it did go to sleep. */
	void (*interval)(void *context, const struct interval *interval); /* may be NULL */
	unsigned int states; /* for which states `interval` is called; 0: for all */
	bool with_stack;     /* and only if a stack, of the thread or of its waker, is known */
	bool of_watched;     /* and only for threads of which timeline_watch() said so */
	/* A life record, after the timeline has taken it in; `thread` has, or last had, its tid, or
	 * is NO_THREAD. May be NULL. */
	void (*life)(void *context, const union pl_life *life, uint32_t thread);
	/* The sampling clock found a thread on its CPU. May be NULL. */
	void (*sample)(void *context, uint32_t thread, const struct pl_sample *sample);
};

struct timeline_options {
	const char *arch;   /* whose system call numbers these are; NULL: nobody's */
	uint64_t begin;	    /* of the capture; UINT64_MAX: with the first item */
	bool is_first_pass; /* of a stream with losses, only to be learnt from */
};

/* All return 0 or -ENOMEM. */
int timeline_new(const struct timeline_options *options, struct timeline **ret);
int timeline_add_visitor(struct timeline *timeline, const struct timeline_visitor *visitor);
/* For one that is only interested once something has happened: `interval` is called from now on.
 * Not to be called from `begins` or `interval`. */
int timeline_listen(struct timeline *timeline,
		    void (*interval)(void *context, const struct interval *interval),
		    void *context);
int timeline_feed(struct timeline *timeline, const struct recording_item *item);
/* Of a stream in which records are missing, before it is fed: `first` has been fed the whole of it,
 * and finished. So all gaps are known from the begin, and of which threads nothing was lost: those
 * whose account by the kernel side is that of the stream to the nanosecond. */
int timeline_learn(struct timeline *timeline, struct timeline *first);
/* The capture ended at `end`, or with the last item if that is later: closes what is open, and
 * fills in all of threads and processes that is not left to visitors. */
int timeline_finish(struct timeline *timeline, uint64_t end);
void timeline_free(struct timeline **timeline);

/* The threads and processes so far; after timeline_finish() the caller may take the vectors. */
struct population *timeline_population(struct timeline *timeline);
/* Which thread has that tid at this point of the stream; NO_THREAD if none that lives. */
uint32_t timeline_thread_of(const struct timeline *timeline, uint32_t tid);
/* How long a thread has been running up to a time that lies in its open interval. Called from
 * `interval` for the thread of that interval, the open interval is the one just closed. */
uint64_t timeline_running_ns(const struct timeline *timeline, uint32_t thread, uint64_t time);
/* Whether visitors that ask for no others are called for that thread. */
void timeline_watch(struct timeline *timeline, uint32_t thread, bool watched);
/* How long it has been ready, of complete intervals. */
uint64_t timeline_ready_ns(const struct timeline *timeline, uint32_t thread);

/* How often a thread's interval of one state was followed by one of another, of those that visitors
 * were told, the first one by nothing; and which was the last one, STATE_COUNT if there was none.
 */
struct timeline_steps {
	uint32_t counts[STATE_COUNT + 1][STATE_COUNT]; /* from (STATE_COUNT: nothing), to */
	uint8_t last;				       /* enum state */
};

const struct timeline_steps *timeline_steps(const struct timeline *timeline, uint32_t thread);
/* Its open interval; NULL if it is dead. */
const struct interval *timeline_open(const struct timeline *timeline, uint32_t thread);

/* Its last wait that is over; only the begin, end, reason, syscall, waker and waker_context are
 * filled in. False if it has not waited. */
bool timeline_last_wait(const struct timeline *timeline, uint32_t thread, struct interval *ret);

struct timeline_figures {
	uint64_t begin, end;
	uint64_t records;  /* lane records and life records that were fed, PL_BLOCK included */
	uint64_t gap_lost; /* records that the gaps speak of */
	uint64_t repaired; /* see losses.repaired */
	uint64_t unseen_switches; /* see model.unseen_switches */
	uint64_t concurrency[65]; /* see model.concurrency */
	uint64_t unplaced_ns;	  /* see model.unplaced_ns */
	unsigned int cpus_used;	  /* see model.cpus_used */
};

const struct timeline_figures *timeline_figures(const struct timeline *timeline);

#endif
