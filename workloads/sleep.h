/* SPDX-License-Identifier: GPL-2.0-only */
/* sleep.h - for the scenarios whose work is to sleep */
#ifndef WORKLOADS_SLEEP_H
#define WORKLOADS_SLEEP_H

#include <errno.h>
#include <time.h>

#include "workloads/scenario.h"

/* Also to the end if signals come meanwhile. */
static inline void sleep_for(uint64_t ns)
{
	struct timespec left = {
		.tv_sec = (time_t)(ns / 1000000000),
		.tv_nsec = (long)(ns % 1000000000),
	};

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

#endif
