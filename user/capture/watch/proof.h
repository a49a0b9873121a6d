/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * proof.h - a scenario's second run, in which its variable is watched
 *
 * The first run is left alone, so that its times are its own. What the second one shows goes into
 * the same recording, as the accesses to the variable and nothing else.
 */
#ifndef CAPTURE_PROOF_H
#define CAPTURE_PROOF_H

#include <signal.h>

#include "capture/privilege.h"
#include "capture/stacks/stacks.h"
#include "recording/recording.h"

struct proof_options {
	const char *scenario;
	char **argv;	   /* of the first run: the name, and its options */
	const char *watch; /* the scenario's own line: the variable, and options for this run */
	uint64_t limit;	   /* accesses; 0: the default */
	struct invoker runs_as;
	const sigset_t *signals;
	int stop_fd;	    /* readable when it is to end */
	uint32_t stack_ids; /* those of the first run: so many are taken */
	struct stacks_options stack_options;
};

/* What keeps it from being done is noted in the recording; failures of that are the writer's. */
void proof_run(const struct proof_options *options, struct recording_writer *writer);

#endif
