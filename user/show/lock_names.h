/* SPDX-License-Identifier: GPL-2.0-only */
/* lock_names.h - what to call a lock in a report */
#ifndef SHOW_LOCK_NAMES_H
#define SHOW_LOCK_NAMES_H

#include "model/model.h"

struct lock_label {
	char text[128];
};

/* By its address in a process; `lock` may be NULL. A name if one is known, else the address. */
struct lock_label lock_label(const struct model *model, const struct lock *lock, uint64_t address);
/* "mutex", "PI mutex", "rwlock", ... */
const char *lock_kind_name(const struct lock *lock);

#endif
