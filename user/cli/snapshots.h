/* SPDX-License-Identifier: GPL-2.0-only */
/* snapshots.h - what `pcb` and `memory` have in common: whom to look at, and when */
#ifndef CLI_SNAPSHOTS_H
#define CLI_SNAPSHOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/privilege.h"
#include "model/tasks/instant.h"
#include "show/pcb/pcb.h"

struct look {
	/* Processes and threads by number, a scenario and its arguments, or a recording; nothing:
	 * everybody. */
	int argc;
	char **argv;
	bool family; /* the descendants of those that are named, too */
	bool files, areas, registers;
	bool places;   /* of those that are named: the function that they are in */
	bool stacks;   /* and all that led there, in the kernel too */
	bool at_given; /* RECORDING: the moment, from its begin; else the last snapshot in it */
	uint64_t at;
	uint64_t after; /* SCENARIO: when to look, after its start; 0: the usual */
	uint64_t every; /* look again so often, until Ctrl-C; 0: once */
	/* Both return an enum exit_status. */
	int (*show)(const struct snapshot *snapshot, const struct pcb_view *view, void *context);
	int (*show_changes)(const struct snapshot *before, const struct snapshot *after,
			    const struct pcb_view *view, void *context);
	/* RECORDING: what the timeline says of the moment. May be NULL. */
	int (*show_instant)(const struct instant *instant, const char *arch, void *context);
	bool instant_only; /* and not the stored snapshot too */
	void *context;
};

/* An enum exit_status, after a sentence if it is not EXIT_OK. */
int look_at(const struct look *look);

#endif
