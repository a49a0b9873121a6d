/* SPDX-License-Identifier: GPL-2.0-only */
/* inside.h - what the files of the timeline share, and nobody else */
#ifndef MODEL_TIMELINE_INSIDE_H
#define MODEL_TIMELINE_INSIDE_H

#include "base/rarely.h"
#include "model/tasks/population.h"
#include "model/timeline/gaps.h"
#include "model/timeline/past.h"
#include "model/timeline/timeline.h"
#include "recording/recording.h"

/* What the timeline keeps of each thread, at the same index as its struct thread, which is too
 * large to be touched for each record. */
struct track {
	struct interval open; /* `end` not known yet */
	uint32_t tid;	      /* the one that it has now; struct thread keeps that of its report */
	uint32_t tgid;
	bool dead;
	bool kernel;
	bool introduced; /* a life record told who it is */
	bool anywhere;	 /* it runs, and on which CPU is not known */
	bool ran;	 /* last_cpu is valid */
	bool sure;	 /* nothing of it was lost: the kernel side's account says so */
	bool woken_told; /* a PL_WAKE told woken, woken_by, woken_context */
	bool watched;	 /* see timeline_watch() */
	bool exiting;	 /* it began to end */
	bool ending;	 /* its totals came: its last switch was at ending_at */
	uint8_t woken_context;
	uint16_t last_cpu;
	uint32_t woken_by;
	uint64_t woken;
	/* Of the intervals that visitors were told: so they add up to the thread's life. */
	uint64_t state_ns[STATE_COUNT];
	uint64_t together_before; /* sweep.together when it began to run */
	uint64_t both_ns;
	uint64_t ending_at;  /* or when the totals of a living thread were taken */
	uint64_t block_time; /* when `block` came; 0: never */
	struct pl_block block;
	uint64_t wait_begin, wait_end; /* of the last wait that is over */
	uint16_t wait_syscall;
	uint8_t wait_reason; /* REASON_NONE: there was none */
	uint8_t wait_context;
	uint32_t wait_waker;
	uint64_t stack_time; /* when `stack` came; 0: never */
	uint32_t stack;
	uint64_t start_time;
	uint32_t voluntary, involuntary;
	uint32_t migrations;
	uint32_t wakers_known, wakers_unknown;
	struct timeline_steps steps;
};

/* Of a thread of the first pass. */
struct lesson {
	uint64_t begin;
	bool sure;
};

/* How many threads run, over time. */
struct sweep {
	uint64_t last;
	uint64_t together; /* time during which at least two ran */
	uint32_t running;
	uint64_t sum_of_running; /* of their indexes: of a single one it is that */
};

/* Of a CPU. */
struct lane {
	uint32_t thread; /* who runs there, of the target's threads; NO_THREAD: nobody */
	uint64_t ran_ns; /* for how long any has */
};

#define CONCURRENCY_LAST                                                                           \
	(sizeof(((struct timeline_figures *)0)->concurrency) / sizeof(uint64_t) - 1)

/* Called for each step of each thread: only whom it concerns, without looking at the others. */
struct listener {
	void (*tell)(void *context, const struct interval *interval);
	void *context;
};
typedef VECTOR(struct listener) listener_vector;

struct timeline {
	VECTOR(struct track) tracks;
	VECTOR(struct lane) lanes; /* by CPU */
	struct gaps gaps;	   /* all of them if they are known, else those so far */
	bool gaps_known;
	bool is_first_pass;
	VECTOR(struct lesson) lessons; /* by thread */
	uint64_t newest_gap_first;     /* of those so far */
	VECTOR(struct timeline_visitor) visitors;
	listener_vector of_begin[STATE_COUNT], of_interval[STATE_COUNT], of_stack[STATE_COUNT],
		of_watched[STATE_COUNT];
	struct population population;
	struct reason_rules rules;
	struct sweep sweep;
	struct run_past past;
	struct timeline_figures figures;
	uint64_t now;
	bool began;
};

#define STATES_READY   (1u << STATE_READY_WOKEN | 1u << STATE_READY_PREEMPTED)
#define STATES_WAITING (1u << STATE_BLOCKED | 1u << STATE_STOPPED)

static inline bool track_is(const struct track *track, unsigned int states)
{
	return 1u << track->open.state & states;
}

static inline uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static inline uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Where a thread blocks, as far as it was told: 0 is not. */
struct stack_ids {
	uint32_t user, kernel;
};

void sweep_to(struct timeline *timeline, uint64_t time);
/* The open interval ends at `end`, which must not lie before its begin. */
void track_close(struct timeline *timeline, struct track *track, uint64_t end);
/* The next one, of which only this is known so far, begins where the last one ended. */
void track_open(struct track *track, enum state state, uint64_t begin);
/* Tells the visitors, when all is filled in that is known at its begin. */
void track_announce(struct timeline *timeline, const struct track *track);
void track_run(struct timeline *timeline, struct track *track, uint32_t cpu);
/* The open interval of a BLOCKED, STOPPED or UNKNOWN thread ends with a wake-up; READY_WOKEN is
 * open then. */
void track_wake(struct timeline *timeline, struct track *track, uint64_t woken, uint32_t waker,
		uint8_t context);
void track_block(struct timeline *timeline, struct track *track, uint32_t prev_state, bool iowait,
		 const struct pl_block *block, const struct stack_ids *stacks);
void track_die(struct timeline *timeline, struct track *track, uint64_t time);

/* The state of `track` is certain only up to a point: leaves it UNKNOWN from there on. */
void track_doubt(struct timeline *timeline, struct track *track);
/* `track` waits, for a CPU or for something, up to `until`. Where records are missing meanwhile it
 * may have run and waited again unseen. But once they are complete again it can only have waited,
 * if it is `certain` that it did so at `until`, as nothing was lost of a switch from there on. For
 * what it was blocked then is not known. */
void track_doubt_wait(struct timeline *timeline, struct track *track, uint64_t until, bool certain);
/* `track` leaves `cpu`, on which it was last seen to come. It may have left it and come back where
 * records are missing. */
void track_doubt_run(struct timeline *timeline, struct track *track, uint32_t cpu);
bool track_is_sure(const struct timeline *timeline, uint32_t thread, uint64_t begin);
/* It was not seen to end, but it has. */
void track_end_unseen(struct timeline *timeline, struct track *track);

/* Adds a thread in STATE_UNKNOWN. */
int timeline_add_thread(struct timeline *timeline, const struct newcomer *newcomer,
			struct track **ret);
/* The living thread of that tid, if need be a stranger. NULL in `ret` if the tid is impossible. */
int timeline_thread_slowly(struct timeline *timeline, uint32_t tid, uint32_t tgid,
			   struct track **ret);

static inline int timeline_thread(struct timeline *timeline, uint32_t tid, uint32_t tgid,
				  struct track **ret)
{
	uint32_t thread = population_find(&timeline->population, tid);

	if (thread != NO_THREAD) {
		*ret = &timeline->tracks.items[thread];
		if (!(*ret)->dead && !(*ret)->ending)
			return 0;
	}
	return timeline_thread_slowly(timeline, tid, tgid, ret);
}

void timeline_feed_moved(struct timeline *timeline, const struct pl_life_moved *moved);
int timeline_feed_life(struct timeline *timeline, const union pl_life *life);
/* A thread leaves a CPU under a tid that is not the one that it came there with: an exec from a
 * side thread has swapped its tid with the first one's. NULL if it is not that. */
struct track *track_after_swap(struct timeline *timeline, struct track *occupant, uint32_t tid);

#endif
