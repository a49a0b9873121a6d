/* SPDX-License-Identifier: GPL-2.0-only */
/* label.h - what to call a lock */
#ifndef MODEL_LOCK_LABEL_H
#define MODEL_LOCK_LABEL_H

#include "model/model.h"

/* A scenario tells the addresses of its variables as facts: lock_address names one `lock`. That
 * name, as so many characters; NULL if nothing is known to lie there. */
const char *variable_at(const struct model *model, uint64_t address, int *ret_length);

struct lock_label {
	char text[128];
};

/* By its address in a process; `lock` may be NULL. A name if one is known, else the address. */
struct lock_label lock_label(const struct model *model, const struct lock *lock, uint64_t address);

#endif
