/* SPDX-License-Identifier: GPL-2.0-only */
/* rarely.h - functions for what happens seldom, in code that runs for each event */
#ifndef BASE_RARELY_H
#define BASE_RARELY_H

/* Kept out of its callers: else they save registers for it each time, called or not. */
#define RARELY __attribute__((noinline))

#endif
