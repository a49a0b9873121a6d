/* SPDX-License-Identifier: GPL-2.0-only */
/* inside.h - what the two files about user threads share */
#ifndef MODEL_UTHREADS_INSIDE_H
#define MODEL_UTHREADS_INSIDE_H

#include "model/locks/map.h"
#include "model/timeline/inside.h"
#include "model/uthreads/uthreads.h"

#define NO_UTHREAD UINT32_MAX

enum uthread_event_kind {
	/* What carriers do. */
	EVENT_CARRIER_RUNS,
	EVENT_CARRIER_READY,
	EVENT_CARRIER_BLOCKED,
	EVENT_CARRIER_DIES,
	/* What the program says. */
	EVENT_SWITCH,
	EVENT_READY,
	EVENT_BLOCKED,
	EVENT_ENDED,
};

struct uthread_event {
	uint64_t time;
	uint32_t thread;  /* the carrier; or, of a state, whoever says it */
	uint32_t uthread; /* index, or NO_UTHREAD */
	uint32_t order;	  /* in which it came */
	uint8_t kind;
};

enum uthread_place {
	PLACE_READY, /* waits for a carrier */
	PLACE_MOUNTED,
	PLACE_BLOCKED,
	PLACE_ENDED,
};

struct uthread_life {
	uint8_t place;		/* enum uthread_place */
	bool blocks;		/* MOUNTED: it will be BLOCKED when it leaves its carrier */
	uint32_t carrier;	/* MOUNTED: thread index; else the last one, or NO_THREAD */
	uint64_t since;		/* accounted for up to here */
	uint64_t standing_then; /* the crowd's standing time at `since` */
	size_t period_then;	/* the first of the crowd's periods that ended after `since` */
	bool carried;		/* `carrier` has a meaning */
	struct bar_pen pen;
};

struct period {
	uint64_t begin, end;
};

/* The user threads of one process. */
struct crowd {
	uint32_t process;
	uint32_t carriers, stuck; /* alive; of those, blocked by the user thread they carry */
	bool stands;		  /* all are stuck */
	uint64_t since;
	uint64_t total; /* of complete periods */
	VECTOR(struct period) standing;
};

struct carrier {
	uint32_t crowd; /* index + 1; 0: it has carried nobody yet */
	uint32_t mounted;
	uint8_t state; /* of enum uthread_event_kind, EVENT_CARRIER_... */
	bool stuck;
};

struct uthreads {
	struct timeline *timeline;
	struct bar_scale scale;
	VECTOR(struct uthread) items;
	VECTOR(struct uthread_life) lives; /* at the same index */
	struct lock_map by_id;		   /* process and id -> index into `current` */
	VECTOR(uint32_t) current;	   /* index of the user thread, or NO_UTHREAD */
	VECTOR(bool) is_carrier;	   /* by thread */
	bool listens;			   /* to intervals: there is a carrier */
	VECTOR(struct uthread_event) events;
	VECTOR(struct crowd) crowds;
	VECTOR(struct carrier) carriers; /* by thread */
	uint64_t last;			 /* time of the last mark */
	uint64_t beyond;
	int error;
};

/* Plays the sorted events through. 0 or -ENOMEM. */
int uthreads_play(struct uthreads *all, uint64_t end);

#endif
