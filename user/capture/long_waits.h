/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * long_waits.h - waits that are too long, while they last
 *
 * The kernel side tells of a wait when it is over, and of a deadlock never. So user space looks
 * through the threads' accounts now and then: nothing is added to what a switch costs.
 */
#ifndef CAPTURE_LONG_WAITS_H
#define CAPTURE_LONG_WAITS_H

#include "base/units.h"
#include "capture/kernel_side.h"

/* So late a wait that has become too long may be seen, and the time that one look takes. */
#define LONG_WAITS_EVERY_NS (50 * NS_PER_MS)

/* The longest of the waits that are too long by now and have not been told of; false if there is
 * none. */
bool long_waits_find(struct kernel_side *side, const struct pl_trigger triggers[PL_TRIGGERS],
		     uint64_t now, struct pl_trigger_bell *ret);
/* All that are too long by now have been told of: each is, once. */
void long_waits_told(struct kernel_side *side, const struct pl_trigger triggers[PL_TRIGGERS],
		     uint64_t now);

#endif
