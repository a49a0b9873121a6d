/* SPDX-License-Identifier: GPL-2.0-only */
/* lock_label.h - what to call a lock */
#ifndef MODEL_LOCK_LABEL_H
#define MODEL_LOCK_LABEL_H

#include "model/model.h"

struct lock_label {
	char text[128];
};

/* By its address in a process; `lock` may be NULL. A name if one is known, else the address. */
struct lock_label lock_label(const struct model *model, const struct lock *lock, uint64_t address);

#endif
