/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lock_names.h - names for the locks that were waited for, found while their processes live
 *
 * They go into the recording as notes, so that a report needs neither the process nor its files.
 */
#ifndef CAPTURE_LOCK_NAMES_H
#define CAPTURE_LOCK_NAMES_H

#include "capture/kernel_side.h"
#include "recording/recording.h"

struct lock_names;

/* 0 or -ENOMEM. Failures of the writer are the writer's to keep. */
int lock_names_new(struct recording_writer *writer, struct lock_names **ret);
void lock_names_free(struct lock_names **names);
/* A file that may be executed by no path: a scenario's. It stays open as long as this. */
void lock_names_know(struct lock_names *names, int fd);
/* Programs that are executed, and futexes that are waited on for the first time. */
void lock_names_hear(struct lock_names *names, const union pl_life *life);
/* Finds the names of all futexes that threads are blocked on just now. */
void lock_names_look(struct lock_names *names, struct kernel_side *side);
/* The name of one (`kind`: enum pl_futex_kind), found now if it was not before; NULL if it has
 * none. */
const char *lock_names_find(struct lock_names *names, uint32_t tgid, uint8_t kind, uint64_t word);

#endif
