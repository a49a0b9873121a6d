/* SPDX-License-Identifier: GPL-2.0-only */
/* watch_inside.h - what the files of a watcher share, and nobody else */
#ifndef CAPTURE_WATCH_INSIDE_H
#define CAPTURE_WATCH_INSIDE_H

#include <linux/perf_event.h>
#include <stdbool.h>

#include "base/vector.h"
#include "capture/watch/modules.h"
#include "capture/watch/places.h"
#include "capture/watch/watch.h"
#include "symbols/variable.h"

struct variable_watched {
	struct variable_request request;
	struct variable variable; /* its address is the one in the process */
	bool found, shared;
	bool has_first; /* what it held before anything ran */
	uint64_t first;
};

struct trap_event {
	int fd;
	struct bpf_link *link; /* owns the event */
};

struct watcher {
	struct variable_watched watches[PL_WATCHES];
	size_t count;
	uint64_t limit;
	struct kernel_watch kernel;
	struct recording_writer *writer;
	struct ring_buffer *ring;
	struct mapped_files modules;
	struct watch_places *places;
	VECTOR(struct trap_event) events;
	char *lock_names[PL_WATCH_LOCKS];
	size_t locks; /* all that the program has, also beyond those that are looked at */
	uint64_t lock_bias;
	bool is_held;	  /* the process does not run while its variables are looked for */
	uint64_t trapped; /* by the kernel's own count */
	int error;	  /* of the recording */
	char problem[640];
};

/* Keeps the sentence; returns `status`. */
__attribute__((format(printf, 3, 4))) int watcher_fail(struct watcher *watcher, int status,
						       const char *format, ...);
int watcher_explain_refusal(struct watcher *watcher, const char *name, int error);

/* The new event, or -errno. */
int watcher_open_event(struct perf_event_attr *attr, pid_t pid, int cpu);
/* Takes over the event; 0 or -errno. */
int watcher_add_event(struct watcher *watcher, int fd, const struct bpf_program *program,
		      uint64_t cookie);

/* All variables that have not been found yet, in the libraries too if those are there. */
int watcher_find(struct watcher *watcher, pid_t pid, bool libraries, bool *ret_complete);
int watcher_set_found(struct watcher *watcher, pid_t pid);

#endif
