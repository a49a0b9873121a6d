/* SPDX-License-Identifier: GPL-2.0-only */
/* names.h - addresses as frames of the recording */
#ifndef CAPTURE_STACK_NAMES_H
#define CAPTURE_STACK_NAMES_H

#include <stdint.h>
#include <sys/types.h>

#include "capture/stacks/code_maps.h"
#include "recording/recording.h"
#include "symbols/names.h"

struct stack_names;

/* 0 or -errno. */
int stack_names_new(struct recording_writer *writer, const struct names_options *options,
		    struct stack_names **ret);
void stack_names_free(struct stack_names **names);

/* The frame of an instruction in a process, which is one less than a return address says; `code` is
 * what is mapped there, or NULL. Written, with its names, when it is asked for the first time. 0 or
 * the recording's -errno. */
int stack_names_frame(struct stack_names *names, pid_t pid, const struct mapped_code *code,
		      uint64_t address, uint32_t *ret_frame);

/* The process has become another one: code that it wrote has other names from now on. */
void stack_names_forget(struct stack_names *names, pid_t pid);

/* The same for one of the kernel. */
int stack_names_kernel_frame(struct stack_names *names, uint64_t address, uint32_t *ret_frame);
/* A function through which a stack was taken, and none of the thread's own. */
bool stack_names_is_tracing(struct stack_names *names, uint64_t address);

#endif
