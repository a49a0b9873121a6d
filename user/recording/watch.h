/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * watch.h - accesses to watched variables in a recording
 *
 * What is watched, and the instructions that touched it, stand in notes; each access is a record of
 * a WATCH block (FORMAT.md), which keeps it in about ten bytes.
 */
#ifndef RECORDING_WATCH_H
#define RECORDING_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/watch_events.h"
#include "recording/block.h"

struct recording;
struct recording_writer;
struct recording_error;

/* Notes. Lists have one item a line. */
#define NOTE_WATCH                                                                                 \
	"watch.variable." /* + index: name, address (hex), bytes, "w" or "rw", 1 if                \
			   * processes share it, type, file, line, what it                         \
			   * held before ("": not known) */
#define NOTE_WATCH_PLACE                                                                           \
	"watch.place."			 /* + index: ip in its file (hex), enum access_kind,       \
					  * bytes, function, file, line */
#define NOTE_WATCH_LOCK	   "watch.lock." /* + index: its name */
#define NOTE_WATCH_LOCKS   "watch.locks" /* locks that the program has */
#define NOTE_WATCH_LIMIT   "watch.limit"
#define NOTE_WATCH_HITS	   "watch.hits"	   /* accesses, those beyond the limit included */
#define NOTE_WATCH_LOST	   "watch.lost"	   /* records that found no room */
#define NOTE_WATCH_MISSED  "watch.missed"  /* traps that no program was run for */
#define NOTE_WATCH_PROBLEM "watch.problem" /* why there is nothing: a sentence */
/* In a run of its own, after the one that the rest of the recording is about: */
#define NOTE_WATCH_COMMAND "watch.command" /* one argument a line */
#define NOTE_WATCH_THREAD  "watch.thread." /* + tid: its name */
#define NOTE_WATCH_FACT	   "watch.fact."   /* + name: as NOTE_FACT */
#define NOTE_WATCH_ELAPSED "watch.elapsed" /* ns from its exec to its end */

#define WATCH_NO_PLACE UINT32_MAX

struct watch_access {
	uint64_t time;	/* after the access, and before `seen` was read */
	uint64_t value; /* what the place's kind says (symbols/instruction.h) */
	uint64_t seen;	/* what the variable held within `seen_ns` after `time` */
	uint32_t tid, tgid;
	uint32_t ran_ns; /* the thread had had this CPU for so long, or PL_WATCH_UNKNOWN */
	uint32_t place;	 /* index, or WATCH_NO_PLACE */
	uint32_t stack;	 /* its id (recording/stacks.h), below 2^24; 0: none */
	uint16_t cpu;
	uint16_t seen_ns;
	uint8_t watch; /* index */
	uint8_t flags; /* enum pl_watch_flags, without FULL */
	uint8_t locks; /* those that it held, by the bits of their indices */
	uint8_t reserved;
};

#define WATCH_ACCESSES_MAX 4096u
#define WATCH_COLUMNS	   9
#define WATCH_NUMBER_MAX   10 /* bytes */
#define WATCH_PAYLOAD_MAX                                                                          \
	(WATCH_COLUMNS * 4 + WATCH_ACCESSES_MAX * WATCH_COLUMNS * WATCH_NUMBER_MAX)

/* Kept until enough for a block has come together; in any order. 0 or -errno. */
int recording_write_access(struct recording_writer *writer, const struct watch_access *access);

/* Calls `take` for each access in the file's order. 0 or -errno; what was told before is good. */
int recording_read_accesses(struct recording *recording,
			    int (*take)(void *context, const struct watch_access *access),
			    void *context, struct recording_error *ret_error);

/* ---- for the writer and the reader ---------------------------------------------------------- */

struct watch_buffer {
	size_t count;
	struct watch_access accesses[WATCH_ACCESSES_MAX];
	uint32_t sizes[WATCH_COLUMNS];
	uint8_t columns[WATCH_COLUMNS][WATCH_ACCESSES_MAX * WATCH_NUMBER_MAX];
};

#define WATCH_SEGMENTS (1 + WATCH_COLUMNS)

void watch_encode(struct watch_buffer *buffer, struct payload_piece segments[WATCH_SEGMENTS]);
/* False if the payload is not what it should be. */
bool watch_decode(const void *payload, size_t size, size_t count, struct watch_access *ret);

#endif
