/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scenario.h - what every scenario is made of
 *
 * A scenario is one file NAME.c in the folder of its chapter, and NAME.md beside it, the page that
 * `ptrace-lab explain NAME` shows. It is an ordinary program, built as
 * build/workloads/CHAPTER/NAME, that runs on its own; a copy of it lies inside ptrace-lab, which
 * runs that. What it is and what must be true of its run stands in the file itself:
 *
 *	SCENARIO("title: two threads add to one variable and lose each other's updates\n"
 *		 "chapter: 1\n"
 *		 "order: 2\n"
 *		 "claim: updates were lost\n"
 *		 "  needs: cpus >= 2 else there was one CPU only\n"
 *		 "  holds: fact.actual < fact.expected\n"
 *		 "  shows: fact.expected - fact.actual as count\n");
 *
 * The text goes into the ELF section .ptrace_lab, where the tracer finds it; the recording keeps
 * it, and user/model/claims/claims.c works the claims out. A claim has a sentence; any number of
 *`needs`, conditions without which it is undecided, each with the reason to give then; `holds`, the
 * condition; and optionally `shows`, the figure to print beside it: EXPR as UNIT or EXPR of EXPR as
 * UNIT, where UNIT is count, duration (the value is in ns), ratio, share (1 is 100 %), bytes or
 * address.
 *
 * A line "compare: --OPTION" before the claims says how `ptrace-lab compare` runs it: without what
 * it does only to have something to compare with. A line "racy: yes" says that ThreadSanitizer
 * finds fault with it, and shall.
 *
 * Expressions have numbers (with an optional unit ns us ms s % : 5ms is 5000000, 15% is 0.15),
 * + - * / ( ), the comparisons == != < <= > >=, and or not, the test
 * `A near B within TOLERANCE` (|A - B| <= TOLERANCE * max(|A|, |B|)), and these names:
 *
 *	fact.NAME		  a number that the program reported with scenario_fact()
 *	cpus			  CPUs of the machine
 *	wall, cpu		  time of the recording; CPU time of all threads (ns)
 *	parallelism		  threads that ran at once, on average, over the time when any ran
 *	overlap			  time during which at least two of the threads ran (ns)
 *	threads, processes	  how many there were
 *	threads[PATTERN]	  how many had a name that matches (* for any text)
 *	switches, wakeups	  how many
 *	lost			  records lost
 *	locks			  locks (mutexes, read-write locks) that somebody waited for
 *	lock.waits		  waits for locks, all together
 *	lock.wait, lock.wait_max  time waited for locks, all threads together; the longest (ns)
 *	lock.holder_running	  of lock.wait, the time during which the holder was running (ns)
 *	thread[NAME].life .running .ready .blocked .switches .voluntary .involuntary .wakeups
 *		    .migrations
 *	lock.at_once		  the most threads that waited for one at once
 *	lock.handover		  time from waking a waiter until it ran, with the lock free (ns)
 *	lock.timed_out		  waits for locks that gave up
 *	condition.waits .at_once .handover .timed_out	  the same of condition variables
 *	deadlocks		  circles of threads that waited for each other for ever
 *	deadlock.threads, deadlock.length  how many in the largest; time of the longest (ns)
 *	thread[NAME].blocked.REASON	time blocked for one reason: lock, page_fault, ... (ns)
 *	thread[NAME].times.REASON	how often it was blocked for that reason
 *	thread[NAME].begin .end	  when, in ns since the recording began
 *	thread[NAME].started	  threads that it created, and processes that it forked
 *	threads[PATTERN].running ...	any of these of all threads with such names together
 *	least[PATTERN].running ...	of the one of them that has least of it
 *	most[PATTERN].running ...	of the one that has most
 *	process[NAME].pid .parent  pids, its own and its parent's, in the tracer's eyes
 *	process[NAME].life	  from its first thread's begin to its last one's end (ns)
 *	process[NAME].signal	  that ended it, 0 if none did
 *	watch.writes .reads	  of the variable that was watched (see `watch` below)
 *	watch.updates .lost	  updates; those that were lost, exactly
 *	watch.named .undecided	  of the lost: what wiped it out is certain, is not
 *	watch.locked		  1 if the same lock was held at each access, else 0
 *	watch.expected .actual	  as the facts of these names, of the run that was watched
 *	process[NAME].status	  with which it exited; not known if a signal ended it
 *	signals[FROM,TO,NUMBER]	  signals sent; FROM is a thread's name, kernel or fault, TO a
 *				  process's; both may have *; NUMBER may be left out
 *	signals[...].handled .ignored .fatal	of these: by a handler; not at all; ended it
 *	signals[...].first	  when the first one was sent, in ns since the recording began
 *	process[NAME].killer.pid .killer.at	who ended it (0: the kernel), and when
 *	process[NAME].fault.address .fault.ip .fault.code	of the fault that ended it
 *	thread[NAME].ended.itself .ended.taken	1 if it ended by itself; with its process (exec too)
 *	thread[NAME].ended.by	  tid of the thread whose exit took it along
 *	thread[NAME].ended.waiting .ended.waiting.REASON	the wait that it cut short (ns)
 *	process[NAME].faults .minor_faults .major_faults .cow_faults	of its threads
 *	thread[NAME].faults ...	  the same of one thread; threads[PATTERN].faults ... of several
 *	process[NAME].resident .resident_begin .resident_peak	memory at its end, at first (forked,
 *				  found, or new program), at most (bytes, of the kernel's lagging
 *				  counters: 128 KiB and more a CPU are within the error)
 *	thread[NAME].share	  of the CPU time of all threads
 *	thread[NAME].slices .slice_mean .slice_median .slice_max	stretches on a CPU (ns)
 *	thread[NAME].preemptions  times that it lost its CPU, or yielded; by whom:
 *	preempted[NAME,BY]	  patterns; BY may be others: not one of the target's
 *	thread[NAME].nice .rt_priority .weight	at its end; 1024 is the weight of nice 0
 *	phase[TEXT]		  when PTRACE_LAB_PHASE said it first (ns); patterns; .last .count
 *	uthreads, uthreads[PATTERN]	how many user threads (PTRACE_LAB_UTHREAD_SWITCH)
 *	uthread[NAME].life .running .ready .stood_still .blocked .switches .moves	of one (ns);
 *				  uthreads[PATTERN].X of several together
 *	carriers		  kernel threads that carried user threads
 *	marks[PROVIDER:NAME]	  times that another probe was met (--mark)
 *
 *	woke[FROM,TO]		  waits of TO that FROM (also: timer, interrupt) ended; patterns
 *	pictures		  snapshots of the control blocks taken in time (`about`)
 *	seen[NAME,STATE]	  in how many of them such a task is running, ready, blocked,
 *				  stopped or a zombie
 *
 * What a scenario is about is shown in its report, in the order of these lines:
 *
 *	about: states		  new, ready, running, blocked, ended: counted and timed
 *	about: tasks during PHASE [until PHASE]	  a snapshot of them, taken between these marks
 *	about: sharing during ... which of them have the same memory, files, handlers
 *	about: memory during ...  what lies where
 *	table: TITLE | HEAD | HEAD ...	  figures, in up to 8 columns; its rows follow:
 *	row: NAME | EXPR as UNIT | text FACT ...
 *
 * A row of which nothing is known is left out.
 *
 * For the snapshots the scenario stays as it is for some 100 ms, between two marks.
 *
 * A line `watch: VARIABLE:rw --OPTION=VALUE` makes `ptrace-lab run` run the scenario a second time,
 * with these options behind those of the first run, and record every access to that variable.
 *
 * What is not known makes a claim undecided, never held: a fact that was not reported, a thread
 * or process that is not there or shares its name with another, a division by zero, and whatever
 * was worked out of a stream of records that has gaps.
 */
#ifndef WORKLOADS_SCENARIO_H
#define WORKLOADS_SCENARIO_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __has_include
#if __has_include(<sys/sdt.h>)
#include <sys/sdt.h>
#endif
#endif

#define SCENARIO_SECTION ".ptrace_lab"

#define SCENARIO(text)                                                                             \
	__attribute__((section(SCENARIO_SECTION), used)) static const char scenario_text[] = text

/* ---- options ------------------------------------------------------------------------------- */

enum scenario_option_type {
	SCENARIO_FLAG_OPTION,	  /* --print: bool */
	SCENARIO_NUMBER_OPTION,	  /* --count 1000000 */
	SCENARIO_DURATION_OPTION, /* --step 20ms, kept in ns */
	SCENARIO_SIZE_OPTION,	  /* --size 256MiB, kept in bytes */
};

/* Made by the macros below; a table of them ends with SCENARIO_END. `value` holds the default. */
struct scenario_option {
	const char *name;
	enum scenario_option_type type;
	union {
		bool *flag;
		uint64_t *value;
	};
	uint64_t min, max;
	uint64_t full; /* the value that --full gives, 0: it stays */
	const char *help;
};

#define SCENARIO_FLAG(name_, flag_, help_)                                                         \
	{                                                                                          \
		.name = (name_), .type = SCENARIO_FLAG_OPTION, .flag = (flag_), .help = (help_)    \
	}
#define SCENARIO_VALUE_(type_, name_, value_, min_, max_, full_, help_)                            \
	{                                                                                          \
		.name = (name_), .type = (type_), .value = (value_), .min = (min_), .max = (max_), \
		.full = (full_), .help = (help_)                                                   \
	}
#define SCENARIO_NUMBER(name, value, min, max, help)                                               \
	SCENARIO_VALUE_(SCENARIO_NUMBER_OPTION, name, value, min, max, 0, help)
#define SCENARIO_DURATION(name, value, min, max, full, help)                                       \
	SCENARIO_VALUE_(SCENARIO_DURATION_OPTION, name, value, min, max, full, help)
#define SCENARIO_SIZE(name, value, min, max, help)                                                 \
	SCENARIO_VALUE_(SCENARIO_SIZE_OPTION, name, value, min, max, 0, help)
#define SCENARIO_END                                                                               \
	{                                                                                          \
		.name = NULL                                                                       \
	}

/*
 * First thing in main(): gives the process the scenario's name (it may have been executed from a
 * file without one), reads the options, and finds the tracer's channel for facts. Ends the process
 * after --help or a mistake. `options` may be NULL.
 */
#define scenario_begin(argc, argv, options)                                                        \
	scenario_begin_((argc), (argv), (options), scenario_text, __FILE__)
void scenario_begin_(int argc, char **argv, const struct scenario_option *options, const char *text,
		     const char *file);

/* Last thing in main(): the exit status, which is 0 if all that was said could be written. */
int scenario_end(void);

/* ---- time ---------------------------------------------------------------------------------- */

/* CLOCK_MONOTONIC, the clock of the recording. */
uint64_t scenario_now(void);

struct scenario_timer {
	uint64_t begin;
};

/* The span between the two is what the scenario is about: also marked as phases "start", "stop". */
struct scenario_timer scenario_start(void);
uint64_t scenario_stop(const struct scenario_timer *timer); /* elapsed ns */

/* Marks a moment for the tracer: the USDT probe ptrace_lab:phase, a nop while nobody looks. */
#ifdef DTRACE_PROBE1
#define PTRACE_LAB_PHASE(name) DTRACE_PROBE1(ptrace_lab, phase, name)
#else
#define PTRACE_LAB_PHASE(name) ((void)(name))
#endif

/*
 * For programs that switch threads of their own, which the kernel does not know. `id` is not 0 and
 * not larger than 32 bits. SWITCH: from here on this kernel thread carries that user thread; id 0:
 * none, it looks for one. STATE: what has become of one that is not carried any more.
 */
enum uthread_state { UTHREAD_READY = 0, UTHREAD_BLOCKED = 1, UTHREAD_ENDED = 2 };

#ifdef DTRACE_PROBE1
#define PTRACE_LAB_UTHREAD_SWITCH(id, name)                                                        \
	DTRACE_PROBE2(ptrace_lab, uthread_switch, (uint32_t)(id), (const char *)(name))
#define PTRACE_LAB_UTHREAD_STATE(id, name, state)                                                  \
	DTRACE_PROBE3(ptrace_lab, uthread_state, (uint32_t)(id), (const char *)(name),             \
		      (uint32_t)(state))
#else
#define PTRACE_LAB_UTHREAD_SWITCH(id, name)	  ((void)(id), (void)(name))
#define PTRACE_LAB_UTHREAD_STATE(id, name, state) ((void)(id), (void)(name), (void)(state))
#endif

/* ---- what came of it ----------------------------------------------------------------------- */

/* For the tracer: one line "name value" on the descriptor that PTRACE_LAB_RESULT_FD names; nothing
 * where there is none. The name has letters, digits and _. From any thread or forked child. */
void scenario_fact(const char *name, int64_t value);
void scenario_fact_address(const char *name, const volatile void *address);
void scenario_fact_text(const char *name, const char *value);

/* For the person: one line "  label      what the format says". */
__attribute__((format(printf, 2, 3))) void scenario_say(const char *label, const char *format, ...);

/* For both: expected, actual and elapsed_ns as lines and as facts of these names. */
void scenario_result(uint64_t expected, uint64_t actual, uint64_t elapsed_ns);

struct scenario_figure {
	char text[32];
};

struct scenario_figure scenario_count_text(uint64_t count); /* "1,000,000" */
struct scenario_figure scenario_duration_text(uint64_t ns); /* "4.21 ms" */
struct scenario_figure scenario_size_text(uint64_t bytes);  /* "256 MiB" */

/* One sentence on standard error, then the end of the process with status 1. `error` is an errno
 * value, or 0. */
__attribute__((noreturn, format(printf, 2, 3))) void scenario_fail(int error, const char *format,
								   ...);

/* ---- threads ------------------------------------------------------------------------------- */

#define SCENARIO_THREAD_NAME 16 /* the kernel keeps 15 characters */

/* Belongs to the caller and must stay where it is until the thread was joined. */
struct scenario_thread {
	pthread_t id;
	char name[SCENARIO_THREAD_NAME];
	void (*work)(void *argument);
	void *argument;
	size_t stack_size; /* set before the start; 0: as usual */
};

/* The thread has its name before its work begins. Both end the process if they fail. */
__attribute__((format(printf, 4, 5))) void scenario_thread_start(struct scenario_thread *thread,
								 void (*work)(void *argument),
								 void *argument, const char *name,
								 ...);
void scenario_thread_join(struct scenario_thread *thread);

/* CPUs that this process may run on. */
unsigned int scenario_cpus_allowed(void);

/* To be called in a loop that waits for another CPU without sleeping. */
static inline void scenario_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/*
 * Lets two threads begin at the same instant on two CPUs. It spins and does not sleep: a futex
 * here would be a wait that the scenario is not about. Zeroed before use.
 */
struct scenario_gate {
	struct {
		uint64_t value;
		char padding[56]; /* a cache line of its own */
	} cpu, ping, pong, open;
};

/*
 * Called by the two threads with side 0 and 1. True if both were seen to run at once, so quickly
 * did they answer each other. False with one CPU, or if that did not happen within a fifth of a
 * second because the machine is busy; the threads go on in any case. If the scheduler put both on
 * one CPU, side 1 goes to another one by itself, and may be moved again afterwards.
 */
bool scenario_gate_pass(struct scenario_gate *gate, unsigned int side);

#endif
