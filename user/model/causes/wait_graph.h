/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wait_graph.h - who waited for what, and who had that, at one moment of a recording
 *
 * A lock that somebody waited for at the moment is known, and who had it is worked out from what is
 * known nearest to the moment: who was seen to have it when somebody began to wait, or was woken to
 * have it, before; else who gave it up first afterwards. Locks that nobody waited for just then are
 * not known to have been held.
 */
#ifndef MODEL_WAIT_GRAPH_H
#define MODEL_WAIT_GRAPH_H

#include "model/timeline/timeline.h"

enum holder_source {
	HOLDER_UNKNOWN = 0,
	HOLDER_SEEN = 1,    /* the lock's own words named it when somebody began to wait */
	HOLDER_HANDED = 2,  /* it was woken to have it, and ran */
	HOLDER_GAVE_UP = 3, /* it was the first to give it up afterwards */
	HOLDER_SOURCES
};

/* What threads wait for; a join is one too. */
struct awaited {
	uint32_t process;   /* index; of the first that waits */
	uint64_t address;   /* as that of struct lock */
	enum reason reason; /* LOCK, CONDITION, JOIN, ... */
	bool inherits, shared;
	uint32_t holder; /* thread index, or NO_THREAD */
	enum holder_source source;
	uint64_t since; /* from when on it is known to have had it; 0: not known */
};

struct wait_edge {
	uint32_t thread;  /* index */
	uint32_t awaited; /* index */
	uint32_t circle;  /* the circle that it is part of, from 1 on; 0: none */
};

struct wait_graph {
	VECTOR(struct awaited) awaited; /* in the order in which they were first waited for */
	VECTOR(struct wait_edge) edges; /* by thread */
	uint32_t circles;
};

struct wait_search;

/* A visitor of `timeline` that looks for what was so at `time`. 0 or -ENOMEM. */
int wait_search_new(struct timeline *timeline, uint64_t time, struct wait_search **ret);
void wait_search_free(struct wait_search **search);
/* After timeline_finish(). 0, or -ENOMEM if memory was out here or before. */
int wait_search_finish(struct wait_search *search, struct wait_graph *ret);
void wait_graph_free(struct wait_graph *graph);

#endif
