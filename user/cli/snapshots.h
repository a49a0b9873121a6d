/* SPDX-License-Identifier: GPL-2.0-only */
/* snapshots.h - what `pcb` and `memory` have in common: whom to look at, and when */
#ifndef CLI_SNAPSHOTS_H
#define CLI_SNAPSHOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/privilege.h"
#include "show/pcb.h"

struct look {
	int argc;    /* processes and threads by number, or a scenario and its arguments; none: */
	char **argv; /* everybody */
	bool family; /* the descendants of those that are named, too */
	bool files, areas, registers;
	uint64_t after; /* SCENARIO: when to look, after its start; 0: the usual */
	uint64_t every; /* look again so often, until Ctrl-C; 0: once */
	/* Both return an enum exit_status. */
	int (*show)(const struct snapshot *snapshot, const struct pcb_view *view, void *context);
	int (*show_changes)(const struct snapshot *before, const struct snapshot *after,
			    const struct pcb_view *view, void *context);
	void *context;
};

/* An enum exit_status, after a sentence if it is not EXIT_OK. */
int look_at(const struct look *look);

#endif
