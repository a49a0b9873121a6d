/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MODEL_GILS_H
#define MODEL_GILS_H

#include "model/tasks/population.h"

struct recording;

/* Where Python's locks lie: known before the first record, as notes are. 0 or -ENOMEM. */
int gils_know(struct population *population, const struct recording *recording);

#endif
