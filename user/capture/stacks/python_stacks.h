/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * python_stacks.h - stacks in which Python functions stand for the frames that execute them
 *
 * The kernel side tells a native stack, the functions that were executed in it, and each function
 * once. Whatever of it was lost, the native stack is there to be told instead.
 */
#ifndef CAPTURE_PYTHON_STACKS_H
#define CAPTURE_PYTHON_STACKS_H

#include <stdint.h>

#include "capture/stacks/python_splice.h"
#include "recording/recording.h"

struct python_stacks;

/* 0 or -errno. */
int python_stacks_new(struct recording_writer *writer, struct python_stacks **ret);
void python_stacks_free(struct python_stacks **stacks);

/* A native stack of a process that runs Python, which others may refer to. */
void python_stacks_keep(struct python_stacks *stacks, uint32_t id,
			const struct splice_native *frames, size_t count, uint32_t stop);
void python_stacks_code(struct python_stacks *stacks, const struct pl_python_code *code);
/* Writes the stack python->native with the functions, under python->head.id. 0 or the recording's
 * -errno. */
int python_stacks_write(struct python_stacks *stacks, const struct pl_stack_python *python);

#endif
