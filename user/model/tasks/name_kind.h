/* SPDX-License-Identifier: GPL-2.0-only */
/* name_kind.h - threads that are named alike but for their numbers are of a kind */
#ifndef MODEL_NAME_KIND_H
#define MODEL_NAME_KIND_H

#include "bpf/events.h"

struct name_kind {
	char text[PL_COMM_LEN + 1]; /* the name with * for each number in it */
};

struct name_kind name_kind(const char *name);

#endif
