/* SPDX-License-Identifier: GPL-2.0-only */
/* certain.h - what holds in every order of the accesses, by their times and values alone */
#ifndef MODEL_RACE_CERTAIN_H
#define MODEL_RACE_CERTAIN_H

#include "model/race/inside.h"

struct race_certain;

/* Stores are meant by their positions in the order that was chosen; `lives` says which are not lost
 * there. 0 or -ENOMEM. */
int race_certain_new(const struct race_work *work, const bool *lives, struct race_certain **ret);
void race_certain_free(struct race_certain **certain);

/* It is lost in every order. */
bool race_is_dead(const struct race_certain *certain, uint32_t position);
/* What `killer` wiped out can only be the store in front of it, if that left the same there in
 * every order. */
bool race_wiped_out(const struct race_certain *certain, uint32_t killer);
/* What the update `by` found can only be what the store `from` left. */
bool race_went_on(const struct race_certain *certain, uint32_t from, uint32_t by);
/* What it found can only be that or its twins, which found the same and left the same, so that what
 * came before them is the same as well; and `killer` had found none of them. */
bool race_went_on_from_twins(const struct race_certain *certain, uint32_t from, uint32_t by,
			     uint32_t killer);
bool race_may_have_found(const struct race_certain *certain, uint32_t reader, uint32_t position);

#endif
