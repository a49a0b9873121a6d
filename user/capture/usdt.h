/* SPDX-License-Identifier: GPL-2.0-only */
/* usdt.h - the USDT probes of a program or library, as its ELF notes have them */
#ifndef CAPTURE_USDT_H
#define CAPTURE_USDT_H

#include <stddef.h>

#include "base/vector.h"

struct usdt_probe {
	char *provider, *name;
};

struct usdt_probes {
	VECTOR(struct usdt_probe) items; /* each name once, however many places have it */
};

/* What cannot be read, or is no ELF file, has none. 0 or -ENOMEM. */
int usdt_find(const char *path, struct usdt_probes *ret);
/* The same of a file in memory, which is not trusted. `image` is aligned for 64-bit words. */
int usdt_find_in(const void *image, size_t size, struct usdt_probes *ret);
void usdt_free(struct usdt_probes *probes);

#endif
