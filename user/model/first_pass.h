/* SPDX-License-Identifier: GPL-2.0-only */
/* first_pass.h - a recording with losses is gone through twice */
#ifndef MODEL_FIRST_PASS_H
#define MODEL_FIRST_PASS_H

#include "model/timeline/timeline.h"
#include "recording/recording.h"

/* What a timeline can only be sure of if it knows all of the recording. One in which nothing was
 * lost is not read for it. The recording is to be rewound. 0 or -errno. */
int first_pass(struct recording *recording, const struct timeline_options *options,
	       struct timeline *timeline);

#endif
