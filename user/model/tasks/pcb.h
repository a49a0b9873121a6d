/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pcb.h - the control blocks of tasks at one moment, and what is in them in words
 *
 * A snapshot is filled with records (bpf/pcb/pcb.h), from the kernel or from a recording, which is
 * not trusted, and then settled. Everything here is a pure function of it.
 */
#ifndef MODEL_PCB_H
#define MODEL_PCB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/vector.h"
#include "bpf/pcb/pcb.h"
#include "model/timeline/reasons.h"

/* Where a thread is: of a process that lives, and only if it was asked for. */
struct pcb_frame {
	uint32_t tid;
	bool is_kernel;
	bool is_last; /* the stack is whole: this is where it began */
	uint64_t address;
	unsigned int line;
	char function[128], file[128], module[128]; /* "" if not known */
};

struct snapshot {
	uint64_t time;			    /* CLOCK_MONOTONIC ns, of the first task */
	uint64_t duration_ns;		    /* up to the last one */
	VECTOR(struct pl_pcb_task) tasks;   /* by process, its first thread first, then by number */
	VECTOR(struct pl_pcb_file) files;   /* by process and descriptor */
	VECTOR(struct pl_pcb_area) areas;   /* by process and address */
	VECTOR(struct pl_pcb_stack) stacks; /* in the kernel; by thread, if they were asked for */
	VECTOR(struct pcb_frame) frames; /* of user stacks and these, by thread, innermost first */
	VECTOR(uint32_t) by_tid;	 /* indices of the tasks, by tid */
	VECTOR(bool)
	hidden; /* tasks that nobody asked for: there for the sake of the others' words */
};

/* Over the tasks that were asked for. */
#define snapshot_for_each(snapshot, task)                                                          \
	vector_for_each (&(snapshot)->tasks, task)                                                 \
		if (!snapshot_hides((snapshot), (task)))

/* One record of any kind: what is unknown is passed over. 0, -EINVAL for what is no record, or
 * -ENOMEM. */
int snapshot_add(struct snapshot *snapshot, const void *record, size_t size);
/* Sorts it, gives threads what they share with their process, and shared objects small numbers;
 * drops holders that are no tasks. 0 or -ENOMEM. */
int snapshot_settle(struct snapshot *snapshot);
/* Shows only the tasks of which `wanted` says so, and drops the files and areas of others. */
int snapshot_choose(struct snapshot *snapshot,
		    bool (*wanted)(const struct pl_pcb_head *head, void *context), void *context);
bool snapshot_hides(const struct snapshot *snapshot, const struct pl_pcb_task *task);
/* How many are not hidden. */
size_t snapshot_shown(const struct snapshot *snapshot);
void snapshot_free(struct snapshot *snapshot);

/* NULL if it is not in there. */
const struct pl_pcb_task *snapshot_task(const struct snapshot *snapshot, uint32_t tid);
/* The parts that belong to a process: a range of the sorted vectors. */
struct snapshot_range {
	size_t begin, end;
};
struct snapshot_range snapshot_threads(const struct snapshot *snapshot, uint32_t tgid);
struct snapshot_range snapshot_files(const struct snapshot *snapshot, uint32_t tgid);
/* Of a thread: its user frames, or its kernel frames. */
struct snapshot_range snapshot_frames(const struct snapshot *snapshot, uint32_t tid,
				      bool is_kernel);
struct snapshot_range snapshot_areas(const struct snapshot *snapshot, uint32_t tgid);

enum pcb_state {
	PCB_RUNNING = 0,
	PCB_READY = 1,
	PCB_BLOCKED = 2,
	PCB_STOPPED = 3,
	PCB_TRACED = 4, /* stopped by a debugger */
	PCB_ZOMBIE = 5, /* ended; its parent has not asked for it yet */
	PCB_DEAD = 6,
	PCB_IDLE = 7, /* a kernel thread without work */
	PCB_STATES
};

enum pcb_state pcb_state(const struct pl_pcb_task *task);
const char *pcb_state_name(enum pcb_state state); /* "running", ... */
bool pcb_is_leader(const struct pl_pcb_task *task);
bool pcb_is_kernel(const struct pl_pcb_task *task);
/* BLOCKED: for what; else REASON_NONE. */
enum reason pcb_reason(const struct pl_pcb_task *task, const char *arch);
int pcb_nice(const struct pl_pcb_task *task);
/* "normal", "fifo", ...; "policy 9" does not exist: NULL */
const char *pcb_policy_name(uint32_t policy);
bool pcb_is_realtime(const struct pl_pcb_task *task);
uint64_t pcb_resident(const struct pl_pcb_task *task);
/* Where the thread's own stack lies: the area that its stack pointer points into, or NULL. */
const struct pl_pcb_area *pcb_stack(const struct snapshot *snapshot,
				    const struct pl_pcb_task *task);
/* The path of its cgroup in the unified hierarchy, put together into `out`: "/" for the root. */
const char *pcb_cgroup(const struct pl_pcb_task *task, char *out, size_t size);

/* What an area is for. */
enum area_kind {
	AREA_CODE = 0,	       /* of the program itself */
	AREA_CONSTANTS = 1,    /* its read-only data */
	AREA_DATA = 2,	       /* its variables */
	AREA_HEAP = 3,	       /* brk */
	AREA_STACK = 4,	       /* of the first thread */
	AREA_THREAD_STACK = 5, /* of another one, by its stack pointer */
	AREA_LIBRARY = 6,      /* code and data of a shared object */
	AREA_FILE = 7,	       /* another mapped file */
	AREA_SHARED = 8,       /* shared memory */
	AREA_KERNEL = 9,       /* given by the kernel: vdso, vvar */
	AREA_ANONYMOUS = 10,
	AREA_GUARD = 11, /* nobody may touch it */
	AREA_KINDS
};

struct area_use {
	enum area_kind kind;
	uint32_t tid; /* THREAD_STACK: whose */
};

struct area_use pcb_area_use(const struct snapshot *snapshot, const struct pl_pcb_area *area);
const char *area_kind_name(enum area_kind kind);
/* "rwxp" as /proc/PID/maps has it; `out` has room for five bytes. */
const char *pcb_area_rights(const struct pl_pcb_area *area, char out[5]);

/* Areas that lie side by side and are of one thing (a library's code and data, a stack and its
 * guard) make one segment. */
struct segment {
	uint64_t begin, end;
	struct area_use use;
	const char *name;   /* of the file, in the snapshot; "" if none */
	char rights[6];	    /* "mixed" if its areas differ */
	unsigned int areas; /* how many there are */
	uint64_t guard;	    /* bytes at its lower end that nobody may touch */
};

struct segments {
	VECTOR(struct segment) items; /* by address */
};

/* Of one process. 0 or -ENOMEM. */
int pcb_segments(const struct snapshot *snapshot, uint32_t tgid, struct segments *ret);

/* Names by number; NULL past the end. */
const char *capability_name(unsigned int number); /* "chown" */
const char *limit_name(unsigned int number);	  /* "open files" */
/* Whether a limit counts bytes, or times; else things. */
enum limit_unit { LIMIT_COUNT, LIMIT_BYTES, LIMIT_SECONDS, LIMIT_MICROSECONDS };
enum limit_unit limit_unit(unsigned int number);
/* "TCP 127.0.0.1:80 listening", "unix stream", "pipe", "file", "terminal", ... into `out`. */
const char *pcb_file_text(const struct pl_pcb_file *file, char *out, size_t size);

#endif
