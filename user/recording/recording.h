/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * recording.h - the file between capture and everything that understands it
 *
 * A recording is one self-contained file of blocks; FORMAT.md beside this file describes it byte
 * by byte. It is written as the capture goes on, so that a killed tracer leaves everything up to
 * its last block. It keeps the kernel side's own records (bpf/events.h) without loss, and notes:
 * short texts by key, the newest of a key counting.
 */
#ifndef RECORDING_RECORDING_H
#define RECORDING_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/events.h"

/* The notes. Times are CLOCK_MONOTONIC ns in decimal. Lists have one item a line. */
#define NOTE_VERSION	   "version"  /* of the ptrace-lab that wrote it */
#define NOTE_HOST	   "host"     /* uname's nodename */
#define NOTE_KERNEL	   "kernel"   /* uname's release */
#define NOTE_ARCH	   "arch"     /* uname's machine: whose system call numbers these are */
#define NOTE_CPUS	   "cpus"     /* on line */
#define NOTE_MODE	   "mode"     /* run, attach, record */
#define NOTE_COMMAND	   "command"  /* what was run, one argument a line */
#define NOTE_SCENARIO	   "scenario" /* its name, if one was run */
#define NOTE_SCENARIO_TEXT "scenario.text" /* its title and claims (workloads/scenario.h) */
#define NOTE_TARGET	   "target"	   /* pid of the first process */
#define NOTE_STATUS	   "target.status" /* its end, as wait(2) gives it; absent: still alive */
#define NOTE_REALTIME	   "time.realtime" /* CLOCK_REALTIME ns at time.begin */
#define NOTE_BEGIN	   "time.begin"	   /* of the time that the recording speaks of */
#define NOTE_END	   "time.end"	   /* absent: the last record's */
#define NOTE_LOST	   "lost.records"  /* lane records that found no room */
#define NOTE_LOST_LIFE	   "lost.life"	   /* life records that found no room */
#define NOTE_LOST_CPU	   "lost.cpu."	   /* + CPU number: lane records, per lane */
#define NOTE_MISSED	   "missed.runs"   /* BPF program runs that the kernel skipped */
#define NOTE_UNTRACKED	   "untracked"	   /* threads that found no slot */
#define NOTE_STACKS_LOST   "stacks.lost"   /* stacks that found no room */
#define NOTE_STACKS_WALKED "stacks.walked" /* how often one was unwound frame by frame */
#define NOTE_STACKS_KNOWN  "stacks.known"  /* and how often it was recognised */
#define NOTE_STACKS_COPIED "stacks.copied" /* unwound later, from a copy of the memory */
#define NOTE_STACKS_TABLES "stacks.tables" /* bytes of unwind tables */
#define NOTE_TRACER_CPU	   "tracer.cpu"	   /* ns of CPU that the tracer itself took */
#define NOTE_LOST_MARKS	   "lost.marks"	   /* marks (USDT) that found no room */
#define NOTE_NO_MARKS	   "marks.refused" /* why not all could be followed */
#define NOTE_MARK	   "mark."	   /* + number: PROVIDER:NAME of that definition */
#define NOTE_GIL	   "gil." /* + pid: first and last + 1 address of Python's lock, in hexadecimal */
/* + pid, '.', address in hexadecimal: how often that lock was taken, tries that failed, ns for
 * which it was held, longest; with --locks=all. Those that were held at the end: + pid (0: the
 * thread's), '.', address, '.', tid: since when. */
#define NOTE_HOLDS	"lock.holds."
#define NOTE_HELD	"lock.held."
#define NOTE_HOLDS_LOST "lock.holds-lost" /* calls without room; there with --locks=all */
#define NOTE_LOCK_NAME	"lock.name."	  /* + pid, '.', address in hexadecimal: what lies there */
/* + tid, '.', address in hexadecimal of what it waits for: where a thread of a deadlock is. A frame
 * a line, the innermost first: address in hexadecimal, function, file, line, module; tabs between
 * them, empty what is not known. */
#define NOTE_HANG_PLACE "hang.place."
/* There if this is a part of a longer watch (--ring): what was asked for, what made it be written,
 * and when the watch began. */
#define NOTE_RING	"ring"
#define NOTE_RING_WHY	"ring.why"
#define NOTE_RING_SINCE "ring.since"
/* There if processes were followed besides the target: which options looked at the target only. */
#define NOTE_TARGET_ONLY "target.only"
#define NOTE_FACT	 "fact." /* + name: what a scenario said of its own result */

/* ---- writing -------------------------------------------------------------------------------- */

struct recording_writer;

/* Takes over `fd`, even when it fails. All functions return 0 or -errno; after a failure the writer
 * keeps refusing with the same error, so it is enough to look at the last one. A pipe that nobody
 * reads is such an error only where SIGPIPE is ignored. */
int recording_writer_new(int fd, struct recording_writer **ret);
/* Ends the file properly, unless something failed before. Frees the writer in any case. */
int recording_writer_finish(struct recording_writer *writer);
/* Frees without ending it: the file stays marked incomplete. For error paths and CLEANUP. */
void recording_writer_abandon(struct recording_writer **writer);

/* Records of one lane in their order: PL_BLOCK and PL_STACK directly before their PL_SWITCH, with
 * at most a PL_WAKE among them. Kept until enough for a block has come together. Times that run
 * backwards are refused (-EINVAL): no reader would take them. */
int recording_write_lane(struct recording_writer *writer, unsigned int cpu,
			 const union pl_record *records, size_t count);
/* In any order that is nearly that of time; head.size counts. A PL_LIFE_BELL is passed over. */
int recording_write_life(struct recording_writer *writer, const union pl_life *life);
/* The key and the text together must stay below 1 MiB. */
__attribute__((format(printf, 3, 4))) int
recording_write_note(struct recording_writer *writer, const char *key, const char *format, ...);
/* Writes out all that is kept, as blocks. Called about once a second by the capture. */
int recording_flush(struct recording_writer *writer);
/* At the end: also what waits for a switch that never came is left out. */
int recording_flush_all(struct recording_writer *writer);
/* So far, for the status line and the benchmark. */
uint64_t recording_bytes(const struct recording_writer *writer);

/* ---- reading -------------------------------------------------------------------------------- */

struct recording;

/* What is wrong with a file, in words for the person who asked for it. */
struct recording_error {
	char text[256];
};

/* Reads by pread from `fd`, which it takes over, even when it fails. Trusts nothing in the file. A
 * file that ends in the middle of a block is good up to there. Returns 0 or -errno with `ret_error`
 * filled in (which may be NULL). */
int recording_open_fd(int fd, struct recording **ret, struct recording_error *ret_error);
int recording_open(const char *path, struct recording **ret, struct recording_error *ret_error);
void recording_close(struct recording **recording);

/* Whether the writer ended it properly. */
bool recording_complete(const struct recording *recording);
/* NULL if there is no such note. */
const char *recording_note(const struct recording *recording, const char *key);
uint64_t recording_note_number(const struct recording *recording, const char *key,
			       uint64_t fallback);
/* All notes whose keys begin with `prefix`, in the file's order: 0-based index; false past the
 * end. */
bool recording_note_at(const struct recording *recording, const char *prefix, size_t index,
		       const char **ret_key, const char **ret_value);

/* The time of the first and of the last record, known without reading them all (0 if none). */
uint64_t recording_first_time(const struct recording *recording);
uint64_t recording_last_time(const struct recording *recording);
uint64_t recording_size(const struct recording *recording);

/* One step of the merged stream: either a lane's record or a life record, which may be shorter than
 * the union (head.size), and the texts in which are any bytes, with or without a NUL. */
struct recording_item {
	uint64_t time;
	unsigned int cpu; /* of the lane; life: head.cpu */
	const union pl_record
		*record; /* PL_SWITCH, _WAKE, _GAP, _RESUME, _SAMPLE; NULL: a life record */
	const union pl_record *block; /* PL_SWITCH: the PL_BLOCK that belongs to it, or NULL */
	const union pl_life *life;
	/* PL_SWITCH: ids from the PL_STACKs that belong to it, 0 if there is none (stacks.h). */
	uint32_t stack, kernel_stack, waker_stack;
};

/* The next item in order of time over all lanes and life records (life first at equal times);
 * valid until the next call. 1: an item, 0: the end, -errno: the file is damaged here, with
 * `ret_error` filled in (what came before was good). */
int recording_next(struct recording *recording, struct recording_item *ret,
		   struct recording_error *ret_error);
/* Back to the first item. */
void recording_rewind(struct recording *recording);

#endif
