// SPDX-License-Identifier: GPL-2.0-only
#include "show/lock_names.h"

const char *lock_kind_name(const struct lock *lock)
{
	if (lock->reason == REASON_LOCK)
		return lock->inherits ? "PI mutex" : "mutex";
	if (lock->reason == REASON_GIL)
		return "GIL";
	return reason_name(lock->reason);
}
