/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * critical_path.h - what made the run as long as it was
 *
 * From the end of the run backwards: while a thread ran, it is on the path, and so it is while it
 * waited for a CPU. Where it had been waiting for another thread, the path goes over to that thread
 * at the moment of the wake-up; where it was born, to its creator: where that one got its CPU
 * unseen, what it did since it was seen last is unknown. A wait that an interrupt ended (a timer, a
 * device, the network), or a thread that was not followed, stays on the path. The pieces tile the
 * time of the capture, so that the contributors' times add up to it exactly.
 *
 * It is worked out forwards: each thread carries the path that leads to where it is, and takes over
 * that of the thread that wakes it. Waits' ends are learnt late, so a thread's latest past is kept
 * for a while; a wake-up that lies further back leaves the wait on the path (`forgotten`).
 */
#ifndef MODEL_CRITICAL_PATH_H
#define MODEL_CRITICAL_PATH_H

#include "base/vector.h"
#include "model/timeline/reasons.h"

enum path_what {
	PATH_RUNNING = 0, /* `reason`: for which another thread waited until then, if for any */
	PATH_READY = 1,	  /* waiting for a CPU */
	PATH_WAITING = 2, /* for `reason`, and nobody followed ended it */
	PATH_UNKNOWN = 3, /* the stream has a gap there */
	PATH_WHATS
};

const char *path_what_name(enum path_what what);

/* All that one thread contributed in one way. */
struct path_part {
	uint32_t thread; /* index; NO_THREAD: of several that were too many to tell apart */
	uint32_t kind;	 /* these: they are named like that one; NO_THREAD: of all kinds */
	enum path_what what;
	enum reason reason;
	uint16_t syscall; /* WAITING for REASON_SYSCALL */
	uint64_t ns, count;
};

/* A stretch of the path, exact in its bounds. Where `main_ns` is less than its length it was made
 * up of shorter pieces, of which the named one took at least so much. */
struct path_segment {
	uint64_t begin, end, main_ns;
	uint32_t thread;
	enum path_what what;
	enum reason reason;
	uint16_t syscall;
};

/* More pieces than that are told cell by cell. */
#define PATH_SEGMENTS_EXACT 512

struct critical_path {
	bool known;
	uint32_t last;			      /* the thread at whose end the path ends */
	uint64_t before_ns, after_ns;	      /* of the capture, before and after the path */
	VECTOR(struct path_part) parts;	      /* most first; with the two above exactly the wall */
	VECTOR(struct path_segment) segments; /* in order of time, without gaps */
	bool segments_exact;
	uint64_t handovers; /* how often it goes over from a thread to the one that that woke */
	uint64_t forgotten; /* wake-ups that came too late to be followed */
};

void critical_path_clear(struct critical_path *path);

/* ---- working it out ------------------------------------------------------------------------ */

struct timeline;
struct causes;
struct model;

struct causes_options {
	uint64_t begin, end; /* of the capture, for the picture */
	uint32_t target;     /* process whose end is the end of the run; 0: whatever ran last */
	unsigned int cpus;
};

/* A visitor of `timeline`: the critical path and what_if.h together. 0 or -ENOMEM. */
int causes_new(struct timeline *timeline, const struct causes_options *options,
	       struct causes **ret);
void causes_free(struct causes **causes);
/* After timeline_finish(): fills in model.path, model.what_ifs. 0, or -ENOMEM if memory was out
 * here or before. */
int causes_finish(struct causes *causes, struct model *model);

#endif
