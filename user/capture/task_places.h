/* SPDX-License-Identifier: GPL-2.0-only */
/* task_places.h - where the tasks of a snapshot are, in words, while they live */
#ifndef CAPTURE_TASK_PLACES_H
#define CAPTURE_TASK_PLACES_H

#include <stdbool.h>

struct snapshot;

/*
 * Fills in snapshot->frames for the tasks that are shown: the place of each that is in the kernel,
 * or with `stacks` the whole way there, and its way in the kernel too. Nobody is stopped: a thread
 * that has gone on since has the place where it was, and a stack that may end too soon. 0 or
 * -ENOMEM.
 */
int task_places_find(struct snapshot *snapshot, bool stacks);

#endif
