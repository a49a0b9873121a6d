/* SPDX-License-Identifier: GPL-2.0-only */
/* capture_inside.h - what the files of one capture share, and nobody else */
#ifndef CAPTURE_CAPTURE_INSIDE_H
#define CAPTURE_CAPTURE_INSIDE_H

#include <signal.h>

#include "capture/album.h"
#include "capture/capture.h"
#include "capture/drain.h"
#include "capture/flight.h"
#include "capture/hang/hang.h"
#include "capture/hang/holders.h"
#include "capture/holds.h"
#include "capture/kernel_side.h"
#include "capture/launch.h"
#include "capture/lock_names.h"
#include "capture/marks.h"
#include "capture/status_line.h"
#include "recording/recording.h"

struct session {
	const struct capture_options *options;
	struct kernel_side *side;
	struct recording_writer *writer; /* with a flight recorder: that one's */
	struct flight *flight;		 /* NULL: everything is kept */
	int output_fd;			 /* with a flight recorder: where the last part goes */
	struct drain *drain;
	struct stacks *stacks;	 /* NULL: not asked for */
	struct album *album;	 /* NULL: no snapshots are wanted */
	struct watcher *watcher; /* NULL: no variable is watched */
	struct lock_names *lock_names;
	struct hang hang;      /* that was told; no members: none */
	struct holders others; /* ATTACH: processes that are followed besides the one asked for */
	struct launched target;
	struct marks marks;
	struct holds *holds;
	int recording_fd; /* our own way to the file, to read it again */
	int result_fd;	  /* what a scenario reports */
	int program_fd;
	int signal_fd;
	int exit_fd; /* ATTACH: readable when the process has ended */
	sigset_t signals_before;
	uint64_t begin, end;
	unsigned int interrupts;
	int interrupt; /* the last one */
	bool failed;   /* the recording could not be written */
	struct status_line status_line;
};

/* All that can fail return an enum exit_status, after a sentence. */
int session_start(struct session *session);
/* Everything is attached when this returns, and the target runs. */
int session_begin(struct session *session);
int session_launch(struct session *session);
int session_find_target(struct session *session);
int session_find_others(struct session *session);
/* `status` is the watcher's. */
int session_explain_watch(const struct session *session, int status);
int session_fetch(struct session *session);
int session_cannot_write(const struct session *session, int error);

#endif
