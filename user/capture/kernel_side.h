/* SPDX-License-Identifier: GPL-2.0-only */
/* kernel_side.h - the BPF programs: loading, attaching, and the memory shared with them */
#ifndef CAPTURE_KERNEL_SIDE_H
#define CAPTURE_KERNEL_SIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/vector.h"
#include "bpf/checkpoint.h"
#include "bpf/settings.h"
#include "bpf/stacks.h"
#include "bpf/watch_events.h"

struct kernel_side;
struct map_window;
struct marks;

struct kernel_side_options {
	uint64_t buffer_bytes; /* for the lanes of all CPUs together; 0: enough for most */
	bool whole_machine;
	uint32_t stacks;	   /* enum pl_stacks; 0: none */
	uint32_t sample_rate;	   /* PL_STACKS_SAMPLES: how often a second */
	uint32_t stack_ids;	   /* so many of them are taken already */
	bool watches;		   /* load what variables are watched with */
	const struct marks *marks; /* to attach to; lives as long as the kernel side; or NULL */
	bool faults;		   /* count copy-on-write faults, where the kernel shows them */
	bool holds;		   /* load what counts every lock that is taken */
	bool checkpoints;	   /* accounts will be looked at while threads run */
	const struct pl_trigger *triggers; /* up to PL_TRIGGERS; none if the first's kind is 0 */
};

typedef VECTOR(struct pl_base) base_vector;

/* A CPU's ring as user space sees it. */
struct lane_view {
	struct pl_lane *lane;
	const uint8_t *data;
	uint32_t bytes; /* a power of two */
};

/* The memory shared for stacks (bpf/stacks.h); with stacks off, all is NULL and -1. */
struct kernel_side_stacks {
	struct map_window *words; /* of tables */
	struct pl_unwind_rule *rules;
	struct pl_mapping *mappings;
	struct pl_space *spaces;
	struct pl_python *pythons;
	struct pl_stack_control *control;
	int processes_fd; /* tgid -> space */
	int ring_fd;
};
/* Whether this kernel lets us load programs at all: EXIT_OK, or another status after a sentence. */
int kernel_side_check(void);
/* Says why a program could not be loaded or used, by its -errno. The exit status for that. */
int kernel_side_explain(int error);

/* All that can fail says why in one sentence on standard error and returns an enum exit_status. */
int kernel_side_load(const struct kernel_side_options *options, struct kernel_side **ret);
int kernel_side_attach(struct kernel_side *side);
void kernel_side_free(struct kernel_side **side);

/* The exec of this thread begins the capture; with variables to watch, its next switch-in. */
void kernel_side_arm(struct kernel_side *side, pid_t tid);
/* Takes up all threads of some processes (or of the machine) that are there already; how many.
 * Once, as a thread's place tells a holder only if that one has been taken up. */
int kernel_side_take_up(struct kernel_side *side, const pid_t *pids, size_t count,
			size_t *ret_threads);
/* Copies the stacks of threads that were taken up while they were blocked, as many as the ring has
 * room for; how many are still to be copied. */
int kernel_side_copy_stacks(struct kernel_side *side, size_t *ret_left);
/* Every thread tells its blocking place anew from here on: a reader can begin here. */
void kernel_side_new_epoch(struct kernel_side *side);
/* A process is told to have ended a moment before its last thread's last switch: waits for that. */
void kernel_side_await_end(struct kernel_side *side, pid_t pid);
/* Ends the capture: when it returns, no program writes any more. Gives the end's time. */
void kernel_side_stop(struct kernel_side *side, uint64_t *ret_end);
/* How every thread stands that is followed: of those that end just now, some have no name. 0 or
 * -errno. */
int kernel_side_checkpoint(struct kernel_side *side, base_vector *ret);
/* Waits until all that the programs have begun is written. */
void kernel_side_wait(void);
/* The next wait that is too long rings the bell, once. */
void kernel_side_arm_triggers(struct kernel_side *side);
bool kernel_side_triggers_armed(const struct kernel_side *side);
/* Whether they were armed until now: then we ring the bell, and nobody else. */
bool kernel_side_disarm_triggers(struct kernel_side *side);
/* Of a slot's thread; NULL without triggers. */
struct pl_wait_told *kernel_side_wait_told(struct kernel_side *side, uint32_t slot);
/* After the end: sends the accounts of all threads that live on, as life records. */
int kernel_side_settle(struct kernel_side *side);

unsigned int kernel_side_lanes(const struct kernel_side *side);
struct lane_view kernel_side_lane(const struct kernel_side *side, unsigned int cpu);
/* Slots that were ever used: index 1 and up; NULL past the last one. */
const struct pl_slot *kernel_side_slot(struct kernel_side *side, uint32_t index);
int kernel_side_life_fd(const struct kernel_side *side);
const struct pl_control *kernel_side_control(const struct kernel_side *side);
/* After the end: kinds of signals of which some have not been told, the one that follows `after`
 * (NULL: the first). False past the last one. */
bool kernel_side_next_signals(const struct kernel_side *side, const struct pl_signal_key *after,
			      struct pl_signal_key *ret_key, uint32_t *ret_waiting);
const struct kernel_side_stacks *kernel_side_stacks(const struct kernel_side *side);
/* An errno if not all marks could be attached to, else 0. */
int kernel_side_marks_refused(const struct kernel_side *side);
/* Runs that the kernel skipped because the same program was running on that CPU already. */
uint64_t kernel_side_missed(const struct kernel_side *side);

/* What capture/holds.c needs; only if it was loaded for that. */
enum hold_program { HOLD_LOCK, HOLD_TRY, HOLD_UNLOCK, HOLD_CONDITION, HOLD_PROGRAMS };

struct kernel_holds {
	struct bpf_program *programs[HOLD_PROGRAMS];
	int sums_fd, holds_fd, calls_fd;
	const uint64_t *lost;
};
struct kernel_holds kernel_side_holds(struct kernel_side *side);

/* What capture/watch/watch.c needs; only if it was loaded for that. */
struct kernel_watch {
	struct pl_watch_control *control;
	int ring_fd, operands_fd;
	const struct bpf_program *on_access, *on_entry;
};
struct kernel_watch kernel_side_watch(struct kernel_side *side);

#endif
