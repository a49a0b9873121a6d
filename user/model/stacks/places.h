/* SPDX-License-Identifier: GPL-2.0-only */
/* places.h - where in the program time went: the few places that say most, for reports */
#ifndef MODEL_PLACES_H
#define MODEL_PLACES_H

#include "model/timeline/timeline.h"

struct places;
struct recording;

/* A visitor of `timeline`. 0 or -ENOMEM. */
int places_new(struct timeline *timeline, struct places **ret);
void places_free(struct places **places);
/* After the last item: fills in model->places, whose texts are the recording's. 0, or -ENOMEM if
 * memory was out here or before. */
int places_finish(struct places *places, const struct recording *recording, struct model *model);

/* What the program called, and who called it: a stack of a few frames that says where. Adds to
 * place->frames, which are empty before; none if there is no such stack. */
void place_shorten(const struct recording *recording, uint32_t id, struct place *place);

#endif
