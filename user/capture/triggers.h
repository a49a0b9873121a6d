/* SPDX-License-Identifier: GPL-2.0-only */
/* triggers.h - waits that are too long: "ready=10ms", "lock=50ms", "fsync=20ms" */
#ifndef CAPTURE_TRIGGERS_H
#define CAPTURE_TRIGGERS_H

#include <stddef.h>

#include "bpf/checkpoint.h"

/* `machine`: uname's. 0, or -EINVAL if it is nothing that can be waited for, -ERANGE if the time
 * cannot be understood. */
int trigger_parse(const char *text, const char *machine, struct pl_trigger *ret);
/* "server (4711) waited 13.1 ms for a CPU", in at most `size` bytes. */
void trigger_describe(const struct pl_trigger *trigger, const struct pl_trigger_bell *bell,
		      const char *machine, char *text, size_t size);

#endif
