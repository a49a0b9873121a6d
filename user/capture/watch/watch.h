/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * watch.h - watching variables: names to addresses, addresses to watchpoints, traps to records
 *
 * The processor's watchpoints are set on every CPU, so that threads and processes born later are
 * watched like all others; the kernel side passes over those that live in another address space.
 */
#ifndef CAPTURE_WATCH_H
#define CAPTURE_WATCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "capture/kernel_side.h"
#include "recording/recording.h"

#define WATCH_LIMIT_DEFAULT 1000000

struct watch_settings {
	const char *const *names; /* as symbols/variable.h describes them */
	size_t count;
	uint64_t limit; /* accesses; 0: the default */
};

struct watcher;

/* Looks at the names alone. All that can fail returns an enum exit_status, with a sentence to be
 * had from watcher_problem(). */
int watcher_new(const struct watch_settings *settings, struct watcher **ret);
void watcher_free(struct watcher **watcher);
const char *watcher_problem(const struct watcher *watcher);

/* Uses both for as long as it lives. */
int watcher_begin(struct watcher *watcher, struct kernel_side *side,
		  struct recording_writer *writer);
/* RUN: the child is to stop as soon as it has executed its program; then, once it has, the
 * watchpoints are set: if that fails, it has been killed. At last it may go on. */
void watcher_hold(struct watcher *watcher, pid_t child);
int watcher_set_held(struct watcher *watcher, pid_t child);
void watcher_go_on(pid_t child);
/* ATTACH: sets the watchpoints while the process runs. */
int watcher_set(struct watcher *watcher, pid_t pid);

/* Readable when there is something to fetch. */
int watcher_fd(const struct watcher *watcher);
/* 0 or -errno of the recording. */
int watcher_fetch(struct watcher *watcher);
/* Takes the watchpoints away. */
void watcher_stop(struct watcher *watcher);
/* After the last fetch: what the records mean, as notes. */
void watcher_notes(struct watcher *watcher);

#endif
