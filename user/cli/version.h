/* SPDX-License-Identifier: GPL-2.0-only */
/* version.h - for --version, which says the same as the command (cmd_version.c) */
#ifndef CLI_VERSION_H
#define CLI_VERSION_H

#include <stdio.h>

void version_print(FILE *out);

#endif
