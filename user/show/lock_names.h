/* SPDX-License-Identifier: GPL-2.0-only */
/* lock_names.h - what to call a lock in a report */
#ifndef SHOW_LOCK_NAMES_H
#define SHOW_LOCK_NAMES_H

#include "model/locks/label.h"

/* "mutex", "PI mutex", "rwlock", ... */
const char *lock_kind_name(const struct lock *lock);

#endif
