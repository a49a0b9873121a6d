/* SPDX-License-Identifier: GPL-2.0-only */
/* features.h - what this kernel lets us do, found out by doing it */
#ifndef CAPTURE_FEATURES_H
#define CAPTURE_FEATURES_H

#include <stdbool.h>
#include <stddef.h>

struct feature {
	const char *name;
	bool needed;	    /* without it nothing can be traced */
	const char *lost;   /* what is lost without it */
	const char *remedy; /* how to get it */
	/* 0 if it works, -errno if not; `detail` may say more in a few words. */
	int (*probe)(char *detail, size_t size);
};

/* Ends with a NULL name; in the order in which they depend on each other. */
extern const struct feature features[];

#endif
