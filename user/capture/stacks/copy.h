/* SPDX-License-Identifier: GPL-2.0-only */
/* copy.h - unwinding a copy of a thread's memory */
#ifndef CAPTURE_STACK_COPY_H
#define CAPTURE_STACK_COPY_H

#include "bpf/stacks.h"
#include "capture/stacks/code_maps.h"

/* The addresses as the kernel side would have told them; returns the stop. */
enum pl_stop stack_copy_unwind(const struct pl_stack_copy *copy, const struct code_space *space,
			       struct pl_stack_frames *ret);

#endif
