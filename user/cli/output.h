/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * output.h - what went to standard output must have arrived
 *
 * A stream keeps that it failed, but not why. Commands hand in what a writer returned, say nothing
 * themselves, and the one sentence comes at the end of the program.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdio.h>

#include "capture/privilege.h"

/* `error` is 0 or the -errno of writing to standard output. EXIT_OK or EXIT_NO_OUTPUT. */
int output_note(int error);

/* Flushes and closes standard output. `status`, or EXIT_NO_OUTPUT after saying why; without a word
 * if the reader went away, as in `ptrace-lab list | head`. */
int output_finish(int status);

/* A file with the invoker's rights; "-" and NULL mean standard output. NULL after a sentence, with
 * the exit status. */
FILE *output_open(const char *path, const struct invoker *invoker, int *ret_status);
/* `error` is the -errno of writing to it. EXIT_OK, or EXIT_NO_OUTPUT after a sentence. */
int output_close(FILE *out, const char *path, int error);

#endif
