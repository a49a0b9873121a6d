/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * model.h - what happened, worked out from a recording
 *
 * `recording -> model` is a pure function: no clock, no kernel, no root. Each thread is at each
 * instant in one state; the intervals of a thread tile its life without gap or overlap, so their
 * times add up to it to the nanosecond. All times are CLOCK_MONOTONIC ns as recorded.
 */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/vector.h"
#include "bpf/events.h"
#include "model/claims/claims.h"
#include "model/causes/critical_path.h"
#include "model/causes/findings.h"
#include "model/timeline/reasons.h"
#include "model/causes/what_if.h"

struct recording;
struct recording_item;
struct recording_error;

enum state {
	STATE_RUNNING = 0,
	STATE_READY_WOKEN = 1,	   /* woken (or born), waiting for a CPU */
	STATE_READY_PREEMPTED = 2, /* it lost its CPU, waiting for one */
	STATE_BLOCKED = 3,
	STATE_STOPPED = 4, /* by a signal or a debugger */
	STATE_UNKNOWN = 5, /* the stream has a gap here */
	STATE_COUNT
};

const char *state_name(enum state state);

#define NO_THREAD UINT32_MAX /* an index that names no thread */

/* One piece of one thread's life. */
struct interval {
	uint32_t thread; /* index into model.threads */
	enum state state;
	enum reason reason; /* BLOCKED, STOPPED: for what; else REASON_NONE */
	uint16_t syscall;   /* BLOCKED: in which system call, or PL_NO_SYSCALL */
	uint16_t cpu;	    /* RUNNING: where */
	uint64_t begin, end;
	uint64_t address; /* BLOCKED in a futex: its address */
	/* enum pl_futex_kind. GIL: CONDITION, waits to have it; OTHER, gave it up and waits until
	 * it is taken; MUTEX, for a moment inside */
	uint8_t futex_kind;
	uint32_t holder; /* BLOCKED for a lock or a join: that thread's tid, 0 unknown */
	uint32_t waker;	 /* BLOCKED, STOPPED: tid that ended it; meaningful with waker_context.
			    READY_PREEMPTED: tid that took its CPU, 0 if not known */
	uint32_t taker;	 /* READY_PREEMPTED: who that was, index + 1; 0: not one of the target's */
	uint8_t waker_context; /* enum pl_waker_context */
	bool open_begin;       /* it had begun before the capture did */
	bool open_end;	       /* it had not ended when the capture did */
	/* Ids of stacks (recording/stacks.h), 0 none. BLOCKED, STOPPED: where it went to sleep, in
	 * user code and in the kernel, and where its waker was. */
	uint32_t stack, kernel_stack, waker_stack;
};

/* How much of each state falls into each of BAR_CELLS equal parts of the capture. */
#define BAR_CELLS 256
struct bar_cell {
	float ns[STATE_COUNT]; /* small, and of any length: good for pictures, not for sums */
};

struct bar {
	struct bar_cell
		*cells; /* for cells first..first + count - 1; the thread was not alive elsewhere */
	uint16_t first, count;
};

/* The arrows between the states of the textbooks: new, ready, running, blocked, stopped, ended. */
enum arrow {
	ARROW_BORN = 0,	      /* new -> ready */
	ARROW_DISPATCHED = 1, /* ready -> running */
	ARROW_PREEMPTED = 2,  /* running -> ready */
	ARROW_BLOCKED = 3,    /* running -> blocked */
	ARROW_WOKEN = 4,      /* blocked -> ready */
	ARROW_STOPPED = 5,    /* running or blocked -> stopped */
	ARROW_CONTINUED = 6,  /* stopped -> ready */
	ARROW_ENDED = 7,      /* running -> ended */
	ARROW_UNSEEN = 8,     /* into or out of what was not recorded */
	ARROW_COUNT
};

/* One kind of waiting of one thread. */
struct reason_total {
	enum reason reason;
	uint16_t syscall; /* REASON_SYSCALL: which one */
	uint32_t count;
	uint64_t total_ns, max_ns;
};

/* The stretches for which a thread had a CPU. */
struct slices {
	uint64_t count, total_ns, max_ns;
	uint64_t median_ns;   /* to some percent: interpolated between powers of two */
	uint64_t preemptions; /* those that ended though it could have gone on: CPU taken, or
				 yielded */
};

/* Who took the CPU from whom. */
struct preemption {
	uint32_t thread; /* index */
	uint32_t by;	 /* index; NO_THREAD: not one of the target's */
	uint64_t count;
	uint64_t ready_ns; /* what `thread` then waited for a CPU */
};

struct thread {
	uint32_t tid, tgid;
	uint32_t process;		  /* index into model.processes */
	uint32_t creator;		  /* index of the thread that made it, or NO_THREAD */
	char name[PL_COMM_LEN + 1];	  /* the last one it had */
	char first_name[PL_COMM_LEN + 1]; /* the one it was born with */
	bool kernel, leader;
	bool began_before; /* it was there before the capture */
	bool alive_at_end;
	uint64_t begin, end;		/* of the part of its life that was captured */
	uint64_t state_ns[STATE_COUNT]; /* adds up to end - begin exactly */
	uint32_t arrows[ARROW_COUNT];	/* how often it went along each */
	VECTOR(struct reason_total)
	reasons; /* most time first; totals add up to BLOCKED + STOPPED */
	uint32_t switches_voluntary, switches_involuntary;
	uint32_t wakeups, migrations;
	uint64_t ready_max_ns; /* the longest wait for a CPU */
	uint64_t both_ns; /* part of STATE_RUNNING during which another thread of the target ran too
			   */
	uint32_t wakers_known,
		wakers_unknown; /* ends of blocked intervals with and without a waker */
	uint8_t end_how;	/* enum pl_end; UNKNOWN: alive, or not recorded */
	uint32_t ended_by;	/* index of the thread whose exit or exec ended it, or NO_THREAD */
	enum reason ended_in;	/* the wait in the midst of which it was ended; else REASON_NONE */
	uint16_t ended_syscall; /* of that wait */
	uint64_t ended_wait_ns; /* how long that wait had been */
	struct bar bar;
	bool has_totals;	 /* the kernel side's totals came, and stand in this struct */
	bool totals_agree;	 /* and the stream says exactly the same */
	struct pl_totals totals; /* as they came */
	bool has_cow;		 /* copy-on-write faults were counted */
	uint32_t cow_faults;
	struct slices slices;
	struct pl_priority priority_first, priority_last; /* when first and last seen */
};

/* How much memory of a process was resident, by the kernel's own counters (struct pl_life_memory).
 */
struct memory {
	bool has_begin, has_end;
	uint8_t begin_moment; /* enum pl_memory_moment: FOUND, BORN, EXEC */
	uint64_t begin,
		end; /* when it got its program, was forked or found; when it ended, or last */
	uint64_t begin_anonymous, end_anonymous; /* the part that is no file's */
	uint64_t peak;				 /* 0: not known */
	/* Its threads together; of those whose totals came. */
	uint64_t minor_faults, major_faults, cow_faults;
	bool has_faults, has_cow; /* of all threads */
};

struct process {
	uint32_t tgid;
	uint32_t parent; /* index into model.processes, or NO_THREAD */
	uint32_t parent_tgid;
	char name[PL_COMM_LEN + 1];
	char path[PL_PATH_LEN + 1]; /* what it executed last, "" if it only forked */
	uint64_t begin, end;	    /* end: of its last thread */
	bool alive_at_end;
	bool has_code; /* `code` is known */
	uint32_t code; /* as wait(2) gives it */
	uint32_t threads;
	uint32_t execs;
	uint64_t running_ns;
	struct memory memory;
	uint32_t killer; /* index into model.signals of the one that ended it, or NO_SIGNAL */
	uint32_t exiter; /* index of the thread that ended it by exit(), or NO_THREAD */
};

#define NO_SIGNAL UINT32_MAX

/* Signals of one number from one sender to one process. */
struct signal_sum {
	uint8_t number;
	uint8_t source;			 /* enum pl_signal_source; 0: only their arrival was seen */
	uint32_t from;			 /* thread index, or NO_THREAD: not one of the target's */
	uint32_t from_tid;		 /* 0: nobody's deed, or not known */
	uint32_t from_tgid;		 /* 0: not known */
	char from_name[PL_COMM_LEN + 1]; /* "" if not known */
	uint32_t to;			 /* process index, or NO_THREAD: not one of the target's */
	uint32_t to_tgid;
	char to_name[PL_COMM_LEN + 1];
	uint64_t sent; /* all of them; of these: */
	uint64_t ignored, merged, overflowed;
	uint64_t handled;     /* times that a handler was called */
	uint32_t handler;     /* thread index that ran it last, or NO_THREAD */
	uint64_t stopped;     /* times that it stopped the process */
	bool fatal;	      /* one of them ended the process */
	bool stops, resumes;  /* what such a signal does, whoever gets it: nobody handles it */
	uint64_t first, last; /* when sent; without any seen, when delivered */
	uint64_t fatal_time;
	bool has_fault; /* source FAULT: of the fatal one, or of the last one */
	int32_t code;	/* si_code */
	uint64_t address, ip;
	uint32_t faulter; /* thread index, or NO_THREAD */
};

/* Durations by powers of two: bucket b counts those in [2^b, 2^(b+1)) ns, bucket 0 also zero. */
#define HISTOGRAM_BUCKETS 48
struct histogram {
	uint64_t buckets[HISTOGRAM_BUCKETS];
	uint64_t count, total_ns, max_ns;
};

static inline void histogram_add(struct histogram *histogram, uint64_t ns)
{
	unsigned int bucket = 63 - (unsigned int)__builtin_clzll(ns | 1);

	if (bucket >= HISTOGRAM_BUCKETS)
		bucket = HISTOGRAM_BUCKETS - 1;
	histogram->buckets[bucket]++;
	histogram->count++;
	histogram->total_ns += ns;
	if (ns > histogram->max_ns)
		histogram->max_ns = ns;
}

/* The q-quantile (0..1), interpolated within its bucket; never above max_ns. */
uint64_t histogram_quantile(const struct histogram *histogram, double q);

/* What one thread had to do with one lock. */
struct lock_user {
	uint32_t thread;
	uint32_t waits;
	uint64_t waited_ns;
	uint64_t held_ns;	  /* others waited while it held it */
	uint64_t held_running_ns; /* of those, it was running */
	uint64_t kept_ns;	  /* of waited_ns: who held it was ready, and waited for a CPU */
};

/* One lock, across threads and processes. It is known by file and offset if processes share it,
 * else by its address in the one address space. */
struct lock {
	uint32_t process; /* where it was first waited for */
	uint64_t address; /* of the word waited on; CONDITION, RWLOCK: of the 8 bytes it lies in */
	enum reason reason; /* LOCK, SEMAPHORE, CONDITION, ... */
	uint32_t waits;
	uint64_t total_ns, max_ns;
	uint32_t waiters_max;	 /* at once */
	uint32_t main_holder;	 /* thread index with the most time waited for, or NO_THREAD */
	uint64_t main_holder_ns; /* time others waited while it held */
	uint64_t main_holder_running_ns; /* of those, it was running */
	uint32_t main_waiter;		 /* thread index that waited longest, or NO_THREAD */
	uint64_t main_waiter_ns;
	const char *name; /* the variable, or where it lies; NULL: not known. The recording's */

	bool inherits;	       /* LOCK: it gives its holder the priority of who waits for it */
	bool shared;	       /* threads of several processes may wait for it */
	uint64_t first_ns;     /* when it was first waited for, since the capture began */
	uint32_t first_waiter; /* by whom: thread index */
	uint32_t first_stack;  /* and where; 0: no stack was kept */
	/* The program's own function there; "" if not known. The recording's. */
	const char *first_function, *first_file;
	uint32_t first_line;
	uint32_t waits_open_begin; /* waits that had begun before the capture */
	uint32_t waits_open_end;   /* that had not ended at its end */
	uint32_t timed_out;	   /* waits that a timer ended */
	uint32_t holder_known;	   /* waits whose holder was read when they began */
	uint32_t holder_confirmed; /* of those, the holder itself ended them */
	uint32_t holder_by_wake;   /* waits whose holder is only known by its having ended them */
	struct histogram waiting;
	/* From the wake-up to the moment at which the thread ran that was to have it: the lock is
	 * nobody's good then. */
	uint32_t handovers;
	uint64_t handover_ns, handover_max_ns;
	VECTOR(struct lock_user) users; /* most time waited or held up first */
};

#define NO_LOCK UINT32_MAX /* an index that names no lock */

/* How a lock was taken, also when nobody waited for it: with --locks=all. */
struct lock_hold {
	uint32_t process; /* index, or NO_THREAD */
	uint64_t address;
	const char *name; /* the recording's, or NULL */
	uint64_t taken;	  /* and given up again */
	uint64_t refused; /* tries that failed, as far as another one followed */
	uint64_t held_ns, max_ns;
	uint32_t open; /* threads that had it at the end of the capture */
	uint32_t lock; /* index into model.locks, or NO_LOCK: nobody waited for it */
};

/* One of the threads of a deadlock: it waits for what the next one holds, the last for the first.
 */
struct deadlock_member {
	uint32_t thread;
	uint32_t holder; /* thread index of the next one */
	enum reason reason;
	uint64_t address;
	uint32_t lock;	 /* index into model.locks, or NO_LOCK: a join */
	uint64_t since;	 /* when its wait began */
	bool open_begin; /* no: it had begun before the capture */
	const char *way; /* the recording's, for hang_place.h; NULL: not known */
};

enum deadlock_end {
	DEADLOCK_GOES_ON = 0,	/* to the end of the capture */
	DEADLOCK_TIMED_OUT = 1, /* the first of the waits gave up */
	DEADLOCK_KILLED = 2,	/* the process ended */
};

/* Threads that wait for each other in a circle. */
struct deadlock {
	uint64_t begin, end; /* from the last of its waits to the first that ended */
	enum deadlock_end ended;
	VECTOR(struct deadlock_member) members;
};

/* A place in the program where threads spent time, as far as stacks were kept. */
#define PLACE_FRAMES 5
#define PLACES_MAX   64

struct place_frame {
	const char *function, *file; /* "" unknown; the recording's */
	uint32_t line;
};

struct place {
	enum reason reason; /* blocked for that; REASON_NONE: running */
	uint16_t syscall;   /* REASON_SYSCALL: which one */
	uint32_t count;	    /* of waits; running: of samples */
	uint64_t total_ns;  /* running: as many periods of the sampling clock */
	uint64_t max_ns;
	uint32_t longest_by; /* thread index */
	/* From what was called in the C library, if it was, to the callers. `own`: index of the
	 * first that is not the C library's. */
	struct place_frame frames[PLACE_FRAMES];
	unsigned int frame_count, own;
	bool is_cut_off; /* its stack could not be followed to its root */
	bool holds; /* where others' waits for that ended: `longest_by` is who waited longest */
};

/* A moment that a program marked: the probe ptrace_lab:phase. */
struct phase {
	uint64_t time;
	uint32_t thread; /* index */
	char text[PL_MARK_TEXT + 1];
};

/* Another USDT probe that was followed. */
struct mark_count {
	const char *name; /* "PROVIDER:NAME"; belongs to the recording */
	uint64_t count, first, last;
};

/* A thread that the program itself switches, on kernel threads that carry it. Its life is tiled:
 *
 *	running	  its carrier runs
 *	blocked	  it waits for another user thread; or its own call blocks the carrier
 *	standing  it could run, but every carrier is blocked by the user thread on it
 *	ready	  it could run, and waits for a carrier, or with its carrier for a CPU
 */
struct uthread {
	uint32_t id;
	uint32_t process; /* index */
	char name[PL_MARK_NAME + 1];
	uint64_t begin, end;
	bool alive_at_end;
	uint64_t running_ns, ready_ns, standing_ns, blocked_ns; /* add up to end - begin */
	uint64_t switches;					/* times that it got a carrier */
	uint64_t moves; /* times that it got another carrier than before */
	struct bar bar; /* standing as STATE_STOPPED; of the first BARS_OF_UTHREADS */
};
#define BARS_OF_UTHREADS 64
/* What ended a blocked interval. */
enum wake_kind {
	WAKE_UNKNOWN = 0,
	WAKE_THREAD = 1,
	WAKE_EXIT = 2,	    /* the end of the thread or process that was waited for */
	WAKE_TIMER = 3,	    /* the wait's own */
	WAKE_INTERRUPT = 4, /* a device, the network, or a timer: it cannot be told */
	WAKE_KINDS
};

const char *wake_kind_name(enum wake_kind kind);

struct wake {
	enum wake_kind kind;
	uint32_t from; /* thread index; NO_THREAD: none, or one that is not in the recording */
	uint32_t to;
	uint64_t count, waited_ns; /* what `to` had been blocked for, until these wake-ups */
};

/* Each wake-up by the thread that the one before it had woken. */
struct wake_chain {
	uint64_t length;
	uint32_t first, last; /* threads: who woke first, who was woken last */
	uint64_t begin, end;
};

/* Threads that waited for one condition, semaphore or other futex. */
struct herd {
	uint32_t process; /* of the first of them: index */
	uint64_t address; /* as that of struct lock */
	enum reason reason;
	uint64_t bursts;      /* times that at least three were woken at once */
	uint64_t woken, idle; /* by these; and for nothing */
	uint64_t idle_ns;     /* CPU time of those */
	uint64_t first, last;
	uint32_t waker; /* of the last burst: index */
};

struct polling {
	uint32_t thread;
	enum reason reason;
	uint16_t syscall;
	uint64_t address;
	uint64_t count, running_ns;
	uint64_t first, last;
};

struct losses {
	uint64_t records;   /* lane records that the kernel side could not write */
	uint64_t life;	    /* life records */
	uint64_t missed;    /* program runs that the kernel skipped */
	uint64_t untracked; /* threads without a slot */
	uint64_t repaired; /* steps of the stream that did not fit together: STATE_UNKNOWN intervals
			    */
	uint64_t marks;	   /* USDT marks */
	bool marks_refused;	  /* some could not be followed at all */
	const char *target_only;  /* options that say nothing of other processes; NULL: none */
	uint64_t totals_disagree; /* threads whose totals and stream differ with nothing lost */
};

/* How stacks end, one for each wait and each sample that has one. */
#define STACK_ENDS 16
struct stack_ends {
	bool asked; /* stacks were kept at all */
	uint64_t stacks,
		stops[STACK_ENDS];	     /* by enum stack_stop (recording/stacks.h); `stacks`
					      * without those of threads that had no memory any more */
	uint64_t lost;			     /* that found no room in the kernel side's ring */
	uint64_t unknown;		     /* that the recording does not explain */
	uint64_t walked, recognised, copied; /* how the kernel side came by them */
	uint64_t table_bytes;
};

/* Where lane records were lost. */
struct lost_lane {
	unsigned int cpu;
	uint64_t records;
};

struct fact {
	const char *name, *value;
};

struct watch_report;
struct subjects;
struct moments;

struct model {
	/* From the notes; the strings belong to the recording, which must outlive the model. What
	 * is not noted is "", but `scenario` is NULL if none was run. */
	const char *version, *host, *kernel, *arch, *mode, *scenario;
	const char *scenario_title;   /* owned by the model */
	VECTOR(const char *) command; /* one item an argument; owned by the model */
	VECTOR(struct fact) facts;
	unsigned int cpus;
	unsigned int cpus_used; /* on which its threads have run, but for a hundredth of the time */
	uint32_t target;	/* pid of the first process, 0 if none */
	bool has_status;
	uint32_t status;
	bool complete; /* the recording was ended properly */
	uint64_t realtime;
	uint64_t begin, end;
	uint64_t file_bytes;
	uint64_t tracer_cpu_ns;

	VECTOR(struct thread) threads; /* in order of appearance */
	VECTOR(struct process) processes;
	VECTOR(struct lock) locks;	   /* most time waited first */
	VECTOR(struct signal_sum) signals; /* in order of their first one */
	uint64_t signals_beyond;	   /* of more senders and receivers than are kept apart */
	VECTOR(struct phase) phases;	   /* in order of time; the first 4096 */
	uint64_t phases_beyond;
	VECTOR(struct mark_count) marks;
	VECTOR(struct uthread) uthreads;       /* in order of appearance */
	uint64_t uthreads_beyond;	       /* marks of more user threads than are kept */
	uint32_t carriers;		       /* kernel threads that carried any */
	VECTOR(struct preemption) preemptions; /* most often first */
	struct histogram ready;		       /* waits for a CPU, all threads */
	struct histogram blocked;
	/* Time during which exactly n of the target's threads ran; the last entry: that many or
	 * more. */
	uint64_t concurrency[65];
	struct bar_cell strip[BAR_CELLS]; /* all threads together */
	uint64_t switches, wakeups; /* of all threads: times that one left its CPU, was woken */
	/* Times that a thread got a CPU unseen (struct pl_resume): the kernel runs no BPF programs
	 * for some threads, so that wake-ups and switches that come from there are not told of. */
	uint64_t unseen_switches;
	/* Of what such threads ran, so much was told too late to be counted in `concurrency`. */
	uint64_t unplaced_ns;
	uint64_t records;
	struct losses losses;
	struct stack_ends stack_ends;
	VECTOR(struct lost_lane) lost_lanes; /* only those that lost any */
	VECTOR(struct claim) claims;	     /* evaluated */
	struct critical_path path;
	VECTOR(struct what_if) what_ifs; /* most gain first */
	VECTOR(struct finding) findings; /* most costly first */
	uint64_t replay_ns;		 /* the run in the replay that they are measured against */
	const char *claims_of;	     /* the scenario that claims it; NULL: the one that was run */
	VECTOR(struct place) places; /* most time first; empty without stacks */
	struct watch_report *watch;  /* variables that were watched (model/race/watch.h), or NULL */
	bool has_holds;		     /* every lock that was taken was counted */
	uint64_t holds_lost;	     /* calls that found no room */
	VECTOR(struct lock_hold) holds;	   /* most time held first */
	VECTOR(struct deadlock) deadlocks; /* in the order in which they closed */
	VECTOR(struct wake) wakes;	   /* most often first */
	struct wake_chain chain;	   /* the longest one */
	struct moments *moments; /* snapshots of control blocks (model/tasks/moments.h), or NULL */
	struct subjects *subjects; /* what the scenario is about (model/subjects.h), or NULL */
	VECTOR(struct herd) herds; /* only those of which some were woken for nothing */
	VECTOR(struct polling) pollings; /* threads that woke themselves for nothing */
	/* --ring: as it was given, NULL: this is no part of a longer watch; what made it be kept;
	 * when the watch began. The strings are the recording's. */
	const char *ring, *ring_why;
	uint64_t ring_since;
};

/* Works the whole recording through. A recording that is damaged further on gives the model of
 * what came before, with `ret_error` filled in and `complete` false. 0 or -errno. */
int model_build(struct recording *recording, struct model **ret, struct recording_error *ret_error);
/* The same, telling from time to time how far it has come: `share` goes from 0 to 1. */
struct model_progress {
	void (*advanced)(void *context, uint64_t items, double share);
	void *context;
};
int model_build_watched(struct recording *recording, const struct model_progress *progress,
			struct model **ret, struct recording_error *ret_error);
void model_free(struct model **model);

/* Average number of the target's threads that ran at once, over the time in which any did. */
double model_parallelism(const struct model *model);
uint64_t thread_life_ns(const struct thread *thread);
uint64_t thread_ready_ns(const struct thread *thread);
uint64_t thread_blocked_ns(const struct thread *thread); /* BLOCKED and STOPPED */
#endif
