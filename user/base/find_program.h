/* SPDX-License-Identifier: GPL-2.0-only */
/* find_program.h - which file a command is, as execvp() finds it */
#ifndef BASE_FIND_PROGRAM_H
#define BASE_FIND_PROGRAM_H

/* The caller frees *ret_path, which is NULL if there is none. 0 or -ENOMEM. */
int find_program(const char *name, char **ret_path);

#endif
