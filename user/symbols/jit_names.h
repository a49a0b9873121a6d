/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * jit_names.h - code that a program writes at run time, named by what it says of it
 *
 * Such programs may write /tmp/perf-PID.map, a line per function: where it begins, how long it is,
 * both in hexadecimal, and its name. PID is the one that the process knows itself by, and /tmp its
 * own.
 */
#ifndef SYMBOLS_JIT_NAMES_H
#define SYMBOLS_JIT_NAMES_H

#include <stdint.h>
#include <sys/types.h>

struct jit_names;
struct recording_writer;

int jit_names_new(struct jit_names **ret);
void jit_names_free(struct jit_names **names);
int jit_names_frame(struct jit_names *names, pid_t pid, uint64_t address,
		    struct recording_writer *writer, uint32_t *ret_frame);
void jit_names_forget(struct jit_names *names, pid_t pid);

#endif
