/* SPDX-License-Identifier: GPL-2.0-only */
/* python_process.h - Python's frames in a process that stands still, and what its memory says */
#ifndef CAPTURE_PYTHON_PROCESS_H
#define CAPTURE_PYTHON_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bpf/stacks.h"

bool process_read(pid_t pid, uint64_t address, void *to, size_t size);

/* Whether a thread waits in a system call with these registers, as a copy of its stack has them. */
bool thread_waits_at(pid_t pid, pid_t tid, uint64_t sp, uint64_t pc);

/* The frames of the thread whose thread pointer that is, as the kernel side tells them; `code` is
 * told each function before. False if it runs no Python. */
bool python_process_frames(pid_t pid, uint64_t thread, const struct pl_python *python,
			   void (*code)(void *context, const struct pl_python_code *code),
			   void *context, struct pl_stack_python *ret);

#endif
