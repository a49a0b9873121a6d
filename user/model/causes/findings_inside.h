/* SPDX-License-Identifier: GPL-2.0-only */
/* findings_inside.h - what the files of detectors share, and nobody else */
#ifndef MODEL_FINDINGS_INSIDE_H
#define MODEL_FINDINGS_INSIDE_H

#include "model/model.h"

/* Whether so much time is worth a sentence. */
bool finding_is_worth(const struct model *model, uint64_t ns);
/* Nothing in it but its kind and cost; the whole capture is where to look. */
struct finding finding_of(const struct model *model, enum finding_kind kind, uint64_t cost);
/* 0 or -ENOMEM, as the detectors. */
int finding_add(struct model *model, struct finding finding);

/* findings_troubles.c */
int find_deadlocks(struct model *model);
int find_races(struct model *model);
int find_inversions(struct model *model);
int find_herds(struct model *model);
int find_pollings(struct model *model);

#endif
