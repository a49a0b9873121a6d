/* SPDX-License-Identifier: GPL-2.0-only */
/* signals.h - who sent which signal to whom, what it did, and how threads and processes ended */
#ifndef MODEL_SIGNALS_H
#define MODEL_SIGNALS_H

#include "model/timeline/timeline.h"

struct signals;

/* A visitor of `timeline`. 0 or -ENOMEM. */
int signals_new(struct timeline *timeline, struct signals **ret);
void signals_free(struct signals **signals);
/* After timeline_finish(), while the timeline still has its population: fills in model->signals,
 * and the ends of threads and processes. 0, or -ENOMEM if memory was out here or before. */
int signals_finish(struct signals *signals, struct model *model);

/* "SIGTERM", "SIGRTMIN+2", "signal 99": the numbers of Linux on x86-64 and arm64. */
struct signal_label {
	char text[20];
};
struct signal_label signal_label(unsigned int number);

#endif
