/* SPDX-License-Identifier: GPL-2.0-only */
/* skip.h - a test that cannot run here says why (tests/run reads it) */
#ifndef TESTS_UNIT_SKIP_H
#define TESTS_UNIT_SKIP_H

#include <stdio.h>

#define skip_because(reason)                                                                       \
	do {                                                                                       \
		printf("skip: %s\n", reason);                                                      \
		fflush(stdout);                                                                    \
		skip();                                                                            \
	} while (0)

#endif
