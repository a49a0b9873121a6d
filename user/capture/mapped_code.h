/* SPDX-License-Identifier: GPL-2.0-only */
/* mapped_code.h - the files that a process has code of */
#ifndef CAPTURE_MAPPED_CODE_H
#define CAPTURE_MAPPED_CODE_H

#include <sys/types.h>

/* Opens the file even where it was deleted; `name` is what the process calls it. Anything but 0
 * ends the walk. */
typedef int (*mapped_code_visit)(void *context, const char *path, const char *name);

/* The program and its libraries, each once. What a visit said last; 0 for a process that is not
 * there. */
int mapped_code_each(pid_t pid, mapped_code_visit visit, void *context);

#endif
