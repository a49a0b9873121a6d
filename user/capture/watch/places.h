/* SPDX-License-Identifier: GPL-2.0-only */
/* places.h - the instructions that touched watched variables */
#ifndef CAPTURE_WATCH_PLACES_H
#define CAPTURE_WATCH_PLACES_H

#include "bpf/watch_events.h"
#include "capture/watch/modules.h"
#include "recording/watch.h"

struct watch_places;

/* Uses `modules` for as long as it lives; tells the kernel side which registers are needed, in the
 * map `operands_fd`. 0 or -ENOMEM. */
int watch_places_new(struct mapped_files *modules, int operands_fd, struct watch_places **ret);
void watch_places_free(struct watch_places **places);

/* Fills in the place and the value of an access. `registers` is NULL if they did not come. */
void watch_places_resolve(struct watch_places *places, const struct pl_watch_hit *hit,
			  const uint64_t registers[PL_WATCH_REGISTER], uint64_t address,
			  uint32_t size, struct watch_access *access);

void watch_places_note(struct watch_places *places, struct recording_writer *writer);

#endif
