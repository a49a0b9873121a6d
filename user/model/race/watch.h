/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * watch.h - what a recording knows of the variables that were watched
 *
 * The accesses may be those of a run of its own that came after the one that the rest of the
 * recording is about: a watched program is slower, and its times are not the program's.
 */
#ifndef MODEL_WATCH_H
#define MODEL_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vector.h"
#include "bpf/watch_events.h"
#include "model/model.h"
#include "model/race/race.h"
#include "recording/watch.h"

struct model;
struct recording;
struct recording_error;

/* An instruction that touched a variable. */
struct watch_place {
	uint64_t address;  /* in its file, of the instruction behind it */
	unsigned int kind; /* enum access_kind */
	unsigned int bytes;
	char function[128], file[128]; /* "" if not known */
	unsigned int line;
};

#define LOSS_FRAMES 48

struct loss_frame {
	const char *function, *file, *module; /* "" if not known */
	unsigned int line;
};

/* A stack with which a loss came about, leaf first. */
struct loss_stack {
	uint32_t id;
	bool is_whole; /* it reaches to where the thread began */
	unsigned int count;
	struct loss_frame frames[LOSS_FRAMES];
};

struct watch_thread {
	uint32_t tid;
	char name[PL_COMM_LEN + 1];
	uint64_t reads, writes;
	uint8_t locks_always; /* held at each access */
	uint8_t locks_ever;
};

#define WATCH_GAP_BUCKETS 16 /* powers of four: below 4 ns, below 16 ns, ... */

/* Accesses whose stacks look the same. */
struct watch_stack {
	uint32_t stack; /* id of one of them */
	uint64_t reads, writes;
	struct place_frame frames[PLACE_FRAMES]; /* the few that say where, leaf first */
	unsigned int frame_count;
};

/* One variable in one address space. */
struct watched {
	uint32_t watch;	  /* which of those that were asked for */
	uint32_t process; /* tgid; 0: shared by several */
	char name[256], type[64], file[128];
	unsigned int line;
	uint64_t address;
	uint32_t bytes;
	bool has_first; /* what it held before anything ran is known */
	uint64_t first;
	bool reads;			      /* reads were recorded as well */
	VECTOR(struct watch_access) accesses; /* in order of time */
	VECTOR(struct watch_thread) threads;  /* in order of appearance */
	VECTOR(struct watch_stack) stacks;    /* most accesses first; empty in old recordings */
	uint64_t read_count, write_count;
	uint8_t locks_always, locks_ever; /* over the accesses of all threads */
	struct race race;
	/* Of named losses: from the one write to the other that wiped it out. */
	uint64_t gaps[WATCH_GAP_BUCKETS];
	uint64_t gap_min, gap_max;
};

struct watch_report {
	const char *problem;   /* why there is nothing; NULL: there is something */
	const char *command;   /* of a run of its own, one argument a line; NULL: the run itself */
	uint64_t elapsed_ns;   /* of that run, 0 if not known */
	uint64_t limit, hits;  /* accesses: to be recorded, in all */
	uint64_t lost, missed; /* within the limit: found no room, ran no program */
	uint64_t lock_count;   /* locks of the program that were looked at, and more */
	const char *locks[PL_WATCH_LOCKS];
	bool has_expected, has_actual;
	int64_t expected, actual; /* what the program itself said in that run */
	VECTOR(struct watch_place) places;
	VECTOR(struct watched) variables;
	VECTOR(struct loss_stack) loss_stacks; /* by id */
};

/* NULL with 0 if nothing was watched. Texts belong to the recording. 0 or -errno. */
int watch_report_build(struct recording *recording, const struct model *model,
		       struct watch_report **ret, struct recording_error *ret_error);
void watch_report_free(struct watch_report **report);

/* Fills in watched->stacks. 0 or -ENOMEM. */
int watch_stacks_find(const struct recording *recording, const struct watch_report *report,
		      struct watched *watched);

/* All accesses within the limit are there. */
bool watch_is_complete(const struct watch_report *report);
/* The limit was reached: there were more accesses than were recorded. */
bool watch_is_cut(const struct watch_report *report);
const struct watch_place *watch_place_of(const struct watch_report *report,
					 const struct watch_access *access);
/* NULL if it is not known, or not a loss's. */
const struct loss_stack *loss_stack_of(const struct watch_report *report, uint32_t id);
/* For watch_report_build(). 0 or -ENOMEM. */
int loss_stacks_find(struct watch_report *report, const struct recording *recording);
/* NULL if the thread is not known. */
const struct watch_thread *watch_thread_of(const struct watched *watched, uint32_t tid);
/* Whether it wrote, so far as the instruction tells. */
bool watch_writes(const struct watch_report *report, const struct watch_access *access);

#endif
