// SPDX-License-Identifier: GPL-2.0-only
/* syscalls.c - system calls by number, per architecture */
#include <string.h>

#include "model/timeline/reasons.h"

static const char *const x86_64_names[] = {
#include "model/syscalls_x86_64.inc"
};

static const char *const aarch64_names[] = {
#include "model/syscalls_aarch64.inc"
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

_Static_assert(COUNT(x86_64_names) <= SYSCALL_NUMBERS, "reason_rules has room for x86_64");
_Static_assert(COUNT(aarch64_names) <= SYSCALL_NUMBERS, "reason_rules has room for aarch64");

const char *syscall_name(const char *arch, uint16_t number)
{
	if (!arch)
		return NULL;
	if (!strcmp(arch, "x86_64"))
		return number < COUNT(x86_64_names) ? x86_64_names[number] : NULL;
	if (!strcmp(arch, "aarch64"))
		return number < COUNT(aarch64_names) ? aarch64_names[number] : NULL;
	return NULL;
}
