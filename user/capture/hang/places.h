/* SPDX-License-Identifier: GPL-2.0-only */
/* places.h - where in the program the threads of a deadlock wait */
#ifndef CAPTURE_HANG_PLACES_H
#define CAPTURE_HANG_PLACES_H

#include "capture/hang/hang.h"
#include "recording/recording.h"

/* What is known of each member's way there, one text for each, in their order: lines as those of
 * NOTE_HANG_PLACE; "" for none. */
struct hang_places {
	VECTOR(char *) ways;
};

/* Reads registers and memory as they are; nobody is stopped. What cannot be found is left out. */
void hang_places_find(const struct hang *hang, struct hang_places *ret);
/* One sentence for each thread whose place was found, on standard error. */
void hang_places_tell(const struct hang *hang, const struct hang_places *places);
void hang_places_free(struct hang_places *places);
void hang_places_note(const struct hang *hang, const struct hang_places *places,
		      struct recording_writer *writer);

#endif
