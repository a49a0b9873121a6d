/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capture.h - one capture, from a target to a recording
 *
 * run: starts a command or a scenario and follows it and its descendants until it ends.
 * attach: follows all threads of a process that is there already.
 * record: follows every thread of the machine.
 */
#ifndef CAPTURE_CAPTURE_H
#define CAPTURE_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bpf/checkpoint.h"
#include "capture/privilege.h"
#include "capture/stacks/stacks.h"
#include "capture/watch/watch.h"

enum capture_mode {
	CAPTURE_RUN = 0,
	CAPTURE_ATTACH = 1,
	CAPTURE_RECORD = 2,
};

struct capture_options {
	enum capture_mode mode;
	char **argv;	       /* RUN: the command, or the scenario and its arguments */
	const char *scenario;  /* RUN: its name, if argv is one */
	pid_t pid;	       /* ATTACH */
	uint64_t duration;     /* ns; 0: until the target ends, or Ctrl-C */
	uint64_t buffer_bytes; /* 0: enough for most */
	const char *ring;      /* as it was given; NULL: everything is kept */
	uint64_t ring_duration, ring_bytes; /* one of them: keep the last part only */
	uint64_t ring_dumps; /* at most so many because of triggers; 0: as by custom */
	struct pl_trigger triggers[PL_TRIGGERS]; /* those of kind 0 are none */
	uint64_t pcb_every;   /* ns between two snapshots of control blocks; 0: none */
	uint32_t stacks;      /* enum pl_stacks: which to keep */
	uint32_t sample_rate; /* PL_STACKS_SAMPLES: how often a second */
	struct stacks_options stack_options;
	const char *output;	/* where the recording goes; NULL: nowhere to stay */
	struct invoker invoker; /* whom the target and the files belong to */
	bool target_as_root;	/* RUN: do not become the invoker */
	bool silent_target;	/* RUN: its standard output goes nowhere, nothing comes in */
	struct watch_settings watch;
	bool no_proof;		/* RUN: no second run of a scenario that says what to watch */
	bool faults;		/* count copy-on-write faults */
	bool all_locks;		/* count every lock that is taken, at the price of probes */
	const char *marks;	/* further USDT probes: "PROVIDER:NAME,..." */
	const char *mark_files; /* files to look for them, besides the program: "FILE:..." */
	bool quiet;		/* no status line */
	bool kill_target;	/* RUN: what still runs at the end does not go on */
};

struct capture_result {
	int recording_fd; /* open for reading, belongs to the caller; -1 if there is none */
	bool has_status;
	int status;	 /* RUN: how the target ended, as wait(2) gives it */
	bool abandoned;	 /* RUN: we were told to stop twice, the target lives on */
	bool deadlocked; /* when the capture ended, threads waited for each other in a circle */
	bool incomplete; /* the recording could not be written to its end */
	int interrupt;	 /* the last signal that asked us to stop, 0: none did */
};

/* An enum exit_status: 0 if there is a recording (perhaps an incomplete one); otherwise after one
 * sentence on standard error that says why there is none. */
int capture(const struct capture_options *options, struct capture_result *ret);

#endif
