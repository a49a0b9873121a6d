/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * findings.h - what a person should look at first
 *
 * Each kind has a detector, which looks at the finished model and tells what it found with its cost
 * and its evidence. A cost is never more than what could be had: it comes from a replay without the
 * trouble, it is time that lies on the critical path, or it is CPU time that did nothing. What
 * costs less than a twentieth of the run is not worth a sentence: two runs of the same program
 * differ by that. What is wrong, and not only slow, comes first and whatever it costs: lost
 * updates, deadlocks. So it is with wake-ups for nothing, if there are many.
 */
#ifndef MODEL_FINDINGS_H
#define MODEL_FINDINGS_H

#include <stdint.h>

#include "model/timeline/reasons.h"

/* Append-only; names are in JSON. */
enum finding_kind {
	FINDING_SERIALISED = 0,	  /* threads waited for one lock */
	FINDING_CONVOY = 1,	  /* a lock that goes from hand to hand, with a sleep each time */
	FINDING_GIL = 2,	  /* an interpreter's lock: threads compute one at a time */
	FINDING_CPUS = 3,	  /* more threads could run than there were CPUs */
	FINDING_OTHERS = 4,	  /* a CPU was waited for that the program did not use itself */
	FINDING_STARVED = 5,	  /* one thread waited very long for a CPU */
	FINDING_IO_IN_SERIES = 6, /* one thread did one input or output after the other */
	FINDING_DEADLOCK = 7,	  /* threads wait for each other */
	FINDING_RACE = 8,	  /* updates of a variable that was watched were lost */
	FINDING_INVERSION = 9,	  /* a more urgent thread waited for one that got no CPU */
	FINDING_HERD = 10,	  /* many were woken, again and again, and few were needed */
	FINDING_FOR_NOTHING = 11, /* a thread woke itself, again and again, and did nothing */
	FINDING_KINDS
};

const char *finding_kind_name(enum finding_kind kind);

/* What is not known or does not apply is NO_THREAD, 0. */
struct finding {
	enum finding_kind kind;
	uint64_t cost_ns;
	uint64_t begin, end; /* where to look */
	uint32_t thread;     /* whom it hit most */
	uint64_t thread_ns;  /* for so long */
	uint32_t other;	     /* because of whom, most */
	uint32_t process;    /* of the lock */
	uint64_t address;    /* of the lock */
	enum reason reason;
	uint64_t count;	      /* how often */
	uint64_t total_ns;    /* how long in all */
	uint64_t longest_ns;  /* and at most at a time */
	uint32_t third;	      /* INVERSION: who ran meanwhile */
	uint32_t index;	      /* DEADLOCK: in model.deadlocks; RACE: in watch_report.variables */
	uint64_t woken, idle; /* HERD, FOR_NOTHING: how many; and for nothing */
	uint16_t syscall;
};

#define FINDINGS_MAX 5

struct model;

/* Fills in model->findings, most costly first, at most FINDINGS_MAX. 0 or -ENOMEM. */
int findings_find(struct model *model);

#endif
