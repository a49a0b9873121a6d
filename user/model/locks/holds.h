/* SPDX-License-Identifier: GPL-2.0-only */
/* holds.h - locks that were taken, whether or not anybody waited (--locks=all) */
#ifndef MODEL_HOLDS_H
#define MODEL_HOLDS_H

#include "model/model.h"

struct recording;

/* Fills in model->holds, most time held first; processes and locks are there. 0 or -ENOMEM. */
int holds_build(const struct recording *recording, struct model *model);

#endif
